"""Ingest: messages of the inbox -> live picture; readings and positions to the archive, replies to the desk."""

from __future__ import annotations

import logging
from dataclasses import replace
from functools import partial

from console.domain.changes import ChangeSet
from console.domain.clock import Clock, micros, moment
from console.domain.crews import CrewFix
from console.domain.live import FUTURE_TOLERANCE_US, LivePicture
from console.domain.orders import OrderReply
from console.engine.archive import Archive
from console.engine.clocks import StationClocks
from console.engine.decisions import Decisions
from console.engine.receipts import Receipts
from console.feeds.codec import Decoder
from console.feeds.inbox import GATHER_S, Inbox
from console.services.desk import Desk
from console.services.state import DeskState
from maps.city import City

log = logging.getLogger(__name__)

_WAIT_S = 0.05


class Ingest:
    """Waits for the inbox. ``rejected``: payloads that could not be used, since the start."""

    def __init__(
        self, city: City, inbox: Inbox, clock: Clock, live: LivePicture, archive: Archive, desk: Desk, decisions: Decisions
    ) -> None:
        self._decoder = Decoder(city)
        self._inbox, self._clock, self._live, self._archive = inbox, clock, live, archive
        self._desk, self._decisions = desk, decisions
        self._clocks = StationClocks(city.stations.asset_id, decisions.state.alarms.values())
        self._receipts = Receipts(inbox.kept)
        self.rejected = 0

    def turn(self) -> None:
        """Take in what has arrived; waits a moment for the first message, for nothing else."""
        messages = self._inbox.drain(_WAIT_S, gather_s=GATHER_S)
        if not messages:
            return
        now_us = micros(self._clock.now())
        try:
            decoded = self._decoder.decode(messages)
        except Exception:
            self._receipts.expect(len(messages), 1)()  # a defect: sent again, they would meet it again
            raise
        kept = self._receipts.expect(len(messages), 1 + len(decoded.replies))
        self.rejected += decoded.rejected
        for sample in decoded.samples:
            log.warning("%s: %s: %s", sample.feed, sample.topic, sample.reason)
        self._move_crews(decoded.fixes, now_us)
        self._archive.append_readings(decoded.readings.received(now_us), kept)
        for reply in decoded.replies:
            self._decisions.decide(partial(self._answered, reply), reply.crew_id, kept)
        applied = self._live.apply(decoded.readings, now_us)
        findings = self._clocks.look(decoded.readings, applied.ahead, now_us)
        if findings:
            self._decisions.decide(lambda state: self._desk.on_stations(state, findings, moment(now_us)))

    def _answered(self, reply: OrderReply, state: DeskState) -> ChangeSet:
        return self._desk.on_order_reply(state, reply, self._clock.now())

    def _move_crews(self, fixes: tuple[CrewFix, ...], now_us: int) -> None:
        known = self._decisions.state.crews
        newer = [fix for fix in fixes if fix.crew_id not in known or _is_newer(fix, known[fix.crew_id], now_us)]
        if newer:
            kept = [replace(fix, state=known[fix.crew_id].state) if fix.crew_id in known else fix for fix in newer]
            self._decisions.state = self._decisions.state.with_crews(kept)
            self._archive.append_positions(newer)


def _is_newer(fix: CrewFix, known: CrewFix, now_us: int) -> bool:
    """A position that is ahead of our clock, since that was set back, does not outlast true ones."""
    return fix.at_us > known.at_us or known.at_us > now_us + FUTURE_TOLERANCE_US >= fix.at_us
