"""Each rule of isolation on a network small enough to draw."""

from __future__ import annotations

import pytest

from maps.errors import InputFault, UnknownAsset
from maps.isolation import IsolationPlan, Isolator, ValveOverride
from maps.network import NodeKind, PipeStatus, ValveKind, ValveState
from tests.builders import NetworkBuilder, a_network


def _street() -> NetworkBuilder:
    """S =P1= A =P2= B =P3= C =P4= T: a valve at the head of each pipe, sources S and T at the ends."""
    town = a_network().source("S").source("T")
    for number, (start, end) in enumerate([("S", "A"), ("A", "B"), ("B", "C"), ("C", "T")], start=1):
        town.pipe(f"P{number}", start, end).valve(f"V{number}", on=f"P{number}", at=start)
    return town


def _plan(town: NetworkBuilder, *bursts: str, **valves: ValveOverride) -> IsolationPlan:
    return Isolator(town.build()).plan(bursts, valves=valves)


def _closing(plan: IsolationPlan) -> set[str]:
    return {step.asset_id for step in plan.valves_to_close}


def test_the_valves_on_both_sides_are_closed_and_name_the_source_they_hold_back() -> None:
    plan = _plan(_street(), "P2")
    assert _closing(plan) == {"V2", "V3"}
    assert {step.asset_id: step.holds_back for step in plan.valves_to_close} == {"V2": ("S",), "V3": ("T",)}
    assert plan.zone_pipes == ("P2",)
    assert [step.order for step in plan.valves_to_close] == [1, 2]


def test_each_valve_names_the_pipes_beyond_it() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B").pipe("P3", "B", "T").source("T")
    plan = Isolator(town.valve("V1", on="P2", at="A").valve("V2", on="P2", at="B").build()).plan(["P2"])
    assert {step.asset_id: step.beyond for step in plan.valves_to_close} == {"V1": ("P1",), "V2": ("P3",)}


def test_a_dead_end_beyond_an_open_valve_falls_dry_and_its_valve_stays_open() -> None:
    town = _street().pipe("D1", "B", "E").valve("VD", on="D1", at="B").customer("C1", on="D1", households=7, critical="dialysis")
    plan = _plan(town, "P2")
    assert plan.dry_pocket_pipes == ("D1",)
    assert "VD" not in _closing(plan)
    assert plan.customers_without_water == ("C1",)
    assert plan.households_without_water == 7
    assert [customer.critical for customer in plan.critical_customers] == ["dialysis"]


def test_a_stuck_valve_grows_the_zone_and_the_next_valve_is_closed() -> None:
    plan = _plan(_street(), "P2", V3=ValveOverride(operable=False))
    assert set(plan.zone_pipes) == {"P2", "P3"}
    assert _closing(plan) == {"V2", "V4"}
    assert {step.asset_id: step.reason for step in plan.valves_to_close} == {"V2": "border", "V4": "beyond_unclosable"}
    assert plan.unable == ("V3",)


def test_a_closed_valve_is_a_wall_even_when_broken_and_is_relied_on() -> None:
    plan = _plan(_street(), "P2", V3=ValveOverride(ValveState.CLOSED, operable=False))
    assert _closing(plan) == {"V2"}
    assert [(reliance.asset_id, reliance.why, reliance.beyond) for reliance in plan.relies_on] == [("V3", "closed", ("V4",))]
    assert set(plan.valves_bounding) == {"V2", "V3"}


def test_a_valve_of_unknown_state_passes_for_the_cut() -> None:
    plan = _plan(_street(), "P2", V3=ValveOverride(ValveState.UNKNOWN))
    assert set(plan.zone_pipes) == {"P2", "P3"}


def test_a_valve_of_unknown_state_is_shut_for_supply_and_the_plan_says_it_relies_on_it() -> None:
    plan = _plan(_street(), "P2", V4=ValveOverride(ValveState.UNKNOWN))
    assert _closing(plan) == {"V2"}
    assert plan.dry_pocket_pipes == ("P3",)
    assert [(reliance.asset_id, reliance.why) for reliance in plan.relies_on] == [("V4", "unknown_state")]


def test_an_outgoing_one_way_valve_holds_and_is_never_closed() -> None:
    plan = _plan(_street(), "P2", V3=ValveOverride(flows_to="P3"))
    assert _closing(plan) == {"V2"}
    assert set(plan.valves_bounding) == {"V2", "V3"}
    assert [(reliance.asset_id, reliance.why) for reliance in plan.relies_on] == [("V3", "one_way")]


def test_the_zone_grows_upstream_through_a_one_way_valve() -> None:
    plan = _plan(_street(), "P2", V2=ValveOverride(flows_to="P2"))
    assert set(plan.zone_pipes) == {"P1", "P2"}
    assert {step.asset_id: step.reason for step in plan.valves_to_close} == {"V1": "beyond_one_way", "V3": "border"}


def test_a_one_way_valve_that_does_not_work_counts_as_open_both_ways() -> None:
    plan = _plan(_street(), "P2", V3=ValveOverride(operable=False, flows_to="P3"))
    assert _closing(plan) == {"V2", "V4"}


