"""Splits pipes at given places and numbers the pieces. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.columns import texts
from maps.index import PipeIndex
from maps.network import PipeTable

_SAME_M = 1e-3


@dataclass(frozen=True, eq=False)
class Cuts:
    """Places where pipes are cut: pipe row, metres along its drawn line, node row at the cut; all (k,)."""

    pipe: NDArray[np.int64]
    along_m: NDArray[np.float64]
    node: NDArray[np.int64]


def ends_on_pipes(pipes: PipeTable, xy: NDArray[np.float64], tolerance_m: float) -> Cuts:
    """Nodes that lie on a pipe without being one of its ends. ``xy``: (nodes, 2) in the pipes' CRS."""
    index = PipeIndex(pipes)
    points, lines = np.asarray(shapely.points(xy), dtype=object).reshape(-1), index.lines
    node, pipe = index.within(xy, max(tolerance_m, _SAME_M))
    own = (pipes.from_node[pipe] == node) | (pipes.to_node[pipe] == node)
    node, pipe = node[~own], pipe[~own]
    along = np.asarray(shapely.line_locate_point(lines[pipe], points[node]))
    length = np.asarray(shapely.length(lines[pipe]))
    # Near an end the node was kept apart on purpose (the two ends of a short link), so the pipe is not cut there.
    inside = (along > max(tolerance_m, _SAME_M)) & (along < length - max(tolerance_m, _SAME_M))
    return Cuts(pipe[inside].astype(np.int64), along[inside], node[inside].astype(np.int64))


def split(pipes: PipeTable, cuts: Cuts, xy: NDArray[np.float64]) -> tuple[PipeTable, NDArray[np.int64]]:
    """The pieces in digitised order, and the former row of each, (pieces,). Pieces keep their pipe's id; see ``numbered``.

    Length and minor loss are shared in proportion to drawn length. ``xy``: of the nodes, (nodes, 2).
    """
    if not len(cuts.pipe):
        return pipes, np.arange(len(pipes), dtype=np.int64)
    order = np.lexsort((cuts.node, cuts.along_m, cuts.pipe))
    at: dict[int, list[tuple[float, int]]] = {}
    for row in order:
        at.setdefault(int(cuts.pipe[row]), []).append((float(cuts.along_m[row]), int(cuts.node[row])))
    parent, start, end, share, shapes = list[int](), list[int](), list[int](), list[float](), list[NDArray[np.float64]]()
    for row in range(len(pipes)):
        line, ends = pipes.points(row), (int(pipes.from_node[row]), int(pipes.to_node[row]))
        pieces = _pieces(line, ends, at[row], xy) if row in at else [(ends[0], ends[1], line, 1.0)]
        for a, b, points, part in pieces:
            parent.append(row)
            start.append(a)
            end.append(b)
            shapes.append(points)
            share.append(part)
    rows = np.array(parent, dtype=np.int64)
    taken: dict[str, Any] = {name: getattr(pipes, name)[rows] for name in PipeTable.column_kinds()}
    taken |= {
        "from_node": start, "to_node": end, "length_m": taken["length_m"] * np.array(share),
        "minor_loss": taken["minor_loss"] * np.array(share),
    }  # fmt: skip
    offsets = np.concatenate([[0], np.cumsum([len(points) for points in shapes])]).astype(np.int64)
    extra = {name: values[rows] for name, values in pipes.extra.items()}
    ids = taken.pop("asset_id")
    return PipeTable.of(ids, **taken, vertices=np.concatenate(shapes), offsets=offsets, extra=extra), rows


def _pieces(
    line: NDArray[np.float64], ends: tuple[int, int], cuts: Sequence[tuple[float, int]], xy: NDArray[np.float64]
) -> list[tuple[int, int, NDArray[np.float64], float]]:
    """(from node, to node, points, share of the length) of each piece of one line."""
    steps = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(line, axis=0).T))])
    total = steps[-1] if steps[-1] > 0 else 1.0
    stops = [(0.0, ends[0], line[0])]
    for along, node in cuts:
        if node != stops[-1][1] and node != ends[1]:
            stops.append((along, node, xy[node]))
    stops.append((float(steps[-1]), ends[1], line[-1]))
    pieces = []
    for (begin, a, first), (stop, b, last) in pairwise(stops):
        inner = line[(steps > begin + _SAME_M) & (steps < stop - _SAME_M)]
        pieces.append((a, b, np.vstack([first, inner, last]), float((stop - begin) / total)))
    return pieces


def numbered(pipes: PipeTable, taken: frozenset[str] = frozenset()) -> tuple[PipeTable, tuple[str, ...]]:
    """Number rows that share an id as ``<id>~1``, ``<id>~2`` … with ``source_id``; also returns the shared ids."""
    ids = [str(name) for name in pipes.asset_id]
    count: dict[str, int] = {}
    for name in ids:
        count[name] = count.get(name, 0) + 1
    used = {name for name, times in count.items() if times == 1} | taken
    made, source, number = list[str](), list[str](), dict[str, int]()
    for name, given in zip(ids, pipes.source_id, strict=True):
        piece = name
        while count[name] > 1:
            number[name] = number.get(name, 0) + 1
            piece = f"{name}~{number[name]}"
            if piece not in used:
                break
        made.append(piece)
        source.append(str(given) or (name if count[name] > 1 else ""))
    shared = tuple(name for name, times in count.items() if times > 1)
    return pipes.replaced(asset_id=texts(made), source_id=texts(source)), shared
