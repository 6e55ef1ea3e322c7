"""Cases carried out by the real desk until every note of the log has been written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from console.detection.finding import OperationFinding, StationFinding
from console.domain.actors import Actor, Proof, Role
from console.domain.alarms import Evidence
from console.domain.attachments import Attachment
from console.domain.contacts import ContactKind, Outcome
from console.domain.corrections import Fault
from console.domain.crews import CrewKind, CrewState
from console.domain.delivery import Obsolete, Reason, Undelivered
from console.domain.dispatch_orders import TargetKind
from console.domain.field_reports import OF_DUTY, FieldReport, Reported, ReportKind
from console.domain.incidents import Outlook, Phase, PressureImpact, ReopenCheck, Unable
from console.domain.notes import Code, Note
from console.domain.notices import DemandCode
from console.domain.orders import OrderReply
from console.domain.outages import OUTAGE, OutagePurpose
from console.domain.outgoing import MessageKind
from console.domain.outreach import CareKind, Need, Way
from console.domain.reports import REPORT
from console.domain.shift import HandoverItem, Level, Part, Signature
from console.domain.targets import Goal, Target, Targets
from console.domain.tickets import TICKET, Answer, Aspect, CallbackResult, Stage, TicketKind, TicketState
from console.services.alarms.operations import EndOperation, EnterOperation
from console.services.alarms.station_alarms import AcknowledgeAlarm, RestoreAlarm, ShelveAlarm, TakeOutOfService
from console.services.areas.answers import AcknowledgeAreaAlert, ReportFromArea
from console.services.crews.corrections import DecideCorrection, EndCorrection
from console.services.crews.field_reports import MOST_PHOTOS
from console.services.crews.orders import SendCrew
from console.services.crews.valve_assignment import SendValveCards
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, MarkValveUnable, RecordSample
from console.services.desk import DeskSettings
from console.services.incidents.deliveries import RetryDelivery, on_deliveries
from console.services.incidents.judging import AdvancePhase, DismissIncident, JudgeBurst, SetRestoration
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from console.services.location.gauge_readings import EnterReading
from console.services.notices.demands import MarkDemandDone
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, EditNotice, IssueNotice, LiftNotice, SubmitNotice
from console.services.notices.other_end import EndNoticeEarly, ExtendNotice
from console.services.outages.planning import CancelOutage, ChangeOutage, ConfirmOutage, PlanOutage, TellCritical
from console.services.outages.running import StartOutage
from console.services.public import dispatch_orders
from console.services.public.care import AddNeeds, NeedFields, RecordCare, RemoveNeed
from console.services.public.dispatch_orders import CancelDispatchOrder, CompleteDispatchOrder, GiveDispatchOrder, RepeatBack
from console.services.public.tanker_orders import SendTanker
from console.services.public.tellings import TellCustomers, WithdrawTelling
from console.services.public.water_points import (
    BeginWaterTest,
    CloseWaterPoint,
    LogTankerTrip,
    OpenWaterPoint,
    PlanWaterPoint,
    RecordWaterTest,
)
from console.services.reports.authority import DraftReport, EditReport, RecordReportSent, SetEventLevel
from console.services.shift.contacts import AddContacts, ContactFields, EditContact, LogCall, RemoveContact
from console.services.shift.duty import BeginShift, EndShift
from console.services.shift.entries import WriteEntry
from console.services.shift.handover import SignHandover, kept_items
from console.services.tickets.changing import JoinTicket, LogCallback, RateTicket, SetTicketState, UndoTicket
from console.services.tickets.hearing import CallFields
from console.services.tickets.location import UseCalls
from console.services.tickets.taking import CorrectTicket, TakeCall
from maps.city import StationTable
from maps.locate.next_reading import ReadingPlace
from tests.console.areas import EAST, WEST, in_two_areas
from tests.console.services.town import NOW, X0, Y0, Chair, a_finding, a_town

CASE, N1 = "2024-0001", "2024-0001-N1"
NO_TARGETS = Targets(*(Target(0, 0) for _ in Goal))
HYDRANT = ReadingPlace("FH1", "hydrant", X0, Y0, 300.0, 5.0, (("H10", 4.0), ("V10", 60.0), ("H20", 10.0)), 1.2, 3, 1.4)
ON_STATIONS = (
    *((code, "pressure", None, None) for code in ("stale", "frozen", "spike", "out_of_range", "deviating")),
    ("future_time", "", None, None),
    ("low_pressure", "pressure", 121.0, 140.0),
    ("high_pressure", "pressure", 720.0, 700.0),
    ("above_limit", "turbidity", 1.6, 1.0),
    ("below_limit", "chlorine", 0.01, 0.05),
    ("above_limit", "ph", 9.2, 8.5),
)


def chairs(opposite_inflows: Any) -> Iterator[Chair]:
    """One case after another; ``opposite_inflows``: detection's text on two zones whose inflows move oppositely."""
    yield _suspected()
    yield _judged()
    yield _valves()
    yield _notices()
    yield _withdrawn_notice()
    yield _dismissed()
    yield _two_cases()
    yield _operations()
    yield _alarms(opposite_inflows)
    yield _unknown_places()
    yield _areas()
    yield _emergency_beyond_the_area()
    yield _from_the_field()
    yield _outages()
    yield _other_ends()
    yield _reports()
    yield _the_public()
    yield _draft_that_follows()


