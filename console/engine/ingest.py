"""Ingest: messages of the inbox -> live picture, readings and positions to disk, replies to the desk."""

from __future__ import annotations

import logging
from dataclasses import replace

from console.detection.finding import StationFinding
from console.domain.clock import Clock, micros, moment
from console.domain.crews import CrewFix
from console.domain.live import FUTURE_TOLERANCE_US, LivePicture
from console.domain.picture import FeedHealth
from console.engine.decisions import SYSTEM_USER, Decisions
from console.engine.refusals import Refusals
from console.feeds.codec import CrewTrouble, Decoded, Decoder
from console.feeds.inbox import GATHER_S, Inbox
from console.services.desk import Desk
from console.services.ports import Store
from maps.city import City

log = logging.getLogger(__name__)

_WAIT_S = 0.05
_KEPT_AHEAD_US = 86_400_000_000
"""Readings ahead of the clock are kept for history, yet not those of more than a day: their time would come as a surprise."""


class Ingest:
    """Waits for the inbox."""

    def __init__(
        self, city: City, inbox: Inbox, clock: Clock, live: LivePicture, store: Store, desk: Desk, decisions: Decisions
    ) -> None:
        self._station_ids, self._decoder = city.stations.asset_id, Decoder(city)
        self._inbox, self._clock, self._live, self._store = inbox, clock, live, store
        self._desk, self._decisions = desk, decisions
        self._refusals = Refusals(self._decoder.sequence)

    def turn(self) -> None:
        """Take in what has arrived; waits a moment for the first message."""
        messages = self._inbox.drain(_WAIT_S, gather_s=GATHER_S)
        if not messages:
            return
        now_us = micros(self._clock.now())
        decoded = self._decoder.decode(messages, now_us)
        self._refusals.take(decoded)
        self._keep(decoded, now_us)
        # Only now: what was acknowledged and not kept would be lost with this process.
        self._inbox.kept(len(messages))

    def counted(self, health: FeedHealth) -> FeedHealth:
        """The feed's health with what was refused and lost."""
        return self._refusals.counted(health)

    def _keep(self, decoded: Decoded, now_us: int) -> None:
        now, readings = moment(now_us), decoded.readings
        applied = self._live.apply(readings, now_us)
        if len(applied.ahead):
            readings = readings.where(readings.at_us <= now_us + _KEPT_AHEAD_US)
        self._store.append_readings(readings.received(now_us))
        for row in applied.ahead:
            self._clock_fault(int(row), now_us)
        self._move_crews(decoded.fixes, now_us)
        self._note_troubles(decoded.troubles, decoded.fixes)
        for reply in decoded.replies:
            self._decisions.commit(self._desk.on_order_reply(self._decisions.state, reply, now), reply.crew_id)

    def _clock_fault(self, row: int, now_us: int) -> None:
        now = moment(now_us)
        finding = StationFinding(
            str(self._station_ids[row]), "", "future_time", now, active=True, detail="source time ahead of the clock"
        )
        self._decisions.commit(self._desk.on_stations(self._decisions.state, (finding,), now), SYSTEM_USER)

    def _move_crews(self, fixes: tuple[CrewFix, ...], now_us: int) -> None:
        known = self._decisions.state.crews
        newer = [fix for fix in fixes if fix.crew_id not in known or _counts(fix, known[fix.crew_id], now_us)]
        if newer:
            kept = [replace(fix, state=known[fix.crew_id].state) if fix.crew_id in known else fix for fix in newer]
            self._decisions.state = self._decisions.state.with_crews(kept)
            self._store.append_positions(newer)

    def _note_troubles(self, troubles: tuple[CrewTrouble, ...], fixes: tuple[CrewFix, ...]) -> None:
        """A crew whose phone sends what cannot be used keeps its last place, marked with the reason."""
        known, heard = self._decisions.state.crews, {fix.crew_id for fix in fixes}
        marked = {
            one.crew_id: replace(known[one.crew_id], trouble=one.kind)
            for one in troubles
            if one.crew_id in known and one.crew_id not in heard and known[one.crew_id].trouble != one.kind
        }
        if marked:
            self._decisions.state = self._decisions.state.with_crews(list(marked.values()))


def _counts(fix: CrewFix, known: CrewFix, now_us: int) -> bool:
    """Newer than what is known; a known time ahead of the clock (the clock was set back) does not hold the crew."""
    return fix.at_us > known.at_us or known.at_us > now_us + FUTURE_TOLERANCE_US
