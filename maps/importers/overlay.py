"""Layers laid over a model: valves, hydrants, customers, stations, zones … onto the nodes and pipes of an .inp."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from maps.city import City
from maps.errors import Fault, InputFault, Severity
from maps.importers.base import Base, links_of
from maps.importers.completion import joined
from maps.importers.layers import read_frames, refuse_fatal, surrounded
from maps.importers.options import ImportOptions
from maps.importers.pieces import Pieces
from maps.importers.splitting import numbered
from maps.importers.valves import place_valves, valve_table
from maps.network import PipeNetwork, PipeTable, ValveTable

_BASE_LAYERS = ("pipes", "nodes", "pumps")


def overlaid(city: City, sources: Sequence[Path], options: ImportOptions, faults: list[Fault]) -> City:
    """``city`` with what the layers add. A valve drawn on a pipe cuts it: the model is then built anew, with all it holds.

    Raises InputFault with every fatal fault, and when the layers bring pipes or nodes of their own.
    """
    place = ", ".join(path.name for path in sources)
    frames = read_frames(sources, options, city.network.crs, faults).frames
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
            said = "is a valve of the model already; leave it out of the layer or call it otherwise"
            faults.append(Fault(Severity.FATAL, "duplicate_id", said, "valves", str(name), row + 1, "asset_id"))
    refuse_fatal(place, faults)
    network = PipeNetwork(placed.nodes, pipes, network.pumps, joined(old, added), network.crs, network.headloss)
    city = replace(city, network=network)
    if placed.cut or added.is_link.any():
        city = _with_new_model(city)
    city = surrounded(city, frames, placed.pipes.asset_id, faults)
    refuse_fatal(place, faults)
    return city


def _moved(valves: ValveTable, before: PipeTable, pipes: PipeTable, pieces: Pieces) -> ValveTable:
    """Valves that were there, on the rows that their pipes have now."""
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


def _with_new_model(city: City) -> City:
    from maps.hydraulics.carry import detail_of
    from maps.hydraulics.model import build_model

    if city.epanet is None:
        return city
    model = build_model(city.network, detail_of(city.epanet), city.info.name)
    note = "valves cut pipes of the model: it is built anew with its patterns, curves and controls"
    return replace(city, epanet=model, info=replace(city.info, assumed=(*city.info.assumed, note)))
