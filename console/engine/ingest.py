"""Ingest: messages of the inbox -> live picture, readings and positions to disk, replies to the desk."""

from __future__ import annotations

import logging
from dataclasses import replace

from console.detection.finding import StationFinding
from console.domain.clock import Clock, micros, moment
from console.domain.crews import CrewFix
from console.domain.live import LivePicture
from console.engine.decisions import SYSTEM_USER, Decisions
from console.feeds.codec import Decoder
from console.feeds.inbox import Inbox
from console.services.desk import Desk
from console.services.ports import Store
from maps.city import City

log = logging.getLogger(__name__)

_WAIT_S = 0.05


class Ingest:
    """Waits for the inbox. ``rejected``: payloads that could not be used, since the start."""

    def __init__(
        self, city: City, inbox: Inbox, clock: Clock, live: LivePicture, store: Store, desk: Desk, decisions: Decisions
    ) -> None:
        self._station_ids, self._decoder = city.stations.asset_id, Decoder(city)
        self._inbox, self._clock, self._live, self._store = inbox, clock, live, store
        self._desk, self._decisions = desk, decisions
        self.rejected = 0

    def turn(self) -> None:
        """Take in what has arrived; waits a moment for the first message."""
        messages = self._inbox.drain(_WAIT_S)
        if not messages:
            return
        now = self._clock.now()
        decoded = self._decoder.decode(messages)
        self.rejected += decoded.rejected
        for sample in decoded.samples:
            log.warning("%s: %s: %s", sample.feed, sample.topic, sample.reason)
        applied = self._live.apply(decoded.readings, micros(now))
        self._store.append_readings(decoded.readings.received(micros(now)))
        for row in applied.ahead:
            self._clock_fault(int(row), micros(now))
        self._move_crews(decoded.fixes)
        for reply in decoded.replies:
            self._decisions.commit(self._desk.on_order_reply(self._decisions.state, reply, now), reply.crew_id)

    def _clock_fault(self, row: int, now_us: int) -> None:
        now = moment(now_us)
        finding = StationFinding(
            str(self._station_ids[row]), "", "future_time", now, active=True, detail="source time ahead of the clock"
        )
        self._decisions.commit(self._desk.on_stations(self._decisions.state, (finding,), now), SYSTEM_USER)

    def _move_crews(self, fixes: tuple[CrewFix, ...]) -> None:
        known = self._decisions.state.crews
        newer = [fix for fix in fixes if fix.crew_id not in known or known[fix.crew_id].at_us < fix.at_us]
        if newer:
            kept = [replace(fix, state=known[fix.crew_id].state) if fix.crew_id in known else fix for fix in newer]
            self._decisions.state = self._decisions.state.with_crews(kept)
            self._store.append_positions(newer)