def _draft_that_follows() -> Chair:
    """A waiting draft that is filled anew by itself."""
    chair = Chair()
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DraftNotice(CASE))
    chair.does(SetRestoration(CASE, chair.now + timedelta(hours=9)))
    chair.take(chair.desk.on_time(chair.state, chair.now))
    return chair


def _reports() -> Chair:
    """The level set and left to the rules, a report edited, filled anew, late and sent; another one not needed."""
    chair = Chair()
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.take(chair.desk.on_report_clocks(chair.state, chair.now))
    chair.does(SetEventLevel(CASE, "II", "主干道"))
    chair.does(SetEventLevel(CASE, "", "按规则"))
    chair.does(SetEventLevel(CASE, "III", "学校"))
    chair.take(chair.desk.on_report_clocks(chair.state, chair.now))
    made = chair.state.of(REPORT)["R2024-0001"]
    chair.does(EditReport("R2024-0001", made.text_zh.replace("停水约", "停水大约"), made.text_en, (made.text_zh, made.text_en)))
    chair.does(JudgeBurst(CASE, ("H10", "V10"), "call"))
    chair.does(DraftReport("R2024-0001"))
    chair.now += timedelta(hours=3)
    chair.take(chair.desk.on_report_clocks(chair.state, chair.now))
    chair.does(RecordReportSent("R2024-0001", ("water_authority",), "传真"))
    chair.sees(a_finding(("V31",), stations=("S8", "S9"), at=chair.now))
    chair.does(JudgeBurst("2024-0002", ("V31",)))
    chair.take(chair.desk.on_report_clocks(chair.state, chair.now))
    chair.does(DismissIncident("2024-0002", "误报"))
    chair.take(chair.desk.on_report_clocks(chair.state, chair.now))
    return chair


def _other_ends() -> Chair:
    """An issued notice is extended, then ended early."""
    chair = Chair()
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DraftNotice(CASE))
    chair.does(SubmitNotice(CASE, N1))
    chair.does(ApproveNotice(CASE, N1), "李")
    chair.does(IssueNotice(CASE, N1))
    end = chair.state.incidents[CASE].notices[0].facts.expected_end
    chair.does(ExtendNotice(CASE, end + timedelta(hours=2), "管沟渗水"))
    chair.does(EndNoticeEarly(CASE, end - timedelta(minutes=20), "提前完工"))
    return chair


def _outages() -> Chair:
    """Two outages in conflict, one called off, one run to its end, beside it a finding that it explains."""
    chair = Chair()
    begin = chair.now + timedelta(days=1)
    ids = ["O2024-0001", "O2024-0002"]
    for pipes in (("H00", "V10"), ("H20", "V20")):
        chair.does(PlanOutage(pipes, OutagePurpose.REPAIR, begin, begin + timedelta(hours=4), "检修"))
    chair.does(ConfirmOutage(ids[0], "已协调"))
    chair.does(CancelOutage(ids[1], "改期"))
    chair.does(ChangeOutage(ids[0], OutagePurpose.REPAIR, begin, begin + timedelta(hours=6), "检修", ("C1", "C2", "C3")))
    chair.does(PlanOutage(("H20",), OutagePurpose.CONNECTION, begin + timedelta(days=3), begin + timedelta(days=4), "接水"))
    for impact in (PressureImpact(False, message="no answer"), PressureImpact(True, (), ("C-H20",), 40)):
        chair.take(chair.desk.on_impact(chair.state, "O2024-0003", impact, chair.now))
    chair.does(TellCritical("O2024-0003", "C-H20", "电话"))
    held = chair.state.of(OUTAGE)["O2024-0003"]
    assert held.plan is not None
    older = replace(held, plan=replace(held.plan, basis="another network", customers_without_water=()))
    chair.state = chair.state.with_records([older])
    chair.sees(a_finding(("V31",), stations=("S8", "S9")))
    chair.does(JudgeBurst(CASE, ("V31",)))
    chair.now = begin
    chair.does(StartOutage(ids[0], "漏水扩大"))
    chair.sees(a_finding(at=chair.now))
    case = chair.state.of(OUTAGE)[ids[0]].case_id
    chair.does(DraftNotice(case))
    notice_id = chair.state.incidents[case].notices[0].notice_id
    chair.does(MarkDemandDone(case, notice_id, DemandCode.FIRE_BRIGADE, "119 电话"))
    chair.does(AdvancePhase(case, Phase.CLOSED, "完工"))
    return chair


