"""What could be done about each fault of an import. Pure: nothing is repaired before a person or a file asks for it.

A proposal is made only where the data leave one way open: an end beside one pipe, a valve beside one pipe, a pipe drawn twice. A
dead end without a pipe nearby is none of these: most dead ends are real.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maps.check import passing_by
from maps.city import City
from maps.columns import Columns
from maps.errors import Fault, Severity
from maps.importers.repairs.repair import Repair, RepairKind
from maps.index import PipeIndex

_MOVED: Mapping[tuple[str, str], float] = {("valve_off_network", "valves"): 10.0, ("off_network", "hydrants"): 30.0}
"""Fault and layer -> greatest distance in m over which it is moved onto its nearest pipe."""
_UNKNOWN_ENDS = ("from_node", "to_node", "node")
_CLEARER = 2.0
"""A second pipe must be this many times as far as the nearest one."""
_SAME_COURSE_M = 0.5


def located(faults: Iterable[Fault], city: City) -> tuple[Fault, ...]:
    """The faults with the position of their asset in the city's CRS, where they lack one and the city has the asset."""
    network = city.network
    tables: dict[str, Columns] = {
        table.LAYER: table
        for table in (network.nodes, network.pipes, network.valves, city.hydrants, city.customers, city.stations, city.plants)
    }
    pieces: dict[str, int] = {}
    for row, name in enumerate(network.pipes.source_id):
        if name:
            pieces.setdefault(str(name), row)
    return tuple(_with_place(fault, tables, pieces, city) for fault in faults)


