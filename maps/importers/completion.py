"""Adds valves, stations and customers on request or where the source has none; all of them are marked as assumed."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from maps.attachment import pieces_text
from maps.city import City, CustomerTable, StationTable
from maps.columns import Columns, Ints
from maps.errors import Fault, InputFault, Severity
from maps.importers.readers.encoding import decoded
from maps.network import NodeKind, PipeNetwork, ValveTable

RESIDENTS_PER_M3_DAY = 5.0
"""Residents per m³ of daily demand: 0.2 m³ per head and day, losses and trade included."""
PEOPLE_PER_HOUSEHOLD = 2.6
"""China's seventh census (2020): 2.62 persons per household."""
_MOST_PEOPLE = 100_000_000
"""Limit at one node: a larger demand is a wrong number, and must not overflow the column."""

Table = TypeVar("Table", bound=Columns)

CHANNELS = ("pressure", "flow", "level", "turbidity", "chlorine", "ph", "temperature", "pump_on", "frequency",
            "valve_position", "setpoint", "power", "battery")  # fmt: skip


def with_assumed_valves(network: PipeNetwork) -> PipeNetwork:
    """Add a gate valve at both ends of every pipe, marked as assumed; existing valves stay."""
    pipes, count = network.pipes, len(network.pipes)
    old = network.valves
    rows = np.tile(np.arange(count, dtype=np.int32), 2)
    nodes = np.concatenate([pipes.from_node, pipes.to_node])
    first = pipes.offsets[:-1]
    x = np.concatenate([_along(pipes.vertices[:, 0], first, 1), _along(pipes.vertices[:, 0], pipes.offsets[1:] - 1, -1)])
    y = np.concatenate([_along(pipes.vertices[:, 1], first, 1), _along(pipes.vertices[:, 1], pipes.offsets[1:] - 1, -1)])
    ids = [f"AV-{pipes.asset_id[row]}-{end}" for end in ("a", "b") for row in range(count)]
    added = ValveTable.of(
        ids, pipe=rows, node=nodes, from_node=np.full(2 * count, -1), to_node=np.full(2 * count, -1),
        diameter_mm=np.tile(pipes.diameter_mm, 2), assumed=np.ones(2 * count, dtype=bool), x=x, y=y,
    )  # fmt: skip
    return replace(network, valves=joined(old, added))


def _along(values: np.ndarray, at: np.ndarray, step: int) -> np.ndarray:
    """Points a short way in from a pipe's end, so that its two valves are drawn apart."""
    inward: np.ndarray = values[at] + 0.15 * (values[at + step] - values[at])
    return inward


def joined(first: Table, second: Table) -> Table:
    """Rows of two tables of one kind, one below the other."""
    kinds = type(first).column_kinds()
    columns = {name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in kinds}
    asset_id = columns.pop("asset_id")
    return type(first).of(asset_id, **columns)


def estimated_customers(network: PipeNetwork) -> CustomerTable:
    """One customer per demand node, on one of its pipes; households from the demand, marked as estimated."""
    nodes = network.nodes
    rows = np.flatnonzero((nodes.kind == NodeKind.JUNCTION) & (nodes.demand_m3h > 0))
    pipe = np.array([network.pipes_at(int(row))[0] if len(network.pipes_at(int(row))) else -1 for row in rows], dtype=np.int32)
    rows, pipe = rows[pipe >= 0], pipe[pipe >= 0]
    people = np.ceil(np.minimum(nodes.demand_m3h[rows] * 24 * RESIDENTS_PER_M3_DAY, _MOST_PEOPLE)).astype(np.int32)
    return CustomerTable.of(
        [f"C-{nodes.asset_id[row]}" for row in rows], pipe=pipe, people=people,
        category=["residential"] * len(rows), households=np.ceil(people / PEOPLE_PER_HOUSEHOLD).astype(np.int32),
        demand_m3h=nodes.demand_m3h[rows], estimated=np.ones(len(rows), dtype=bool), x=nodes.x[rows], y=nodes.y[rows],
    )  # fmt: skip


