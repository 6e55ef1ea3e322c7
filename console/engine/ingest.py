"""Ingest: messages of the inbox -> live picture; readings and positions to the archive, replies to the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from console.domain.actors import Actor, Role
from console.domain.changes import ChangeSet
from console.domain.clock import Clock, micros, moment
from console.domain.crews import CrewFix
from console.domain.live import FUTURE_TOLERANCE_US, LivePicture
from console.domain.orders import OrderReply
from console.domain.picture import FeedHealth
from console.engine.archive import Archive
from console.engine.clocks import StationClocks
from console.engine.decisions import Decisions
from console.engine.receipts import Receipts
from console.engine.refusals import Refusals
from console.feeds.codec import CrewTrouble, Decoder
from console.feeds.inbox import GATHER_S, Inbox
from console.services.desk import Desk
from console.services.state import DeskState
from maps.city import City

_WAIT_S = 0.05
_KEPT_AHEAD_US = 86_400_000_000
"""Readings ahead of the clock are kept for history, yet not those of more than a day: their time would come as a surprise."""


class Ingest:
    """Waits for the inbox."""

    def __init__(
        self, city: City, inbox: Inbox, clock: Clock, live: LivePicture, archive: Archive, desk: Desk, decisions: Decisions
    ) -> None:
        self._decoder = Decoder(city)
        self._inbox, self._clock, self._live, self._archive = inbox, clock, live, archive
        self._desk, self._decisions = desk, decisions
        self._clocks = StationClocks(city.stations.asset_id, decisions.state.alarms.values())
        self._receipts = Receipts(inbox.kept)
        self._refusals = Refusals(self._decoder.sequence)

    def turn(self) -> None:
        """Take in what has arrived; waits a moment for the first message, for nothing else."""
        messages = self._inbox.drain(_WAIT_S, gather_s=GATHER_S)
        if not messages:
            return
        now_us = micros(self._clock.now())
        try:
            decoded = self._decoder.decode(messages, now_us)
        except Exception:
            self._receipts.expect(len(messages), 1)()  # a defect: sent again, they would meet it again
            raise
        kept = self._receipts.expect(len(messages), 2 + len(decoded.replies))
        self._refusals.take(decoded)
        self._move_crews(decoded.fixes, now_us, kept)
        self._note_troubles(decoded.troubles, decoded.fixes)
        readings = decoded.readings.where(decoded.readings.at_us <= now_us + _KEPT_AHEAD_US)
        self._archive.append_readings(readings.received(now_us), kept)
        for reply in decoded.replies:
            self._decisions.decide(partial(self._answered, reply), Actor.named(reply.crew_id, Role.CREW), kept)
        applied = self._live.apply(decoded.readings, now_us)
        findings = self._clocks.look(decoded.readings, applied.ahead, now_us)
        if findings:
            self._decisions.decide(lambda state: self._desk.on_stations(state, findings, moment(now_us)))

    def counted(self, health: FeedHealth) -> FeedHealth:
        """The feed's health with what was refused and lost."""
        return self._refusals.counted(health)

    def _answered(self, reply: OrderReply, state: DeskState) -> ChangeSet:
        return self._desk.on_order_reply(state, reply, self._clock.now())

    def _move_crews(self, fixes: tuple[CrewFix, ...], now_us: int, kept: Callable[[], None]) -> None:
        known = self._decisions.state.crews
        newer = [fix for fix in fixes if fix.crew_id not in known or _is_newer(fix, known[fix.crew_id], now_us)]
        if newer:
            shown = [replace(fix, state=known[fix.crew_id].state) if fix.crew_id in known else fix for fix in newer]
            self._decisions.state = self._decisions.state.with_crews(shown)
        self._archive.append_positions(newer, kept)

    def _note_troubles(self, troubles: tuple[CrewTrouble, ...], fixes: tuple[CrewFix, ...]) -> None:
        """A crew whose phone sends what cannot be used keeps its last place, marked with the reason."""
        known, heard = self._decisions.state.crews, {fix.crew_id for fix in fixes}
        marked = [
            replace(known[one.crew_id], trouble=one.kind)
            for one in troubles
            if one.crew_id in known and one.crew_id not in heard and known[one.crew_id].trouble != one.kind
        ]
        if marked:
            self._decisions.state = self._decisions.state.with_crews(marked)


def _is_newer(fix: CrewFix, known: CrewFix, now_us: int) -> bool:
    """A position that is ahead of our clock, since that was set back, does not outlast true ones."""
    return fix.at_us > known.at_us or known.at_us > now_us + FUTURE_TOLERANCE_US >= fix.at_us
