"""Traces: reached pipes, directions, reasons for stopping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.network import NodeKind, PipeNetwork, PipeStatus, ValveKind, ValveState
from maps.trace import Trace, connected, downstream, ends_of_pipe, islands, resistance, shortest_path, supply_path, upstream
from tests.builders import NetworkBuilder, a_network
from tests.maps.isolation.networks import networks


def _row() -> NetworkBuilder:
    """S =P1= A =P2= B =P3= C, 100 m each."""
    town = a_network().source("S")
    for number, (start, end) in enumerate([("S", "A"), ("A", "B"), ("B", "C")], start=1):
        town.pipe(f"P{number}", start, end, length_m=100.0)
    return town


def _pipes(network: PipeNetwork, trace: Trace) -> list[str]:
    return list(network.pipes.ids(trace.pipes))


def _reasons(trace: Trace) -> set[tuple[str, str]]:
    return {(stop.reason, stop.asset_id) for stop in trace.stops}


def test_a_connected_trace_stops_at_a_closed_valve_and_says_so() -> None:
    network = _row().valve("V3", on="P3", at="C", state=ValveState.CLOSED).network()
    trace = connected(network, network.nodes.row("A"))
    assert _pipes(network, trace) == ["P1", "P2", "P3"]
    assert set(network.nodes.ids(trace.nodes)) == {"S", "A", "B"}
    assert _reasons(trace) == {("closed_valve", "V3"), ("source", "S")}
    assert trace.length_m == pytest.approx(300.0)


def test_a_connected_trace_does_not_cross_a_source() -> None:
    network = _row().pipe("P9", "S", "Z").network()
    assert "P9" not in _pipes(network, connected(network, network.nodes.row("C")))


def test_barriers_stop_a_trace() -> None:
    network = _row().network()
    barrier = np.array([False, True, False])
    trace = connected(network, network.nodes.row("C"), barrier_pipes=barrier)
    assert _pipes(network, trace) == ["P3"]
    assert ("barrier", "P2") in _reasons(trace)


def test_a_closed_pipe_and_an_unknown_valve_stop_a_trace() -> None:
    network = (
        _row().pipe("P4", "C", "D", status=PipeStatus.CLOSED).valve("V2", on="P2", at="A", state=ValveState.UNKNOWN).network()
    )
    trace = connected(network, network.nodes.row("B"))
    assert _reasons(trace) == {("closed_pipe", "P4"), ("unknown_valve", "V2")}


def test_upstream_and_downstream_follow_the_solved_flow() -> None:
    network = _row().network()
    flows = np.array([10.0, 5.0, -5.0])
    at_b = network.nodes.row("B")
    assert _pipes(network, upstream(network, at_b, flows=flows)) == ["P1", "P2", "P3"]
    assert _pipes(network, downstream(network, network.nodes.row("A"), flows=flows)) == ["P2"]
    assert upstream(network, at_b, flows=flows).basis == "flow"


def test_without_flows_only_one_way_devices_give_a_direction_and_the_rest_is_reported() -> None:
    network = _row().valve("V2", on="P2", at="A", kind=ValveKind.CHECK, flows_to="P2").network()
    trace = downstream(network, network.nodes.row("B"))
    assert _pipes(network, trace) == ["P3"]
    assert network.pipes.ids(trace.unknown_direction) == ("P3",)
    assert ("one_way", "V2") in _reasons(trace)
    assert trace.basis == "one-way devices"


def test_the_supply_path_runs_from_the_source_to_the_pipe_through_open_valves() -> None:
    town = _row().pipe("P5", "A", "C", length_m=50.0).valve("V5", on="P5", at="A", state=ValveState.CLOSED)
    network = town.network()
    trace = supply_path(network, network.pipes.row("P3"))
    assert _pipes(network, trace) == ["P1", "P2", "P3"]
    assert network.nodes.ids(trace.nodes)[0] == "S"
    assert trace.basis == "shortest path"


def test_the_supply_path_follows_solved_flows_when_given() -> None:
    network = _row().pipe("P4", "A", "X", length_m=500.0).pipe("P5", "X", "B", length_m=500.0).network()
    flows = np.array([10.0, 1.0, 8.0, 9.0, 9.0])
    trace = supply_path(network, network.pipes.row("P3"), flows)
    assert _pipes(network, trace) == ["P1", "P4", "P5", "P3"]
    assert trace.basis == "flow"


def test_a_pipe_without_a_source_has_no_supply_path() -> None:
    network = a_network().pipe("P1", "A", "B").network()
    assert not supply_path(network, 0).found


def test_the_shortest_path_goes_through_its_via_point_and_round_what_is_avoided() -> None:
    network = _row().pipe("P4", "A", "X", length_m=60.0).pipe("P5", "X", "C", length_m=60.0).network()
    row = network.nodes.row
    assert _pipes(network, shortest_path(network, [row("A"), row("C")])) == ["P4", "P5"]
    assert _pipes(network, shortest_path(network, [row("A"), row("B"), row("C")])) == ["P2", "P3"]
    avoid = np.array([network.pipes.asset_id[n] == "P5" for n in range(5)])
    assert _pipes(network, shortest_path(network, [row("A"), row("C")], avoid_pipes=avoid)) == ["P2", "P3"]


def test_by_resistance_a_wide_detour_beats_a_narrow_way() -> None:
    town = a_network().pipe("N", "A", "B", length_m=100.0, diameter_mm=100.0)
    town.pipe("W1", "A", "X", length_m=150.0, diameter_mm=400.0).pipe("W2", "X", "B", length_m=150.0, diameter_mm=400.0)
    network = town.network()
    ends = [network.nodes.row("A"), network.nodes.row("B")]
    assert _pipes(network, shortest_path(network, ends)) == ["N"]
    assert _pipes(network, shortest_path(network, ends, cost=resistance(network))) == ["W1", "W2"]


def test_islands_are_disconnected_parts_each_with_or_without_a_source() -> None:
    network = _row().pipe("Q1", "X", "Y").network()
    count, label, fed = islands(network)
    assert count == 2
    assert fed[label[network.nodes.row("C")]]
    assert not fed[label[network.nodes.row("X")]]


@given(network=networks(), start=st.integers(0, 8))
@settings(max_examples=100, deadline=None)
def test_connected_nodes_are_those_that_a_plain_flood_reaches(network: PipeNetwork, start: int) -> None:
    here = start % len(network.nodes)
    assert set(connected(network, here).nodes.tolist()) == _flood(network, here)


def _flood(network: PipeNetwork, start: int) -> set[int]:
    ways = [way for pipe in range(len(network.pipes)) for way in _through(network, pipe)]
    valves, pumps = network.valves, network.pumps
    shut = (ValveState.CLOSED, ValveState.UNKNOWN)
    links = [row for row in range(len(valves)) if valves.from_node[row] >= 0 and valves.state[row] not in shut]
    ways += [(int(valves.from_node[row]), int(valves.to_node[row])) for row in links]
    ways += [(int(pumps.from_node[row]), int(pumps.to_node[row])) for row in range(len(pumps))]
    seen, size = {start}, 0
    while len(seen) > size:
        size = len(seen)
        for one, other in ways:
            for a, b in ((one, other), (other, one)):
                if a in seen and (a == start or network.nodes.kind[a] < NodeKind.SOURCE):
                    seen.add(b)
    return seen


def _through(network: PipeNetwork, pipe: int) -> list[tuple[int, int]]:
    """The pipe as a way, when water may run through it one way at least."""
    pipes, valves = network.pipes, network.valves
    a, b = int(pipes.from_node[pipe]), int(pipes.to_node[pipe])
    onward = back = True
    for row in range(len(valves)):
        if valves.from_node[row] >= 0 or not (valves.pipe[row] == pipe or (valves.pipe[row] < 0 and valves.node[row] in (a, b))):
            continue
        if valves.state[row] in (ValveState.CLOSED, ValveState.UNKNOWN):
            return []
        into = int(valves.flows_to[row])
        if into >= 0 and valves.operable[row]:
            for node, leaves in ((a, "back"), (b, "onward")):
                if valves.node[row] == node:
                    inward = into == pipe
                    onward &= inward != (leaves == "onward")
                    back &= inward != (leaves == "back")
    return [(a, b)] if onward or back else []


def test_a_trace_from_a_pipe_begins_where_its_water_may_go() -> None:
    network = _row().valve("V2", on="P2", at="A", state=ValveState.CLOSED).network()
    row = network.pipes.row("P2")
    assert network.nodes.ids(ends_of_pipe(network, row)) == ("B",)
    both = _row().valve("V1", on="P2", at="A", flows_to="P2").network()
    assert both.nodes.ids(ends_of_pipe(both, row, upstream=True)) == ("A", "B")
    assert both.nodes.ids(ends_of_pipe(both, row, upstream=False)) == ("B",)
