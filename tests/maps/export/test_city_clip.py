"""Isolation in a clip equals isolation in the whole city: the same valves, compared over many pipes."""

from __future__ import annotations

import numpy as np

from maps.export.city_clip import clip_city
from maps.isolation import Isolator
from maps.network import NodeKind
from maps.synthetic import SyntheticOptions, build_city
from tests.builders import a_network


def test_plans_inside_the_clip_are_those_of_the_whole_city() -> None:
    city = build_city(SyntheticOptions(pipes=1500, seed=3))
    x0, y0, x1, y1 = city.network.bounds
    box = (x0 + (x1 - x0) * 0.3, y0 + (y1 - y0) * 0.3, x0 + (x1 - x0) * 0.7, y0 + (y1 - y0) * 0.7)
    part = clip_city(city, box)
    assert 0 < len(part.network.pipes) < len(city.network.pipes)
    whole, clipped = Isolator(city), Isolator(part)
    pipes = part.network.pipes
    middle = np.array([pipes.points(row).mean(axis=0) for row in range(len(pipes))])
    deep = (
        (middle[:, 0] > box[0] + 250)
        & (middle[:, 0] < box[2] - 250)
        & (middle[:, 1] > box[1] + 250)
        & (middle[:, 1] < box[3] - 250)
    )
    checked = 0
    for row in np.flatnonzero(deep)[::7]:
        pipe = str(pipes.asset_id[row])
        a, b = whole.plan([pipe], alternatives=False), clipped.plan([pipe], alternatives=False)
        if not b.sources_inside and set(a.zone_pipes) | set(a.dry_pocket_pipes) <= set(pipes.asset_id):
            assert {step.asset_id for step in a.valves_to_close} == {step.asset_id for step in b.valves_to_close}, pipe
            assert a.customers_without_water == b.customers_without_water
            checked += 1
    assert checked >= 10


def test_an_edge_is_a_source_only_where_water_comes_from_outside() -> None:
    city = (
        a_network().source("S", -100, 0).node("Z", 0, 0).node("A", 100, 0).node("B", 200, 0).node("C", 300, 0).node("D", 400, 0)
        .pipe("P0", "S", "Z").pipe("P1", "Z", "A").pipe("P2", "A", "B").pipe("P3", "B", "C").pipe("P4", "C", "D").build()
    )  # fmt: skip
    part = clip_city(city, (150, -10, 250, 10))
    assert set(part.network.pipes.asset_id) == {"P1", "P2", "P3", "P4"}, "P4 has its water through the clip alone"
    kinds = {str(name): NodeKind(kind) for name, kind in zip(part.network.nodes.asset_id, part.network.nodes.kind, strict=True)}
    assert {name for name, kind in kinds.items() if kind == NodeKind.SOURCE} == {"Z"}
    assert set(kinds) == {"Z", "A", "B", "C", "D"}
    assert "edge" in part.info.assumed[-1]
    assert part.epanet is None


def test_references_between_tables_stay_correct_in_a_clip() -> None:
    city = (
        a_network().source("S", 0, 0).node("A", 100, 0).node("B", 200, 0)
        .pipe("P1", "S", "A").pipe("P2", "A", "B", points=[(150, 5)]).valve("V1", on="P2", at="A").valve("V0", on="P1", at="S")
        .customer("U", on="P2").hydrant("H", at="B").station("Q", at="B").build()
    )  # fmt: skip
    part = clip_city(city, (160, -10, 250, 10))
    assert [str(name) for name in part.network.pipes.asset_id] == ["P1", "P2"]
    network = part.network
    assert {str(name) for name in network.valves.asset_id} == {"V0", "V1"}
    row = network.valves.row("V1")
    assert network.pipes.asset_id[network.valves.pipe[row]] == "P2"
    assert network.nodes.asset_id[network.valves.node[row]] == "A"
    assert network.pipes.points(network.pipes.row("P2")).tolist() == [[100, 0], [150, 5], [200, 0]]
    assert part.network.pipes.asset_id[part.customers.pipe[0]] == "P2"
    assert network.nodes.asset_id[part.stations.node[0]] == "B"
    assert network.nodes.asset_id[part.hydrants.node[0]] == "B"


def test_every_pipe_and_link_of_a_clip_has_its_nodes_wherever_it_is_cut() -> None:
    city = build_city(SyntheticOptions(pipes=3000, seed=1))
    x0, y0, x1, y1 = city.network.bounds
    rng = np.random.default_rng(2)
    for _ in range(25):
        x, y, half = rng.uniform(x0, x1), rng.uniform(y0, y1), rng.uniform(50, 1500)
        network = clip_city(city, (x - half, y - half, x + half, y + half)).network
        assert (network.pipes.from_node >= 0).all()
        assert (network.pipes.to_node >= 0).all()
        for table in (network.valves, network.pumps):
            assert ((table.from_node >= 0) == (table.to_node >= 0)).all()
        on = network.valves.pipe >= 0
        ends = np.column_stack([network.pipes.from_node[network.valves.pipe[on]], network.pipes.to_node[network.valves.pipe[on]]])
        assert (ends == network.valves.node[on, None]).any(axis=1).all()
