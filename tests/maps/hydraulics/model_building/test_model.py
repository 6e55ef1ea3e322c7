"""Oracles: EPANET's own answer for the model the tables came from; physics by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from maps.city import City, CityInfo, CustomerTable
from maps.hydraulics.inp.epanet_ids import epanet_ids
from maps.hydraulics.model_building.gis_estimates import LITRES_A_HEAD_DAY, OTHER_USE, detail_from_gis
from maps.hydraulics.model_building.model import ModelDetail, build_model
from maps.hydraulics.model_building.roughness import estimated_roughness
from maps.hydraulics.session import EpanetSession
from maps.network import NodeKind, NodeTable, PipeNetwork, PumpTable, ValveKind, ValveTable
from tests.maps.hydraulics.build import a_line, with_model


@given(st.lists(st.text(min_size=0, max_size=40), unique=True, max_size=30))
def test_epanet_ids_are_distinct_and_such_as_epanet_takes(asset_ids: list[str]) -> None:
    ids = epanet_ids(asset_ids, "N")
    assert len(ids) == len(set(ids)) == len(asset_ids)
    for name in ids:
        assert 0 < len(name.encode()) <= 31
        assert not any(letter.isspace() or letter in ';"[]' for letter in name)


def test_ids_that_epanet_takes_stay_and_made_up_ones_avoid_them() -> None:
    assert epanet_ids(["N2", "管道 1", "P-7"], "N") == ["N2", "N_2", "P-7"]


def test_controls_of_removed_links_are_dropped_and_pieces_of_a_split_pipe_keep_theirs() -> None:
    city = a_line(demands={"A": 1.0, "B": 1.0}, pipes=(("P~1", "S", "A"), ("P~2", "A", "B")))
    network = replace(city.network, pipes=city.network.pipes.replaced(source_id=np.array(["P", "P"], dtype=object)))
    detail = ModelDetail(controls=("LINK P CLOSED IF NODE B ABOVE 30", "LINK GONE OPEN AT TIME 1:00:00"))
    text = build_model(network, detail, "split").inp
    assert "LINK P~1 CLOSED IF NODE B ABOVE 30" in text
    assert "GONE" not in text


def a_pump(power_kw: float, flow_m3h: float) -> City:
    city = a_line(demands={"A": 0.0, "B": flow_m3h}, pipes=(("P1", "A", "B"),), source_head_m=0.0)
    pumps = PumpTable.of(["U"], from_node=[0], to_node=[1], node=[-1])
    return with_model(replace(city, network=replace(city.network, pumps=pumps)), ModelDetail(pump_power_kw={"U": power_kw}))


def test_a_pump_of_constant_power_lifts_what_its_power_lifts() -> None:
    with EpanetSession(a_pump(10.0, 100.0)) as session:
        state = session.solve()
    assert state.pump_flow_m3h[0] == pytest.approx(100.0, abs=1e-3)
    assert state.head_m[1] == pytest.approx(10_000.0 / (9806.65 * 100.0 / 3600.0), rel=0.001)


def test_a_one_way_valve_lets_water_into_its_pipe_only() -> None:
    pipes = (("P1", "S", "A"), ("P2", "S", "B"), ("P3", "A", "B"))
    into = {"kind": [ValveKind.CHECK], "pipe": [2], "from_node": [-1], "to_node": [-1]}
    # All demand at A: without a check, P3 would bring water from B to A.
    from_b = ValveTable.of(["V"], node=[2], flows_to=[2], **into)
    from_a = ValveTable.of(["V"], node=[1], flows_to=[2], **into)
    for valves, flows in ((from_b, True), (from_a, False)):
        with EpanetSession(a_line(demands={"A": 100.0, "B": 0.0}, pipes=pipes, valves=valves)) as session:
            flow = session.solve().pipe_flow_m3h[2]
        assert flow == pytest.approx(-33.0, abs=10.0) if flows else flow == pytest.approx(0.0, abs=0.01)


def test_a_tank_without_a_size_is_a_fixed_head() -> None:
    nodes = NodeTable.of(
        ["T", "A"], x=[0.0, 1.0], y=[0.0, 0.0], kind=[NodeKind.TANK, NodeKind.JUNCTION], elevation_m=[30.0, 0.0],
        tank_level_m=[4.0, np.nan], demand_m3h=[0.0, 5.0],
    )  # fmt: skip
    line = a_line(demands={"A": 5.0}, pipes=(("P1", "S", "A"),)).network
    network = PipeNetwork(nodes, line.pipes, line.pumps, line.valves, line.crs)
    with EpanetSession(with_model(City(CityInfo("t", "t"), network))) as session:
        assert session.solve().head_m[0] == pytest.approx(34.0)


def test_demand_of_customers_stands_at_the_ends_of_their_pipe() -> None:
    city = a_line(demands={"A": 0.0, "B": 0.0}, pipes=(("P1", "S", "A"), ("P2", "A", "B")))
    customers = CustomerTable.of(["C1", "C2"], pipe=[1, 1], people=[100, 0], demand_m3h=[0.0, 3.0])
    detail = detail_from_gis(replace(city, customers=customers))
    assert detail.node_demand_m3h is not None
    each = (100 * LITRES_A_HEAD_DAY * OTHER_USE / 24_000.0 + 3.0) / 2.0
    np.testing.assert_allclose(detail.node_demand_m3h, [0.0, each, each])
    assert np.mean(detail.patterns["DAY"]) == pytest.approx(1.0, abs=1e-3)


def test_old_cast_iron_is_rougher_than_new_and_than_plastic() -> None:
    material = np.array(["CI", "CI", "PE", "灰口铸铁", "球墨铸铁", ""], dtype=object)
    c = estimated_roughness(material, np.array([1960, 2020, 1960, 1960, 1960, -1], dtype=np.int32), "H-W")
    assert c[0] < c[1] < c[2]
    assert c[0] == c[3] < c[4]
    assert np.all((c >= 60) & (c <= 150))
