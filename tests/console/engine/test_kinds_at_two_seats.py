"""Every kind of record on PostgreSQL: two consoles decide with a console's account, the engine with its own sees all at once.

The second console does not follow by itself here: it decides on what was true before, as two people at once do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from console.domain.actors import Actor, Role
from console.domain.alarms import ALARM
from console.domain.attachments import Attachment
from console.domain.contacts import CALL, CONTACT, ContactKind, Outcome
from console.domain.corrections import CORRECTION
from console.domain.dispatch_orders import DISPATCH_ORDER, TargetKind
from console.domain.field_reports import CREW_DUTY, FieldReport, Reported, ReportKind
from console.domain.incidents import INCIDENT
from console.domain.intents import Intent
from console.domain.kinds import KINDS
from console.domain.outages import OUTAGE, OutagePurpose
from console.domain.outreach import CARE_NEED, CARE_STEP, TELLING, CareKind, Need, Way
from console.domain.records import Record, RecordKind
from console.domain.reports import REPORT
from console.domain.shift import DUTY, HANDOVER, LOG_ENTRY, Signature
from console.domain.tickets import TICKET, TicketKind, TicketState
from console.domain.valve_photos import VALVE_PHOTO
from console.domain.water_points import WATER_POINT
from console.engine import follow
from console.services.alarms.operations import EndOperation, EnterOperation
from console.services.conflicts import ChangedElsewhere
from console.services.crews.corrections import DecideCorrection
from console.services.incidents.judging import JudgeBurst, SetRestoration
from console.services.incidents.opening import OpenIncident
from console.services.outages.planning import CancelOutage, ChangeOutage, PlanOutage
from console.services.public.care import AddNeeds, NeedFields, RecordCare, RemoveNeed
from console.services.public.dispatch_orders import CancelDispatchOrder, GiveDispatchOrder, RepeatBack
from console.services.public.tellings import TellCustomers, WithdrawTelling
from console.services.public.water_points import BeginWaterTest, CloseWaterPoint, PlanWaterPoint
from console.services.reports.authority import DraftReport, RecordReportSent
from console.services.shift.contacts import AddContacts, ContactFields, EditContact, LogCall, RemoveContact
from console.services.shift.duty import BeginShift, EndShift
from console.services.shift.entries import WriteEntry
from console.services.shift.handover import SignHandover, picture_items
from console.services.tickets.changing import SetTicketState
from console.services.tickets.hearing import CallFields
from console.services.tickets.taking import TakeCall
from console.store import SqlStore
from console.store.server import CONSOLE, ENGINE, Account, prepare
from maps.city import City
from tests.console.engine.room import START, Room, done
from tests.console.ui.small_city import build_small_city

pytest.importorskip("psycopg", reason="psycopg is not installed")
pytestmark = pytest.mark.slow
PIPE, OTHER = "P-104040", "P-104050"
WANG, LI, CREW = Actor.named("王"), Actor.named("李"), Actor.named("crew1", Role.CREW)
PNG = b"\x89PNG\r\n\x1a\n" + b"\7" * 500
HOUR = timedelta(hours=1)


@dataclass(frozen=True, eq=False)
class Desks:
    """The engine leads; ``case`` is judged, with an order of ``crew``."""

    engine: Room
    first: Room
    second: Room
    case: str
    crew: str
    order: str


@dataclass(frozen=True, eq=False)
class Line:
    """How a record of a kind begins, and two changes that two people make to it at once; None where it is never changed."""

    kind: RecordKind[Any]
    begins: Callable[[Desks], Intent | FieldReport | Record]
    change: Callable[[str], Intent | FieldReport] | None = None
    other: Callable[[str], Intent] | None = None


def _reports(kind: ReportKind, number: int, **more: Any) -> FieldReport:
    return FieldReport(f"r{number}", "", kind, START + timedelta(minutes=number), **more)


def _opened_report(desks: Desks) -> Record:
    """The leader opens it at a tick, once the case is judged."""
    known = desks.engine.engine._decisions
    desks.engine.send("Q-001", 0.3)
    desks.engine.ticks()
    desks.engine.waits(lambda: bool(known.state.of(REPORT)))
    return next(iter(known.state.of(REPORT).values()))


def _photographed(desks: Desks) -> Record:
    """A crew sends a photo of a valve by the first console."""
    first, known = desks.first, desks.first.engine._decisions
    report = FieldReport("r9", desks.crew, ReportKind.PHOTO, START, desks.order, "V-5400", layer="valve")
    sent = Reported(report, Attachment.of(PNG))
    first.engine._commands.call(partial(known.decide, lambda state: first.desk.on_report(state, sent, START), CREW, by_any=True))
    first.waits(lambda: bool(known.state.of(VALVE_PHOTO)))
    return next(iter(known.state.of(VALVE_PHOTO).values()))


def _handover(desks: Desks) -> SignHandover:
    items = picture_items(desks.first.engine.targets, desks.first.engine.latest())
    return SignHandover(Signature("王", "王"), Signature("赵", "赵"), items, desks.first.clock.now(), items)


NEED = NeedFields("C-1", Need.DIALYSIS, "张某", ("13800000000",))
SEIZED = {"asset_id": "V-5400", "layer": "valve", "fault": "seized"}
CALLER = CallFields(TicketKind.NO_WATER, phone="13900000000", text="家里没水", wants_callback=True)
WINDOW = (START + 48 * HOUR, START + 54 * HOUR)
LINES = (
    Line(
        INCIDENT, lambda _: OpenIncident(OTHER), lambda one: JudgeBurst(one, (OTHER,), "calls"),
        lambda one: SetRestoration(one, START + 4 * HOUR),
    ),
    Line(
        ALARM, lambda _: EnterOperation("valve", "V-5400", START, START + HOUR), EndOperation, EndOperation,
    ),
    Line(DUTY, lambda _: BeginShift("王"), EndShift, EndShift),
    Line(LOG_ENTRY, lambda desks: WriteEntry("围挡已到", incident_id=desks.case, picture=PNG, picture_name="a.png")),
    Line(HANDOVER, _handover),
    Line(
        CONTACT, lambda _: AddContacts((ContactFields("孙", ContactKind.CREW, phones=("119",)),)),
        lambda one: EditContact(one, ContactFields("孙", ContactKind.CREW, phones=("120",))), RemoveContact,
    ),
    Line(CALL, lambda desks: LogCall(Outcome.REACHED, name="医院", phone="120", said="收到", incident_id=desks.case)),
    Line(CREW_DUTY, lambda _: _reports(ReportKind.ON_DUTY, 1), lambda _: _reports(ReportKind.OFF_DUTY, 2)),
    Line(
        TICKET, lambda _: TakeCall(CALLER), lambda one: SetTicketState(one, TicketState.IN_PROGRESS, "已派"),
        lambda one: SetTicketState(one, TicketState.NOT_RESPONSIBLE, "楼内"),
    ),
    Line(
        OUTAGE, lambda _: PlanOutage((OTHER,), OutagePurpose.CONNECTION, *WINDOW, "接水"),
        lambda one: ChangeOutage(one, OutagePurpose.REPAIR, *WINDOW, "换阀"), lambda one: CancelOutage(one, "改期"),
    ),
    Line(
        REPORT, _opened_report, lambda one: RecordReportSent(one, ("119",), "电话"),
        DraftReport,
    ),
    Line(
        DISPATCH_ORDER, lambda desks: GiveDispatchOrder(TargetKind.PLANT, "大桥水厂", "降压到 0.30", desks.case, "W1"),
        lambda one: RepeatBack(one, "值班员", "降压到 0.30"), lambda one: CancelDispatchOrder(one, "不用了"),
    ),
    Line(TELLING, lambda desks: TellCustomers(desks.case, ("C-1",), Way.PHONE), WithdrawTelling, WithdrawTelling),
    Line(
        CARE_NEED, lambda _: AddNeeds((NEED,)), RemoveNeed, RemoveNeed,
    ),
    Line(CARE_STEP, lambda desks: RecordCare(desks.case, "C-1", CareKind.WATER, 20.0)),
    Line(
        WATER_POINT, lambda desks: PlanWaterPoint(desks.case, "美林苑门口", 505_500.0, 4_058_500.0, 300), BeginWaterTest,
        CloseWaterPoint,
    ),
    Line(
        CORRECTION, lambda desks: _reports(ReportKind.CORRECTION, 3, order_id=desks.order, **SEIZED),
        lambda one: DecideCorrection(one, is_accepted=True), lambda one: DecideCorrection(one, is_accepted=False, reason="不是"),
    ),
    Line(VALVE_PHOTO, _photographed),
)  # fmt: skip


@pytest.fixture(scope="module")
def desks(module_database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desks]:
    prepare(module_database, (Account("k_engine", ENGINE, "e"), Account("k_console", CONSOLE, "c")))
    city, folder = build_small_city(), tmp_path_factory.mktemp("desks")
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(follow, "POLL_S", 60.0)  # what is seen sooner came by the signal of commits
        engine, first = (stack.enter_context(seat(module_database, folder, city, name)) for name in ("k_engine", "k_console"))
        with pytest.MonkeyPatch.context() as deaf:
            deaf.setattr(SqlStore, "commit_signal", lambda _: None)
            second = stack.enter_context(seat(module_database, folder, city, "k_console"))
            second.engine._follow._listener.join()  # type: ignore[union-attr]
        engine.sees(lambda picture: picture.lease is not None and picture.lease.is_ours)
        case = done(first.engine.submit(OpenIncident(PIPE), WANG)).of(INCIDENT)[0].incident_id
        (judged,) = (
            one
            for one in done(first.engine.submit(JudgeBurst(case, (PIPE,), "calls"), WANG)).incidents
            if one.incident_id == case
        )
        yield Desks(engine, first, second, case, judged.orders[0].crew_id, judged.orders[0].order_id)
        assert engine.store.verify_chain() is None


@contextmanager
def seat(database: str, folder: Path, city: City, account: str) -> Iterator[Room]:
    room = Room(folder, store=database.replace("//postgres@", f"//{account}@"), city=city, is_shared=True)
    yield room
    room.close()


def does(desks: Desks, asked: Intent | FieldReport | Record, kind: RecordKind[Any]) -> Record:
    """The record of that kind after what the first console's person, or a crew by its page, does."""
    first, known = desks.first, desks.first.engine._decisions
    if isinstance(asked, Intent):
        return done(first.engine.submit(asked, WANG)).of(kind)[0]  # type: ignore[no-any-return]
    if not isinstance(asked, FieldReport):
        return asked
    before = {key: one.version for key, one in known.state.of(kind).items()}
    report = Reported(replace(asked, crew_id=desks.crew))
    decide = partial(known.decide, lambda state: first.desk.on_report(state, report, START), CREW, by_any=True)
    first.engine._commands.call(decide)
    first.waits(lambda: changed(known.state.of(kind), before) is not None)
    found = changed(known.state.of(kind), before)
    assert found is not None
    return found