def _the_public() -> Chair:
    chair = Chair(settings=DeskSettings(repeat_back_minutes=3.0))
    chair.does(OpenIncident("H10"))
    refused = Undelivered(7, MessageKind.NOTICE, N1, CASE, Reason.REFUSED_FOR_GOOD, "webhook:city", 1, None, "403")
    chair.take(on_deliveries(chair.state, [refused], []))
    chair.does(RetryDelivery(CASE, 7, "webhook:city"))
    chair.does(TellCustomers(CASE, ("C-H10", "C-H20"), Way.GROUP))
    chair.does(WithdrawTelling("N-000001"))
    need = NeedFields("C-H10", Need.DIALYSIS, "李某", ("13800000000",))
    chair.does(AddNeeds((need,)))
    chair.does(AddNeeds((replace(need, phones=()),)))
    chair.does(RecordCare(CASE, "C-H10", CareKind.WATER, 20.0))
    for kind in CareKind:
        if kind is not CareKind.WATER:
            chair.does(RecordCare(CASE, "C-H10", kind))
    chair.does(RemoveNeed("V-00001"))
    _dispatch_orders(chair)
    _water_points(chair)
    return chair


def _dispatch_orders(chair: Chair) -> None:
    for target in TargetKind:
        chair.does(GiveDispatchOrder(target, "鹊华", "降压至 0.32 MPa", CASE))
    chair.does(RepeatBack("D-00001", "张", "降压"))
    chair.does(CompleteDispatchOrder("D-00001", "张", "0.32"))
    chair.does(CompleteDispatchOrder("D-00002", "张"))
    chair.now += timedelta(minutes=4)
    chair.take(dispatch_orders.on_time(chair.desk._tools, chair.state, chair.now))
    chair.does(CancelDispatchOrder("D-00003", "方案变更"))


def _water_points(chair: Chair) -> None:
    chair.does(PlanWaterPoint(CASE, "北门", X0, Y0, 360))
    for turbidity in (9.0, 0.4):
        chair.does(BeginWaterTest("E-00001"))
        chair.does(RecordWaterTest("E-00001", turbidity, 0.3))
    chair.does(OpenWaterPoint("E-00001"))
    chair.does(LogTankerTrip("E-00001", "T1", "周师傅", 8000.0))
    chair.state = chair.state.with_crews([replace(chair.state.crews["C3"], kind=CrewKind.TANKER)])
    chair.does(SendTanker("E-00001", "C3", 5000.0))
    chair.does(CloseWaterPoint("E-00001"))
    chair.does(PlanWaterPoint(CASE, "南门", X0, Y0, 360))
    chair.does(OpenWaterPoint("E-00002", "刘主任", "瓶装水"))


def _areas() -> Chair:
    chair = Chair(settings=DeskSettings(area_minutes=5.0))
    chair.sees(a_finding())
    chair.take(chair.desk.on_area_silence(chair.state, frozenset({(CASE, "A1")}), chair.now))
    chair.does(ReportFromArea(CASE, "路面冒水", "A1"))
    chair.does(AcknowledgeAreaAlert(CASE, "A1"))
    chair.sees(a_finding(("V32", "H23"), stations=("S8", "S9")))
    at_area = Actor("li", "李", Role.AREA, areas=("A1",))
    chair.take(chair.desk.carry_out(chair.state, AcknowledgeAreaAlert("2024-0002"), at_area, chair.now))
    return chair


def _emergency_beyond_the_area() -> Chair:
    chair = Chair(in_two_areas(a_town(), X0 + 300.0))
    chair.sees(a_finding(("V01", "V02")))
    chair.does(JudgeBurst(CASE, ("V31",)))
    chair.take(chair.desk.on_area_silence(chair.state, frozenset({(CASE, EAST)}), chair.now))
    at_west, alarm = Actor("li", "李", Role.AREA, areas=(WEST,)), list(chair.state.alarms.values())[-1]
    chair.take(chair.desk.carry_out(chair.state, AcknowledgeAlarm(alarm.alarm_id), at_west, chair.now))
    return chair


