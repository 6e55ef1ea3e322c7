"""Directions by flow, shares of the sources, loops: each against plain arithmetic on small networks."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.network import NodeKind, PipeNetwork, PipeStatus, ValveState
from maps.trace import (
    ASSUMED,
    Flows,
    assumed_flows,
    connected,
    downstream,
    ends_of_pipe,
    head_loss,
    loops,
    profile,
    shortest_path,
    source_shares,
    summary,
    upstream,
)
from tests.builders import a_network
from tests.maps.isolation.networks import networks


def _flows(network: PipeNetwork, pipes: list[float]) -> Flows:
    return Flows(np.array(pipes, dtype=np.float64), np.full(len(network.pumps), np.nan), np.full(len(network.valves), np.nan))


def _two_sources() -> PipeNetwork:
    """S brings 6 and T 2 to A; of A's 8, B gets 3; U feeds B with 1."""
    town = a_network().source("S").source("T").source("U")
    town.pipe("P1", "S", "A").pipe("P2", "A", "T").pipe("P3", "A", "B").pipe("P4", "U", "B").pipe("P5", "B", "C")
    return town.network()


def test_shares_of_the_sources_are_mixed_by_flow() -> None:
    network = _two_sources()
    flows = _flows(network, [6.0, -2.0, 3.0, 1.0, 0.5])
    found = source_shares(network, network.nodes.row("C"), flows)
    assert network.nodes.ids(found.sources) == ("S", "U", "T")
    assert found.shares == pytest.approx((0.5625, 0.25, 0.1875))
    assert found.unknown == pytest.approx(0.0, abs=1e-6)


def test_standing_water_has_no_known_source() -> None:
    network = _two_sources()
    assert source_shares(network, network.nodes.row("C"), _flows(network, [6.0, -2.0, 3.0, 1.0, 0.0])).unknown == 1.0
    with pytest.raises(ValueError, match="assumed"):
        source_shares(network, 0, assumed_flows(network))


@given(network=networks(), sizes=st.lists(st.integers(-5, 5), min_size=14, max_size=14), at=st.integers(0, 8))
@settings(max_examples=80, deadline=None)
def test_shares_are_those_of_mixing_again_and_again(network: PipeNetwork, sizes: list[int], at: int) -> None:
    here = at % len(network.nodes)
    flow = np.array(sizes[: len(network.pipes)], dtype=np.float64)
    found = source_shares(network, here, _flows(network, flow.tolist()))
    wanted = _mixed(network, flow)[here]
    shares = dict(zip(found.sources.tolist(), found.shares, strict=True))
    for source in np.flatnonzero(network.nodes.kind >= NodeKind.SOURCE).tolist():
        assert shares.get(source, 0.0) == pytest.approx(wanted[source], abs=2e-3)


def _mixed(network: PipeNetwork, flow: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[list[float]]:
    """Shares per node by mixing the inflows two thousand times."""
    count = len(network.nodes)
    is_source = (network.nodes.kind >= NodeKind.SOURCE).tolist()
    start, end = network.pipes.from_node.tolist(), network.pipes.to_node.tolist()
    ways = [(a, b, q) if q > 0 else (b, a, -q) for a, b, q in zip(start, end, flow.tolist(), strict=True) if q]
    shares = np.zeros((count, count))
    for node in range(count):
        shares[node, node] = float(is_source[node])
    into = np.zeros((count, count))
    for giver, taker, size in ways:
        if not is_source[taker]:
            into[taker, giver] += size
    total = into.sum(axis=1, keepdims=True)
    mix = np.divide(into, total, out=np.zeros_like(into), where=total > 0)
    for _ in range(2000):
        shares = np.where(np.array(is_source)[:, None], np.eye(count), mix @ shares)
    return shares.tolist()


def test_a_trace_by_flow_reports_standing_pipes_and_does_not_pass_them() -> None:
    network = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B").pipe("P3", "A", "C").network()
    trace = downstream(network, network.nodes.row("A"), flows=_flows(network, [5.0, 5.0, 0.0]))
    assert network.pipes.ids(trace.pipes) == ("P2",)
    assert network.pipes.ids(trace.unknown_direction) == ("P3",)
    assert trace.stops == ()


@given(network=networks(plain=True), sizes=st.lists(st.integers(-2, 2), min_size=14, max_size=14), at=st.integers(0, 8))
@settings(max_examples=60, deadline=None)
def test_downstream_by_flow_is_upstream_seen_from_the_other_end(network: PipeNetwork, sizes: list[int], at: int) -> None:
    here, flows = at % len(network.nodes), _flows(network, [float(size) for size in sizes[: len(network.pipes)]])
    for node in downstream(network, here, flows=flows).nodes.tolist():
        if network.nodes.kind[node] < NodeKind.SOURCE and network.nodes.kind[here] < NodeKind.SOURCE:
            assert here in upstream(network, node, flows=flows).nodes


def test_a_trace_from_a_pipe_starts_at_its_inflow_or_outflow_end() -> None:
    network = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "B", "A").network()
    flows = _flows(network, [5.0, -5.0])
    row = network.pipes.row("P2")
    assert network.nodes.ids(ends_of_pipe(network, row, upstream=True, flows=flows)) == ("A",)
    assert network.nodes.ids(ends_of_pipe(network, row, upstream=False, flows=flows)) == ("B",)


