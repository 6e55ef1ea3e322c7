"""GeoJSON (RFC 7946: WGS84, lon then lat) of a city's assets and of a plan.

A network that is not georeferenced keeps its local coordinates; the member ``coordinates`` of the collection says so.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from maps.city import City
from maps.columns import Columns, Floats
from maps.errors import InputFault
from maps.export.output_coordinates import Shown, collection, feature, point
from maps.files import write_aside
from maps.isolation.plan.result import IsolationPlan
from maps.locate.result import Candidate
from maps.network import NodeKind, ValveKind, ValveState

Feature = dict[str, Any]


def city_geojson(city: City, layers: Sequence[str] = ("pipes", "valves", "stations")) -> dict[str, Any]:
    """Layers of a city in one collection; each feature names its ``layer``. For internal use: it contains pipes and valves.

    Raises InputFault for an unknown layer.
    """
    unknown = [layer for layer in layers if layer not in _LAYERS]
    if unknown:
        raise InputFault(f"no layer {unknown[0]!r} to export; one of {', '.join(_LAYERS)}")
    features = [item for layer in layers for item in _LAYERS[layer](city)]
    return collection(features, **_members(city))


def plan_geojson(city: City, plan: IsolationPlan, candidates: Sequence[Candidate] = ()) -> dict[str, Any]:
    """A plan as GeoJSON: zone, dry pockets, valves to close in order, and the candidates with their probabilities."""
    shown, pipes = Shown.of(city.network), city.network.pipes
    parts: list[tuple[str, dict[str, dict[str, Any]]]] = [
        ("zone", {pipe_id: {} for pipe_id in plan.zone_pipes}),
        ("dry_pocket", {pipe_id: {} for pipe_id in plan.dry_pocket_pipes}),
        ("candidate", {c.pipe_id: {"probability": round(c.probability, 4)} for c in candidates}),
    ]
    features: list[Feature] = []
    for role, members in parts:
        lines = shown.lines(pipes, pipes.rows(members))
        features += [
            feature(_line(lines.get(pipes.row(pipe_id))), {"role": role, "asset_id": pipe_id, **more})
            for pipe_id, more in members.items()
        ]
    for step in plan.valves_to_close:
        spot = shown.points(np.array([[step.x, step.y]]))[0]
        properties = {"role": "valve_to_close", "asset_id": step.asset_id, "order": step.order, "assumed": step.assumed}
        features.append(feature(point(spot), properties))
    return collection(features, **_members(city))


def write_geojson(path: Path, content: Mapping[str, Any]) -> None:
    """Write GeoJSON, whole or not at all. Raises InputFault when the file cannot be written."""
    write_aside(path, json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode())


def _pipes(city: City) -> list[Feature]:
    pipes = city.network.pipes
    lines = Shown.of(city.network).lines(pipes, range(len(pipes)))
    return [
        _asset(
            "pipes",
            _line(lines.get(row)),
            str(pipes.asset_id[row]),
            diameter_mm=_number(pipes.diameter_mm[row]),
            material=str(pipes.material[row]),
            length_m=_number(pipes.length_m[row]),
            year_laid=int(pipes.year_laid[row]) if pipes.year_laid[row] > 0 else None,
            road_name=str(pipes.road_name[row]),
        )
        for row in range(len(pipes))
    ]


def _valves(city: City) -> list[Feature]:
    valves = city.network.valves
    return _points(
        city,
        "valves",
        valves,
        valves.x,
        valves.y,
        lambda row: {
            "kind": ValveKind(valves.kind[row]).name.lower(),
            "state": ValveState(valves.state[row]).name.lower(),
            "assumed": bool(valves.assumed[row]),
            "diameter_mm": _number(valves.diameter_mm[row]),
        },
    )


def _nodes(city: City) -> list[Feature]:
    nodes = city.network.nodes
    return _points(city, "nodes", nodes, nodes.x, nodes.y, lambda row: {"kind": NodeKind(nodes.kind[row]).name.lower()})


def _stations(city: City) -> list[Feature]:
    table = city.stations
    return _points(
        city,
        "stations",
        table,
        table.x,
        table.y,
        lambda row: {
            "name": str(table.name[row]),
            "channels": str(table.channels[row]),
            "assumed": bool(table.assumed[row]),
        },
    )


def _hydrants(city: City) -> list[Feature]:
    return _points(city, "hydrants", city.hydrants, city.hydrants.x, city.hydrants.y, lambda row: {})


def _zones(city: City) -> list[Feature]:
    shown, zones = Shown.of(city.network), city.zones
    return [
        _asset(
            "zones",
            shown.geometry(zones.geometry[row]),
            str(zones.asset_id[row]),
            kind=str(zones.kind[row]),
            name=str(zones.name[row]),
        )
        for row in range(len(zones))
    ]


def _roads(city: City) -> list[Feature]:
    shown, roads = Shown.of(city.network), city.roads
    return [
        _asset(
            "roads",
            shown.geometry(roads.geometry[row]),
            str(roads.asset_id[row]),
            kind=str(roads.kind[row]),
            name=str(roads.name[row]),
        )
        for row in range(len(roads))
    ]


_LAYERS: Mapping[str, Callable[[City], list[Feature]]] = {
    "pipes": _pipes,
    "valves": _valves,
    "nodes": _nodes,
    "stations": _stations,
    "hydrants": _hydrants,
    "zones": _zones,
    "roads": _roads,
}


def _points(
    city: City, layer: str, table: Columns, x: Floats, y: Floats, properties: Callable[[int], dict[str, Any]]
) -> list[Feature]:
    known = np.isfinite(x) & np.isfinite(y)
    spots = Shown.of(city.network).points(np.column_stack([np.where(known, x, 0.0), np.where(known, y, 0.0)]))
    return [
        _asset(layer, point(spots[row]) if known[row] else None, str(table.asset_id[row]), **properties(row))
        for row in range(len(table))
    ]


def _asset(layer: str, geometry: Any, asset_id: str, **properties: Any) -> Feature:
    return feature(geometry, {"layer": layer, "asset_id": asset_id, **properties}, asset_id)


def _line(points: list[list[float]] | None) -> dict[str, Any] | None:
    return None if points is None else {"type": "LineString", "coordinates": points}


def _number(value: float) -> float | None:
    return round(float(value), 2) if math.isfinite(value) else None


def _members(city: City) -> dict[str, Any]:
    members: dict[str, Any] = {"name": city.info.name, "synthetic": city.info.synthetic}
    if not city.network.georeferenced:
        members["coordinates"] = "the drawing's own x, y in metres: the network is not georeferenced"
    return members