def _with_place(fault: Fault, tables: Mapping[str, Columns], pieces: Mapping[str, int], city: City) -> Fault:
    if fault.x is not None or not fault.asset_id or fault.layer not in tables:
        return fault
    table = tables[fault.layer]
    row = (
        table.row(fault.asset_id)
        if table.has(fault.asset_id)
        else pieces.get(fault.asset_id, -1)
        if fault.layer == "pipes"
        else -1
    )
    if row < 0:
        return fault
    if fault.layer == "pipes":
        points = city.network.pipes.points(row)
        x, y = points[len(points) // 2]
    else:
        x, y = getattr(table, "x", np.full(len(table), np.nan))[row], getattr(table, "y", np.full(len(table), np.nan))[row]
    return replace(fault, x=float(x), y=float(y)) if np.isfinite(x) and np.isfinite(y) else fault


def proposals(faults: Sequence[Fault], city: City, snap_m: float) -> tuple[Repair | None, ...]:
    """The repair proposed for each fault of an import that succeeded, None where nothing is; (faults,)."""
    makers = (_near_misses, _moved, _close_nodes, _duplicates, _loops)
    found: list[Repair | None] = [_of_refusal(fault) if fault.code == "unknown_node" else None for fault in faults]
    for maker in makers:
        for at, made in maker(faults, city, snap_m).items():
            found[at] = made
    return tuple(_once(found))


def proposals_of_refusal(faults: Sequence[Fault]) -> tuple[Repair | None, ...]:
    """The repair proposed for each fatal fault of an import that was refused, None where nothing is; (faults,)."""
    return tuple(_once([_of_refusal(fault) for fault in faults]))


def _once(found: Sequence[Repair | None]) -> Iterable[Repair | None]:
    """Proposals without those that another one makes needless: two ends beside each other are joined once."""
    seen, taken = set[Repair](), set[tuple[str, str]]()
    for one in found:
        if one is None or one in seen:
            yield None
            continue
        met = (one.node if one.kind is RepairKind.SNAP else one.asset_id, one.to_id)  # two nodes, or two pipes
        if all(met) and met[::-1] in taken:
            yield None
            continue
        taken.add(met)
        seen.add(one)
        yield one


def _of_refusal(fault: Fault) -> Repair | None:
    if not fault.asset_id:
        return None
    if fault.code == "duplicate_id":
        return Repair(RepairKind.DROP, fault.layer, fault.asset_id, fault.code)
    if fault.code == "not_finite":
        return Repair(RepairKind.DROP, fault.layer, fault.asset_id, fault.code)
    if fault.code == "unknown_node" and fault.column in _UNKNOWN_ENDS and fault.layer in ("pipes", "valves", "pumps"):
        return Repair(RepairKind.SNAP, fault.layer, fault.asset_id, fault.code, column=fault.column)
    return None


def _near_misses(faults: Sequence[Fault], city: City, snap_m: float) -> dict[int, Repair]:
    """Ends beside a pipe: joined with its near end, else the pipe is cut there."""
    nodes, pipes = city.network.nodes, city.network.pipes
    ends = {
        nodes.row(fault.asset_id): at
        for at, fault in enumerate(faults)
        if fault.code == "dangling_end" and fault.severity is Severity.WARNING and nodes.has(fault.asset_id)
    }
    if not ends:
        return {}
    near = passing_by(city, np.array(sorted(ends), dtype=np.int64))
    index = PipeIndex(pipes)
    found: dict[int, Repair] = {}
    for row, (other, gap_m) in near.items():
        own = int(city.network.pipes_at(row)[0])
        point = shapely.Point(nodes.x[row], nodes.y[row])
        line = index.lines[other]
        along = float(shapely.line_locate_point(line, point))
        reach = max(snap_m, 2.0 * gap_m)
        at_end = along <= reach or along >= line.length - reach
        target = int(pipes.from_node[other] if along <= line.length / 2 else pipes.to_node[other])
        to = (float(nodes.x[target]), float(nodes.y[target])) if at_end else line.interpolate(along).coords[0][:2]
        if at_end and float(np.hypot(to[0] - point.x, to[1] - point.y)) > max(reach, snap_m) * 1.5:
            at_end, to = False, line.interpolate(along).coords[0][:2]
        found[ends[row]] = Repair(
            RepairKind.SNAP if at_end else RepairKind.SPLIT, "pipes", _whole(city, own), "dangling_end",
            float(point.x), float(point.y), str(nodes.asset_id[target]) if at_end else _whole(city, other),
            float(to[0]), float(to[1]), node=str(nodes.asset_id[row]),
        )  # fmt: skip
    return found


def _whole(city: City, row: int) -> str:
    """Id of a pipe as its source has it: that of the whole pipe for a piece."""
    pipes = city.network.pipes
    return str(pipes.source_id[row] or pipes.asset_id[row])


def _moved(faults: Sequence[Fault], city: City, snap_m: float) -> dict[int, Repair]:
    """What is drawn off the network, beside one pipe: moved onto it."""
    wanted = [
        at for at, fault in enumerate(faults) if (fault.code, fault.layer) in _MOVED and fault.x is not None and fault.asset_id
    ]
    if not wanted or not len(city.network.pipes):
        return {}
    points = np.array([[faults[at].x, faults[at].y] for at in wanted], dtype=np.float64)
    index = PipeIndex(city.network.pipes)
    row, pipe = index.within(points, max(_MOVED.values()))
    away = index.away(pipe, points[row])
    found: dict[int, Repair] = {}
    for k, at in enumerate(wanted):
        fault = faults[at]
        mine = row == k
        order = np.argsort(away[mine], kind="stable")
        rows, gaps = pipe[mine][order], away[mine][order]
        if not len(rows) or gaps[0] > _MOVED[fault.code, fault.layer] or not _is_clear(city, rows, gaps):
            continue
        on = index.lines[rows[0]].interpolate(index.lines[rows[0]].project(shapely.Point(points[k])))
        found[at] = Repair(
            RepairKind.SNAP, fault.layer, fault.asset_id, fault.code, fault.x, fault.y, to_x=float(on.x), to_y=float(on.y)
        )
    return found


def _is_clear(city: City, rows: NDArray[np.int64], gaps: NDArray[np.float64]) -> bool:
    """Whether the nearest pipe is the only one meant; its own pieces and neighbours at a joint do not count as rivals."""
    pipes = city.network.pipes
    nearest = {int(pipes.from_node[rows[0]]), int(pipes.to_node[rows[0]])}
    rivals = [
        gap
        for row, gap in zip(rows[1:], gaps[1:], strict=True)
        if not nearest & {int(pipes.from_node[row]), int(pipes.to_node[row])}
    ]
    return not rivals or min(rivals) >= _CLEARER * gaps[0]


def _close_nodes(faults: Sequence[Fault], city: City, snap_m: float) -> dict[int, Repair]:
    """Two given nodes within the tolerance, not the two ends of one link: the later becomes the earlier."""
    nodes, network = city.network.nodes, city.network
    wanted = {
        nodes.row(fault.asset_id): at
        for at, fault in enumerate(faults)
        if fault.code == "nodes_too_close" and nodes.has(fault.asset_id)
    }
    if not wanted:
        return {}
    xy = np.column_stack([nodes.x, nodes.y])
    linked = {
        (min(int(a), int(b)), max(int(a), int(b)))
        for table in (network.pipes, network.valves, network.pumps)
        for a, b in zip(table.from_node, table.to_node, strict=True)
    }
    near: list[list[int]] = list(np.atleast_1d(cKDTree(xy).query_ball_point(xy[list(wanted)], max(snap_m, 1e-3))))
    found: dict[int, Repair] = {}
    for (row, at), others in zip(wanted.items(), near, strict=True):
        before = [other for other in others if other < row and (other, row) not in linked]
        if before:
            kept = min(before, key=lambda other: float(np.hypot(*(xy[other] - xy[row]))))
            found[at] = Repair(
                RepairKind.MERGE, "nodes", str(nodes.asset_id[row]), "nodes_too_close", float(xy[row, 0]), float(xy[row, 1]),
                str(nodes.asset_id[kept]), float(xy[kept, 0]), float(xy[kept, 1]),
            )  # fmt: skip
    return found


def _duplicates(faults: Sequence[Fault], city: City, snap_m: float) -> dict[int, Repair]:
    """A pipe drawn on another one is left out; what names it names the other."""
    pipes = city.network.pipes
    wanted = [at for at, fault in enumerate(faults) if fault.code == "duplicate_pipe" and pipes.has(fault.asset_id)]
    if not wanted:
        return {}
    index = PipeIndex(pipes)
    found: dict[int, Repair] = {}
    for at in wanted:
        row = pipes.row(faults[at].asset_id)
        middle = index.lines[row].interpolate(0.5, normalized=True)
        _, near = index.within(np.array([[middle.x, middle.y]]), _SAME_COURSE_M)
        own = _whole(city, row)
        under = [int(other) for other in near if _whole(city, int(other)) != own and other < row]
        kept = _whole(city, under[0]) if under else ""
        found[at] = Repair(RepairKind.DROP, "pipes", own, "duplicate_pipe", float(middle.x), float(middle.y), kept)
    return found


def _loops(faults: Sequence[Fault], city: City, snap_m: float) -> dict[int, Repair]:
    """A pipe or link from a node to itself carries nothing: left out."""
    return {
        at: Repair(RepairKind.DROP, fault.layer, fault.asset_id, fault.code, fault.x, fault.y)
        for at, fault in enumerate(faults)
        if fault.code in ("loop_link", "loop_pipe") and fault.asset_id and "~" not in fault.asset_id
    }
