"""Customers of a case: counts by community, building and grid against brute force; who was told, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import shapely

from console.domain.actors import Actor, Role
from console.domain.incidents import Incident
from console.domain.outreach import TELLING, Way
from console.services.changesets import Refused
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.public.affected import Effect, affected, last_tellings, told_by, told_in_all
from console.services.public.tellings import TellCustomers, TellResults, WithdrawTelling
from console.services.public.told_file import parse_results, told_csv
from maps.city import City, CustomerTable, ZoneTable
from maps.errors import InputFault
from tests.console.services.town import STEP_M, X0, Y0, Chair, a_town

CASE = "2024-0001"


def gridded() -> City:
    """The town with two grids, west and east, that the dataset gives as zones, and a column for one customer."""
    city, far = a_town(), 10 * STEP_M
    shapes = np.empty(2, dtype=object)
    middle = X0 + 0.5 * STEP_M
    shapes[:] = [shapely.box(X0 - far, Y0 - far, middle, Y0 + far), shapely.box(middle, Y0 - far, X0 + far, Y0 + far)]
    zones = ZoneTable.of(["G1", "G2"], kind=["grid"] * 2, name=["一网格", "二网格"], geometry=shapes)
    own = np.array(["三网格" if one == "C-H20" else "" for one in city.customers.asset_id], dtype=object)
    return replace(city, zones=zones, customers=replace(city.customers, extra={"grid": own}))


def judged(city: City | None = None) -> Chair:
    chair = Chair(city)
    chair.does(OpenIncident("H10"))
    chair.does(JudgeBurst(CASE, ("H10",)))
    return chair


def case_of(chair: Chair) -> Incident:
    return chair.state.incidents[CASE]


def test_customers_of_each_grid_and_community_are_those_that_brute_force_finds() -> None:
    chair = judged(gridded())
    found = affected(chair.city, case_of(chair))
    plan = case_of(chair).plan
    assert plan is not None
    assert [one.customer_id for one in found] == [
        str(one) for one in chair.city.customers.asset_id if one in plan.customers_without_water
    ]
    assert found
    for name, group in (("grid", lambda one: one.grid), ("community", lambda one: one.community)):
        by_hand: dict[str, int] = {}
        for one in found:
            table = chair.city.customers
            row = table.row(one.customer_id)
            if name == "community":
                key = str(table.community[row])
            elif one.customer_id == "C-H20":
                key = "三网格"
            else:
                key = "一网格" if table.x[row] < X0 + 0.5 * STEP_M else "二网格"
            by_hand[key] = by_hand.get(key, 0) + 1
        assert {key: one.customers for key, one in told_by(found, {}, group).items()} == by_hand


def test_a_roof_tank_delays_and_low_pressure_is_kept_apart() -> None:
    chair = judged()
    case = case_of(chair)
    assert case.plan is not None
    plan = replace(case.plan, customers_without_water=("C-H10", "C-V01"))
    found = affected(chair.city, replace(case, plan=plan))
    assert {one.customer_id: one.effect for one in found} == {"C-H10": Effect.NO_WATER, "C-V01": Effect.DELAYED}


def test_many_are_told_at_once_and_counted_once_with_who_was_told_before_they_asked() -> None:
    chair = judged()
    found = affected(chair.city, case_of(chair))
    ids = tuple(one.customer_id for one in found)
    assert len(ids) >= 1
    chair.does(TellCustomers(CASE, ids[:1], Way.PHONE, asked_first=True), "李")
    chair.does(TellCustomers(CASE, (*ids, *ids), Way.GROUP), "王")
    told = last_tellings(chair.state.of(TELLING).values(), CASE)
    sums = told_in_all(found, told)
    assert (sums.customers, sums.told, sums.first) == (len(ids), len(ids), len(ids) - 1)
    assert (sums.households, sums.households_told) == (40 * len(ids), 40 * len(ids))
    assert (told[ids[0]].by, told[ids[0]].way) == ("李", Way.PHONE)  # the first telling stays the first
    assert sum(change.subject == f"incident/{CASE}" and change.kind == "customers_told" for change in chair.log) == 2
    (group,) = (one.telling_id for one in chair.state.of(TELLING).values() if one.way is Way.GROUP)
    chair.does(WithdrawTelling(group))
    assert told_in_all(found, last_tellings(chair.state.of(TELLING).values(), CASE)).told == 1
    with pytest.raises(Refused):
        chair.does(WithdrawTelling(group))


def test_what_was_told_stays_at_hand_while_a_long_repair_goes_on() -> None:
    chair = judged()
    chair.does(TellCustomers(CASE, ("C-H10",), Way.PHONE))
    chair.now += timedelta(days=3)
    chair.does(OpenIncident("V31"))
    assert len(chair.state.of(TELLING)) == 1


@pytest.mark.parametrize(
    ("intent", "key"),
    [
        (TellCustomers(CASE, ("C-H10", "nobody"), Way.PHONE), "unknown_customer"),
        (TellCustomers(CASE, (), Way.PHONE), "nobody_told"),
        (TellCustomers("2024-0009", ("C-H10",), Way.PHONE), "no_incident"),
        (TellResults(()), "nobody_told"),
    ],
)
def test_tellings_of_nobody_and_of_unknown_customers_are_refused(intent: TellCustomers, key: str) -> None:
    with pytest.raises(Refused) as refused:
        judged().does(intent)
    assert refused.value.key == key


def test_a_role_that_may_not_enter_tellings_is_refused() -> None:
    with pytest.raises(Refused):
        judged().acts(TellCustomers(CASE, ("C-H10",), Way.PHONE), Actor("gis", "赵", Role.GIS))


def test_the_list_goes_out_as_csv_and_its_results_come_back(tmp_path: Path) -> None:
    chair = judged(hostile())
    found = affected(chair.city, case_of(chair))
    text = told_csv(found, {}, "Asia/Shanghai")
    assert "'=cmd" in text
    known = frozenset(one.customer_id for one in found)
    assert parse_results(text, "list.csv", CASE, "Asia/Shanghai", {}, known) == ()
    lines = text.lstrip("\ufeff").splitlines()
    filled = [lines[0], *(line.rstrip(",") + ",电话,2024-01-03 23:00,赵网格员,是" for line in lines[1:])]
    results = parse_results("\n".join(filled), "list.csv", CASE, "Asia/Shanghai", {}, known)
    assert len(results) == 1
    chair.does(TellResults(results))
    told = last_tellings(chair.state.of(TELLING).values(), CASE)
    assert set(told) == known
    assert {(one.by, one.asked_first, one.at.isoformat()) for one in told.values()} == {
        ("赵网格员", True, "2024-01-03T23:00:00+08:00")
    }
    again = parse_results(told_csv(found, told, "Asia/Shanghai"), "list.csv", CASE, "Asia/Shanghai", told, known)
    assert again == ()  # what is known is not told twice


def hostile() -> City:
    city = a_town()
    names = city.customers.name.copy()
    names[:] = '=cmd|"/c calc"!A1'
    customers: CustomerTable = replace(city.customers, name=names)
    return replace(city, customers=customers)


def test_every_wrong_cell_of_a_file_is_named_with_its_row() -> None:
    text = "用户编号,告知方式,告知时间,告知人\nC-X,电话,2024-01-03 23:00,赵\nC-H10,电话,2024-01-03,\nC-H10,pigeon,yesterday,李\n"
    with pytest.raises(InputFault) as caught:
        parse_results(text, "list.csv", CASE, "Asia/Shanghai", {}, frozenset({"C-H10"}))
    said = str(caught.value)
    for part in ("row 2", "'C-X' is no customer", "row 3", "who told them?", "row 4", "'pigeon' is unknown"):
        assert part in said
    with pytest.raises(InputFault, match="column way, told_at, told_by missing"):
        parse_results("customer_id\nC-H10\n", "list.csv", CASE, "Asia/Shanghai", {}, frozenset())
