"""Cast: people who take part in a drill beside the scripted dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from console.channels.port import DeliveryChannel
from console.domain.clock import Clock
from console.drill.dispatcher import ScriptedDispatcher
from console.drill.scene import Scene
from console.feeds.port import Feed
from console.feeds.simulator import SimulatorProcess
from console.runtime import Runtime, RuntimeOptions


class Cast(Protocol):
    """What ``run_drill`` asks of them, in the order of the methods. All on the drill's thread but ``reply``."""

    @property
    def feeds(self) -> Sequence[Feed]:
        """Ways in, beside the simulator's."""
        ...

    @property
    def channels(self) -> Sequence[DeliveryChannel]:
        """Ways out, beside the simulator's."""
        ...

    @property
    def ends_at(self) -> float:
        """No wait lasts longer than this moment of the machine's monotonic clock."""
        ...

    def prepare(self, scene: Scene, options: RuntimeOptions, clock: Clock) -> None:
        """Before the engine opens the store. ``options``: the engine's."""
        ...

    def reply(self, topic: str, payload: bytes) -> object:
        """What a simulated crew would answer now; it reaches the desk only by these people. From any thread."""
        ...

    def enter(self, runtime: Runtime, field: SimulatorProcess, burst_at: datetime) -> None:
        """The engine runs. ``field``: where valves are turned and crews drive."""
        ...

    def dispatcher(self, wait: Callable[[Callable[[], bool]], bool]) -> ScriptedDispatcher:
        """The dispatcher of this drill."""
        ...

    def work(self) -> None:
        """Do what is due, whenever the dispatcher waits."""
        ...

    def leave(self) -> None:
        """End; calling it twice is no fault."""
        ...

    def report(self, store: Path, summary: dict[str, Any]) -> dict[str, Any]:
        """What the summary also has, read from the store once the engine has ended."""
        ...
