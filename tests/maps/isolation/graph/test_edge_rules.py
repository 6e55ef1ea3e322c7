"""Plans on random small networks against brute force, and the invariants every plan keeps."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from maps.isolation import Isolator, ValveOverride
from maps.network import PipeNetwork, ValveState
from tests.maps.isolation.networks import city_of, networks
from tests.maps.isolation.oracle import Oracle, pipes_of

_RUNS = settings(max_examples=120, deadline=None)


def _bursts(network: PipeNetwork, numbers: list[int]) -> list[int]:
    return sorted({number % len(network.pipes) for number in numbers})


@given(network=networks(closed_pipes=True), numbers=st.lists(st.integers(0, 20), min_size=1, max_size=2), ignore=st.booleans())
@_RUNS
def test_zone_valves_pockets_and_sources_are_those_of_brute_force(network: PipeNetwork, numbers: list[int], ignore: bool) -> None:
    bursts = _bursts(network, numbers)
    oracle = Oracle(network, ignore_one_way=ignore)
    plan = Isolator(city_of(network)).plan(network.pipes.ids(bursts), ignore_one_way=ignore, alternatives=False)
    zone = oracle.zone(bursts)
    closing = set(network.valves.rows(step.asset_id for step in plan.valves_to_close).tolist())
    assert set(plan.zone_pipes) == set(network.pipes.ids(sorted(pipes_of(zone))))
    assert set(plan.sources_inside) == set(network.nodes.ids(sorted(oracle.sources_in(zone))))
    assert plan.isolatable == (not oracle.sources_in(zone))
    wanted = oracle.to_close(zone)
    assert closing <= wanted
    assert closing == wanted or any(_pipes_at(oracle, valve) > 1 for valve in wanted)
    assert set(plan.dry_pocket_pipes) == set(network.pipes.ids(sorted(pipes_of(oracle.dry(zone, closing)))))
    bounding = {joint.valve for joint, _ in oracle.border(zone)} - {-1, -2}
    assert set(plan.valves_bounding) == set(network.valves.ids(sorted(bounding)))
    gone = set(plan.zone_pipes) | set(plan.dry_pocket_pipes)
    assert set(plan.customers_without_water) == {f"C{pipe[1:]}" for pipe in gone}
    assert plan.households_without_water == len(gone)


def _pipes_at(oracle: Oracle, valve: int) -> int:
    return sum(joint.valve == valve for joint in oracle.joints)


@given(network=networks(closed_pipes=True), number=st.integers(0, 20))
@_RUNS
def test_closing_the_planned_valves_keeps_sources_out_and_each_is_needed(network: PipeNetwork, number: int) -> None:
    bursts = _bursts(network, [number])
    plan = Isolator(city_of(network)).plan(network.pipes.ids(bursts), alternatives=False)
    oracle = Oracle(network)
    zone = oracle.zone(bursts)
    closing = set(network.valves.rows(step.asset_id for step in plan.valves_to_close).tolist())

    def reached(closed: set[int]) -> bool:
        fed = oracle.fed(zone, closed)
        pressing = [(joint, far) for joint, far in oracle.border(zone) if far in fed and joint.valve not in closed]
        return any(oracle.supplies(joint, far == joint.a) for joint, far in pressing)

    assert not reached(closing)
    for valve in closing:
        assert reached(closing - {valve})


@given(network=networks(closed_pipes=True), number=st.integers(0, 20))
@settings(max_examples=80, deadline=None)
def test_an_alternative_is_the_plan_computed_anew_with_that_valve_stuck(network: PipeNetwork, number: int) -> None:
    burst = network.pipes.ids(_bursts(network, [number]))
    isolator = Isolator(city_of(network))
    plan = isolator.plan(burst)
    assert {other.cannot_close for other in plan.alternatives} == {step.asset_id for step in plan.valves_to_close}
    for other in plan.alternatives:
        valves = network.valves
        operable = valves.operable.copy()
        operable[valves.row(other.cannot_close)] = False
        stuck = PipeNetwork(network.nodes, network.pipes, network.pumps, valves.replaced(operable=operable), network.crs)
        anew = Isolator(city_of(stuck)).plan(burst, alternatives=False)
        assert other.isolatable == anew.isolatable
        assert other.valves_to_close == tuple(step.asset_id for step in anew.valves_to_close)
        assert other.households_without_water == anew.households_without_water


@given(
    network=networks(closed_pipes=True),
    number=st.integers(0, 20),
    changes=st.lists(
        st.tuples(st.integers(0, 20), st.sampled_from([None, *ValveState]), st.sampled_from([None, True, False]), st.booleans()),
        max_size=4,
    ),
)
@_RUNS
def test_a_corrected_valve_is_planned_with_as_if_the_dataset_said_so(
    network: PipeNetwork, number: int, changes: list[tuple[int, ValveState | None, bool | None, bool]]
) -> None:
    valves = network.valves
    state, operable, flows_to = valves.state.copy(), valves.operable.copy(), valves.flows_to.copy()
    overrides: dict[str, ValveOverride] = {}
    for row, new_state, new_operable, clear in changes if len(valves) else []:
        at = row % len(valves)
        override = ValveOverride()
        if new_state is not None:
            state[at] = new_state
            override = ValveOverride(new_state, override.operable, override.flows_to)
        if new_operable is not None:
            operable[at] = new_operable
            override = ValveOverride(override.state, new_operable, override.flows_to)
        if clear:
            flows_to[at] = -1
            override = ValveOverride(override.state, override.operable, None)
        if str(valves.asset_id[at]) in overrides:
            return
        overrides[str(valves.asset_id[at])] = override
    burst = network.pipes.ids(_bursts(network, [number]))
    table = valves.replaced(state=state, operable=operable, flows_to=flows_to)
    changed = PipeNetwork(network.nodes, network.pipes, network.pumps, table, network.crs)
    one = Isolator(city_of(network)).plan(burst, valves=overrides, alternatives=False)
    other = Isolator(city_of(changed)).plan(burst, alternatives=False)
    for name in ("zone_pipes", "dry_pocket_pipes", "valves_bounding", "sources_inside", "isolatable"):
        assert getattr(one, name) == getattr(other, name), name
    assert [step.asset_id for step in one.valves_to_close] == [step.asset_id for step in other.valves_to_close]
