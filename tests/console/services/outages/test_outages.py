"""Planned outages: from the draft to done; conflicts against a flood by hand; running without an alarm."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from console.detection.finding import StationFinding
from console.domain.alarms import Alarm, AlarmKind, Priority
from console.domain.incidents import Incident, Phase, PressureImpact
from console.domain.notes import NO_NOTE
from console.domain.notices import NoticeKind, NoticeStatus
from console.domain.outages import OUTAGE, Outage, OutagePurpose, OutageState
from console.domain.outgoing import MessageKind
from console.domain.values import from_json, to_json
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, RecordSample
from console.services.desk import Refused
from console.services.incidents.judging import AdvancePhase, DismissIncident, JudgeBurst
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, LiftNotice, SubmitNotice
from console.services.outages.planning import CancelOutage, ChangeOutage, ConfirmOutage, PlanOutage, TellCritical
from console.services.outages.running import StartOutage
from console.services.outages.undo import UndoOutage
from maps.city import City, StationTable
from tests.console.services.town import CREWS, NOW, Chair, a_finding, a_town

O1, O2 = "O2024-0001", "O2024-0002"
BEGIN = NOW + timedelta(days=2)


def outage(chair: Chair, outage_id: str = O1) -> Outage:
    """An outage as it stands."""
    return chair.state.of(OUTAGE)[outage_id]


def planned(chair: Chair, *pipes: str, at: datetime = BEGIN, hours: float = 6.0, confirm: bool = True) -> str:
    """A planned outage on these pipes."""
    made = chair.does(PlanOutage(pipes, OutagePurpose.REPLACEMENT, at, at + timedelta(hours=hours), "更换老旧管道"))
    outage_id = made.of(OUTAGE)[0].outage_id
    if confirm:
        chair.does(ConfirmOutage(outage_id, "已协调"))
    return outage_id


def announced(chair: Chair, outage_id: str = O1) -> None:
    """Its notice is in force."""
    chair.does(DraftNotice(outage_id))
    notice_id = f"{outage_id}-N1"
    chair.does(SubmitNotice(outage_id, notice_id, "先行公告"))
    chair.does(ApproveNotice(outage_id, notice_id, "", "先行公告"), "李")
    chair.does(IssueNotice(outage_id, notice_id, "先行公告"))


def running(chair: Chair) -> Incident:
    """The case of the outage that runs."""
    chair.now = BEGIN
    chair.does(StartOutage(O1))
    return chair.state.incidents[outage(chair).case_id]


def dry_pipes(city: City, shut: Collection[str]) -> set[str]:
    """Pipes that no source reaches with these valves shut: a flood pipe by pipe, without the program's segments."""
    pipes, valves = city.network.pipes, city.network.valves
    ends = {(int(valves.pipe[row]), int(valves.node[row])) for row in range(len(valves)) if str(valves.asset_id[row]) in shut}
    wet_nodes, wet = {int(row) for row in np.flatnonzero(~np.isnan(city.network.nodes.head_m))}, set[int]()
    grew = True
    while grew:
        grew = False
        for row in range(len(pipes)):
            a, b = int(pipes.from_node[row]), int(pipes.to_node[row])
            for here, there in ((a, b), (b, a)):
                if here in wet_nodes and (row, here) not in ends:
                    grew |= row not in wet
                    wet.add(row)
                    if (row, there) not in ends and there not in wet_nodes:
                        wet_nodes.add(there)
                        grew = True
    return {str(pipes.asset_id[row]) for row in range(len(pipes)) if row not in wet}


def valves_of(held: Outage | Incident) -> set[str]:
    """The valves its plan closes."""
    assert held.plan is not None
    return {step.asset_id for step in held.plan.valves_to_close}


def test_an_outage_is_numbered_planned_and_kept_as_json(chair: Chair) -> None:
    planned(chair, "H20")
    made = outage(chair)
    assert (made.state, made.created_by, made.reason) == (OutageState.PLANNED, "王", "更换老旧管道")
    assert made.plan is not None
    assert made.plan.customers_without_water == ("C-H20",)
    assert [(one.customer_id, one.critical) for one in made.contacts] == [("C-H20", "hospital")]
    assert from_json(to_json(made), Outage) == made


