"""Checks a dataset: counts, CRS, faults of topology, and whether the hydraulics converge."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from maps import crs as crs_of
from maps.city import City
from maps.errors import Fault, InputFault, Severity
from maps.fitness import fitness_json
from maps.index import PipeIndex
from maps.network import NodeKind, PipeTable
from maps.trace import islands

_SHOWN_PER_CODE = 50
"""Number of faults of one kind that are listed in full; the counts include all of them."""
_NAMED = 5
"""Number of rows named in a fault that summarises several."""
NEAR_MISS_M = 2.0
"""A dead end closer than this to another pipe was probably meant to join it."""

_SAME_COURSE_M = 0.5
"""Lines closer to each other than this along their whole length are drawn on each other."""


def check_city(city: City) -> dict[str, Any]:
    """Check a city; the report as JSON values.

    counts, crs, faults {counts, list}, hydraulics {converged, message}, fitness (see ``maps.fitness``), assumed.
    """
    faults = list(network_faults(city))
    codes = [fault.code for fault in faults]
    return {
        "name": city.info.name,
        "synthetic": city.info.synthetic,
        "counts": counts(city),
        "crs": {"code": city.network.crs, "name": crs_of.describe(city.network.crs), "georeferenced": city.network.georeferenced},
        "fault_counts": {code: codes.count(code) for code in sorted(set(codes))},
        "faults": [_fault_json(fault) for fault in _first_of_each(faults)],
        "hydraulics": hydraulics(city),
        "fitness": fitness_json(city),
        "assumed": list(city.info.assumed),
    }


def counts(city: City) -> dict[str, int | float]:
    """Number of assets of each kind, and the length of pipes in km."""
    network = city.network
    tables = (
        network.nodes, network.pipes, network.pumps, network.valves, city.hydrants, city.plants, city.crews,
        city.stations, city.customers, city.zones,
    )  # fmt: skip
    sizes: dict[str, int | float] = {table.LAYER: len(table) for table in tables}
    sizes["sources"] = int(np.count_nonzero(network.nodes.feeds))
    sizes["length_km"] = round(float(np.nansum(network.pipes.length_m)) / 1000, 3)
    return sizes


def hydraulics(city: City) -> dict[str, Any]:
    """Whether the model's day converges, with EPANET's message; for a city without a model, a message that says so."""
    from maps.hydraulics.session import EpanetSession

    if city.epanet is None:
        return {"converged": False, "message": "no hydraulic model in this dataset"}
    try:
        with EpanetSession(city) as session:
            states = session.solve_day()
    except InputFault as fault:
        return {"converged": False, "message": str(fault)}
    failed = [state for state in states if not state.converged]
    told = failed[0] if failed else next((state for state in states if state.message), None)
    message = f"at {told.at_s / 3600:.0f} h: {told.message}" if told is not None else ""
    return {"converged": not failed, "message": message, "failed_hours": len(failed), "hours": len(states)}


def network_faults(city: City) -> Iterator[Fault]:
    """Faults found in topology and columns, each with its asset and position."""
    yield from _island_faults(city)
    yield from _pipe_faults(city)
    yield from _dangling_faults(city)
    yield from _inflow_faults(city)
    yield from _customer_inflow_faults(city)
    yield from _placing_faults(city)
    yield from _piece_faults(city)


def _inflow_faults(city: City) -> Iterator[Fault]:
    nodes = city.network.nodes
    for row in np.flatnonzero(nodes.feeds & (nodes.kind < NodeKind.SOURCE)):
        most = max(float(np.nan_to_num(nodes.inflow_m3h[row])), -float(np.nan_to_num(nodes.demand_m3h[row])))
        message = f"negative demand: up to {most:.4g} m³/h flow in; taken as a source (a well); correct it if it is a mistake"
        yield _at_node(city, int(row), "inflow_is_source", message)


def _customer_inflow_faults(city: City) -> Iterator[Fault]:
    """Report customers with negative demand (a well, or a mistake): a plan must not use it silently."""
    customers = city.customers
    for row in np.flatnonzero(customers.demand_m3h < 0):
        message = "negative demand: customers are not treated as sources; put a well or an inflow on its node, or correct it"
        x, y = float(customers.x[row]), float(customers.y[row])
        name = str(customers.asset_id[row])
        yield Fault(Severity.WARNING, "customer_inflow", message, "customers", name, column="demand_m3h", x=x, y=y)


def _placing_faults(city: City) -> Iterator[Fault]:
    valves = city.network.valves
    for row in np.flatnonzero(valves.placing != ""):
        message = f"its place is in doubt ({valves.placing[row]}): plans that use it say so; check on site"
        x, y = float(valves.x[row]), float(valves.y[row])
        yield Fault(Severity.WARNING, "valve_placing", message, "valves", str(valves.asset_id[row]), column="placing", x=x, y=y)


def _piece_faults(city: City) -> Iterator[Fault]:
    """Rows without a position that name a cut pipe, in one fault per layer."""
    for table in (city.customers, city.hydrants, city.stations):
        rows = np.flatnonzero(table.pieces != "")
        if not len(rows):
            continue
        named = ", ".join(table.ids(rows[:_NAMED])) + (f" and {len(rows) - _NAMED} more" if len(rows) > _NAMED else "")
        message = (
            f"{named}: on a pipe that is in several pieces, with no place of their own; each counts for every piece, "
            "marked piece unknown; give it a point, or name the piece"
        )
        yield Fault(Severity.WARNING, "piece_unknown", message, table.LAYER, column="pipe")


def _island_faults(city: City) -> Iterator[Fault]:
    network = city.network
    _, label, fed = islands(network)
    dry = np.flatnonzero(~fed)
    sizes = np.bincount(label, minlength=len(fed))
    for island in dry:
        row = int(np.flatnonzero(label == island)[0])
        message = f"{sizes[island]} nodes without any source; join them or give them a source"
        yield _at_node(city, row, "island_without_source", message)


def _loops(city: City) -> Iterator[Fault]:
    """Pumps and link valves from a node to itself: EPANET refuses such links, so the model omits them."""
    for table in (city.network.pumps, city.network.valves):
        for row in np.flatnonzero((table.from_node >= 0) & (table.from_node == table.to_node)):
            said = "begins and ends at the same node: the hydraulic model omits it"
            yield Fault(Severity.WARNING, "loop_link", said, table.LAYER, str(table.asset_id[row]))


def _pipe_faults(city: City) -> Iterator[Fault]:
    pipes = city.network.pipes
    rules = (
        ("unknown_diameter", ~(pipes.diameter_mm > 0), "diameter_mm", "no diameter; the model takes 100 mm"),
        ("zero_length", ~(pipes.length_m > 0), "length_m", "no length; draw the pipe or give its length"),
        (
            "loop_pipe",
            pipes.from_node == pipes.to_node,
            "",
            "begins and ends at the same node: nothing flows through it, and the model holds it as two halves",
        ),
        ("duplicate_pipe", _duplicates(city), "", "is drawn exactly on another pipe; delete one of them"),
    )
    yield from _loops(city)
    for code, mask, column, message in rules:
        for row in np.flatnonzero(mask):
            x, y = pipes.points(int(row))[0]
            yield Fault(Severity.WARNING, code, message, "pipes", str(pipes.asset_id[row]), column=column, x=float(x), y=float(y))


def _duplicates(city: City) -> NDArray[np.bool_]:
    """Pipes with the same ends, length and diameter as an earlier one, (pipes,); cut pipes are compared as before the cut.

    A valve on one of two pipes drawn on each other cuts only one of them, so that none of its pieces equals the other pipe.
    """
    pipes = city.network.pipes
    whole = _whole_pipes(pipes)
    mask = np.zeros(len(pipes), dtype=np.bool_)
    drawn = [range(first, last) for first, last in itertools.pairwise([*map(int, whole.first), len(pipes)])]
    alike = _repeated(pipes, drawn, whole.ends, whole.length_m, pipes.diameter_mm[whole.first])
    mask[whole.first[alike]] = True
    # A piece may also lie on a pipe of its own length; it is not reported again where the whole pipes are.
    told = mask[whole.first][whole.of]
    ends = np.column_stack([pipes.from_node, pipes.to_node])
    pieces = _repeated(pipes, [range(row, row + 1) for row in range(len(pipes))], ends, pipes.length_m, pipes.diameter_mm)
    return np.asarray(mask | (pieces & ~told))


def _repeated(
    pipes: PipeTable,
    drawn: Sequence[range],
    ends: NDArray[np.integer],
    length_m: NDArray[np.float64],
    diameter_mm: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Lines with the ends, length (to 1 cm), diameter and course of an earlier one, (n,); unknown values count as equal.

    ``drawn``: the pipe rows that each line consists of. Twin mains on both sides of a street differ only in their course.
    """
    length, diameter = (np.nan_to_num(values, nan=-1.0) for values in (np.round(length_m, 2), diameter_mm))
    keys = np.column_stack([ends.min(axis=1), ends.max(axis=1), length, diameter])
    _, group, count = np.unique(keys, axis=0, return_inverse=True, return_counts=True)
    courses = dict[int, list[shapely.LineString | None]]()
    mask = np.zeros(len(ends), dtype=np.bool_)
    for line in np.flatnonzero(count[group.ravel()] > 1):
        earlier = courses.setdefault(int(group.ravel()[line]), [])
        course = _course(pipes, drawn[int(line)])
        mask[line] = any(_on(course, other) for other in earlier)
        if not mask[line]:
            earlier.append(course)
    return mask


