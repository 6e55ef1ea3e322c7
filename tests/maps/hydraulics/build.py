"""Small cities with a model, readable in tests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from maps.city import City, CityInfo, CustomerTable
from maps.hydraulics.model_building.model import ModelDetail, build_model
from maps.importers.epanet.inp_reader import read_inp
from maps.network import NodeKind, NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable

PIPE_M = 1000.0


def city_of_inp(path: Path) -> City:
    """A city that is just what an .inp holds."""
    network, model, _ = read_inp(path, None)
    return City(CityInfo(path.stem, path.stem), network, epanet=model)


def a_line(
    *,
    demands: Mapping[str, float],
    pipes: tuple[tuple[str, str, str], ...],
    source_head_m: float = 50.0,
    valves: ValveTable | None = None,
    detail: ModelDetail | None = None,
    **nodes: Any,
) -> City:
    """A city of nodes ``demands`` (plus source ``S``) and pipes (id, from, to), each 1000 m, DN300, C 130."""
    ids = ["S", *demands]
    row = {name: place for place, name in enumerate(ids)}
    table = NodeTable.of(
        ids,
        x=np.arange(len(ids)) * PIPE_M,
        y=np.zeros(len(ids)),
        kind=[NodeKind.SOURCE] + [NodeKind.JUNCTION] * len(demands),
        demand_m3h=[0.0, *demands.values()],
        head_m=[source_head_m] + [np.nan] * len(demands),
        **nodes,
    )
    start, end = [row[pipe[1]] for pipe in pipes], [row[pipe[2]] for pipe in pipes]
    vertices = np.array([(table.x[n], table.y[n]) for pair in zip(start, end, strict=True) for n in pair], dtype=np.float64)
    network = PipeNetwork(
        nodes=table,
        pipes=PipeTable.of(
            [pipe[0] for pipe in pipes],
            from_node=start,
            to_node=end,
            diameter_mm=np.full(len(pipes), 300.0),
            length_m=np.full(len(pipes), PIPE_M),
            roughness=np.full(len(pipes), 130.0),
            vertices=vertices.reshape(-1, 2),
            offsets=np.arange(len(pipes) + 1, dtype=np.int64) * 2,
        ),
        pumps=PumpTable.empty(),
        valves=valves if valves is not None else ValveTable.empty(),
        crs="EPSG:4548",
    )
    return with_model(City(CityInfo("line", "line"), network), detail)


def with_model(city: City, detail: ModelDetail | None = None) -> City:
    """The city with a model built from its tables."""
    return replace(city, epanet=build_model(city.network, detail or ModelDetail(), city.info.name))


def with_customers(city: City, pipes: Mapping[str, str]) -> City:
    """One household (customer id) on each pipe id given."""
    rows = city.network.pipes.rows(pipes.values())
    return replace(city, customers=CustomerTable.of(list(pipes), pipe=rows, households=np.ones(len(pipes), dtype=np.int32)))