def test_joint_effect_of_two_outages_is_what_a_flood_finds_dry_in_neither_alone(chair: Chair) -> None:
    for pipes in (("H00", "V10"), ("H20", "V20")):
        planned(chair, *pipes, confirm=False)
    first, second = outage(chair), outage(chair, O2)
    alone = dry_pipes(chair.city, valves_of(first)) | dry_pipes(chair.city, valves_of(second))
    both = dry_pipes(chair.city, valves_of(first) | valves_of(second))
    assert both - alone  # else this pair proves nothing
    assert [set(one.pipes) for one in first.conflicts] == [both - alone]
    assert first.conflicts[0].with_incidents == (O2,)
    assert second.conflicts[0].households == 40 * len(both - alone)
    with pytest.raises(Refused, match="overlaps with O2024-0002"):
        chair.does(ConfirmOutage(O1))
    late = BEGIN + timedelta(hours=6)
    chair.does(ChangeOutage(O2, OutagePurpose.REPAIR, late, late + timedelta(hours=1), "检修"))
    assert outage(chair).conflicts == outage(chair, O2).conflicts == ()


@pytest.mark.parametrize("pipes", [("V31",), ("H00", "V20", "H20"), ("V10", "H00")])
def test_joint_effect_with_a_running_case_agrees_with_a_flood(judged: Chair, pipes: tuple[str, ...]) -> None:
    planned(judged, *pipes, at=judged.now + timedelta(minutes=10), confirm=False)
    held, case = outage(judged), next(iter(judged.state.incidents.values()))
    alone = dry_pipes(judged.city, valves_of(held)) | dry_pipes(judged.city, valves_of(case))
    both = dry_pipes(judged.city, valves_of(held) | valves_of(case))
    assert {pipe for one in held.conflicts for pipe in one.pipes} == both - alone


def test_a_planned_notice_states_reason_purpose_window_and_no_pipe(chair: Chair) -> None:
    planned(chair, "H20")
    announced(chair)
    (notice,) = outage(chair).notices
    assert (notice.facts.kind, notice.facts.cause) == (NoticeKind.PLANNED, "更换老旧管道")
    assert (notice.facts.starts_at, notice.facts.expected_end) == (BEGIN, BEGIN + timedelta(hours=6))
    assert "更换" in notice.facts.work
    assert "'H20'" not in repr(notice.facts)
    assert outage(chair).state is OutageState.ANNOUNCED
    assert chair.sent[-1].kind is MessageKind.NOTICE


def test_critical_customers_are_told_one_by_one_by_name(chair: Chair) -> None:
    planned(chair, "H20")
    with pytest.raises(Refused, match="how"):
        chair.does(TellCritical(O1, "C-H20", " "))
    with pytest.raises(Refused, match="no critical customer"):
        chair.does(TellCritical(O1, "C-V00", "电话"))
    chair.does(TellCritical(O1, "C-H20", "电话，总务科赵主任", "0531-111"), "张")
    (told,) = outage(chair).contacts
    assert (told.told_by, told.how, told.phone, told.is_told) == ("张", "电话，总务科赵主任", "0531-111", True)
    chair.does(ChangeOutage(O1, OutagePurpose.REPAIR, BEGIN, BEGIN + timedelta(hours=3), "检修", unable=("H20a",)))
    assert outage(chair).contacts[0] == told


def test_running_work_is_a_case_without_alarm_or_area_alert_and_restores_like_one(chair: Chair) -> None:
    planned(chair, "H20")
    chair.does(ChangeOutage(O1, OutagePurpose.REPLACEMENT, BEGIN, BEGIN + timedelta(hours=6), "更换老旧管道", ("C2",)))
    announced(chair)
    with pytest.raises(Refused, match="15 minutes"):
        chair.does(StartOutage(O1))
    case = running(chair)
    assert (case.alarm_ids, chair.state.alarms, case.phase) == ((), {}, Phase.VERIFIED)
    assert [order.crew_id for order in case.orders] == ["C2"]
    assert not [one for one in chair.sent if one.kind is MessageKind.ALERT]
    assert [one.notice_id for one in case.notices] == [f"{O1}-N1"]
    for act in (JudgeBurst(case.incident_id, ("V30",)), DismissIncident(case.incident_id, "x")):
        with pytest.raises(Refused, match="planned outage O2024-0001"):
            chair.does(act)
    for valve in sorted(valves_of(case)):
        chair.does(MarkValveClosed(case.incident_id, valve))
    with pytest.raises(Refused):
        chair.does(LiftNotice(case.incident_id, f"{O1}-N1", "供水已恢复"))
    for valve in sorted(valves_of(case)):
        chair.does(MarkValveRestored(case.incident_id, valve))
    chair.does(RecordSample(case.incident_id, turbidity_ntu=0.3, chlorine_mgl=0.2))
    chair.does(LiftNotice(O1, f"{O1}-N1", "供水已恢复"))  # the outage's id means its case while it runs
    chair.does(AdvancePhase(case.incident_id, Phase.CLOSED, "完工"))
    assert (outage(chair).state, outage(chair).is_open()) == (OutageState.DONE, False)
    assert chair.state.incidents[case.incident_id].notices[0].status is NoticeStatus.LIFTED