def _from_the_field() -> Chair:
    chair = Chair()
    chair.does(OpenIncident("H10"))
    chair.does(JudgeBurst(CASE, ("H10",), "calls"))
    order = chair.state.incidents[CASE].orders[0]
    chair.take(chair.desk.on_no_answer(chair.state, frozenset({order.order_id}), chair.now + timedelta(minutes=9)))
    number = 0

    def reports(kind: ReportKind, minutes: float = 0.0, photo: Attachment | None = None, **more: Any) -> None:
        nonlocal number
        number += 1
        report = FieldReport(f"r{number}", order.crew_id, kind, chair.now + timedelta(minutes=minutes), order.order_id, **more)
        chair.take(chair.desk.on_report(chair.state, Reported(report, photo), chair.now), order.crew_id)

    for kind in OF_DUTY:
        reports(kind)
    reports(ReportKind.FOUND, 9, asset_id="V10")
    reports(ReportKind.FOUND, asset_id="H20")
    reports(ReportKind.GAUGE, pressure_kpa=210.0, place="桥头")
    reports(ReportKind.SAMPLE, turbidity_ntu=0.5, chlorine_mgl=0.3)
    for fault, asset in ((Fault.SEIZED, "H10a"), (Fault.MISSING, "H10b")):
        reports(ReportKind.CORRECTION, asset_id=asset, layer="valve", fault=fault, text="锈死")
    chair.does(DecideCorrection("K-00001", is_accepted=True))
    chair.does(EndCorrection("K-00001", "已修复"))
    chair.does(DecideCorrection("K-00002", is_accepted=False, reason="在井内"))
    reports(ReportKind.PHOTO, photo=Attachment.of(b"\xff\xd8\xff"), asset_id="H10a", layer="valve")
    for _ in range(MOST_PHOTOS + 1):
        reports(ReportKind.PHOTO, photo=Attachment.of(b"\xff\xd8\xff"), text="井内积水")
    chair.does(SendValveCards(CASE))
    chair.does(UndoLast(CASE))
    chair.does(UndoLast(CASE))
    reports(ReportKind.SAMPLE, turbidity_ntu=0.5, chlorine_mgl=0.3)
    chair.does(DismissIncident(CASE, "误报"))
    reports(ReportKind.FOUND, asset_id="H20")
    return chair


def _suspected() -> Chair:
    chair = Chair()
    far = tuple(Evidence(f"S{n}", "pressure", 250.0, 312.0, chair.now) for n in range(3))
    meter = Evidence("Q1", "flow", 181.0, 120.0, chair.now, "西区")
    chair.sees(replace(a_finding(), evidence=(*far, meter)))
    chair.sees(a_finding(first=0.8))
    chair.take(chair.desk.on_outlook(chair.state, CASE, Outlook(), chair.now))
    chair.take(chair.desk.on_outlook(chair.state, CASE, Outlook(next_readings=(HYDRANT,)), chair.now))
    chair.does(EnterReading(CASE, "FH1", 240.0))
    chair.does(UndoLast(CASE))
    for lane, pipes in (("slow", ("H02",)), ("inflow", ("V31",))):
        chair.sees(replace(a_finding(pipes=pipes, stations=(f"S-{lane}",), at=chair.now), lane=lane))
    for number, kind in enumerate(kind for kind in MessageKind if kind is not MessageKind.ESCALATION):
        one = Undelivered(number, kind, "W1", CASE, list(Reason)[number % 3])
        chair.take(on_deliveries(chair.state, [one], []))
        chair.take(on_deliveries(chair.state, [], [one], [(one, list(Obsolete)[number])]))
    return chair


def _replies(chair: Chair, order: str, state: str, **more: Any) -> None:
    sent = next(o for case in chair.state.incidents.values() for o in case.orders if o.order_id == order)
    reply = replace(OrderReply(order, sent.crew_id, state, chair.now), **more)
    chair.take(chair.desk.on_order_reply(chair.state, reply, chair.now), sent.crew_id)


