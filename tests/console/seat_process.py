"""A console's or engine's runtime without a window in a process of its own; tests send it requests as lines of JSON.

Run: ``python -m tests.console.seat_process CITY BROKER STORE FOLDER SEAT``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from console.connections import broker_of, channels_of, connection_of, feeds_of
from console.domain.actors import Actor, Role
from console.domain.clock import SystemClock
from console.domain.dispatch_orders import DISPATCH_ORDER, TargetKind
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.notices import Notice, NoticeStatus
from console.domain.outages import OUTAGE, OutagePurpose
from console.domain.picture import Picture, StationState
from console.domain.records import RecordKind
from console.domain.tickets import TICKET, TicketKind, TicketState
from console.domain.values import to_json
from console.runtime import Runtime, RuntimeOptions
from console.services.crews.orders import SendCrew
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, SubmitNotice
from console.services.notices.other_end import ExtendNotice
from console.services.outages.planning import ChangeOutage, PlanOutage
from console.services.ports import StoreUnavailable
from console.services.public.dispatch_orders import GiveDispatchOrder, RepeatBack
from console.services.tickets.changing import SetTicketState
from console.services.tickets.hearing import CallFields
from console.services.tickets.taking import TakeCall
from console.settings import desk_settings, is_shared, load_settings
from maps.dataset import read_city


class WrongClock(SystemClock):
    """The clock of a machine that is ahead of the others."""

    def __init__(self, ahead_s: float) -> None:
        self._ahead = timedelta(seconds=ahead_s)

    def now(self) -> datetime:
        return super().now() + self._ahead


class SeatProcess:
    """``seen``: when this seat's picture first showed a version of a case."""

    def __init__(self, city_path: Path, broker: str, store: str, folder: Path, seat: str) -> None:
        settings = load_settings(seat=seat, data_folder=folder, shared=True)
        city = read_city(city_path)
        connection = connection_of(settings, broker_of(settings, broker), city.info.site, seat)
        desk = desk_settings(settings, city.info.site)
        options = RuntimeOptions(
            city_path, store, folder / "notices", desk, grid_s=1.0, settle_s=0.1, role=seat, is_shared=is_shared(settings, store)
        )
        feeds, channels = feeds_of(settings, city, connection), channels_of(settings, city, connection)
        self.runtime = Runtime(
            city, WrongClock(float(os.environ.get("SEAT_CLOCK_AHEAD_S", "0"))), options, feeds=feeds, channels=channels
        )
        self.seen: dict[str, float] = {}
        self._actor = Actor.named(seat)
        self.runtime.engine.subscribe(self._note)
        self.runtime.recall()

    def _note(self, picture: Picture) -> None:
        for one in picture.incidents:
            self.seen.setdefault(f"{one.incident_id} {one.version}", time.time())

    def answer(self, do: str, *words: str) -> Any:
        """One question's answer, a JSON value."""
        match do:
            case "leads":
                return self.runtime.engine._leadership.leads
            case "cases":
                return self._cases()
            case "writes":
                return not any(feed.name.startswith("store") for feed in self.runtime.engine.latest().feeds)
            case "seen":
                return dict(self.seen)
            case "picture":
                return self._picture()
        return self._decided(do, *words)

    def _decided(self, do: str, *words: str) -> Any:
        match do:
            case "open":
                return self._done(OpenIncident(words[0]))
            case "judge":
                return self._done(JudgeBurst(words[0], (words[1],), "calls"), words[0])
            case "send":
                return self._done(SendCrew(words[0]), words[0])
            case "issue":
                return self._issued(words[0])
            case "extend":
                return self._extended(words[0])
        return self._on_record(do, *words)

    def _cases(self) -> Any:
        """Cases opened by hand, by pipe."""
        by_hand = [one for one in self.runtime.engine.latest().incidents if one.location is None]
        return {
            pipe: {
                "case": one.incident_id,
                "burst_pipes": one.burst_pipes,
                "issued": [notice.notice_id for notice in one.notices if notice.status is NoticeStatus.ISSUED],
            }
            for one in by_hand
            for pipe in one.target_pipes()
        }

    def _done(self, intent: Intent, case: str = "") -> Any:
        incident = self._submitted(intent, self._actor, case)
        return {"case": incident.incident_id, "version": incident.version, "at": time.time()}

    def _submitted(self, intent: Intent, actor: Actor, case: str) -> Incident:
        """The case after it, "" a new one. Plans of other cases may be in the change set too."""
        changed = self.runtime.engine.submit(intent, actor).result(60).incidents
        return next(one for one in changed if one.incident_id == case or (not case and one.version == 1))

    def _on_record(self, do: str, *words: str) -> Any:
        """A ticket, an outage or a dispatch order: its id and what the answer of this decision is known by."""
        changed = self.runtime.engine.submit(_on_record(do, *words), self._actor).result(60)
        ids = [one.record_kind.id_of(one) for one in changed.of(_KINDS[do]) if one.version == 1 or words[0] in str(one)]
        return {"record": ids[0], "at": time.time()}

    def _extended(self, case: str) -> Any:
        """Announce another end than the notice in force, and take that to the public."""
        incident = next(one for one in self.runtime.engine.latest().incidents if one.incident_id == case)
        notice = incident.notices[-1]
        if notice.status is NoticeStatus.ISSUED:
            self._submitted(ExtendNotice(case, notice.facts.expected_end + timedelta(hours=1), "drill"), self._actor, case)
            self._has_draft(case, notice.notice_id)
        return self._issued(case)

    def _has_draft(self, case: str, issued: str) -> None:
        """Wait until the picture shows the next version: the answer comes before it."""
        for _ in range(100):
            incident = next(one for one in self.runtime.engine.latest().incidents if one.incident_id == case)
            if incident.notices[-1].notice_id != issued:
                return
            time.sleep(0.05)

    def _issued(self, case: str) -> Any:
        """Take the case's notice to the public, from wherever it is: by this seat, approved by a second person."""
        incident = next(one for one in self.runtime.engine.latest().incidents if one.incident_id == case)
        while not (incident.notices and incident.notices[-1].status is NoticeStatus.ISSUED):
            notice = incident.notices[-1] if incident.notices else None
            intent, actor = _next_step(case, notice), self._actor
            if notice is not None and notice.status is NoticeStatus.SUBMITTED:
                actor = Actor.named("主管", Role.SUPERVISOR)
            incident = self._submitted(intent, actor, case)
        return {"notice": incident.notices[-1].notice_id, "at": time.time()}

    def _picture(self) -> Any:
        engine = self.runtime.engine
        picture = engine.latest()
        return {
            "leads": engine._leadership.leads,
            "holder": None if picture.lease is None else picture.lease.holder,
            "cases": {one.incident_id: to_json(one) for one in picture.incidents},
            "logs": {one.incident_id: [change.hash for change in engine.timeline(one.incident_id)] for one in picture.incidents},
            "alarms": {one.alarm_id: to_json(one) for one in picture.alarms},
            "learning": int((picture.station_state == StationState.LEARNING).sum()),
            "records": {
                f"{kind}/{one.record_kind.id_of(one)}": to_json(one) for kind, some in picture.others.items() for one in some
            },
            "undelivered": [one.outgoing_id for one in picture.undelivered],
        }


