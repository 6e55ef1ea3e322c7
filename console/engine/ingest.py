"""Ingest: items of feeds go from the inbox to the live picture, the archive (readings, positions) and the desk (replies)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from console.domain.actors import Actor, Role
from console.domain.changes import ChangeSet
from console.domain.clock import micros, moment
from console.domain.crews import CrewFix
from console.domain.field_reports import Reported
from console.domain.health import FeedHealth
from console.domain.live import FUTURE_TOLERANCE_US, LivePicture
from console.domain.orders import OrderReply
from console.engine.archive import Archive
from console.engine.clocks import StationClocks
from console.engine.decisions import Decisions
from console.engine.faults import Faults
from console.engine.ports import Ports
from console.engine.receipts import Receipts
from console.feeds.inbox import GATHER_S, Arrived
from console.feeds.port import CrewTrouble, Decoded, Feed
from console.services.desk import Desk
from console.services.state import DeskState
from maps.city import City

_WAIT_S = 0.05
LEADER_FIRST_S = 5.0
"""A process that follows leaves a crew's reply to the leader for this long."""
_KEPT_AHEAD_US = 86_400_000_000
"""Readings ahead of the clock are kept for history, yet not those of more than a day: their time would come as a surprise."""


class Ingest:
    """Waits only for the inbox."""

    def __init__(
        self,
        ports: Ports,
        city: City,
        live: LivePicture,
        archive: Archive,
        desk: Desk,
        decisions: Decisions,
        faults: Faults,
        leads: Callable[[], bool] = lambda: True,
    ) -> None:
        self._leads, self._station_ids = leads, city.stations.asset_id
        self._replies: deque[tuple[float, OrderReply | Reported, Callable[[], None]]] = deque()
        self._feeds, self._inbox, self._clock = tuple(ports.feeds), ports.inbox, ports.clock
        self._live, self._archive, self._desk, self._decisions, self._faults = live, archive, desk, decisions, faults
        self._clocks = StationClocks(city.stations.asset_id, decisions.state.alarms.values())
        self._receipts = Receipts(ports.inbox.kept)

    def turn(self) -> None:
        """Take in arrived items; waits a short time for the first one, for nothing else."""
        arrived = self._inbox.drain(_WAIT_S, gather_s=GATHER_S)
        self._take_replies()
        if not arrived:
            return
        now_us = micros(self._clock.now())
        decoded = [batch for one in arrived if (batch := self._decoded(one, now_us)) is not None]
        parts = sum(2 + len(batch.replies) + len(batch.reports) for batch in decoded)
        kept = self._receipts.expect(sum(len(one.items) for one in arrived), 1 + parts)
        for batch in decoded:
            self._take(batch, now_us, kept)
        kept()

    def lead(self) -> None:
        """This process detects from now on: the faults of clocks that the one before has found are known."""
        self._clocks = StationClocks(self._station_ids, self._decisions.state.alarms.values())

    def health(self) -> tuple[FeedHealth, ...]:
        """State of every feed."""
        return tuple(_health(feed) for feed in self._feeds)

    def _decoded(self, arrived: Arrived, now_us: int) -> Decoded | None:
        """None for a defect in the feed, which must not stop the others. Sending the same items again would not help."""
        try:
            return arrived.feed.decode(arrived.items, now_us)
        except Exception as defect:  # noqa: BLE001 - shown and logged
            self._faults.defect(f"feed {arrived.feed.name}", defect)
            return None

    def _take(self, batch: Decoded, now_us: int, kept: Callable[[], None]) -> None:
        self._move_crews(batch.fixes, now_us, kept)
        self._note_troubles(batch.troubles, batch.fixes)
        readings = batch.readings.where(batch.readings.at_us <= now_us + _KEPT_AHEAD_US)
        self._archive.append_readings(readings.received(now_us), kept)
        due = time.monotonic() + (0.0 if self._leads() else LEADER_FIRST_S)
        answers: list[OrderReply | Reported] = [*batch.replies, *batch.reports]
        self._replies.extend((due, answer, kept) for answer in answers)
        self._take_replies()
        applied = self._live.apply(batch.readings, now_us)
        findings = self._clocks.look(batch.readings, applied.ahead, now_us)
        if findings:
            self._decisions.decide(lambda state: self._desk.on_stations(state, findings, moment(now_us)))

    def _take_replies(self) -> None:
        """Each process gets every reply. The leader takes it up at once, any other after a moment, if it still changes anything.

        So a reply is not lost with the leader that had not written it, and not recorded twice.
        """
        while self._replies and self._replies[0][0] <= time.monotonic():
            _, reply, kept = self._replies.popleft()
            self._decisions.decide(partial(self._answered, reply), Actor.named(reply.crew_id, Role.CREW), kept, by_any=True)

    def _answered(self, reply: OrderReply | Reported, state: DeskState) -> ChangeSet:
        if isinstance(reply, Reported):
            return self._desk.on_report(state, reply, self._clock.now())
        return self._desk.on_order_reply(state, reply, self._clock.now())

    def _move_crews(self, fixes: tuple[CrewFix, ...], now_us: int, kept: Callable[[], None]) -> None:
        known = self._decisions.state.crews
        newer = [fix for fix in fixes if fix.crew_id not in known or _is_newer(fix, known[fix.crew_id], now_us)]
        if newer:
            shown = [
                replace(fix, state=known[fix.crew_id].state, heard_us=max(now_us, known[fix.crew_id].heard_us))
                if fix.crew_id in known
                else fix
                for fix in newer
            ]
            self._decisions.state = self._decisions.state.with_crews(shown)
        self._archive.append_positions(newer, kept)

    def _note_troubles(self, troubles: tuple[CrewTrouble, ...], fixes: tuple[CrewFix, ...]) -> None:
        """A crew whose phone sends unusable positions keeps its last one, marked with the reason."""
        known, heard = self._decisions.state.crews, {fix.crew_id for fix in fixes}
        marked = [
            replace(known[one.crew_id], trouble=one.kind)
            for one in troubles
            if one.crew_id in known and one.crew_id not in heard and known[one.crew_id].trouble != one.kind
        ]
        if marked:
            self._decisions.state = self._decisions.state.with_crews(marked)


def _is_newer(fix: CrewFix, known: CrewFix, now_us: int) -> bool:
    """A position ahead of our clock (which was set back) is replaced by later ones."""
    return fix.at_us > known.at_us or known.at_us > now_us + FUTURE_TOLERANCE_US >= fix.at_us


def _health(feed: Feed) -> FeedHealth:
    try:
        return feed.health()
    except Exception as defect:  # noqa: BLE001 - called for each picture: shown there, not logged ten times a second
        return FeedHealth(feed.name, "down", f"{type(defect).__name__}: {defect}; report it")