def changed(records: Mapping[str, Record], before: Mapping[str, int]) -> Record | None:
    return next((one for key, one in records.items() if one.version > before.get(key, 0)), None)


def knows(room: Room, record: Record) -> None:
    """It holds this version, or a later one."""
    kind, key = record.record_kind, record.record_kind.id_of(record)
    room.waits(lambda: key in (known := room.engine._decisions.state.of(kind)) and known[key].version >= record.version)


def test_every_kind_has_a_line() -> None:
    assert [line.kind for line in LINES] == list(KINDS)


@pytest.mark.parametrize("line", LINES, ids=[line.kind.name for line in LINES])
def test_a_record_is_seen_at_every_seat_and_the_second_of_two_changes_is_refused_with_who_made_the_first(
    desks: Desks, line: Line
) -> None:
    record = does(desks, line.begins(desks), line.kind)
    key = line.kind.id_of(record)
    for room in (desks.engine, desks.first):
        knows(room, record)
    desks.second.engine._commands.call(desks.second.engine._follow.ask)  # type: ignore[union-attr, arg-type]
    knows(desks.second, record)
    if line.change is None:
        return
    after = does(desks, line.change(key), line.kind)
    knows(desks.engine, after)
    if line.other is not None:
        with pytest.raises(ChangedElsewhere) as refused:
            done(desks.second.engine.submit(line.other(key), LI))
        assert "王" in refused.value.text("zh_CN")
        assert "王" in refused.value.text("en")
        knows(desks.second, after)  # it shows what there is, to decide again
    kept = desks.engine.store.record(line.kind, key)
    assert kept is not None
    assert not [one for one in desks.engine.store.changes_of(line.kind.subject(key)) if one.actor == LI]
