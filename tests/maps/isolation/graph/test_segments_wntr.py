"""Segments against WNTR's, sources taken as junctions, on networks and random valve layers."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from maps.isolation import Isolator
from maps.network import NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable
from tests.maps.isolation.networks import city_of


@pytest.mark.parametrize(
    ("name", "share"),
    [("Net3", 0.3), ("Net3", 1.0), pytest.param("Net6", 0.15, marks=pytest.mark.slow), ("ky4", 0.4), ("ky10", 0.5)],
)
@pytest.mark.parametrize("seed", [1, 2])
def test_segments_are_those_of_wntr(wntr_networks: Path, name: str, share: float, seed: int) -> None:
    wntr = pytest.importorskip("wntr", reason="the peer wntr is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = wntr.network.WaterNetworkModel(str(wntr_networks / f"{name}.inp"))
    random = np.random.default_rng(seed)
    pipes, ends = model.pipe_name_list, _ends(model)
    chosen = [ends[n] for n in np.flatnonzero(random.random(len(ends)) < share)]
    layer = pd.DataFrame(chosen, columns=["link", "node"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, links, _ = wntr.metrics.topographic.valve_segments(model.to_graph(), layer)
    ours = _segments(model, chosen)
    theirs = links[pipes].to_numpy()
    pairs = set(zip(ours.tolist(), theirs.tolist(), strict=True))
    assert len(pairs) == len(set(ours.tolist())) == len(set(theirs.tolist()))


def _ends(model: Any) -> list[tuple[str, str]]:
    links = [(name, model.get_link(name)) for name in model.pipe_name_list]
    return [(name, node) for name, link in links for node in (link.start_node_name, link.end_node_name)]


def _segments(model: Any, chosen: list[tuple[str, str]]) -> NDArray[np.int32]:
    """Our segment of every pipe. Pumps and control valves pass for the cut, so all links but pipes stand as pumps."""
    pipes, nodes = model.pipe_name_list, model.node_name_list
    links = [*model.pump_name_list, *model.valve_name_list]
    node, pipe = {name: row for row, name in enumerate(nodes)}, {name: row for row, name in enumerate(pipes)}

    def rows(names: list[str], end: str) -> list[int]:
        return [node[getattr(model.get_link(name), end)] for name in names]

    start, end = "start_node_name", "end_node_name"
    none = np.full(len(chosen), -1)
    valves = ValveTable.of(
        [f"V{n}" for n in range(len(chosen))],
        pipe=[pipe[link] for link, _ in chosen],
        node=[node[at] for _, at in chosen],
        from_node=none,
        to_node=none,
        flows_to=none,
    )
    network = PipeNetwork(
        NodeTable.of(nodes, x=np.zeros(len(nodes)), y=np.zeros(len(nodes))),
        PipeTable.of(pipes, from_node=rows(pipes, start), to_node=rows(pipes, end), length_m=np.ones(len(pipes))),
        PumpTable.of(links, from_node=rows(links, start), to_node=rows(links, end)),
        valves,
        "local",
    )
    return Isolator(city_of(network)).segments_of_pipes()
