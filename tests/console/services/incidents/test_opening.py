"""A finding opens a case; later findings revise it until it is judged, without a second alarm."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from console.detection.finding import BurstFinding, OperationFinding
from console.domain.alarms import AlarmState, Priority
from console.domain.incidents import Phase
from console.services.desk import DeskSettings, Refused
from console.services.incidents.judging import DismissIncident, JudgeBurst
from console.services.incidents.opening import OpenIncident
from maps.errors import UnknownAsset
from tests.console.notes import chinese
from tests.console.services.conftest import CASE
from tests.console.services.town import NOW, STEP_M, X0, Y0, Chair, a_finding, a_town


def test_a_finding_opens_a_case_with_alarm_place_plan_and_area_alert(chair: Chair) -> None:
    changes = chair.sees(a_finding())
    incident, alarm = chair.state.incidents[CASE], chair.state.alarms["A-000001"]
    assert incident.phase is Phase.SUSPECTED
    assert incident.burst_pipes == ()
    assert incident.alerted_at == NOW
    assert incident.plan is not None
    assert {step.asset_id for step in incident.plan.valves_to_close} == {"H10a", "H10b"}
    assert incident.alarm_ids == (alarm.alarm_id,)
    assert alarm.incident_id == CASE
    assert [change.kind for change in changes.drafts] == ["incident_opened", "alarm_raised"]
    assert [message.address for message in changes.outgoing] == ["areas/A1/alerts"]


def test_the_alarm_names_the_stations_what_moved_and_against_what(chair: Chair) -> None:
    chair.sees(a_finding())
    detail = chinese(chair.state.alarms["A-000001"].detail)
    assert "S1 压力 0.250 MPa（预期 0.312，偏差 -0.062）" in detail
    assert "经十路" in detail


def test_a_leak_that_grew_over_days_is_a_medium_alarm_until_it_bursts(chair: Chair) -> None:
    chair.sees(replace(a_finding(), lane="slow"))
    alarm = chair.state.alarms["A-000001"]
    assert (alarm.priority, alarm.code) == (Priority.MEDIUM, "slow_leak")
    assert "缓慢漏损" in chinese(alarm.detail)
    sudden = a_finding()
    grown = replace(sudden, location=replace(sudden.location, set_90=sudden.location.set_90[:1]))
    chair.sees(grown)
    alarm = chair.state.alarms["A-000001"]
    assert alarm.code == ""
    assert alarm.priority <= Priority.HIGH


@pytest.mark.parametrize(("lane", "gravest"), [("slow", Priority.MEDIUM), ("inflow", Priority.HIGH)])
def test_a_finding_from_nights_or_one_meter_alone_is_never_above_medium(chair: Chair, lane: str, gravest: Priority) -> None:
    stopped = OperationFinding(NOW, "pump", "PU1", stopped=True, stations=("S1",))
    chair.sees(replace(a_finding(), lane=lane, operations=(stopped,)))
    alarm = chair.state.alarms["A-000001"]
    assert alarm.priority >= gravest
    assert alarm.unexplained_priority is gravest


def test_the_place_gives_road_side_depth_cross_roads_community_district_and_supply(chair: Chair) -> None:
    chair.sees(a_finding())
    place = chair.state.incidents[CASE].place
    assert place is not None
    assert (place.road, place.side, place.depth_m) == ("经十路", "north", 1.2)
    assert (place.from_place, place.to_place) == ("纬二路", "纬三路")
    assert (place.community, place.district, place.area_name) == ("美林苑", "历下区", "历下片区")
    assert place.supply_source == "R1"
    assert place.supply_path[0] == "M1"
    assert set(place.valve_chambers[:2]) == {"H10a", "H10b"}
    assert place.way == ("经十路",)


def test_the_area_alert_carries_candidates_wgs84_course_supply_and_valves(chair: Chair) -> None:
    chair.sees(a_finding())
    body = json.loads(chair.sent[0].payload)
    assert [c["asset_id"] for c in body["candidates"]] == ["H10", "V10", "H20"]
    assert body["candidates"][0]["probability"] == 0.6
    line = body["geometry"]["features"][0]["geometry"]["coordinates"]
    # EPSG:4548 has its false easting of 500 km on 117° E; 4,058 km north lies near 36.65° N.
    assert line[0][0] == pytest.approx(117.0 + 200 / 89_400, abs=1e-4)
    assert line[0][1] == pytest.approx(36.65, abs=0.02)
    assert body["course"]["road"] == "经十路"
    assert body["supply_path"] == {"source": "R1", "pipes": ["M1", "H00", "H10"], "basis": "shortest path"}
    assert {valve["asset_id"] for valve in body["valves"]} == {"H10a", "H10b"}
    assert body["t"].endswith("+08:00")


def test_without_georeference_the_alert_says_why_it_has_no_geometry() -> None:
    chair = Chair(a_town(crs="local"))
    chair.sees(a_finding())
    body = json.loads(chair.sent[0].payload)
    assert body["geometry"] is None
    assert "not georeferenced" in body["geometry_omitted"]


def test_without_road_names_the_course_falls_back_on_the_road_layer_and_node_ids() -> None:
    chair = Chair(a_town(name_roads=False))
    chair.sees(a_finding())
    place = chair.state.incidents[CASE].place
    assert place is not None
    assert (place.road, place.from_place, place.to_place) == ("经十路", "J10", "J20")


@pytest.mark.parametrize(
    ("diameter_mm", "pipes", "households", "priority"),
    [
        (300.0, ("H10",), 1000, Priority.HIGH),
        (600.0, ("H10",), 1000, Priority.CRITICAL),
        (300.0, ("H20",), 1000, Priority.CRITICAL),
        (300.0, ("H10",), 40, Priority.CRITICAL),
    ],
    ids=["plain", "large main", "hospital without water", "many households"],
)
def test_priority_follows_size_and_who_is_touched(
    diameter_mm: float, pipes: tuple[str, ...], households: int, priority: Priority
) -> None:
    chair = Chair(a_town(diameter_mm=diameter_mm), DeskSettings(critical_households=households))
    chair.sees(a_finding(pipes))
    assert chair.state.alarms["A-000001"].priority is priority


def test_a_later_finding_revises_the_open_case_instead_of_opening_another(chair: Chair) -> None:
    chair.sees(a_finding())
    chair.sees(a_finding(("V10", "H10"), first=0.8))
    assert set(chair.state.incidents) == {CASE}
    assert set(chair.state.alarms) == {"A-000001"}
    incident = chair.state.incidents[CASE]
    assert incident.target_pipes() == ("V10",)
    assert incident.plan is not None
    assert incident.plan.burst_pipes == ("V10",)
    assert incident.place is not None
    assert incident.place.road == "纬二路"
    assert json.loads(chair.sent[-1].payload)["status"] == "revised"
    assert incident.version == 2


def test_a_finding_without_new_information_changes_nothing(chair: Chair) -> None:
    chair.sees(a_finding())
    assert chair.sees(a_finding(at=NOW + timedelta(seconds=60))).drafts == ()


def test_a_judged_case_is_not_moved_by_later_findings(judged: Chair) -> None:
    before = judged.state.incidents[CASE]
    assert judged.sees(a_finding(("V10", "H10"), first=0.9)).drafts == ()
    assert judged.state.incidents[CASE] == before


def test_a_second_burst_elsewhere_is_a_second_case(judged: Chair) -> None:
    judged.sees(a_finding(("H13", "H23"), stations=("S8", "S9")))
    assert set(judged.state.incidents) == {CASE, "2024-0002"}
    assert set(judged.state.alarms) == {"A-000001", "A-000002"}


def a_step(pipes: tuple[str, ...], after: timedelta) -> BurstFinding:
    """The first case's stations step down once more."""
    return replace(a_finding(pipes, at=NOW + after), lane="step", finding_id=f"F{after}")