_KINDS: dict[str, RecordKind[Any]] = {
    "call": TICKET, "handle": TICKET, "plan": OUTAGE, "move": OUTAGE, "tell": DISPATCH_ORDER, "repeat": DISPATCH_ORDER,
}  # fmt: skip
_SOON = timedelta(days=3)
_EVEN = tuple("02468")


def _on_record(do: str, what: str, more: str = "") -> Intent:
    """``what``: a mark that the record keeps, where it is a new one; else its id. ``more``: a pipe, or what is changed."""
    starts_at = datetime.now(UTC) + _SOON
    match do:
        case "call":
            return TakeCall(CallFields(TicketKind.NO_WATER, phone=what, text="drill", wants_callback=True))
        case "handle":
            state = TicketState.IN_PROGRESS if more.endswith(_EVEN) else TicketState.ACTION_SCHEDULED
            return SetTicketState(what, state, more)
        case "plan":
            return PlanOutage((more,), OutagePurpose.CONNECTION, starts_at, starts_at + timedelta(hours=4), what)
        case "move":
            return ChangeOutage(what, OutagePurpose.REPAIR, starts_at, starts_at + timedelta(hours=6), more)
        case "tell":
            return GiveDispatchOrder(TargetKind.PLANT, "大桥水厂", what, target_id="W1")
        case "repeat":
            return RepeatBack(what, "drill", more)
    raise ValueError(do)


def _next_step(case: str, notice: Notice | None) -> Intent:
    if notice is None:
        return DraftNotice(case)
    match notice.status:
        case NoticeStatus.DRAFT:
            return SubmitNotice(case, notice.notice_id, "drill")
        case NoticeStatus.SUBMITTED:
            return ApproveNotice(case, notice.notice_id, contradiction_reason="drill")
        case NoticeStatus.APPROVED:
            return IssueNotice(case, notice.notice_id, "drill")
    raise ValueError(notice.status)


def main() -> None:
    """Answer until the end of standard input."""
    city, broker, store, folder, seat = sys.argv[1:]
    try:
        process = SeatProcess(Path(city), broker, store, Path(folder), seat)
    except StoreUnavailable as away:
        sys.exit(str(away))
    with process.runtime:
        _write("runs")
        for line in sys.stdin:
            try:
                answer = process.answer(*json.loads(line))
            except Exception as fault:  # noqa: BLE001 - the test judges it
                answer = {"fault": f"{type(fault).__name__}: {fault}"}
            _write(json.dumps(answer))


def _write(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
