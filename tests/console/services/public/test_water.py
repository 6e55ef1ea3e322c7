"""Emergency water: litres worked by hand, points on the nearest road, the test that gates a point, the state a notice reads."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
import shapely

from console.domain.water_points import WATER_POINT, PointState, WaterPoint
from console.services.changesets import Refused
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.public import water_demand
from console.services.public.affected import affected
from console.services.public.water_demand import (
    Supply,
    WaterRules,
    day_without_water,
    litres_a_day,
    litres_until,
    people_without,
    suggested,
    supply_state,
    water_off_at,
    water_rules,
)
from console.services.public.water_points import (
    BeginWaterTest,
    CloseWaterPoint,
    LogTankerTrip,
    OpenWaterPoint,
    PlanSuggestedPoints,
    PlanWaterPoint,
    RecordWaterTest,
)
from maps.city import ShapeTable
from maps.errors import InputFault
from tests.console.services.town import NOW, X0, Y0, Chair

CASE, POINT = "2024-0001", "E-00001"
PLAN = PlanWaterPoint(CASE, "美林苑北门", X0, Y0, 360)


def judged() -> Chair:
    chair = Chair()
    chair.does(OpenIncident("H10"))
    chair.does(JudgeBurst(CASE, ("H10",)))
    case = chair.state.incidents[CASE]
    assert case.plan is not None
    plan = replace(case.plan, customers_without_water=("C-H10", "C-H20", "C-V01"))
    chair.state = chair.state.with_records([replace(case, plan=plan)])
    return chair


def point_of(chair: Chair) -> WaterPoint:
    return chair.state.of(WATER_POINT)[POINT]


def test_litres_are_those_worked_by_hand() -> None:
    def at(days: float) -> float:
        return litres_a_day(360, NOW, NOW + timedelta(days=days))

    assert [at(0), at(4.99), at(5.0), at(9)] == [3600.0, 3600.0, 7200.0, 7200.0]  # 10 L to day five, then 20 L
    # 360 people over seven days begun: 5 × 3,600 + 2 × 7,200.
    assert litres_until(360, NOW, NOW + timedelta(days=6, hours=1)) == 32_400.0
    assert day_without_water(NOW, NOW - timedelta(hours=1)) == 1  # a clock set back


def test_people_are_the_dataset_s_else_households_times_their_mean_size_and_low_pressure_counts_nobody() -> None:
    chair = judged()
    customers = affected(chair.city, chair.state.incidents[CASE])
    assert people_without(customers) == 3 * 120
    unknown = [replace(one, people=0) for one in customers[:1]]
    assert people_without(unknown) == 105  # 40 × 2.62 = 104.8, rounded up


def test_rules_are_dated_with_sources_and_a_wrong_figure_is_refused() -> None:
    rules = water_rules()
    assert (rules.first_l, rules.later_l, rules.later_after_days, rules.test_minutes) == (10.0, 20.0, 5.0, 45.0)
    assert rules.version
    assert all(rules.sources)
    held = {
        "litres": {"first": 10, "later": 20, "later_after_days": 5, "source": "x"},
        "demand": {"after_hours": 24, "people_per_household": 2.6, "people_per_point": 500, "source": "x"},
        "test": {"minutes": 0, "source": "x"},
    }
    with pytest.raises(InputFault, match="above zero"):
        WaterRules.of(held)
    with pytest.raises(InputFault, match="missing"):
        WaterRules.of({"litres": {}})


def test_a_suggested_point_is_the_road_point_nearest_to_the_centre_of_its_people() -> None:
    chair = judged()
    customers = affected(chair.city, chair.state.incidents[CASE])
    lines = np.empty(2, dtype=object)
    lines[:] = [
        shapely.LineString([(X0 - 900, Y0 - 500), (X0 + 900, Y0 - 480)]),
        shapely.MultiLineString([[(X0 - 900, Y0 + 333), (X0 + 900, Y0 + 333)], [(X0, Y0 - 900), (X0 + 1, Y0 + 900)]]),
    ]
    city = replace(chair.city, roads=ShapeTable.of(["r1", "r2"], name=["南路", "北路"], kind=["x"] * 2, geometry=lines))
    (place,) = suggested(city, customers)
    rows = [city.customers.row(one.customer_id) for one in customers]
    centre = np.average(np.column_stack([city.customers.x[rows], city.customers.y[rows]]), axis=0)
    every = np.vstack([shapely.get_coordinates(shapely.segmentize(line, 0.5)) for line in lines])
    brute = every[np.argmin(np.hypot(*(every - centre).T))]
    assert np.hypot(place.x - brute[0], place.y - brute[1]) < 1.0
    assert (place.people, place.road) == (people_without(customers), "北路")


def test_where_one_point_cannot_serve_all_the_people_are_halved_and_nobody_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    chair = judged()
    monkeypatch.setattr(water_demand, "water_rules", lambda: replace(water_rules(), people_per_point=130))
    customers = affected(chair.city, chair.state.incidents[CASE])
    places = suggested(chair.city, customers)
    assert len(places) == len(customers)
    assert sum(one.people for one in places) == people_without(customers)
    assert suggested(chair.city, ()) == ()


def test_a_point_opens_only_after_its_test_is_passed() -> None:
    chair = judged()
    chair.does(PLAN)
    with pytest.raises(Refused) as refused:
        chair.does(OpenWaterPoint(POINT))
    assert refused.value.key == "test_missing"
    chair.does(BeginWaterTest(POINT))
    test = point_of(chair).tests[-1]
    assert test.due_at - test.begun_at == timedelta(minutes=45)
    with pytest.raises(Refused):
        chair.does(OpenWaterPoint(POINT))  # it runs
    chair.does(RecordWaterTest(POINT, 3.0, 0.3))
    assert (point_of(chair).state, point_of(chair).tests[-1].passed) == (PointState.PLANNED, False)
    with pytest.raises(Refused):
        chair.does(OpenWaterPoint(POINT))
    chair.does(BeginWaterTest(POINT))
    chair.does(RecordWaterTest(POINT, 0.4, 0.3))
    assert point_of(chair).state is PointState.TESTED
    chair.does(OpenWaterPoint(POINT))
    assert (point_of(chair).state, point_of(chair).waived_by) == (PointState.OPEN, "")


def test_a_waiver_needs_a_name_and_a_reason_and_is_in_the_log() -> None:
    chair = judged()
    chair.does(PLAN)
    for name, reason in (("刘", ""), ("", "急")):
        with pytest.raises(Refused):
            chair.does(OpenWaterPoint(POINT, name, reason))
    chair.does(OpenWaterPoint(POINT, "刘主任", "医院急需，瓶装水"))
    assert (point_of(chair).state, point_of(chair).waived_by) == (PointState.OPEN, "刘主任")
    assert [change.kind for change in chair.log if change.subject == f"incident/{CASE}"][-1] == "water_point_waived"


def test_an_open_point_whose_later_test_fails_is_open_no_more() -> None:
    chair = judged()
    chair.does(PLAN)
    chair.does(OpenWaterPoint(POINT, "刘主任", "急"))
    chair.does(BeginWaterTest(POINT))
    assert point_of(chair).state is PointState.OPEN
    chair.does(RecordWaterTest(POINT, 9.0, 0.3))
    assert point_of(chair).state is PointState.PLANNED


def test_trips_add_up_and_a_closed_point_takes_none() -> None:
    chair = judged()
    chair.does(PLAN)
    chair.does(LogTankerTrip(POINT, "T1", "周师傅", 8000.0))
    chair.does(LogTankerTrip(POINT, "T1", "周师傅", 500.5))
    assert (point_of(chair).litres, len(point_of(chair).trips)) == (8500.5, 2)
    for litres in (0.0, -1.0, float("inf"), float("nan")):
        with pytest.raises(Refused):
            chair.does(LogTankerTrip(POINT, "T1", "周师傅", litres))
    with pytest.raises(Refused):
        chair.does(LogTankerTrip(POINT, "", " ", 100.0))
    chair.does(CloseWaterPoint(POINT))
    with pytest.raises(Refused):
        chair.does(LogTankerTrip(POINT, "T1", "周师傅", 100.0))


def test_suggested_points_are_planned_once() -> None:
    chair = judged()
    chair.does(PlanSuggestedPoints(CASE))
    assert (point_of(chair).people, point_of(chair).name) == (360, "经十路")
    with pytest.raises(Refused) as refused:
        chair.does(PlanSuggestedPoints(CASE))
    assert refused.value.key == "points_there"


def test_more_than_a_day_without_water_needs_a_supply_until_open_points_serve_everybody() -> None:
    chair = judged()
    case = chair.state.incidents[CASE]
    customers = affected(chair.city, case)
    off = water_off_at(case)

    def state_at(hours: float | None, *points: WaterPoint) -> Supply:
        until = None if hours is None else off + timedelta(hours=hours)
        return supply_state(replace(case, restoration_at=until), customers, points)

    assert [state_at(one) for one in (None, 24.0, 24.01)] == [Supply.NOT_NEEDED, Supply.NOT_NEEDED, Supply.DUE]
    chair.does(replace(PLAN, people=people_without(customers)))
    point = point_of(chair)
    assert state_at(30.0, point) is Supply.DUE  # planned is not open
    is_open = replace(point, state=PointState.OPEN)
    assert state_at(30.0, is_open) is Supply.DONE
    assert state_at(30.0, replace(is_open, people=point.people - 1)) is Supply.DUE
    assert state_at(30.0, replace(is_open, incident_id="2024-0002")) is Supply.DUE
    assert supply_state(replace(case, restoration_at=off + timedelta(hours=30)), (), ()) is Supply.NOT_NEEDED
