"""Event levels follow the gravest bound reached; reports have their due times."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from console.domain.incidents import Incident
from console.services.incidents.event_level import LevelTable
from maps.errors import InputFault
from maps.isolation.plan.result import CriticalCustomer, IsolationPlan
from tests.console.services.town import NOW

TABLE = LevelTable.load()
PLAN = IsolationPlan(("P",), True, ("P",), (), ())
CASE = Incident("2024-0001", "", NOW, NOW, plan=PLAN, verified_at=NOW, restoration_at=NOW + timedelta(hours=6))
DIALYSIS = CriticalCustomer("C1", "透析中心", "dialysis", "", "direct")


@pytest.mark.parametrize(
    ("case", "level", "reached"),
    [
        (CASE, "IV", ()),
        (replace(CASE, plan=replace(PLAN, households_without_water=3000)), "III", ("households",)),
        (replace(CASE, plan=replace(PLAN, critical_customers=(DIALYSIS,))), "III", ("critical_customers",)),
        (replace(CASE, restoration_at=NOW + timedelta(hours=48)), "II", ("hours",)),
        (replace(CASE, plan=replace(PLAN, households_without_water=50_000)), "I", ("households",)),
        (replace(CASE, plan=None), "IV", ()),
    ],
)
def test_the_gravest_bound_reached_gives_the_level(case: Incident, level: str, reached: tuple[str, ...]) -> None:
    found = TABLE.level_of(case)
    assert (found.name, found.reached) == (level, reached)


def test_graver_levels_report_sooner_and_the_final_report_follows_the_closing() -> None:
    small = TABLE.level_of(CASE)
    grave = TABLE.level_of(replace(CASE, plan=replace(PLAN, households_without_water=50_000)))
    assert NOW < grave.first_due < small.first_due
    assert grave.continued_every < small.continued_every
    assert small.final_due is None
    closed = TABLE.level_of(replace(CASE, closed_at=NOW + timedelta(hours=7)))
    assert closed.final_due is not None
    assert closed.final_due > NOW + timedelta(hours=7)


@pytest.mark.parametrize("text", ["", 'version="1"\nsource="x"\nlevel=[]', "x = "])
def test_a_table_that_cannot_be_read_is_reported(text: str) -> None:
    with pytest.raises(InputFault, match=r"event_levels\.toml"):
        LevelTable.load(text)
