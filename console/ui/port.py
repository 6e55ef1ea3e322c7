"""ConsolePort: the interface of the engine to the window. ``console.engine.Engine`` implements it; tests script another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from console.domain.actors import Actor
from console.domain.attachments import Attachment
from console.domain.changes import Change
from console.domain.delivery import SentMessage
from console.domain.intents import Intent
from console.domain.limits import Limits
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.domain.records import Record, RecordKind
from console.domain.targets import Targets
from maps.city import City


class DrillPort(Protocol):
    """What the window of a drill may do to it."""

    def burst(self, pipe_id: str) -> float:
        """Break a pipe now; gives the flow, m³/h. Raises QuanmaiError."""
        ...


class ShiftPort(Protocol):
    """What the shift's windows read. Every method may read the disk: called from a worker thread only, but ``targets``."""

    targets: Targets
    """The utility's targets."""

    def records_of(self, kinds: Sequence[RecordKind[Any]], since_us: int, until_us: int) -> tuple[Record, ...]:
        """Records of these kinds that were open at some time in [since, until], or opened in it."""
        ...

    def changes_between(self, kinds: Sequence[str], since_us: int, until_us: int) -> tuple[Change, ...]:
        """Changes of these kinds made in [since, until], oldest first."""
        ...

    def changes_of(self, subject: str) -> tuple[Change, ...]:
        """The changes of one record (``handover/H-00001``), oldest first."""
        ...

    def attachment(self, sha256: str) -> Attachment | None:
        """A picture of the shift log by its hash; None when it is unknown or damaged."""
        ...


class ConsolePort(ShiftPort, Protocol):
    """The engine as the window uses it. Every method may be called from any thread."""

    city: City
    site: str
    """The site's name in messages."""
    limits: Limits
    crew_speed_kmh: float
    """Of crews, door to door."""
    """What each station's channels are held against."""

    def latest(self) -> Picture:
        """The newest picture; never blocks."""
        ...

    def now(self) -> datetime:
        """The present on the engine's clock (a drill's may run faster), aware UTC."""
        ...

    def submit(self, intent: Intent, actor: Actor) -> Future[Any]:
        """Carry out an intent in ``actor``'s name.

        The future is done once the change is on disk; a refusal is a QuanmaiError as its exception.
        """
        ...

    def subscribe(self, callback: Callable[[Picture], None]) -> None:
        """Call ``callback`` with every new picture, on the engine's thread, at most ten a second.

        The callback returns at once and stays valid (as a no-op) after the window has gone.
        """
        ...

    def history(
        self, station_row: int, channel: Channel, since_us: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(source times µs, values, expected values) of one channel, inside units, oldest first, each (n,).

        May read the disk: the window calls it from a worker thread only.
        """
        ...

    def scatter(self, station_row: int, channel: Channel) -> float:
        """Sigma of a station's channel around what is expected, inside unit; NaN while unknown."""
        ...

    def timeline(self, incident_id: str) -> tuple[Change, ...]:
        """The log of actions of one incident, oldest first. May read the disk, as ``history``."""
        ...

    def messages_of(self, incident_id: str) -> tuple[SentMessage, ...]:
        """Every message of one incident with its deliveries, the newest first. May read the disk, as ``history``."""
        ...

    def track(self, crew_id: str, since_us: int) -> tuple[tuple[int, float, float], ...]:
        """(source time µs, x, y) of a crew's fixes, oldest first, in the network's CRS. May read the disk, as ``history``."""
        ...
