"""Barriers: assets, zones, conditions; a barred valve is a closed one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from maps.city import ZoneTable
from maps.errors import InputFault, UnknownAsset
from maps.network import PipeNetwork, ValveState
from maps.trace import barriers, connected, downstream, matching
from tests.builders import NetworkBuilder, a_network
from tests.maps.isolation.networks import networks


def _row() -> NetworkBuilder:
    town = a_network().source("S", 0.0, 0.0)
    for number, (start, end) in enumerate([("S", "A"), ("A", "B"), ("B", "C"), ("C", "D")], start=1):
        town.node(end, 100.0 * number, 0.0)
        town.pipe(f"P{number}", start, end, length_m=100.0, diameter_mm=100.0 * number, material="PE" if number > 2 else "球墨")
    return town


@given(network=networks(), start=st.integers(0, 8), marks=st.lists(st.booleans(), min_size=40, max_size=40))
@settings(max_examples=80, deadline=None)
def test_a_barred_valve_stops_a_trace_as_if_it_were_closed(network: PipeNetwork, start: int, marks: list[bool]) -> None:
    here, barred = start % len(network.nodes), np.array(marks)[: len(network.valves)]
    closed = network.valves.replaced(state=np.where(barred, ValveState.CLOSED, network.valves.state))
    other = replace(network, valves=closed)
    for trace in (connected, downstream):
        one, two = trace(network, here, barrier_valves=barred), trace(other, here)
        assert one.nodes.tolist() == two.nodes.tolist()
        assert one.pipes.tolist() == two.pipes.tolist()


def test_a_barrier_may_be_a_pipe_a_node_or_a_valve_and_says_which_stopped() -> None:
    city = _row().valve("V3", on="P3", at="B").build()
    network = city.network
    found = {}
    for name in ("P3", "C", "V3"):
        bar = barriers(city, [name])
        trace = connected(
            network,
            network.nodes.row("A"),
            barrier_pipes=bar.pipes,
            barrier_nodes=bar.nodes,
            barrier_valves=bar.valves,
        )
        found[name] = {(stop.reason, stop.asset_id) for stop in trace.stops}
        assert list(network.pipes.ids(trace.pipes)) == ["P1", "P2"]
    assert ("barrier", "V3") in found["V3"]
    assert ("barrier", "P3") in found["P3"]
    with pytest.raises(UnknownAsset, match="X9"):
        barriers(city, ["X9"])


def test_a_zone_is_a_barrier_by_id_or_name() -> None:
    shape = np.empty(1, dtype=object)
    shape[0] = shapely.box(250.0, -10.0, 350.0, 10.0)
    zones = ZoneTable.of(["Z1"], kind=["dma"], name=["东区"], geometry=shape)
    city = replace(_row().build(), zones=zones)
    for name in ("Z1", "东区"):
        assert city.network.nodes.ids(np.flatnonzero(barriers(city, zones=[name]).nodes)) == ("C",)
    with pytest.raises(UnknownAsset, match="Z2"):
        barriers(city, zones=["Z2"])


@pytest.mark.parametrize(
    ("condition", "pipes"),
    [
        ("DN < 200", ["P1"]),
        ("dn>=DN300", ["P3", "P4"]),
        ("material = PE", ["P3", "P4"]),
        ("material != PE and diameter_mm = 200", ["P2"]),
        ("material ~ 墨", ["P1", "P2"]),
        ("length > 1000", []),
        ("year < 1980", []),
        ("status = open", ["P1", "P2", "P3", "P4"]),
    ],
)
def test_a_condition_picks_the_pipes_it_holds_for(condition: str, pipes: list[str]) -> None:
    table = _row().network().pipes
    assert list(table.ids(np.flatnonzero(matching(table, condition)))) == pipes


@pytest.mark.parametrize("condition", ["DN", "DN < wide", "colour = red", "material < PE", "DN ~ 2"])
def test_a_condition_with_an_unknown_column_or_operator_is_refused_with_advice(condition: str) -> None:
    with pytest.raises(InputFault, match="condition"):
        matching(_row().network().pipes, condition)


def test_a_condition_may_use_a_column_of_the_utilitys_own() -> None:
    table = _row().network().pipes
    own = replace(table, extra={"Lining": np.array(["cement", "", "epoxy", "cement"], dtype=object), "age": np.arange(4)})
    assert list(own.ids(np.flatnonzero(matching(own, "lining = cement")))) == ["P1", "P4"]
    assert list(own.ids(np.flatnonzero(matching(own, "age >= 2")))) == ["P3", "P4"]
