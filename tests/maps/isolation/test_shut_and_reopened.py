"""Valves shut for the case, directions corrected, candidates for reopening: against brute force on small random networks."""

from __future__ import annotations

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from maps.isolation import Isolator, ValveOverride, segments_of_pipes
from maps.network import PipeNetwork, ValveState
from tests.maps.isolation.networks import city_of, networks
from tests.maps.isolation.oracle import Oracle, Place, pipes_of

_RUNS = settings(max_examples=80, deadline=None)


@given(network=networks(), number=st.integers(0, 20), picks=st.lists(st.integers(0, 40), min_size=1, max_size=3))
@_RUNS
def test_whatever_lost_its_water_by_valves_shut_for_the_case_is_dry(network: PipeNetwork, number: int, picks: list[int]) -> None:
    assume(len(network.valves))
    shut = sorted({pick % len(network.valves) for pick in picks})
    burst = number % len(network.pipes)
    names = network.valves.ids(shut)
    plan = Isolator(city_of(network)).plan(network.pipes.ids([burst]), shut_by_crews=names, alternatives=False)
    before, after = Oracle(network), Oracle(network)
    for row in shut:
        after.state[row] = ValveState.CLOSED
    zone = after.zone([burst])
    closing = set(network.valves.rows(step.asset_id for step in plan.valves_to_close).tolist())
    closed_places = {place for joint in after.joints if joint.valve in shut for place in (joint.a, joint.b)} - zone
    beyond = after.below(closed_places, zone) - after.fed(zone, closing) - zone
    lost = pipes_of(beyond) & pipes_of(before.fed(set(), set()))
    assert set(network.pipes.ids(sorted(lost))) <= set(plan.dry_pocket_pipes)
    assert set(plan.dry_pocket_pipes) <= set(network.pipes.ids(sorted(pipes_of(after.dry(zone, closing) | beyond))))
    assert not {step.asset_id for step in plan.valves_to_close} & set(names)


@given(network=networks(), number=st.integers(0, 20), pick=st.integers(0, 40), way=st.integers(0, 20))
@_RUNS
def test_a_direction_corrected_for_one_plan_is_as_if_the_dataset_said_so(
    network: PipeNetwork, number: int, pick: int, way: int
) -> None:
    valves, pipes = network.valves, network.pipes
    assume(len(valves))
    row = pick % len(valves)
    here = {int(valves.node[row]), int(valves.from_node[row]), int(valves.to_node[row])} - {-1}
    near = [n for n in range(len(pipes)) if here & {int(pipes.from_node[n]), int(pipes.to_node[n])}]
    assume(near)
    into = near[way % len(near)]
    flows_to = valves.flows_to.copy()
    flows_to[row] = into
    changed = PipeNetwork(network.nodes, pipes, network.pumps, valves.replaced(flows_to=flows_to), network.crs)
    burst = pipes.ids([number % len(pipes)])
    override = {str(valves.asset_id[row]): ValveOverride(flows_to=str(pipes.asset_id[into]))}
    one = Isolator(city_of(network)).plan(burst, valves=override, alternatives=False)
    other = Isolator(city_of(changed)).plan(burst, alternatives=False)
    assert (one.zone_pipes, one.dry_pocket_pipes, one.sources_inside) == (
        other.zone_pipes,
        other.dry_pocket_pipes,
        other.sources_inside,
    )
    assert [step.asset_id for step in one.valves_to_close] == [step.asset_id for step in other.valves_to_close]


@given(network=networks(), number=st.integers(0, 20))
@_RUNS
def test_reopening_a_candidate_brings_water_to_a_dry_pocket_and_none_to_the_zone(network: PipeNetwork, number: int) -> None:
    burst = number % len(network.pipes)
    plan = Isolator(city_of(network)).plan(network.pipes.ids([burst]), alternatives=False)
    closing = set(network.valves.rows(step.asset_id for step in plan.valves_to_close).tolist())
    oracle = Oracle(network)
    zone = oracle.zone([burst])
    dry = oracle.dry(zone, closing)
    for name in plan.reopen_candidates:
        row = network.valves.row(name)
        assert network.valves.state[row] == ValveState.CLOSED
        opened = Oracle(network)
        opened.state[row] = ValveState.OPEN
        assert opened.fed(zone, closing) & dry
    # Each plan's own closing order never matters: what is dry depends on the set alone.
    assert set(plan.dry_pocket_pipes) == set(network.pipes.ids(sorted(pipes_of(dry))))


@given(network=networks())
@_RUNS
def test_segments_part_pipes_exactly_where_a_closable_valve_lies_between(network: PipeNetwork) -> None:
    label = segments_of_pipes(network)
    oracle = Oracle(network)
    for pipe in range(len(network.pipes)):
        reached: set[Place] = {("pipe", pipe, 0)}
        size = 0
        while len(reached) > size:
            size = len(reached)
            for joint in oracle.joints:
                if oracle.grows(joint, True) and oracle.grows(joint, False):
                    if joint.a in reached:
                        reached.add(joint.b)
                    if joint.b in reached:
                        reached.add(joint.a)
        assert pipes_of(reached) == {other for other in range(len(label)) if label[other] == label[pipe]}
