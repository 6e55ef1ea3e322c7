"""Comparison of segments with WNTR's ``valve_segments`` (a development dependency): on ky10 and larger lattices."""

from __future__ import annotations

import time
import warnings
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.isolation.graph.pipe_segments import segments_of_pipes
from maps.network import NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable

_MOST_S = 60.0
_GROWTH = 5.0
"""WNTR's time grows with the square of the pipes; the number is doubled while five times the last time still fits."""


def side_by_side(lattice_of: Any, seed: int = 1) -> dict[str, Any]:
    """Seconds of both tools, and whether their segments agree, on ky10 with valves at half of its pipe ends and on lattices.

    ``lattice_of``: number of pipes -> City. Without WNTR the figures contain a message.
    """
    if find_spec("wntr") is None:
        return {"missing": "wntr is not installed; it is a development dependency"}
    found = {"ky10": _ky10(seed)}
    pipes, last = 1250, 0.0
    while last * _GROWTH < _MOST_S and pipes <= 40_000:
        found["largest"] = _lattice(lattice_of(pipes).network)
        last = found["largest"]["wntr_s"]
        pipes *= 2
    return found


def _ky10(seed: int) -> dict[str, Any]:
    import wntr

    path = Path(wntr.__file__).parent / "library" / "networks" / "ky10.inp"
    if not path.exists():
        return {"missing": f"{path.name} is not part of this wntr"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = wntr.network.WaterNetworkModel(str(path))
    random = np.random.default_rng(seed)
    nodes, links = {name: n for n, name in enumerate(model.node_name_list)}, model.link_name_list
    ends = np.array([[nodes[model.get_link(x).start_node_name], nodes[model.get_link(x).end_node_name]] for x in links])
    pipes = set(model.pipe_name_list)
    is_pipe = np.array([name in pipes for name in links])
    chosen = np.argwhere(random.random((len(links), 2)) < 0.5 * is_pipe[:, None])
    return _compared(len(nodes), ends, is_pipe, chosen)


def _lattice(network: PipeNetwork) -> dict[str, Any]:
    ends = np.column_stack([network.pipes.from_node, network.pipes.to_node])
    valves = network.valves
    chosen = np.column_stack([valves.pipe, (network.pipes.to_node[valves.pipe] == valves.node).astype(int)])
    return _compared(len(network.nodes), ends, np.ones(len(ends), dtype=np.bool_), chosen)


def _compared(nodes: int, ends: NDArray[Any], is_pipe: NDArray[np.bool_], chosen: NDArray[Any]) -> dict[str, Any]:
    """``chosen``: link and its end, (valves, 2); links other than pipes count as open."""
    import pandas as pd
    from wntr.metrics.topographic import valve_segments

    graph = import_module("networkx").MultiDiGraph()
    graph.add_nodes_from(f"n{n}" for n in range(nodes))
    graph.add_edges_from((f"n{a}", f"n{b}", f"l{row}") for row, (a, b) in enumerate(ends.tolist()))
    layer = pd.DataFrame([(f"l{row}", f"n{ends[row, end]}") for row, end in chosen.tolist()], columns=["link", "node"])
    began = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, theirs, _ = valve_segments(graph, layer)
    wntr_s = time.perf_counter() - began
    network = _network(nodes, ends, is_pipe, chosen)
    began = time.perf_counter()
    ours = segments_of_pipes(network, sources_as_junctions=True)
    ours_s = time.perf_counter() - began
    labels = theirs[[f"l{row}" for row in np.flatnonzero(is_pipe)]].to_numpy()
    pairs = set(zip(ours.tolist(), labels.tolist(), strict=True))
    agree = len(pairs) == len(set(ours.tolist())) == len(set(labels.tolist()))
    return {
        "pipes": int(is_pipe.sum()),
        "valves": len(chosen),
        "segments": len(set(ours.tolist())),
        "agree": agree,
        "wntr_s": round(wntr_s, 3),
        "quanmai_s": round(ours_s, 5),
    }


def _network(nodes: int, ends: NDArray[Any], is_pipe: NDArray[np.bool_], chosen: NDArray[Any]) -> PipeNetwork:
    pipe, other = np.flatnonzero(is_pipe), np.flatnonzero(~is_pipe)
    row = np.cumsum(is_pipe) - 1
    none = np.full(len(chosen), -1)
    return PipeNetwork(
        NodeTable.of([f"n{n}" for n in range(nodes)], x=np.zeros(nodes), y=np.zeros(nodes)),
        PipeTable.of([f"l{n}" for n in pipe], from_node=ends[pipe, 0], to_node=ends[pipe, 1], length_m=np.ones(len(pipe))),
        PumpTable.of([f"l{n}" for n in other], from_node=ends[other, 0], to_node=ends[other, 1]),
        ValveTable.of(
            [f"v{n}" for n in range(len(chosen))],
            pipe=row[chosen[:, 0]],
            node=ends[chosen[:, 0], chosen[:, 1]],
            from_node=none,
            to_node=none,
            flows_to=none,
        ),
        "local",
    )
