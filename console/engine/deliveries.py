"""Deliveries: logs in the case what the outbox cannot send or gave up, and late deliveries."""

from __future__ import annotations

from console.domain.delivery import Obsolete, Undelivered
from console.engine.decisions import Decisions
from console.engine.outbox import Outbox
from console.services.incidents.deliveries import on_deliveries


class Deliveries:
    """Runs on the engine's thread."""

    def __init__(self, outbox: Outbox, decisions: Decisions) -> None:
        self._outbox, self._decisions = outbox, decisions
        self._seen: tuple[Undelivered, ...] = ()

    def turn(self) -> None:
        """Record what changed since the last turn."""
        lasting, arrived = self._outbox.lasting, list[Undelivered]()
        while not self._outbox.delivered.empty():
            arrived.append(self._outbox.delivered.get())
        withdrawn = list[tuple[Undelivered, Obsolete]]()
        while not self._outbox.withdrawn.empty():
            withdrawn.append(self._outbox.withdrawn.get())
        if lasting is self._seen and not (arrived or withdrawn):
            return
        known = set(self._seen)
        waiting = tuple(one for one in lasting if one not in known)
        self._seen = lasting
        if waiting or arrived or withdrawn:
            self._decisions.decide(lambda state: on_deliveries(state, waiting, arrived, withdrawn))
