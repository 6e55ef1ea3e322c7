"""Mapping between table rows and EPANET elements, and the links closed by given valve states."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
from epanet import toolkit as en
from numpy.typing import NDArray

from maps.city import EpanetModel
from maps.columns import Floats
from maps.hydraulics.project import Project
from maps.network import PipeNetwork, ValveState

Indices = NDArray[np.int64]


class Elements:
    """EPANET indices (from 0; -1 for none) by row of the tables: ``node``, ``pipe``, ``pump``, ``valve``.

    ``pipe_sign``: (pipes,) -1 where the model's link runs against the table's pipe.
    """

    def __init__(self, project: Project, network: PipeNetwork, model: EpanetModel) -> None:
        self._network = network
        handle = project.handle
        nodes = {en.getnodeid(handle, index + 1): index for index in range(project.nodes)}
        links = {en.getlinkid(handle, index + 1): index for index in range(project.links)}
        names: dict[str, dict[str, str]] = {}
        for asset_id, epanet_id, kind in zip(model.asset_id, model.epanet_id, model.kind, strict=True):
            names.setdefault(str(kind), {})[str(asset_id)] = str(epanet_id)
        self.node = _indices(network.nodes.asset_id, names.get("node", {}), nodes)
        self.pipe = _indices(network.pipes.asset_id, names.get("pipe", {}), links)
        self.pump = _indices(network.pumps.asset_id, names.get("pump", {}), links)
        self.valve = _indices(network.valves.asset_id, names.get("valve", {}), links)
        starts = np.array([en.getlinknodes(handle, index + 1)[0] - 1 for index in range(project.links)], dtype=np.int64)
        start = np.append(starts, -1)[self.pipe]
        self.pipe_sign = np.where((start >= 0) & (start != self.node[network.pipes.from_node]), -1.0, 1.0)

    def shut_links(self, states: Mapping[str, ValveState], pipes: Collection[int] = ()) -> set[int]:
        """Links closed by the tables' valve states, overridden by ``states``, and by ``pipes`` (rows).

        A closed valve at a pipe's end closes the pipe, one on a node all its pipes. Pipes and link valves that are closed in the
        tables are left out: the model closes them itself, and its controls may open them. Raises UnknownAsset.
        """
        valves = self._network.valves
        shut = (valves.state == ValveState.CLOSED) & ~valves.is_link
        for asset_id, value in states.items():
            shut[valves.row(asset_id)] = value is ValveState.CLOSED
        rows, links = set(map(int, pipes)), set[int]()
        for row in np.flatnonzero(shut):
            if valves.from_node[row] >= 0:
                links.add(int(self.valve[row]))
            elif valves.pipe[row] >= 0:
                rows.add(int(valves.pipe[row]))
            elif valves.node[row] >= 0:
                rows.update(map(int, self._network.pipes_at(int(valves.node[row]))))
        return (links | {int(self.pipe[row]) for row in rows}) - {-1}

    def opened_links(self, states: Mapping[str, ValveState]) -> set[int]:
        """Link valves that are closed in the tables and opened by ``states``."""
        valves = self._network.valves
        rows = [valves.row(asset_id) for asset_id, value in states.items() if value is ValveState.OPEN]
        return {int(self.valve[row]) for row in rows if valves.is_link[row] and valves.state[row] == ValveState.CLOSED} - {-1}


def _indices(asset_ids: Iterable[Any], epanet_ids: Mapping[str, str], known: Mapping[str, int]) -> Indices:
    return np.array([known.get(epanet_ids.get(str(asset_id), ""), -1) for asset_id in asset_ids], dtype=np.int64)


def by_row(values: Floats, indices: Indices) -> Floats:
    """Values of EPANET elements in the order of a table, NaN where the model has none."""
    return np.append(values, np.nan)[indices]
