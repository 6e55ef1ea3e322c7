"""AreaWatch: looks every two seconds whether areas have acknowledged the cases that concern them."""

from __future__ import annotations

from collections.abc import Callable

from console.domain.clock import Clock
from console.engine.decisions import Decisions
from console.services.areas.escalation import Wait, Waiting
from console.services.desk import Desk

_LOOK_S = 2.0


class AreaWatch:
    """Used on the engine's thread. Every process counts the waiting; the one that leads escalates."""

    def __init__(self, desk: Desk, decisions: Decisions, clock: Clock, leads: Callable[[], bool]) -> None:
        self._desk, self._decisions, self._clock, self._leads = desk, decisions, clock, leads
        self._waits: dict[Waiting, Wait] = {}
        self._looked_s = float("-inf")

    def turn(self) -> None:
        """Escalate what has waited too long."""
        at_s = self._clock.monotonic()
        if 0 <= at_s - self._looked_s < _LOOK_S:
            return
        self._looked_s = at_s
        desk, clock = self._desk, self._clock
        self._waits, late = desk.area_waits(self._waits, self._decisions.state, clock.now(), at_s)
        if late and self._leads():
            self._decisions.decide(lambda state: desk.on_area_silence(state, late, clock.now()))
