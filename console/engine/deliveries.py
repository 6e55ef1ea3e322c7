"""Deliveries: logs in the case what the outbox cannot send or gave up, and late deliveries."""

from __future__ import annotations

from console.domain.delivery import RETRIED, Obsolete, Undelivered
from console.engine.decisions import Decisions
from console.engine.outbox import Outbox
from console.services.incidents.deliveries import on_deliveries


class Deliveries:
    """Runs on the engine's thread."""

    def __init__(self, outbox: Outbox, decisions: Decisions) -> None:
        self._outbox, self._decisions = outbox, decisions
        self._seen: tuple[Undelivered, ...] = ()
        self._seq = decisions.state.seq
        """Of the last change that was looked at for further attempts that somebody asked for."""

    def turn(self) -> None:
        """Record what changed since the last turn, and try again what somebody asked for, at this seat or another one."""
        self._retry()
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

    def _retry(self) -> None:
        state, seen = self._decisions.state, self._seq
        if state.seq == seen:
            return
        self._seq = state.seq
        for changes in state.history.values():
            for change in reversed(changes):
                if change.seq <= seen:
                    break
                if change.kind == RETRIED:
                    self._outbox.retry(int(change.after["outgoing_id"]), str(change.after["channel"]))
