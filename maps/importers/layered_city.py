"""Builds a city from GIS layers: read, transformed to one CRS, joined, cut, attached, with a model built from the tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from maps import crs as crs_of
from maps.city import (
    City,
    CityInfo,
    CrewTable,
    CustomerTable,
    EpanetModel,
    HydrantTable,
    PlantTable,
    ShapeTable,
    StationTable,
    ZoneTable,
)  # fmt: skip
from maps.columns import Columns
from maps.errors import Fault, InputFault, Severity
from maps.importers.attached_assets import Around
from maps.importers.completion import demands_of_customers, joined
from maps.importers.options import ImportOptions, site_of
from maps.importers.readers.layer_crs import Part, check_extent, city_crs, in_city_crs
from maps.importers.readers.profile import STANDARD_LAYERS, Profile, read_profile
from maps.importers.readers.sources import layer_names, read_layer
from maps.importers.readers.standard_layers import StandardFrame, standard_frame
from maps.importers.readers.typed_columns import once, plain_columns
from maps.importers.repairs.frames import repaired
from maps.importers.topology.base_network import Base, build_base
from maps.importers.topology.pieces import Pieces
from maps.importers.topology.splitting import numbered
from maps.importers.topology.valve_placement import place_valves
from maps.importers.topology.valve_table import inlet_valves, valve_table
from maps.network import NodeKind, NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable

_TABLES: dict[str, type[Columns]] = {
    "nodes": NodeTable, "pipes": PipeTable, "pumps": PumpTable, "valves": ValveTable, "hydrants": HydrantTable,
    "plants": PlantTable, "crews": CrewTable, "stations": StationTable, "customers": CustomerTable, "zones": ZoneTable,
    "roads": ShapeTable, "water": ShapeTable, "places": ShapeTable,
}  # fmt: skip
_SHAPES = ("zones", "roads", "water", "places")
_MORE_COLUMNS = {"nodes": ("inlet_pipes",), "stations": ("least", "most")}
_STYLES = ("layer_styles",)
"""Tables that QGIS keeps in a GeoPackage besides its layers."""
_SHOWN = 5
_LARGEST_MODEL = 100_000
"""Number of pipes above which no hydraulic model is built: EPANET would need too long for one state."""


@dataclass(frozen=True, eq=False)
class Layers:
    """Standard frames of all sources in one CRS."""

    frames: dict[str, StandardFrame]
    crs: str
    profile: Profile


def read_layers(sources: Sequence[Path], options: ImportOptions) -> tuple[City, tuple[Fault, ...]]:
    """Import a city from layers, one of them with pipes. Raises InputFault with every fatal fault found."""
    faults = list[Fault]()
    layers = read_frames(sources, options, options.crs, faults)
    place = ", ".join(path.name for path in sources)
    if not len(layers.frames["pipes"]):
        raise InputFault(f"{place}: no pipes found; name their layer in a profile (--profile)")
    refuse_fatal(place, faults)
    base = build_base(layers.frames, options.snap_m, faults)
    refuse_fatal(place, faults)
    network, before = network_of(base, layers, options.snap_m, faults)
    refuse_fatal(place, faults)
    if network.crs != crs_of.LOCAL:
        check_extent(network.crs, network.bounds, faults)
    name = options.name or layers.profile.name or sources[0].stem
    city = City(CityInfo(name, site_of(name), assumed=_assumed(network)), network)
    city = surrounded(city, layers.frames, before, faults)
    refuse_fatal(place, faults)
    return with_model(fed_by_plants(city, faults), faults), tuple(faults)


def read_frames(
    sources: Sequence[Path], options: ImportOptions, told: str | None, faults: list[Fault], undeclared: str | None = None
) -> Layers:
    """Every standard layer of the sources, columns renamed, coordinates in the city's CRS, and repaired.

    ``undeclared``: the CRS assumed for layers that declare none, where that is not ``told``.
    """
    profile = read_profile(options.profile)
    listed = list(layer_names(sources))
    parts, used = list[Part](), set[tuple[Path, str]]()
    for layer in profile.layers:
        wanted = [(path, name) for wish in layer.layers for path, name in listed if name.lower() == wish.lower()]
        if not wanted and options.profile is not None and layer.columns:
            have = ", ".join(name for _, name in listed)
            raise InputFault(f"{options.profile}: no layer {' or '.join(layer.layers)} in the sources; they have {have}")
        read = [read_layer(path, name, layer.encoding or profile.encoding) for path, name in wanted]
        used.update(wanted)
        faults += [fault for raw in read for fault in raw.faults]
        parts += [(layer, raw.called(layer.source_names())) for raw in read]
    faults += _unused(listed, used)
    target = city_crs(parts, profile, told)
    moved = [(layer, in_city_crs((layer, raw), profile, told, target, faults, undeclared)) for layer, raw in parts]
    if target == crs_of.LOCAL and parts and told != crs_of.LOCAL:
        faults.append(Fault(Severity.WARNING, "no_crs", "no source declares its CRS: not georeferenced; give it with --crs"))
    frames = {name: _frame(name, [part for part in moved if part[0].standard == name], faults) for name in STANDARD_LAYERS}
    return Layers(repaired(frames, options.repairs, options.snap_m, faults), target, profile)


def _unused(listed: Sequence[tuple[Path, str]], used: set[tuple[Path, str]]) -> Iterator[Fault]:
    """Faults for unread sources: a warning for a whole file, information for the other layers of a file that is read."""
    for path in dict.fromkeys(path for path, _ in listed):
        names = [name for other, name in listed if other == path and (path, name) not in used and name not in _STYLES]
        if not names:
            continue
        shown = f"{', '.join(names[:_SHOWN])}{f' and {len(names) - _SHOWN} more' if len(names) > _SHOWN else ''}"
        if any(other == path for other, _ in used):
            yield Fault(Severity.INFO, "layer_unused", f"layers that are not read: {shown}", path.name)
            continue
        said = f"nothing of it is read: layer {shown} is none of {', '.join(STANDARD_LAYERS)}; rename it or name it in a profile"
        yield Fault(Severity.WARNING, "layer_unused", said, path.name)


def _frame(name: str, parts: Sequence[Part], faults: list[Fault]) -> StandardFrame:
    required = () if name in _SHAPES else ("asset_id",)
    columns = [*_TABLES[name].column_kinds(), *_MORE_COLUMNS.get(name, ())]
    optional = (*_TABLES[name].OPTIONAL, *(_MORE_COLUMNS[name] if name == "stations" else ()))
    frame = standard_frame(name, parts, columns, required, optional)
    faults += frame.faults
    return frame


def network_of(base: Base, layers: Layers, snap_m: float, faults: list[Fault]) -> tuple[PipeNetwork, Any]:
    """The network with valves placed and pieces numbered, and each pipe's id before numbering, (pipes,)."""
    frames = layers.frames
    placed = place_valves(frames["valves"], base, snap_m, faults)
    pipes, shared = numbered(placed.pipes)
    faults += _shared_faults(base, shared)
    valves = valve_table(frames["valves"], placed, pipes, faults)
    if frames["nodes"].has("inlet_pipes"):
        said = dict(zip(frames["nodes"].text("asset_id"), frames["nodes"].text("inlet_pipes"), strict=True))
        texts = np.array([said.get(name, "") for name in placed.nodes.asset_id], dtype=object)
        valves = joined(valves, inlet_valves(placed.nodes, pipes, texts, faults))
    pumps = pump_table(frames["pumps"], base, faults)
    return PipeNetwork(placed.nodes, pipes, pumps, valves, layers.crs, layers.profile.headloss), placed.pipes.asset_id


