"""Streets: what crews and callers see with their own eyes, and what crews do with their hands. The desk never reads it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Hands(Protocol):
    """What is used of the simulator."""

    def command_valves(self, closed: Sequence[str], opened: Sequence[str] = ()) -> None:
        """As of the simulator."""
        ...

    def command_repair(self, pipe_id: str) -> None:
        """As of the simulator."""
        ...


class Streets:
    """The broken pipe and the valves that were turned."""

    def __init__(self, hands: Hands, burst_pipe: str) -> None:
        self._hands, self._burst = hands, burst_pipe
        self._shut: list[str] = []
        self.is_repaired = False

    @property
    def has_water(self) -> bool:
        """Whether the pipe is whole and every valve is open again."""
        return self.is_repaired and not self._shut

    def shut(self, valve_id: str) -> None:
        """A crew turns a valve shut."""
        self._shut.append(valve_id)
        self._hands.command_valves(list(self._shut))

    def open(self, valve_id: str) -> None:
        """A crew turns it open."""
        self._shut.remove(valve_id)
        self._hands.command_valves(list(self._shut))

    def repair(self) -> None:
        """The broken pipe is repaired."""
        self.is_repaired = True
        self._hands.command_repair(self._burst)