def _judged() -> Chair:
    chair = Chair(settings=DeskSettings(is_drill=True))
    chair.does(OpenIncident("H10"))
    chair.does(JudgeBurst(CASE, ("H10",), "calls"))
    _replies(chair, f"{CASE}-W1", "refused", text="车坏了")
    chair.does(SendCrew(CASE))
    _replies(chair, f"{CASE}-W2", "acknowledged")
    _replies(chair, f"{CASE}-W2", "on_site", burst_pipe="V10")
    chair.does(JudgeBurst(CASE, ("V10",), "on_site"))
    chair.does(JudgeBurst(CASE, ("V10",), "judgement"))
    chair.does(SendCrew(CASE))
    chair.does(SendCrew(CASE))
    _replies(chair, f"{CASE}-W3", "refused")
    _replies(chair, f"{CASE}-W2", "done")
    chair.does(SetRestoration(CASE, chair.now + timedelta(hours=5)))
    chair.does(UndoLast(CASE))
    chair.take(chair.desk.on_impact(chair.state, CASE, PressureImpact(False, message="no solution"), chair.now))
    impact = PressureImpact(True, (), ("C-H20",), 40)
    chair.take(chair.desk.on_impact(chair.state, CASE, impact, chair.now))
    tried = (ReopenCheck("V1", 12, 0, 0, suffices=True), ReopenCheck("V2", 0, 9, 3, suffices=False))
    chair.take(chair.desk.on_impact(chair.state, CASE, replace(impact, reopening=tried), chair.now))
    return chair


def _valves() -> Chair:
    chair = Chair()
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(SendValveCards(CASE))
    order = f"{CASE}-W1"
    _replies(chair, order, "valve_closed", valve_id="NONE", at=None)
    _replies(chair, order, "valve_unable", valve_id="H10a", at=None)
    chair.does(MarkValveClosed(CASE, "H10a"))
    _replies(chair, order, "valve_unable", valve_id="H10a", unable="seized", at=chair.now - timedelta(hours=1))
    chair.does(MarkValveClosed(CASE, "H22b"))
    for unable in (Unable.SEIZED, Unable.CHAMBER_UNSAFE, Unable.NOT_FOUND):
        chair.does(MarkValveUnable(CASE, "H10b", unable))
    chair.does(MarkValveUnable(CASE, "H10a", Unable.NOT_TIGHT))
    chair.does(UndoLast(CASE))
    for phase in (Phase.ISOLATED, Phase.REPAIRING, Phase.RESTORING):
        chair.does(AdvancePhase(CASE, phase, "压力归零" if phase is Phase.ISOLATED else ""))
    for valve in chair.state.incidents[CASE].closed_valves():
        chair.does(MarkValveRestored(CASE, valve))
    chair.does(RecordSample(CASE, turbidity_ntu=3.0, chlorine_mgl=0.3))
    chair.does(RecordSample(CASE, turbidity_ntu=0.4, chlorine_mgl=0.3))
    chair.does(RecordSample(CASE, waived_by="赵主任", reason="夜间无法化验"))
    chair.does(AdvancePhase(CASE, Phase.CLOSED, "水质合格"))
    chair.does(UndoLast(CASE))
    chair.does(MarkValveUnable(CASE, "M1a", Unable.SEIZED))
    for valve in chair.city.network.valves.asset_id:
        marks = {mark.valve_id: mark for mark in chair.state.incidents[CASE].valve_marks}
        if valve not in marks or marks[valve].unable is None:
            chair.does(MarkValveUnable(CASE, str(valve), Unable.SEIZED))
    return chair


def _notices() -> Chair:
    chair = Chair()
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DraftNotice(CASE))
    drafted = chair.state.incidents[CASE].notices[0]
    chair.does(EditNotice(CASE, N1, drafted.text_zh + "另：送水车已到。", drafted.text_en + "\nOwn line."))
    chair.does(DraftNotice(CASE))
    chair.does(JudgeBurst(CASE, ("H10", "V10", "H20"), "call"))
    chair.does(SubmitNotice(CASE, N1, "抢修后再改"))
    chair.does(ApproveNotice(CASE, N1, "值班主任不在", "同意"))
    chair.does(UndoLast(CASE))
    chair.does(DraftNotice(CASE))
    chair.does(SubmitNotice(CASE, N1))
    chair.does(ApproveNotice(CASE, N1), "李")
    chair.does(IssueNotice(CASE, N1), "李")
    chair.take(chair.desk.on_files(chair.state, CASE, N1, ("a.txt", "a.pdf"), chair.now))
    chair.does(LiftNotice(CASE, N1, "供水已恢复"))
    return chair


def _withdrawn_notice() -> Chair:
    chair = Chair()
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DraftNotice(CASE))
    chair.does(SubmitNotice(CASE, N1))
    chair.does(ApproveNotice(CASE, N1), "李")
    chair.does(IssueNotice(CASE, N1), "李")
    chair.does(UndoLast(CASE))
    return chair