def _shared_faults(base: Base, shared: Sequence[str]) -> list[Fault]:
    count: dict[str, int] = {}
    for name in base.pipes.asset_id:
        count[str(name)] = count.get(str(name), 0) + 1
    twice = [name for name in shared if count.get(name, 0) > 1]
    said = "rows share this id or are its pieces; called {0}~1, {0}~2 … with source_id {0}"
    return [Fault(Severity.INFO, "shared_id", f"{count[name]} {said.format(name)}", "pipes", name) for name in twice]


def pump_table(frame: StandardFrame, base: Base, faults: list[Fault]) -> PumpTable:
    """Pumps as links between two nodes, or at a node. Fatal: an unknown node."""
    columns: dict[str, Any] = plain_columns(PumpTable, frame, faults)
    ends, node = base.links["pumps"], np.full(len(frame), -1, dtype=np.int64)
    for row, name in enumerate(frame.text("node")):
        if name and base.nodes.has(str(name)):
            node[row] = base.nodes.row(str(name))
        elif name:
            faults.append(frame.fault(row, "unknown_node", f"no node {name!r}", Severity.FATAL, column="node"))
    whole = np.asarray((ends >= 0).all(axis=1), dtype=np.bool_)
    for at in np.flatnonzero(~whole & (node < 0)):
        faults.append(frame.fault(int(at), "pump_without_place", "has neither two nodes nor one; it lifts nothing"))
    ends = np.where(whole[:, None], ends, -1)
    return PumpTable.of(once(frame, faults), **columns, from_node=ends[:, 0], to_node=ends[:, 1], node=node, extra=frame.extras())


