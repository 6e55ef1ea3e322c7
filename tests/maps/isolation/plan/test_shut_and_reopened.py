"""Valves shut for the case, directions corrected, candidates for reopening: against brute force on small random networks."""

from __future__ import annotations

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from maps.isolation import Isolator, ValveOverride, segments_of_pipes
from maps.network import CONTROL_VALVES, PipeNetwork, PipeStatus, ValveState
from tests.maps.isolation.networks import city_of, networks
from tests.maps.isolation.oracle import Oracle, Place, pipes_of

_RUNS = settings(max_examples=80, deadline=None)


@given(network=networks(closed_pipes=True), number=st.integers(0, 20), picks=st.lists(st.integers(0, 40), min_size=1, max_size=3))
@_RUNS
def test_segments_cut_off_by_valves_closed_for_the_incident_are_dry(network: PipeNetwork, number: int, picks: list[int]) -> None:
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
    touched = after.joined(closed_places, after.fed(zone, closing) | zone, closing)
    assert set(plan.dry_pocket_pipes) <= set(network.pipes.ids(sorted(pipes_of(after.dry(zone, closing) | touched))))
    assert not {step.asset_id for step in plan.valves_to_close} & set(names)


@given(network=networks(closed_pipes=True), number=st.integers(0, 20), pick=st.integers(0, 40), way=st.integers(0, 20))
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


@given(network=networks(closed_pipes=True), number=st.integers(0, 20))
@_RUNS
def test_reopening_a_candidate_brings_water_to_a_dry_pocket_and_none_to_the_zone(network: PipeNetwork, number: int) -> None:
    burst = number % len(network.pipes)
    plan = Isolator(city_of(network)).plan(network.pipes.ids([burst]), alternatives=False)
    closing = set(network.valves.rows(step.asset_id for step in plan.valves_to_close).tolist())
    oracle = Oracle(network)
    zone = oracle.zone([burst])
    dry = oracle.dry(zone, closing)
    for name in set(plan.reopen_candidates) - set(plan.reopen_pipes):
        row = network.valves.row(name)
        assert network.valves.state[row] == ValveState.CLOSED
        opened = Oracle(network)
        opened.state[row] = ValveState.OPEN
        assert opened.fed(zone, closing) & dry
    # Each plan's own closing order never matters: what is dry depends on the set alone.
    assert set(plan.dry_pocket_pipes) == set(network.pipes.ids(sorted(pipes_of(dry))))


@given(network=networks(closed_pipes=True), number=st.integers(0, 20))
@_RUNS
def test_exactly_the_closed_valves_and_pipes_that_feed_a_pocket_alone_are_candidates(network: PipeNetwork, number: int) -> None:
    burst = number % len(network.pipes)
    plan = Isolator(city_of(network)).plan(network.pipes.ids([burst]), alternatives=False)
    closing = set(network.valves.rows(step.asset_id for step in plan.valves_to_close).tolist())
    oracle = Oracle(network)
    zone = oracle.zone([burst])
    pocket = pipes_of(oracle.dry(zone, closing))
    valves, pipes = set[str](), set[str]()
    for row in range(len(network.valves)):
        turns = network.valves.operable[row] and int(network.valves.kind[row]) not in CONTROL_VALVES
        if network.valves.state[row] == ValveState.CLOSED and turns and row not in closing:
            opened = Oracle(network)
            opened.state[row] = ValveState.OPEN
            if pipes_of(opened.fed(zone, closing)) & pocket:
                valves.add(str(network.valves.asset_id[row]))
    for row in range(len(network.pipes)):
        if network.pipes.status[row] == PipeStatus.CLOSED:
            opened = Oracle(network)
            opened.status[row] = PipeStatus.OPEN
            if pipes_of(opened.fed(zone, closing)) & pocket:
                pipes.add(str(network.pipes.asset_id[row]))
    assert set(plan.reopen_candidates) == valves | pipes
    assert set(plan.reopen_pipes) == pipes
    for name in plan.reopen_candidates:
        opened = Oracle(network)
        if name in pipes:
            opened.status[network.pipes.row(name)] = PipeStatus.OPEN
        else:
            opened.state[network.valves.row(name)] = ValveState.OPEN
        fed = opened.fed(zone, closing)
        pressing = [(joint, far) for joint, far in opened.border(zone) if far in fed and joint.valve not in closing]
        into_zone = any(opened.supplies(joint, far == joint.a) for joint, far in pressing)
        assert (name in plan.reopen_feeds_burst) == into_zone


@given(network=networks(closed_pipes=True), number=st.integers(0, 20))
@_RUNS
def test_each_device_that_alone_keeps_water_out_is_relied_on(network: PipeNetwork, number: int) -> None:
    burst = number % len(network.pipes)
    plan = Isolator(city_of(network)).plan(network.pipes.ids([burst]), alternatives=False)
    closing = set(network.valves.rows(step.asset_id for step in plan.valves_to_close).tolist())
    oracle = Oracle(network)
    zone = oracle.zone([burst])
    inner = zone | oracle.dry(zone, closing)
    named = {entry.asset_id for entry in plan.relies_on if entry.why != "assumed" and not entry.in_series}
    wanted = set[str]()
    for is_pipe, name, row in _devices(network):
        if not is_pipe and row in closing:
            continue
        leaking = Oracle(network)
        for joint in leaking.joints:
            if (joint.closed_pipe if is_pipe else joint.valve) == row:
                joint.leaks = True
        fed = leaking.fed(zone, closing)
        pressed = any(joint.leaks and {joint.a, joint.b} & zone and {joint.a, joint.b} & fed for joint in leaking.joints)
        if pressed or fed & inner:
            wanted.add(name)
    assert named == wanted


def _devices(network: PipeNetwork) -> list[tuple[bool, str, int]]:
    """(is a pipe, id, row) of what may keep water out: closed, one-way and unknown valves, closed pipes."""
    valves, pipes = network.valves, network.pipes
    shut = [ValveState.CLOSED, ValveState.UNKNOWN]
    one_way = (valves.flows_to >= 0) & valves.operable & ~np.isin(valves.kind, CONTROL_VALVES)
    barring = [row for row in range(len(valves)) if valves.state[row] in shut or one_way[row]]
    closed = [row for row in range(len(pipes)) if pipes.status[row] == PipeStatus.CLOSED]
    found = [(False, str(valves.asset_id[row]), row) for row in barring]
    return found + [(True, str(pipes.asset_id[row]), row) for row in closed]


@given(network=networks(closed_pipes=True), number=st.integers(0, 20))
@_RUNS
def test_a_dry_part_that_no_source_fed_before_is_marked_and_stays_listed(network: PipeNetwork, number: int) -> None:
    burst = number % len(network.pipes)
    plan = Isolator(city_of(network)).plan(network.pipes.ids([burst]), alternatives=False)
    fed = network.pipes.ids(sorted(pipes_of(Oracle(network).fed(set(), set()))))
    assert set(plan.without_supply_before) == set(plan.dry_pocket_pipes) - set(fed)
    customers = {f"C{pipe[1:]}" for pipe in plan.without_supply_before}
    assert set(plan.customers_without_supply_before) == customers <= set(plan.customers_without_water)
    assert plan.households_without_supply_before == len(customers)


@given(network=networks(closed_pipes=True))
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