def test_a_burst_beside_running_work_is_lower_but_never_hidden(chair: Chair) -> None:
    chair.sees(a_finding())
    (plain,) = [one for one in chair.state.alarms.values() if one.kind is AlarmKind.BURST]
    other = Chair()
    planned(other, "H10")
    announced(other)
    case = running(other)
    other.sees(a_finding(at=other.now))
    (alarm,) = [one for one in other.state.alarms.values() if one.kind is AlarmKind.BURST]
    assert alarm.incident_id not in ("", case.incident_id)
    assert (plain.priority, alarm.priority, alarm.full_priority) == (Priority.HIGH, Priority.MEDIUM, Priority.HIGH)
    assert [one.asset_id for one in alarm.explanations] == [O1]
    assert alarm.explanations[0].until <= other.now + timedelta(minutes=10)


def test_work_needs_a_notice_in_force_or_a_reason_that_is_recorded(chair: Chair) -> None:
    planned(chair, "H20", confirm=False)
    chair.now = BEGIN
    with pytest.raises(Refused, match="confirm it first"):
        chair.does(StartOutage(O1))
    chair.does(ConfirmOutage(O1))
    with pytest.raises(Refused, match="No notice"):
        chair.does(StartOutage(O1))
    chair.does(StartOutage(O1, "漏水扩大，不能等"))
    assert outage(chair).state is OutageState.RUNNING


def test_calling_it_off_lifts_the_notice_and_needs_a_reason(chair: Chair) -> None:
    planned(chair, "H20")
    announced(chair)
    with pytest.raises(Refused, match="called off"):
        chair.does(CancelOutage(O1, ""))
    chair.does(CancelOutage(O1, "天气原因"))
    assert outage(chair).state is OutageState.CANCELLED
    assert (outage(chair).notices[0].status, outage(chair).notices[0].withdrawn) == (NoticeStatus.LIFTED, True)
    assert chair.sent[-1].payload.decode().startswith(f"cancel {O1}-N1")
    with pytest.raises(Refused, match="plan a new one"):
        chair.does(StartOutage(O1))


def test_low_pressure_adds_critical_customers_to_be_told(chair: Chair) -> None:
    planned(chair, "V30")
    impact = PressureImpact(True, (), ("C-H20", "C-V20"), 80, ("泉城花园",))
    chair.take(chair.desk.on_impact(chair.state, O1, impact, chair.now))
    assert [one.customer_id for one in outage(chair).contacts] == ["C-H20"]


def test_a_crew_that_is_not_free_is_named_and_gets_no_order(chair: Chair) -> None:
    chair.sees(a_finding())
    chair.does(JudgeBurst("2024-0001", ("H10",)))  # C1 checks on site
    planned(chair, "V31")
    busy = chair.state.incidents["2024-0001"].orders[0].crew_id
    chair.does(ChangeOutage(O1, OutagePurpose.REPAIR, BEGIN, BEGIN + timedelta(hours=6), "检修", (busy,)))
    chair.now = BEGIN
    chair.does(StartOutage(O1, "演示"))
    case = chair.state.incidents[outage(chair).case_id]
    assert case.orders == ()
    assert len(CREWS) == 3


