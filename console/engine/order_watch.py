"""OrderWatch: looks every two seconds whether crews have answered their orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from console.domain.clock import Clock
from console.engine.decisions import Decisions
from console.engine.outbox import Outbox
from console.services.desk import Desk

_LOOK_S = 2.0


class OrderWatch:
    """Used on the engine's thread; the process that leads sends again."""

    def __init__(self, desk: Desk, decisions: Decisions, outbox: Outbox, clock: Clock, leads: Callable[[], bool]) -> None:
        self._desk, self._decisions, self._outbox, self._clock, self._leads = desk, decisions, outbox, clock, leads
        self._looked_s = float("-inf")
        self._waited_until: dict[str, datetime] = {}
        """Order id -> until when the outbox held it, as far as was seen: a crew cannot answer before."""

    def turn(self) -> None:
        """Send again what is due, but for what the outbox still tries to deliver."""
        at_s = self._clock.monotonic()
        if 0 <= at_s - self._looked_s < _LOOK_S or not self._leads() or self._decisions.is_busy:
            return
        self._looked_s = at_s
        desk, clock = self._desk, self._clock
        waiting = {one.subject for one in self._outbox.waiting}
        self._waited_until |= dict.fromkeys(waiting, clock.now())
        # Taken after ``waiting`` was read: what is missing there is here. The clock may have jumped since the last look.
        while not self._outbox.left.empty():
            subject, at = self._outbox.left.get()
            self._waited_until[subject] = at
        due = desk.unanswered(self._decisions.state, clock.now(), self._waited_until) - waiting
        if due:
            self._decisions.decide(lambda state: desk.on_no_answer(state, due, clock.now()))