def test_a_new_step_elsewhere_is_a_second_case_though_the_same_stations_moved(judged: Chair) -> None:
    judged.now += timedelta(minutes=8)
    step = a_step(("H13", "H23"), timedelta(minutes=8))
    judged.sees(step)
    assert set(judged.state.incidents) == {CASE, "2024-0002"}
    judged.sees(replace(step, revision=1))
    judged.sees(replace(step, lane="level"))
    assert set(judged.state.incidents) == {CASE, "2024-0002"}
    assert set(judged.state.alarms) == {"A-000001", "A-000002"}


@pytest.mark.parametrize(
    ("pipes", "minutes", "lane"),
    [
        (("H13", "H23"), 2, "step"),  # late stations of the same burst
        (("H13", "H23"), 8, "level"),  # the lasting change seen by other stations
        (("V10", "H13"), 8, "step"),  # a candidate of the case: the burst has grown
    ],
)
def test_a_finding_that_may_be_the_same_burst_opens_no_second_case(
    judged: Chair, pipes: tuple[str, ...], minutes: int, lane: str
) -> None:
    judged.now += timedelta(minutes=minutes)
    judged.sees(replace(a_step(pipes, timedelta(minutes=minutes)), lane=lane))
    assert set(judged.state.incidents) == {CASE}


