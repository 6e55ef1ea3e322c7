"""Plans with valves given in different forms, with closed pipes and with parts without supply."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from maps.importers import ImportOptions, import_city
from maps.isolation import IsolationPlan, Isolator, ValveOverride
from maps.network import NodeKind, PipeStatus, ValveKind, ValveState
from tests.builders import NetworkBuilder, a_network
from tests.maps.importers.writing import pipe, point, source, write

FORMS = ("node", "pipe_end", "link", "point")
_STATES: dict[str, dict[str, Any]] = {
    "open": {},
    "closed": {"state": ValveState.CLOSED},
    "unknown": {"state": ValveState.UNKNOWN},
    "one way out": {"flows_to": "D"},
    "one way in": {"flows_to": "C"},
    "assumed": {"assumed": True},
    "stuck": {"operable": False},
    "closed and stuck": {"state": ValveState.CLOSED, "operable": False},
}


def _town(form: str, **valve: Any) -> NetworkBuilder:
    """R1 =A= J1 =B= J2 =C= J3 =D= J4 =E= R2; V1 on J1, V2 on J2, V4 on J4; V at J3 between C and D."""
    town = a_network().source("R1").pipe("A", "R1", "J1").pipe("B", "J1", "J2").pipe("C", "J2", "J3")
    town.pipe("D", "J3b" if form == "link" else "J3", "J4").pipe("E", "J4", "R2").source("R2")
    town.valve("V1", on="B", at="J1").valve("V2", on="B", at="J2").valve("V4", on="D", at="J4")
    for name in "ABCDE":
        town.customer(f"C{name}", on=name, households=10)
    places: dict[str, Any] = {"node": {"at": "J3"}, "pipe_end": {"on": "C", "at": "J3"}, "link": {"between": ("J3", "J3b")}}
    return town.valve("V", **places[form], **valve, last_checked="2023-05-01")


def _drawn(path: Path, **valve: Any) -> Isolator:
    """The same town from a file, with V drawn as a point on J3."""
    states = {int(ValveState.CLOSED): "closed", int(ValveState.UNKNOWN): "unknown"}
    row = {
        "asset_id": "V", "wkt": point(300, 0), "last_checked": "2023-05-01",
        "state": states.get(int(valve.get("state", ValveState.OPEN)), "open"),
        "flows_to": valve.get("flows_to", ""), "assumed": str(valve.get("assumed", False)),
        "operable": str(valve.get("operable", True)), "pipe": "", "node": "",
    }  # fmt: skip
    plain = {"state": "open", "flows_to": "", "assumed": "False", "operable": "True", "last_checked": "", "wkt": None}
    others = [
        {"asset_id": name, "pipe": on, "node": at, **plain}
        for name, on, at in (("V1", "B", "J1"), ("V2", "B", "J2"), ("V4", "D", "J4"))
    ]
    joints = [{"asset_id": f"J{n}", "kind": "junction", "head_m": None, "wkt": point(100 * n, 0)} for n in range(1, 5)]
    layers: dict[str, list[dict[str, Any]]] = {
        "nodes": [source(0, 0, "R1"), *joints, source(500, 0, "R2")],
        "pipes": [pipe(name, (100 * n, 0), (100 * n + 100, 0)) for n, name in enumerate("ABCDE")],
        "valves": [*others, row],
        "customers": [
            {"asset_id": f"C{name}", "pipe": name, "households": 10, "wkt": point(100 * n + 50, 1)}
            for n, name in enumerate("ABCDE")
        ],
    }
    return Isolator(import_city([write(path / "town.gpkg", layers)], ImportOptions()).city)


def _says(plan: IsolationPlan) -> dict[str, object]:
    return {
        "zone": plan.zone_pipes,
        "dry": plan.dry_pocket_pipes,
        "close": {step.asset_id: (step.reason, step.holds_back, step.beyond) for step in plan.valves_to_close},
        "relies": [(r.asset_id, r.why, r.last_checked, r.beyond, r.in_series, r.assumed) for r in plan.relies_on],
        "reopen": plan.reopen_candidates,
        "bounding": plan.valves_bounding,
        "customers": plan.customers_without_water,
        "isolatable": plan.isolatable,
        "warnings": plan.warnings,
    }


@pytest.mark.parametrize("state", _STATES)
def test_the_answer_does_not_depend_on_the_form_in_which_a_valve_is_given(state: str, tmp_path: Path) -> None:
    valve = _STATES[state]
    isolators = {form: Isolator(_town(form, **valve).build()) for form in FORMS if form != "point"}
    isolators["point"] = _drawn(tmp_path, **valve)
    for burst in "ABCDE":
        for stuck in ((), ("V2",), ("V4",)):
            changed = {name: ValveOverride(operable=False) for name in stuck}
            said = {form: _says(isolator.plan([burst], valves=changed)) for form, isolator in isolators.items()}
            assert said["node"] == said["pipe_end"] == said["link"] == said["point"], (burst, stuck)


@pytest.mark.parametrize("form", ["node", "pipe_end", "link"])
def test_a_closed_valve_is_relied_on_and_offered_with_its_last_check_and_the_next_valve_beyond(form: str) -> None:
    plan = Isolator(_town(form, state=ValveState.CLOSED).build()).plan(["B"])
    assert [step.asset_id for step in plan.valves_to_close] == ["V1"]
    (relied,) = plan.relies_on
    assert (relied.asset_id, relied.why, relied.last_checked, relied.beyond) == ("V", "closed", "2023-05-01", ("V4",))
    assert plan.reopen_candidates == ("V",)


def test_a_valve_of_three_pipes_is_one_device_with_one_entry() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").valve("V1", on="P1", at="A").pipe("P2", "A", "J").pipe("P3", "J", "B")
    town.pipe("P4", "J", "T").source("T").valve("VJ", at="J", state=ValveState.CLOSED)
    plan = Isolator(town.build()).plan(["P2"])
    assert [(entry.asset_id, entry.why) for entry in plan.relies_on] == [("VJ", "closed")]


def test_two_closed_valves_one_behind_the_other_are_both_named_as_in_series() -> None:
    town = _town("node", state=ValveState.CLOSED).valve("V4", on="D", at="J4", state=ValveState.CLOSED)
    plan = Isolator(town.build()).plan(["B"])
    assert {(entry.asset_id, entry.in_series) for entry in plan.relies_on} == {("V", True), ("V4", True)}
    assert plan.reopen_candidates == ()


def test_a_closed_valve_to_a_part_that_leads_nowhere_is_not_relied_on() -> None:
    town = _town("node").pipe("X", "J2", "X1").valve("VX", on="X", at="J2", state=ValveState.CLOSED)
    assert [entry.asset_id for entry in Isolator(town.build()).plan(["B"]).relies_on] == []


def test_with_the_only_supply_behind_a_closed_pipe_the_plan_says_so() -> None:
    town = a_network().source("R").pipe("A", "R", "J1", status=PipeStatus.CLOSED).pipe("B", "J1", "J2").pipe("C", "J2", "J3")
    town.valve("V1", on="B", at="J1").valve("V2", on="C", at="J2")
    plan = Isolator(town.build()).plan(["B"])
    assert plan.valves_to_close == ()
    assert [(entry.asset_id, entry.why) for entry in plan.relies_on] == [("A", "closed_pipe")]
    assert plan.without_supply_before == ("C",)
    assert any("A (pipe closed)" in warning for warning in plan.warnings)


def test_a_closed_pipe_that_could_feed_a_dry_pocket_is_offered_beside_closed_valves() -> None:
    town = _town("node").pipe("F", "J2", "T", status=PipeStatus.CLOSED).source("T")
    town.valve("V", on="C", at="J3", state=ValveState.CLOSED)
    plan = Isolator(town.build()).plan(["B"])
    assert plan.dry_pocket_pipes == ("C",)
    assert (plan.reopen_candidates, plan.reopen_pipes) == (("V", "F"), ("F",))
    assert plan.reopen_feeds_burst == ("V", "F")  # V2 between pocket and burst is open
    assert {(entry.asset_id, entry.why) for entry in plan.relies_on} == {("V", "closed"), ("F", "closed_pipe")}


def test_no_valve_to_close_and_no_barrier_is_warned_as_a_data_fault() -> None:
    plan = Isolator(a_network().pipe("P1", "A", "B").build()).plan(["P1"])
    assert any("no source is connected" in warning for warning in plan.warnings)


def test_an_assumed_valve_to_close_names_the_next_one_beyond_at_a_node_too() -> None:
    plans = [Isolator(_town(form, assumed=True).build()).plan(["C"]) for form in ("node", "pipe_end", "link")]
    for plan in plans:
        assert [(entry.asset_id, entry.why, entry.beyond) for entry in plan.relies_on] == [("V", "assumed", ("V4",))]


def _with_a_part_without_supply() -> NetworkBuilder:
    """Beyond pocket D1 lies Q, which only lets water into it: no source ever fed Q."""
    town = a_network().source("S").pipe("P1", "S", "A").valve("V1", on="P1", at="S").pipe("P2", "A", "B")
    town.valve("V2", on="P2", at="A").pipe("D1", "B", "C").valve("VD", on="D1", at="B").pipe("Q", "X", "C")
    return town.valve("VQ", on="Q", at="C", flows_to="D1").customer("CQ", on="Q", households=7).customer("CD", on="D1")


def test_a_part_without_supply_before_is_listed_with_the_affected_area_and_marked() -> None:
    plan = Isolator(_with_a_part_without_supply().build()).plan(["P2"])
    assert set(plan.dry_pocket_pipes) == {"D1", "Q"}
    assert plan.without_supply_before == ("Q",)
    assert (plan.customers_without_supply_before, plan.households_without_supply_before) == (("CQ",), 7)
    assert set(plan.customers_without_water) == {"CQ", "CD"}


def test_a_part_behind_a_valve_of_unknown_state_is_listed_for_it_may_be_fed_from_here() -> None:
    town = _with_a_part_without_supply().valve("VQ", on="Q", at="C", state=ValveState.UNKNOWN)
    plan = Isolator(town.build()).plan(["P2"])
    assert plan.without_supply_before == ("Q",)


def test_a_part_behind_a_closed_valve_is_not_touched() -> None:
    town = _with_a_part_without_supply().valve("VQ", on="Q", at="C", state=ValveState.CLOSED)
    plan = Isolator(town.build()).plan(["P2"])
    assert plan.dry_pocket_pipes == ("D1",)
    assert plan.without_supply_before == ()


def test_an_area_cut_off_only_by_a_valve_closed_for_this_incident_had_supply_before() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B").valve("V2", on="P2", at="A")
    town.pipe("D", "A", "E").valve("VD", on="D", at="A").valve("V1", on="P1", at="A")
    plan = Isolator(town.build()).plan(["P2"], shut_by_crews=["VD"])
    assert (plan.dry_pocket_pipes, plan.without_supply_before) == (("D",), ())


def test_an_inflow_supplies_like_a_source_and_water_passes_its_junction() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").valve("V1", on="P1", at="A").pipe("P2", "A", "W").pipe("P3", "W", "B")
    town.node("W", demand_m3h=-40.0).valve("V3", on="P3", at="B").pipe("P4", "B", "C")
    plan = Isolator(town.build()).plan(["P3"])
    assert not plan.isolatable
    assert plan.sources_inside == ("W",)
    assert set(plan.zone_pipes) == {"P2", "P3"}
    assert [step.asset_id for step in plan.valves_to_close] == ["V1"]
    assert any("W" in warning and "inflow" in warning for warning in plan.warnings)


def test_a_valve_holds_back_an_inflow_and_names_it() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").valve("V1", on="P1", at="A").pipe("P2", "A", "B").pipe("P3", "B", "W")
    town.node("W", demand_m3h=5.0, inflow_m3h=8.0).valve("V3", on="P3", at="B")
    plan = Isolator(town.build()).plan(["P2"])
    assert {step.asset_id: step.holds_back for step in plan.valves_to_close} == {"V1": ("S",), "V3": ("W",)}


@pytest.mark.parametrize("columns", [{"kind": NodeKind.WELL}, {"demand_m3h": -40.0}])
def test_a_well_as_a_kind_and_as_a_negative_demand_give_the_same_valves(columns: dict[str, Any]) -> None:
    town = a_network().source("S").pipe("P1", "S", "A").valve("V1", on="P1", at="A").pipe("P2", "A", "B").pipe("P3", "B", "W")
    town.node("W", **columns).valve("V3", on="P3", at="B").valve("M", between=("B", "X"), kind=ValveKind.METER)
    assert {step.asset_id for step in Isolator(town.build()).plan(["P2"]).valves_to_close} == {"V1", "V3"}


def test_an_uncertain_valve_location_is_marked_in_every_part_of_the_plan_that_uses_it() -> None:
    town = _town("node", state=ValveState.CLOSED, placing="at_junction").valve("V1", on="B", at="J1", placing="near_two_pipes")
    plan = Isolator(town.build()).plan(["B"])
    assert {step.asset_id: step.placing for step in plan.valves_to_close} == {"V1": "near_two_pipes"}
    assert {entry.asset_id: entry.placing for entry in plan.relies_on} == {"V": "at_junction"}


def _of_a_cut_pipe() -> NetworkBuilder:
    """S =A= J =B~1= K =B~2= L; what names B counts for both pieces."""
    town = a_network().source("S")
    town.pipe("A", "S", "J").pipe("B~1", "J", "K", source_id="B").pipe("B~2", "K", "L", source_id="B")
    town.valve("V1", on="B~1", at="J").valve("V2", on="B~2", at="K")
    both = '["B~1", "B~2"]'
    town.customer("C1", on="B~1", households=100, people=250, critical="dialysis", pieces=both).customer(
        "C2", on="A", households=5
    )
    return town.hydrant("H1", on="B~1", pieces=both)


def test_customers_and_hydrants_of_a_split_pipe_count_for_each_piece_and_are_marked() -> None:
    isolator = Isolator(_of_a_cut_pipe().build())
    for burst in ("B~1", "B~2"):
        plan = isolator.plan([burst])
        assert plan.customers_without_water == ("C1",), burst
        assert plan.hydrants_lost == ("H1",), burst
        assert (plan.customers_piece_unknown, plan.hydrants_piece_unknown) == (("C1",), ("H1",)), burst
        assert [customer.piece_unknown for customer in plan.critical_customers] == [True], burst


def test_a_customer_on_several_dry_pieces_counts_once() -> None:
    plan = Isolator(_of_a_cut_pipe().build()).plan(["B~1", "B~2"])
    assert (plan.customers_without_water, plan.households_without_water, plan.people_without_water) == (("C1",), 100, 250)
    assert plan.hydrants_lost == ("H1",)


def test_a_conflict_does_not_count_customers_that_a_plan_already_has() -> None:
    town = _of_a_cut_pipe().source("T").pipe("D", "L", "T").valve("V3", on="D", at="L").pipe("M", "K", "N").customer("CM", on="M")
    isolator = Isolator(town.build())
    conflict = isolator.conflict([isolator.plan(["B~1"]), isolator.plan(["D"])])
    assert "C1" not in conflict.customers


@pytest.mark.parametrize("ends", [("J3", "T"), ("T", "J3")])
def test_a_closed_pipe_that_a_valve_cuts_is_still_one_closed_pipe(ends: tuple[str, str]) -> None:
    """S =A= J1 =B= J2 =C= J3 =D, closed, cut by V3= T: pocket C gets water when D, both of its pieces, is open."""
    names = ("D~1", "D~2")
    town = a_network().source("S").pipe("A", "S", "J1").pipe("B", "J1", "J2").pipe("C", "J2", "J3").source("T")
    for name, a, b in zip(names, (ends[0], "M"), ("M", ends[1]), strict=True):
        town.pipe(name, a, b, status=PipeStatus.CLOSED, source_id="D")
    town.valve("V1", on="B", at="J1").valve("V2", on="C", at="J2").valve("V3", at="M")
    plan = Isolator(town.build()).plan(["B"])
    assert [(entry.asset_id, entry.why, entry.in_series) for entry in plan.relies_on] == [
        (name, "closed_pipe", False) for name in names
    ]
    assert plan.reopen_candidates == plan.reopen_pipes == names
    town.valve("V3", at="M", state=ValveState.CLOSED)
    plan = Isolator(town.build()).plan(["B"])
    assert {entry.asset_id: entry.in_series for entry in plan.relies_on} == dict.fromkeys((*names, "V3"), True)
    assert plan.reopen_candidates == ()