def test_a_source_that_can_only_be_reached_against_a_one_way_valve_is_no_source() -> None:
    plan = _plan(_street(), "P2", V4=ValveOverride(flows_to="P4"))
    assert _closing(plan) == {"V2"}
    assert plan.dry_pocket_pipes == ("P3",)


def test_a_source_inside_means_not_isolatable_and_is_named() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B").valve("V2", on="P2", at="A")
    plan = _plan(town, "P1")
    assert not plan.isolatable
    assert plan.sources_inside == ("S",)
    assert plan.dry_pocket_pipes == ("P2",)


def test_isolation_does_not_spread_through_a_source() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").valve("V1", on="P1", at="S").pipe("P2", "S", "B")
    plan = _plan(town, "P1")
    assert plan.isolatable
    assert plan.zone_pipes == ("P1",)
    assert plan.dry_pocket_pipes == ()


@pytest.mark.parametrize("kind", [ValveKind.METER, ValveKind.TCV, ValveKind.PRV])
def test_meters_throttle_valves_and_prvs_are_no_boundary(kind: ValveKind) -> None:
    town = _street().pipe("P5", "E", "F").valve("M", between=("A", "E"), kind=kind).valve("V5", on="P5", at="E")
    plan = _plan(town, "P2")
    assert "M" not in _closing(plan)


def test_a_prv_supplies_only_in_its_own_direction() -> None:
    town = a_network().source("S").source("T").pipe("P1", "S", "A").valve("V1", on="P1", at="A")
    town.pipe("P2", "A", "B").valve("V2", on="P2", at="B").pipe("P3", "B", "C").valve("R", between=("C", "D"), kind=ValveKind.PRV)
    town.pipe("P4", "D", "T")
    plan = _plan(town, "P2")
    assert _closing(plan) == {"V1"}
    assert plan.dry_pocket_pipes == ("P3",)


def test_a_pump_supplies_in_its_own_direction_and_is_stopped_when_it_loses_its_suction() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").valve("V1", on="P1", at="S").pump("U", "B", "C").pipe("P2", "A", "B")
    town.valve("V2", on="P2", at="A").pipe("P3", "C", "D")
    plan = _plan(town, "P1")
    assert plan.pumps_to_stop == ("U",)
    assert set(plan.dry_pocket_pipes) == {"P2", "P3"}


def test_a_part_left_with_only_a_tank_is_limited_with_its_hours() -> None:
    town = (
        a_network()
        .source("S")
        .pipe("P1", "S", "A")
        .valve("V1", on="P1", at="S")
        .pipe("P2", "A", "B")
        .valve("V2", on="P2", at="A")
    )
    tank = {"tank_level_m": 4.0, "tank_min_m": 1.0, "tank_max_m": 6.0, "tank_diameter_m": 10.0}
    town.pipe("P3", "B", "W").valve("V3", on="P3", at="B").tank("W", **tank).customer("C1", on="P2", demand_m3h=10.0)
    plan = _plan(town, "P1")
    assert _closing(plan) == {"V1", "V2"}
    (limit,) = plan.limited_by_tank
    assert (limit.asset_id, set(limit.pipes)) == ("W", {"P2", "P3"})
    assert limit.hours == pytest.approx(3.0 * 78.5398 / 10.0, rel=1e-4)


def test_several_bursts_give_one_plan() -> None:
    plan = _plan(_street(), "P2", "P3")
    assert _closing(plan) == {"V2", "V4"}


def test_a_valve_at_a_node_shuts_every_pipe_there() -> None:
    town = a_network().source("S").pipe("P1", "S", "J").pipe("P2", "J", "B").pipe("P3", "J", "C").valve("V", at="J")
    plan = _plan(town, "P2")
    assert _closing(plan) == {"V"}
    assert plan.zone_pipes == ("P2",)
    assert plan.dry_pocket_pipes == ("P3",)


def test_a_valve_made_needless_by_a_three_pipe_valve_stays_open() -> None:
    town = a_network().source("S").pipe("P1", "S", "J").pipe("P2", "J", "B").pipe("P3", "J", "C").valve("W", at="J")
    town.pipe("P4", "B", "C").valve("V", on="P3", at="C")
    plan = _plan(town, "P2")
    assert _closing(plan) == {"W"}
    assert plan.dry_pocket_pipes == ("P3",)


def test_a_closed_valve_beside_a_dry_pocket_is_offered_for_reopening() -> None:
    town = _street().pipe("D1", "B", "E").valve("VD", on="D1", at="B").pipe("D2", "E", "C")
    town.valve("VN", on="D2", at="E", state=ValveState.CLOSED)
    assert _plan(town, "P2").reopen_candidates == ("VN",)
    assert _plan(town, "P2", VN=ValveOverride(operable=False)).reopen_candidates == ()


def test_a_pipe_closed_by_itself_supplies_nothing_but_is_no_boundary() -> None:
    town = a_network().source("S").pipe("P1", "S", "A").valve("V1", on="P1", at="A").pipe("P2", "A", "B")
    town.valve("V2", on="P2", at="B").pipe("P3", "B", "T", status=PipeStatus.CLOSED).source("T")
    assert _plan(town, "P2").dry_pocket_pipes == ()
    assert _closing(_plan(town, "P2")) == {"V1"}
    assert not _plan(town, "P3").isolatable