def _course(pipes: PipeTable, rows: range) -> shapely.LineString | None:
    """The line through the points of consecutive rows; None where it is not drawn."""
    points = np.concatenate([pipes.points(row) for row in rows])
    return shapely.LineString(points) if len(points) > 1 and np.isfinite(points).all() else None


def _on(first: shapely.LineString | None, second: shapely.LineString | None) -> bool:
    return first is None or second is None or bool(shapely.hausdorff_distance(first, second) <= _SAME_COURSE_M)


@dataclass(frozen=True, eq=False)
class _Whole:
    """Pipes before they were cut: first row (n,), end nodes (n, 2) and length (n,); ``of``: whole pipe of each row, (rows,)."""

    of: NDArray[np.int64]
    first: NDArray[np.int64]
    ends: NDArray[np.int64]
    length_m: NDArray[np.float64]


def _whole_pipes(pipes: PipeTable) -> _Whole:
    """Join pieces that share a ``source_id`` and follow one another end to end; any other row is a pipe of its own."""
    follows = np.zeros(len(pipes), dtype=np.bool_)
    if len(pipes):
        same = (pipes.source_id[1:] != "") & (pipes.source_id[1:] == pipes.source_id[:-1])
        follows[1:] = same & (pipes.from_node[1:] == pipes.to_node[:-1])
    first = np.flatnonzero(~follows)
    last = np.append(first[1:], len(pipes))[: len(first)] - 1
    ends = np.column_stack([pipes.from_node[first], pipes.to_node[last]]).astype(np.int64)
    total = np.add.reduceat(np.nan_to_num(pipes.length_m), first) if len(first) else pipes.length_m
    return _Whole(np.cumsum(~follows) - 1, first, ends, total)