def _dismissed() -> Chair:
    chair = Chair()
    chair.sees(a_finding())
    chair.does(AcknowledgeAlarm("A-000001"))
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(DismissIncident(CASE, "消火栓用水"))
    chair.does(UndoLast(CASE))
    chair.does(UndoLast(CASE))
    chair.state = replace(
        chair.state, crews={key: replace(crew, state=CrewState.OFF_DUTY) for key, crew in chair.state.crews.items()}
    )
    chair.does(JudgeBurst(CASE, ("V10",)))
    chair.does(UndoLast(CASE))
    chair.does(DismissIncident(CASE, "消火栓用水"))
    chair.now += timedelta(days=1)
    finding = a_finding(at=chair.now)
    chair.sees(replace(finding, operations=(OperationFinding(chair.now, "unknown", certain=False),)))
    return chair


def _two_cases() -> Chair:
    chair = Chair()
    other = "2024-0002"
    chair.sees(a_finding(("H00",)))
    chair.sees(a_finding(("V00",), stations=("S8", "S9"), at=chair.now))
    chair.does(JudgeBurst(CASE, ("H00",)))
    chair.does(JudgeBurst(other, ("V00",)))
    chair.does(MarkValveClosed(CASE, "V00a"))
    chair.does(MarkValveRestored(CASE, "V00a"))
    chair.does(UndoLast(other))
    return chair


def _operations() -> Chair:
    chair = Chair(settings=DeskSettings(targets=NO_TARGETS))
    for code, asset, note in (("works", "H20", "换阀"), ("tank_filling", "", "")):
        chair.does(EnterOperation(code, asset, chair.now - timedelta(minutes=5), chair.now + timedelta(hours=1), note))
    chair.does(EnterOperation("hydrant", "V20", chair.now + timedelta(hours=2), chair.now + timedelta(hours=3)))
    chair.sees(
        replace(a_finding(pipes=("H20", "V20"), at=chair.now), operations=(OperationFinding(chair.now, "pump", "PU1", True),))
    )
    for kind, name, stopped in (("pump", "PU1", True), ("pump", "PU2", False), ("prv_open", "V7", False), ("unknown", "", False)):
        finding = OperationFinding(chair.now, kind, name, stopped, ("S1", "S2") if kind == "unknown" else ())
        chair.take(chair.desk.on_operation(chair.state, finding, chair.now))
    chair.now += timedelta(minutes=16)
    chair.take(chair.desk.on_operation(chair.state, OperationFinding(chair.now, "unknown"), chair.now))
    ids = [alarm.alarm_id for alarm in chair.state.alarms.values() if alarm.acknowledged_by]
    for alarm_id in ids:
        chair.does(EndOperation(alarm_id))
    for minutes in (1, 30):
        chair.now += timedelta(minutes=minutes)
        chair.take(chair.desk.on_time(chair.state, chair.now))
    return chair


def _alarms(opposite_inflows: Any) -> Chair:
    city = a_town()
    nodes = city.network.nodes
    names = [f"E{number}" for number, _ in enumerate(ON_STATIONS)]
    rows = [nodes.row("J33")] * len(names)
    stations = StationTable.of(names, node=rows, channels=["pressure"] * len(names), x=nodes.x[rows], y=nodes.y[rows])
    chair = Chair(replace(city, stations=stations))

    def shows(station: str, code: str, channel: str, active: bool = True, **more: Any) -> None:
        finding = StationFinding(station, channel, code, chair.now, active, **more)
        chair.take(chair.desk.on_stations(chair.state, [finding], chair.now))

    for number, (code, channel, observed, limit) in enumerate(ON_STATIONS):
        shows(f"E{number}", code, channel, observed=observed, limit=limit)
    for station, kpa, error_m in (("E0", 121.0, -3.0), ("E1", 121.0, -1.6), ("E2", 150.0, 3.0)):
        shows(station, "low_pressure", "pressure", observed=kpa, limit=140.0, elevation_error_m=error_m)
    shows("gone", "open_boundary", "flow", detail=opposite_inflows)
    shows("gone", "stale", "pressure")
    shows("E0", "stale", "level")
    shows("E0", "stale", "level", active=False)
    shows("E0", "stale", "pressure", active=False)
    shows("E0", "stale", "pressure")
    first = "A-000001"
    chair.does(AcknowledgeAlarm(first))
    chair.does(ShelveAlarm(first, chair.now + timedelta(minutes=5), "检修"))
    chair.does(RestoreAlarm(first))
    chair.does(ShelveAlarm(first, chair.now + timedelta(minutes=5), "检修"))
    chair.now += timedelta(minutes=6)
    chair.take(chair.desk.on_time(chair.state, chair.now))
    chair.does(TakeOutOfService(first, "送检"))
    chair.take(chair.desk.on_start(chair.state, chair.now))
    return chair