def test_an_area_cut_off_by_a_crews_mistake_counts_as_dry() -> None:
    town = _street().pipe("D1", "B", "E").valve("VD", on="D1", at="B").customer("C1", on="D1")
    plan = Isolator(town.build()).plan(["P2"], shut_by_crews=["VD"])
    assert plan.dry_pocket_pipes == ("D1",)
    assert plan.customers_without_water == ("C1",)


def test_hydrants_in_the_zone_and_its_pockets_are_lost() -> None:
    town = _street().pipe("D1", "B", "E").valve("VD", on="D1", at="B").hydrant("H1", at="E").hydrant("H2", at="C")
    assert _plan(town, "P2").hydrants_lost == ("H1",)


def test_the_last_valve_is_neither_the_largest_nor_the_worst_checked() -> None:
    town = a_network().pipe("P0", "A", "B")
    checks = {"V1": (100.0, ""), "V2": (600.0, "2024-01-01"), "V3": (200.0, "2023-05-01"), "V4": (300.0, "2022-05-01")}
    for number, (valve, (size, checked)) in enumerate(checks.items(), start=1):
        town.source(f"S{number}").pipe(f"P{number}", "A", f"S{number}")
        town.valve(valve, on=f"P{number}", at="A", diameter_mm=size, last_checked=checked)
    order = [step.asset_id for step in _plan(town, "P0").valves_to_close]
    assert order[-1] == "V4"
    assert order[0] == "V1"


def test_remote_valves_come_first_and_take_seconds() -> None:
    plan = _plan(_street().valve("V3", on="P3", at="B", control="remote"), "P2")
    first = plan.valves_to_close[0]
    assert (first.asset_id, first.control) == ("V3", "remote")
    assert first.minutes is not None
    assert first.minutes <= 1.0


def test_split_pieces_are_burst_by_the_id_of_their_source() -> None:
    town = a_network().source("S").pipe("P1~1", "S", "A", source_id="P1").pipe("P1~2", "A", "B", source_id="P1")
    town.valve("V1", on="P1~1", at="S")
    assert _plan(town, "P1").burst_pipes == ("P1~1", "P1~2")


def test_unknown_ids_are_named() -> None:
    isolator = Isolator(_street().build())
    with pytest.raises(UnknownAsset, match="P9"):
        isolator.plan(["P9"])
    with pytest.raises(UnknownAsset, match="V9"):
        isolator.plan(["P2"], valves={"V9": ValveOverride(operable=False)})
    with pytest.raises(UnknownAsset, match="P77"):
        isolator.plan(["P2"], valves={"V2": ValveOverride(flows_to="P77")})
    with pytest.raises(InputFault, match="no burst pipe"):
        isolator.plan([])


def test_alternatives_give_the_effect_of_each_failing_valve() -> None:
    town = _street().customer("C3", on="P3", households=30).customer("C1", on="P1", households=10)
    plan = _plan(town, "P2")
    found = {
        other.cannot_close: (other.isolatable, other.more_valves, other.households_without_water) for other in plan.alternatives
    }
    assert found == {"V2": (True, ("V1",), 10), "V3": (True, ("V4",), 30)}
    assert [other.cannot_close for other in plan.alternatives] == ["V2", "V3"]


def test_a_network_with_isolated_nodes_and_valves_without_pipes_is_planned() -> None:
    town = a_network().node("X").node("Y").valve("V0", between=("X", "Y")).valve("V1", at="X").pipe("P1", "A", "A")
    plan = _plan(town, "P1")
    assert plan.isolatable
    assert plan.valves_to_close == ()
    assert plan.minutes is None


def test_a_well_and_a_pump_from_outside_are_sources() -> None:
    town = (
        a_network().node("W", kind=NodeKind.WELL).node("O", kind=NodeKind.OUTSIDE_PUMP).pipe("P1", "W", "A").pipe("P2", "A", "O")
    )
    town.valve("V1", on="P1", at="W").valve("V2", on="P2", at="O")
    assert _closing(_plan(town, "P1")) == {"V1", "V2"}


def test_a_part_fed_only_through_a_valve_of_unknown_state_is_warned_about() -> None:
    town = (
        a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B").valve("V1", on="P1", at="A", state=ValveState.UNKNOWN)
    )
    plan = Isolator(town.valve("V2", on="P2", at="A").build()).plan(["P2"])
    assert plan.valves_to_close == ()
    assert any("V1" in warning and "unknown" in warning for warning in plan.warnings)


def test_a_valve_at_a_source_of_two_pipes_shuts_both_and_the_valve_at_the_other_end_stays_open() -> None:
    """A ring of two pipes from one source; the only valve at the source's node shuts the ends of both."""
    town = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "S", "A")
    plan = _plan(town.valve("VS", at="S").valve("VA", on="P1", at="A"), "P1")
    assert _closing(plan) == {"VS"}
    assert plan.dry_pocket_pipes == ("P2",)