def demands_of_customers(city: City) -> tuple[PipeNetwork, str]:
    """Node demands where the source has none, m³/h, and the assumption in words.

    Half of a customer's demand goes to either end of its pipe (of unknown piece: shared by all pieces); inflows are kept.
    A customer without a demand gets one from its people, or from its households.
    """
    customers, nodes, pipes = city.customers, city.network.nodes, city.network.pipes
    on = city.customers_on
    people = np.where(customers.people > 0, customers.people, customers.households * PEOPLE_PER_HOUSEHOLD)
    counted = people / RESIDENTS_PER_M3_DAY / 24.0
    demand = np.where(customers.demand_m3h > 0, customers.demand_m3h, counted)
    given = np.minimum(np.nan_to_num(nodes.demand_m3h), 0.0)  # inflows are kept
    for ends in (pipes.from_node, pipes.to_node):
        np.add.at(given, ends[on.pipe], demand[on.row] * on.share / 2)
    given[nodes.kind != NodeKind.JUNCTION] = 0.0
    count = len(np.unique(on.row))
    note = f"node demands are those of {count} customers, {RESIDENTS_PER_M3_DAY:g} residents per m³/day where not given"
    return replace(city.network, nodes=nodes.replaced(demand_m3h=given)), note


def stations_from_csv(city: City, path: Path, told: list[Fault], encoding: str | None = None) -> StationTable:
    """Stations of a CSV (station_id, node, channel); ``node`` may be a link for flow. Raises InputFault with all faults.

    ``told`` receives warnings about the encoding. ``encoding``: of its text where known, else detected from its bytes.
    """
    faults, found = list[Fault](), dict[str, dict[str, object]]()
    for number, line in _csv_rows(path, told, encoding):
        fault = _station_line(city, line, found)
        if fault:
            column, message = fault
            faults.append(Fault(Severity.FATAL, "station", message, path.name, row=number, column=column))
    if faults:
        raise InputFault.from_faults(str(path), faults)
    rows = list(found.values())
    columns = {name: [row[name] for row in rows] for name in ("node", "link", "channels", "pieces", "x", "y")}
    return StationTable.of(list(found), name=list(found), **columns)


def _csv_rows(path: Path, told: list[Fault], encoding: str | None) -> list[tuple[int, dict[str, str]]]:
    try:
        text = decoded(path.read_bytes(), encoding)
        told += text.faults(path.name)
        with io.StringIO(text.text, newline="") as file:
            reader = csv.DictReader(file)
            if not {"station_id", "node", "channel"} <= set(reader.fieldnames or ()):
                raise InputFault(f"{path}: columns station_id, node, channel are needed")
            return [(number, {k: (v or "").strip() for k, v in row.items() if k}) for number, row in enumerate(reader, start=2)]
    except (OSError, csv.Error) as fault:
        raise InputFault(f"{path}: cannot be read ({fault}); give a CSV file") from fault


def _pieces_of(network: PipeNetwork, pipe: str) -> Ints:
    """Rows of a pipe, or of all pieces of a cut pipe; empty for an unknown id."""
    pipes = network.pipes
    return pipes.rows([pipe]) if pipes.has(pipe) else np.flatnonzero(pipes.source_id == pipe).astype(np.int32)


def _station_line(city: City, line: dict[str, str], found: dict[str, dict[str, object]]) -> tuple[str, str] | None:
    network, name, place, channel = city.network, line["station_id"], line["node"], line["channel"] or "pressure"
    if not name:
        return "station_id", "is empty"
    if channel not in CHANNELS:
        return "channel", f"{channel!r} is none of {', '.join(CHANNELS)}"
    known = found.get(name)
    if known is not None:
        if known["place"] != place or channel in str(known["channels"]).split(","):
            return "station_id", f"{name!r} is there twice"
        known["channels"] = f"{known['channels']},{channel}"
        return None
    node, link, pieces = -1, "", ""
    if network.nodes.has(place):
        node = network.nodes.row(place)
        at = node
    elif len(rows := _pieces_of(network, place)):
        link, at = str(network.pipes.asset_id[rows[0]]), int(network.pipes.from_node[rows[0]])
        pieces = pieces_text(network.pipes.ids(rows)) if len(rows) > 1 else ""
    elif network.pumps.has(place):
        link, at = place, int(network.pumps.from_node[network.pumps.row(place)])
    elif network.valves.has(place):
        link, at = place, int(network.valves.from_node[network.valves.row(place)])
    else:
        return "node", f"no node or link {place!r} in this network"
    found[name] = {
        "node": node, "link": link, "channels": channel, "place": place, "pieces": pieces,
        "x": float(network.nodes.x[at]), "y": float(network.nodes.y[at]),
    }  # fmt: skip
    return None
