"""Lays layers over a model: valves, hydrants, customers, stations, zones … on the nodes and pipes of an .inp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from maps import crs as crs_of
from maps.city import City
from maps.errors import Fault, InputFault, Severity
from maps.hydraulics.inp.cut_pipes import Changed
from maps.importers.completion import joined
from maps.importers.epanet.carried_model import with_carried_model
from maps.importers.layered_city import read_frames, refuse_fatal, surrounded
from maps.importers.options import ImportOptions
from maps.importers.topology.base_network import Base, links_of
from maps.importers.topology.pieces import Pieces
from maps.importers.topology.splitting import numbered
from maps.importers.topology.valve_placement import place_valves
from maps.importers.topology.valve_table import valve_table
from maps.network import PipeNetwork, PipeTable, ValveTable

_BASE_LAYERS = ("pipes", "nodes", "pumps")


def overlaid(city: City, sources: Sequence[Path], options: ImportOptions, faults: list[Fault]) -> City:
    """``city`` with the content of the layers. A valve drawn on a pipe cuts it, in the model's text too.

    Raises InputFault with every fatal fault, and when the layers contain pipes or nodes.
    """
    place = ", ".join(path.name for path in sources)
    # A table of points beside a model in degrees is in degrees too: --crs declares both.
    frames = read_frames(sources, options, city.network.crs, faults, undeclared=options.crs).frames
    extra = next((name for name in _BASE_LAYERS if len(frames[name])), None)
    if extra:
        raise InputFault(f"{place}: layer {extra} beside an .inp; give the model with its valves, or layers without the model")
    refuse_fatal(place, faults)
    network = city.network
    links = links_of(frames["valves"], network.nodes, faults, known_nodes=True)
    of_model = [np.column_stack([table.from_node, table.to_node]) for table in (network.pumps, network.valves)]
    base = Base(network.nodes, network.pipes, {"valves": links.ends, "pumps": np.concatenate(of_model).astype(np.int64)})
    placed = place_valves(frames["valves"], base, options.snap_m, faults)
    pipes, _ = numbered(placed.pipes)
    old = _moved(network.valves, network.pipes, pipes, Pieces(pipes, placed.pipes.asset_id))
    added = valve_table(frames["valves"], placed, pipes, faults)
    for row, name in enumerate(added.asset_id):
        if old.has(str(name)):
            said = "is a valve of the model already; leave it out of the layer or give it another id"
            faults.append(Fault(Severity.FATAL, "duplicate_id", said, "valves", str(name), row + 1, "asset_id"))
    refuse_fatal(place, faults)
    valves = joined(old, added)
    after = PipeNetwork(placed.nodes, pipes, network.pumps, valves, network.crs, network.headloss)
    rows = np.arange(len(old), len(valves), dtype=np.int64)
    city = with_carried_model(city, Changed(network, after, placed.pipes.asset_id, rows, _drawn(options, network.crs)), faults)
    city = surrounded(city, frames, placed.pipes.asset_id, faults)
    refuse_fatal(place, faults)
    return city


def _moved(valves: ValveTable, before: PipeTable, pipes: PipeTable, pieces: Pieces) -> ValveTable:
    """The model's own valves, on the present rows of their pipes."""
    if len(pipes) == len(before):
        return valves
    pipe, flows = valves.pipe.copy(), valves.flows_to.copy()
    for row in range(len(valves)):
        nodes = [int(node) for node in (valves.node[row], valves.to_node[row], valves.from_node[row]) if node >= 0]
        for column in (pipe, flows):
            if column[row] >= 0:
                name = str(before.asset_id[column[row]])
                column[row] = next((hit for node in nodes if (hit := pieces.at_node(name, node)) >= 0), -1)
    return valves.replaced(pipe=pipe, flows_to=flows)


def _drawn(options: ImportOptions, crs: str) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
    """Node coordinates as in the model's file, (nodes, 2): in degrees or Mercator metres where that is its CRS."""
    told = options.crs
    if not told or not crs_of.must_be_projected(told):
        return lambda points: points
    return lambda points: np.column_stack(crs_of.transform(points[:, 0], points[:, 1], crs, told))