def _unknown_places() -> Chair:
    """Pipes without most attributes."""
    city = a_town(name_roads=False)
    pipes = city.network.pipes
    bare = replace(city, roads=city.roads.replaced(name=[""]), network=replace(city.network, pipes=pipes.replaced(
        material=["", "", *["钢"] * (len(pipes) - 2)],
        diameter_mm=[300.0, float("nan"), float("nan"), *[200.0] * (len(pipes) - 3)],
        depth_m=[float("nan")] * len(pipes),
    )))  # fmt: skip
    chair = Chair(bare)
    for row in range(4):
        chair.does(OpenIncident(str(pipes.asset_id[row])))
    return chair


def later_chairs() -> Iterator[Chair]:
    """Cases played since notes have keys: there is no older text to compare with."""
    yield _shift()
    yield _escalations("duty-phone")
    yield _escalations("")
    yield _tickets()
    yield _clusters()
    yield _calls_of_planned_work()


def _calls_of_planned_work() -> Chair:
    chair = Chair()
    begin = chair.now + timedelta(days=2)
    outage = "O2024-0001"
    chair.does(PlanOutage(("H20",), OutagePurpose.REPLACEMENT, begin, begin + timedelta(hours=6), "换管"))
    chair.does(ConfirmOutage(outage))
    fields = CallFields(TicketKind.NO_WATER, "0531-1", asset_kind="customer", asset_id="C-H20")
    chair.does(TakeCall(fields))
    chair.does(DraftNotice(outage))
    for intent, user in (
        (SubmitNotice(outage, f"{outage}-N1", "先行公告"), "王"),
        (ApproveNotice(outage, f"{outage}-N1", "", "先行公告"), "李"),
        (IssueNotice(outage, f"{outage}-N1", "先行公告"), "王"),
    ):
        chair.does(intent, user)
    chair.now = begin
    chair.does(TakeCall(fields))
    chair.does(TakeCall(replace(fields, asset_kind="community", asset_id="K1")))
    chair.does(TakeCall(replace(fields, asset_kind="community", asset_id="K2")))
    chair.does(StartOutage(outage))
    chair.does(TakeCall(fields))
    return chair


def _clusters() -> Chair:
    chair = Chair()
    fields = CallFields(TicketKind.NO_WATER, "0531-1", asset_kind="customer", asset_id="C-H20")
    for _ in range(5):
        chair.does(TakeCall(fields))
    chair.sees(a_finding(first=0.4))
    chair.does(UseCalls(CASE, use=False))
    chair.does(UseCalls(CASE, use=True))
    for ticket_id in tuple(chair.state.of(TICKET)):
        chair.does(SetTicketState(ticket_id, TicketState.NOT_RESPONSIBLE, "户内"))
    chair.now += timedelta(hours=4)
    chair.take(chair.desk.on_time(chair.state, chair.now))
    return chair


def _tickets() -> Chair:
    chair = Chair()

    def call(kind: TicketKind, asset: str = "C-H10", **more: Any) -> str:
        where = "community" if asset.startswith("K") else "customer"
        fields = CallFields(kind, "0531-1", asset_kind=where if asset else "", asset_id=asset, **more)
        return chair.does(TakeCall(fields)).of(TICKET)[0].ticket_id

    first = call(TicketKind.NO_WATER, wants_callback=True, address="美林苑3号楼", text="没水")
    call(TicketKind.NO_WATER)
    second = call(TicketKind.OTHER, "")
    chair.sees(a_finding())
    call(TicketKind.BURST_SEEN)
    chair.does(DismissIncident(CASE, "误报"))
    chair.now += timedelta(hours=1)
    chair.sees(a_finding(at=chair.now))
    other = "2024-0002"
    chair.does(JudgeBurst(other, ("H10",)))
    low = PressureImpact(True, low_pressure_customers=("C-V10",), low_pressure_households=40)
    chair.take(chair.desk.on_impact(chair.state, other, low, chair.now))
    call(TicketKind.LOW_PRESSURE, "C-V10")
    call(TicketKind.DIRTY_WATER)
    call(TicketKind.NO_WATER, "K1")
    chair.does(SetRestoration(other, chair.now + timedelta(seconds=20)))
    chair.now += timedelta(minutes=5)
    call(TicketKind.NO_WATER)
    chair.does(SetRestoration(other, chair.now + timedelta(hours=30)))
    chair.does(AdvancePhase(other, Phase.RESTORING))
    call(TicketKind.NO_WATER)
    chair.does(CorrectTicket(second, CallFields(TicketKind.OTHER, "0531-2")))
    chair.does(JoinTicket(second, other))
    chair.does(JoinTicket(second, ""))
    chair.does(SetTicketState(second, TicketState.DUPLICATE, duplicate_of=first))
    chair.does(UndoTicket(second))
    chair.does(SetTicketState(second, TicketState.NOT_RESPONSIBLE, "小区内部管道"))
    chair.does(AdvancePhase(other, Phase.CLOSED))
    chair.does(RateTicket(first, Aspect.RESULT, Stage.RESTORED, Answer.SATISFIED))
    chair.does(LogCallback(first, CallbackResult.NO_ANSWER))
    chair.does(LogCallback(first, CallbackResult.STILL_OUT, "顶楼没水"))
    return chair