@pytest.mark.parametrize(
    ("starts", "ends", "wrong"),
    [
        (2.0, 2.0, "later end"),
        (3.0, 2.0, "later end"),
        (-5.0, -1.0, "passed"),
        (2.0, 7900 * 365 * 24.0, "within 3 years"),
        (-2000 * 365 * 24.0, 2.0, "within 3 years"),
    ],
)
def test_a_window_that_cannot_be_is_refused(chair: Chair, starts: float, ends: float, wrong: str) -> None:
    begin, end = (NOW + timedelta(hours=hours) for hours in (starts, ends))
    with pytest.raises(Refused, match=wrong):
        chair.does(PlanOutage(("H20",), OutagePurpose.REPAIR, begin, end, "检修"))


def test_a_reason_of_several_lines_is_one_line_of_the_notice(chair: Chair) -> None:
    made = chair.does(
        PlanOutage(("H20",), OutagePurpose.REPAIR, BEGIN, BEGIN + timedelta(hours=6), " 检修\n\n  停水无限期 " + "长" * 9_999)
    )
    assert made.of(OUTAGE)[0].reason.startswith("检修 停水无限期 长")
    assert len(made.of(OUTAGE)[0].reason) == 300


def test_low_pressure_where_planned_work_has_shut_the_water_names_it_and_is_at_most_medium() -> None:
    def low(chair: Chair) -> Alarm:
        found = [
            StationFinding(name, "pressure", "low_pressure", chair.now, True, NO_NOTE, 20.0, None, 140.0)
            for name in ("IN", "OUT")
        ]
        chair.take(chair.desk.on_stations(chair.state, found, chair.now))
        by_station = {one.subject: one for one in chair.state.alarms.values() if one.kind is AlarmKind.LOW_PRESSURE}
        assert not by_station["OUT"].explanations
        return by_station["IN"]

    def with_stations() -> Chair:
        town = a_town()
        pipes = town.network.pipes
        table = StationTable.of(
            ["IN", "OUT"], name=["IN", "OUT"], node=[-1, -1], link=["H20", "V00"], channels=["pressure"] * 2, limits=["", ""],
            x=[float(pipes.points(pipes.row(one))[0][0]) for one in ("H20", "V00")],
            y=[float(pipes.points(pipes.row(one))[0][1]) for one in ("H20", "V00")],
        )  # fmt: skip
        return Chair(replace(town, stations=table))

    plain = low(with_stations())
    chair = with_stations()
    planned(chair, "H20")
    chair.now = BEGIN
    chair.does(StartOutage(O1, "试验"))
    case = chair.state.incidents[outage(chair).case_id]
    chair.does(MarkValveClosed(case.incident_id, sorted(valves_of(case))[0]))
    alarm = low(chair)
    assert (plain.priority, alarm.priority, alarm.full_priority) == (Priority.HIGH, Priority.MEDIUM, Priority.HIGH)
    assert [one.asset_id for one in alarm.explanations] == [O1]


def test_changes_confirmation_and_words_are_undone_step_by_step_until_the_notice_is_out() -> None:
    chair = Chair()
    planned(chair, "H20", confirm=False)
    first = outage(chair)
    later = BEGIN + timedelta(hours=3)
    valve = first.plan.valves_to_close[0].asset_id if first.plan is not None else ""
    chair.does(ChangeOutage(O1, OutagePurpose.REPAIR, later, later + timedelta(hours=2), "另一原因", unable=(valve,)))
    changed = outage(chair)
    chair.does(ConfirmOutage(O1, "已协调"))
    told = outage(chair).contacts[0].customer_id
    chair.does(TellCritical(O1, told, "电话"))
    chair.does(UndoOutage(O1))
    assert not outage(chair).contacts[0].is_told
    chair.does(UndoOutage(O1))
    assert (outage(chair).state, outage(chair).plan) == (OutageState.DRAFT, changed.plan)
    chair.does(UndoOutage(O1))
    back = outage(chair)
    assert (back.purpose, back.starts_at, back.reason, back.unable) == (first.purpose, first.starts_at, first.reason, ())
    assert back.plan is not None
    assert first.plan is not None
    assert [step.asset_id for step in back.plan.valves_to_close] == [step.asset_id for step in first.plan.valves_to_close]
    with pytest.raises(Refused, match="nothing to undo"):
        chair.does(UndoOutage(O1))
    chair.does(ConfirmOutage(O1, "已协调"))
    announced(chair)
    with pytest.raises(Refused, match="lift it first"):
        chair.does(UndoOutage(O1))