def test_a_step_inside_the_area_being_isolated_is_no_second_burst(judged: Chair) -> None:
    case = judged.state.incidents[CASE]
    assert case.plan is not None
    wide = replace(case, plan=replace(case.plan, zone_pipes=(*case.plan.zone_pipes, "H23")))
    judged.state = judged.state.with_records([wide])
    judged.now += timedelta(minutes=20)
    judged.sees(a_step(("H13", "H23"), timedelta(minutes=20)))
    assert set(judged.state.incidents) == {CASE}


def test_a_dismissed_finding_stays_dismissed_for_a_while_unless_it_grows(chair: Chair) -> None:
    chair.sees(a_finding())
    chair.does(DismissIncident(CASE, "消火栓用水"))
    assert chair.sees(a_finding()).drafts == ()
    grown = a_finding()
    assert chair.sees(replace(grown, location=replace(grown.location, statistic=90.0))).drafts != ()
    assert "2024-0002" in chair.state.incidents


def test_a_dismissed_finding_comes_back_after_the_hold_off(chair: Chair) -> None:
    chair.sees(a_finding())
    chair.does(DismissIncident(CASE, "消火栓用水"))
    chair.now += timedelta(minutes=31)
    assert chair.sees(a_finding()).drafts != ()


def test_a_call_opens_a_case_on_the_reported_pipe(chair: Chair) -> None:
    chair.does(OpenIncident("V11"))
    incident = chair.state.incidents[CASE]
    assert incident.location is None
    assert incident.burst_pipes == ()
    assert incident.target_pipes() == ("V11",)
    assert incident.ground == "call"
    with pytest.raises(Refused, match="already open"):
        chair.does(OpenIncident("V11"))
    with pytest.raises(UnknownAsset, match="nowhere"):
        chair.does(OpenIncident("nowhere"))


def test_a_finding_near_a_called_pipe_joins_its_case_and_keeps_the_pipe(chair: Chair) -> None:
    chair.does(OpenIncident("H10"))
    chair.sees(a_finding(("V10", "H10")))
    incident = chair.state.incidents[CASE]
    assert incident.location is not None
    assert incident.target_pipes() == ("H10",)


def test_judging_acknowledges_the_alarm(chair: Chair) -> None:
    chair.sees(a_finding())
    chair.does(JudgeBurst(CASE, ("H10",)), "李")
    alarm = chair.state.alarms["A-000001"]
    assert (alarm.state, alarm.acknowledged_by) == (AlarmState.ACKNOWLEDGED, "李")


def test_pipe_h10_of_the_test_town_has_the_coordinates_that_tests_assume() -> None:
    # Tests rely on it: H10 runs east from (X0 + 200, Y0).
    pipes = a_town().network.pipes
    assert pipes.points(pipes.row("H10")).tolist() == [[X0 + STEP_M, Y0], [X0 + 2 * STEP_M, Y0]]