def _shift() -> Chair:
    chair = Chair()
    chair.take(chair.desk.carry_out(chair.state, BeginShift(), Actor("u7", "钱", proof=Proof.PASSWORD), chair.now))
    chair.does(BeginShift())
    chair.does(BeginShift("赵"))
    chair.does(EndShift("D-00003"))
    chair.sees(a_finding())
    chair.does(WriteEntry("泵房巡检", Level.IMPORTANT, picture=A_PICTURE))
    chair.does(WriteEntry("水压偏低", incident_id=CASE))
    chair.does(WriteEntry("收到", reply_to="L-000001"))
    chair.does(WriteEntry("水压偏高", corrects="L-000002", former="水压偏低"))
    chair.does(AddContacts((ContactFields("孙", ContactKind.PROPERTY, organisation="美林苑物业", phones=("0531-1",)),)))
    chair.does(EditContact("K-00001", ContactFields("孙", ContactKind.PROPERTY, organisation="美林苑物业", phones=("0531-2",))))
    chair.does(LogCall(Outcome.REACHED, "K-00001", said="没水", incident_id=CASE))
    chair.does(LogCall(Outcome.BUSY, name="李"))
    chair.does(RemoveContact("K-00001"))
    chair.does(JudgeBurst(CASE, ("H10",)))
    chair.does(MarkValveClosed(CASE, "H10a"))
    chair.does(MarkValveUnable(CASE, "H10b", Unable.SEIZED))
    chair.does(EnterOperation("works", "H02", chair.now, chair.now + timedelta(hours=2), "换阀"))
    stale = [StationFinding(station, "pressure", "stale", chair.now, True) for station in ("S8", "S9")]
    chair.take(chair.desk.on_stations(chair.state, stale, chair.now))
    first, second = (alarm.alarm_id for alarm in chair.state.alarms.values() if alarm.subject in ("S8", "S9"))
    chair.does(ShelveAlarm(first, chair.now + timedelta(minutes=5), "检修"))
    chair.does(TakeOutOfService(second, "送检"))
    sign = replace(A_SIGNATURE, seen=(*kept_items(Targets(), chair.state), *OBSERVED), previewed_at=chair.now)
    chair.does(sign)
    chair.does(
        replace(sign, outgoing=replace(sign.outgoing, is_verified=True), incoming=replace(sign.incoming, is_verified=True))
    )
    return chair


def _escalations(address: str) -> Chair:
    chair = Chair(settings=DeskSettings(supervisor_address=address))
    chair.sees(a_finding())
    for minutes in (6.5, 2.0, 600.0):
        chair.now += timedelta(minutes=minutes)
        chair.take(chair.desk.on_time(chair.state, chair.now))
    return chair


A_PICTURE = b"\x89PNG\r\n\x1a\n rest"
A_SIGNATURE = SignHandover(Signature("王", "王"), Signature("赵", "赵"), (), NOW, ())
OBSERVED = (
    HandoverItem(
        Part.UNSENT,
        "1/",
        Note(
            "handover.unsent",
            kind=Code("message_kind", "order"),
            subject="W1",
            case=CASE,
            reason=Code("undelivered", "no_channel"),
        ),
    ),
    HandoverItem(Part.FAULTS, "FeedHealth/mqtt", Note("handover.feed", name="mqtt")),
    HandoverItem(Part.FAULTS, "ChannelHealth/mqtt", Note("handover.channel", name="mqtt")),
)