def test_assumed_directions_lead_away_from_the_nearest_source_and_are_named() -> None:
    town = a_network().source("S").pipe("P1", "A", "S", length_m=10.0).pipe("P2", "A", "B", length_m=10.0)
    network = town.pipe("P3", "A", "C", length_m=10.0).pipe("P4", "B", "C", length_m=10.0).network()
    flows = assumed_flows(network)
    assert flows.pipe_m3h[:3].tolist() == [-1.0, 1.0, 1.0]
    trace = downstream(network, network.nodes.row("A"), flows=flows)
    assert network.pipes.ids(trace.pipes) == ("P2", "P3")
    assert network.pipes.ids(trace.unknown_direction) == ("P4",)
    assert trace.basis == ASSUMED


@given(network=networks())
@settings(max_examples=30, deadline=None)
def test_a_pipe_is_in_a_loop_when_its_ends_stay_joined_without_it(network: PipeNetwork) -> None:
    found = loops(network)
    for row in range(len(network.pipes)):
        a, b = int(network.pipes.from_node[row]), int(network.pipes.to_node[row])
        status = network.pipes.status.copy()
        status[row] = PipeStatus.CLOSED
        without = PipeNetwork(network.nodes, network.pipes.replaced(status=status), network.pumps, network.valves, network.crs)
        passes = row in _passing(network)
        second = a == b or b in _joined(without, a)
        assert (found.loop[row] >= 0) == (passes and second)


def _passing(network: PipeNetwork) -> list[int]:
    """Pipes that let water through one way at least: by a trace along each alone."""
    found = []
    for row in range(len(network.pipes)):
        others = np.arange(len(network.pipes)) != row
        a, b = int(network.pipes.from_node[row]), int(network.pipes.to_node[row])
        plain = network.nodes.replaced(kind=np.zeros(len(network.nodes)))
        links = network.valves.is_link
        valves = network.valves.replaced(state=np.where(links, ValveState.CLOSED, network.valves.state))
        alone = PipeNetwork(plain, network.pipes, type(network.pumps).empty(), valves, network.crs)
        if a == b or b in connected(alone, a, barrier_pipes=others).nodes:
            found.append(row)
    return [row for row in found if network.pipes.from_node[row] != network.pipes.to_node[row] or _ring_passes(network, row)]


def _ring_passes(network: PipeNetwork, row: int) -> bool:
    node = int(network.pipes.from_node[row])
    valves = network.valves
    shut = (ValveState.CLOSED, ValveState.UNKNOWN)
    ways = {1, -1}
    for valve in range(len(valves)):
        here = valves.from_node[valve] < 0 and valves.node[valve] == node
        if not here or valves.pipe[valve] not in (-1, row):
            continue
        if valves.state[valve] in shut:
            return False
        if valves.flows_to[valve] >= 0 and valves.operable[valve]:
            return False  # both ends bear it: in at both, or out at both
    return bool(ways)


def _joined(network: PipeNetwork, start: int) -> list[int]:
    plain = network.nodes.replaced(kind=np.zeros(len(network.nodes)))
    other = PipeNetwork(plain, network.pipes, network.pumps, network.valves, network.crs)
    found: list[int] = connected(other, start).nodes.tolist()
    return found


@given(network=networks(plain=True), one=st.integers(0, 8), other=st.integers(0, 8), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_shortest_path_is_as_cheap_as_relaxing_every_pipe_again_and_again(
    network: PipeNetwork, one: int, other: int, seed: int
) -> None:
    cost = np.random.default_rng(seed).integers(1, 20, len(network.pipes)).astype(np.float64)
    start, goal = one % len(network.nodes), other % len(network.nodes)
    best = {node: float("inf") for node in range(len(network.nodes))} | {start: 0.0}
    for _ in range(len(network.nodes)):
        for row in range(len(network.pipes)):
            a, b = int(network.pipes.from_node[row]), int(network.pipes.to_node[row])
            best[a], best[b] = min(best[a], best[b] + cost[row]), min(best[b], best[a] + cost[row])
    path = shortest_path(network, [start, goal], cost=cost)
    if not np.isfinite(best[goal]):
        assert not path.found
    elif start != goal:
        assert path.cost == pytest.approx(best[goal])
        assert cost[path.pipes].sum() == pytest.approx(best[goal])


def test_a_profile_runs_along_the_path_with_heads_and_pressures() -> None:
    town = a_network().node("A", elevation_m=10.0).node("B", elevation_m=20.0).node("C", elevation_m=5.0)
    network = town.pipe("P1", "A", "B", length_m=100.0).pipe("P2", "C", "B", length_m=50.0).network()
    heads = np.array([40.0, 38.0, 37.0])
    path = shortest_path(network, [0, 2], cost=head_loss(network, heads))
    assert path.cost == pytest.approx(3.0)
    found = profile(network, path, heads)
    assert found.along_m.tolist() == [0.0, 100.0, 150.0]
    assert found.pressure_m.tolist() == [30.0, 18.0, 32.0]


def test_a_summary_adds_lengths_by_size_and_material_and_counts_customers() -> None:
    town = a_network().pipe("P1", "A", "B", length_m=100.0, diameter_mm=200.0, material="PE")
    town.pipe("P2", "B", "C", length_m=50.0, diameter_mm=100.0, material="PE").pipe("P3", "C", "D", length_m=1.0, material="")
    town.customer("C1", on="P2", households=7, people=20, critical="hospital").customer("C2", on="P3", households=3)
    city = town.build()
    trace = connected(city.network, 0, barrier_pipes=np.array([False, False, True]))
    found = summary(city, trace)
    assert found.by_diameter == {"100": 50.0, "200": 100.0}
    assert found.by_material == {"PE": 150.0}
    assert (found.households, found.people, len(found.critical)) == (7, 20, 1)