def _dangling_faults(city: City) -> Iterator[Fault]:
    """Dead ends: a warning where another pipe passes close by, information otherwise; and nodes without any pipe."""
    network = city.network
    degree = np.bincount(np.concatenate([network.pipes.from_node, network.pipes.to_node]), minlength=len(network.nodes))
    linked = np.concatenate([network.valves.from_node, network.valves.to_node, network.pumps.from_node, network.pumps.to_node])
    degree += np.bincount(linked[linked >= 0], minlength=len(network.nodes))
    ends = np.flatnonzero((degree == 1) & (network.nodes.kind == NodeKind.JUNCTION))
    near = passing_by(city, ends) if network.georeferenced else {}
    for row in map(int, ends):
        if row in near:
            pipe, gap_m = near[row]
            said = f"ends {gap_m:.2f} m beside pipe {network.pipes.asset_id[pipe]} without joining it"
            yield _at_node(city, row, "dangling_end", f"{said}; join them or widen the tolerance")
        else:
            yield _at_node(city, row, "dangling_end", "a dead end", Severity.INFO)
    pumps = network.pumps.node[network.pumps.node >= 0]
    for row in np.setdiff1d(np.flatnonzero(degree == 0), pumps):
        yield _at_node(city, int(row), "node_alone", "no pipe ends here")


def passing_by(city: City, ends: NDArray[np.int64], reach_m: float = NEAR_MISS_M) -> dict[int, tuple[int, float]]:
    """Node row -> (row, distance in m) of the nearest pipe within reach that shares no node with the pipe ending there."""
    network = city.network
    xy = np.column_stack([network.nodes.x, network.nodes.y])[ends]
    finite = np.isfinite(xy).all(axis=1)
    ends, xy = ends[finite], xy[finite]
    index = PipeIndex(network.pipes)
    at, pipe = index.within(xy, reach_m)
    gap = np.asarray(shapely.distance(np.asarray(shapely.points(xy[at]), dtype=object), index.lines[pipe]))
    found: dict[int, tuple[int, float]] = {}
    for row, other, gap_m in zip(ends[at].tolist(), pipe.tolist(), gap.tolist(), strict=True):
        own = network.pipes_at(row)
        touched = {int(node) for table in (network.pipes.from_node, network.pipes.to_node) for node in table[own]}
        if {int(network.pipes.from_node[other]), int(network.pipes.to_node[other])} & touched:
            continue
        if row not in found or gap_m < found[row][1]:
            found[row] = (other, gap_m)
    return found


def _at_node(city: City, row: int, code: str, message: str, severity: Severity = Severity.WARNING) -> Fault:
    nodes = city.network.nodes
    return Fault(severity, code, message, "nodes", str(nodes.asset_id[row]), x=float(nodes.x[row]), y=float(nodes.y[row]))


def _first_of_each(faults: list[Fault]) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for fault in faults:
        seen[fault.code] = seen.get(fault.code, 0) + 1
        if seen[fault.code] <= _SHOWN_PER_CODE:
            yield fault


def _fault_json(fault: Fault) -> dict[str, Any]:
    place = {"x": fault.x, "y": fault.y} if fault.x is not None and np.isfinite(fault.x) else {}
    return {
        "severity": fault.severity.value, "code": fault.code, "layer": fault.layer, "asset_id": fault.asset_id,
        "column": fault.column, "message": fault.message, **place,
    }  # fmt: skip