def surrounded(city: City, frames: dict[str, StandardFrame], before: Any, faults: list[Fault]) -> City:
    """The city with the assets of its frames; tables without a layer keep their rows."""
    around = Around(city.network, Pieces(city.network.pipes, before), faults)
    made: dict[str, Any] = {}
    for name in ("hydrants", "plants", "crews", "stations", "customers"):
        if len(frames[name]):
            made[name] = getattr(around, name)(frames[name])
    if len(frames["zones"]):
        made["zones"] = around.shapes(frames["zones"], ZoneTable)
    for name in ("roads", "water", "places"):
        if len(frames[name]):
            made[name] = around.shapes(frames[name], ShapeTable)
    return replace(city, **made)


def fed_by_plants(city: City, faults: list[Fault]) -> City:
    """Turn the junctions of plants and wells into sources, since the water enters there; planned plants are skipped."""
    nodes, kinds = city.network.nodes, city.network.nodes.kind.copy()
    for row, name in enumerate(city.plants.kind):
        node, made = int(city.plants.node[row]), {"plant": NodeKind.PLANT, "well": NodeKind.WELL}.get(str(name))
        if node < 0 or made is None or city.plants.planned[row] or kinds[node] != NodeKind.JUNCTION:
            continue
        kinds[node] = made
        said = f"node {nodes.asset_id[node]} is taken as a source, for this {name} stands there"
        faults.append(Fault(Severity.INFO, "plant_is_source", said, "plants", str(city.plants.asset_id[row])))
    return replace(city, network=replace(city.network, nodes=nodes.replaced(kind=kinds)))


def with_model(city: City, faults: list[Fault]) -> City:
    """The city with a hydraulic model built from its tables; the assumptions are added to ``info.assumed``."""
    from maps.hydraulics.model_building.gis_estimates import detail_from_gis
    from maps.hydraulics.model_building.model import build_model

    if len(city.customers) and not (city.network.nodes.demand_m3h > 0).any():
        network, said = demands_of_customers(city)
        city = replace(city, network=network, info=replace(city.info, assumed=(*city.info.assumed, said)))
    if len(city.network.pipes) > _LARGEST_MODEL:
        note = f"no hydraulic model: more than {_LARGEST_MODEL} pipes"
        return replace(city, info=replace(city.info, assumed=(*city.info.assumed, note)))
    model: EpanetModel = build_model(city.network, detail_from_gis(city), city.info.name)
    note = "the hydraulic model is built from the tables: not calibrated"
    return replace(city, epanet=model, info=replace(city.info, assumed=(*city.info.assumed, note)))


def _assumed(network: PipeNetwork) -> tuple[str, ...]:
    return () if network.georeferenced else ("the coordinates are taken as a local grid: not georeferenced",)


def refuse_fatal(place: str, faults: Sequence[Fault]) -> None:
    """Raises InputFault with all fatal faults when there is any."""
    if any(fault.severity is Severity.FATAL for fault in faults):
        raise InputFault.from_faults(place, faults)
