"""What drawn positions prove: which column holds the nodes at the ends of lines, and which the ids of those nodes.

Where a line starts at a point and a column of the line has that point's value of some column, row after row, the two columns are
a reference, whatever they are called.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from maps.importers.guessing.column import Column
from maps.importers.guessing.layers import LINE, POINT, drawn
from maps.importers.readers.sources import RawLayer

_LINES = 1500
"""Lines of a layer that are looked at, evenly spread."""
_NEAR_M, _NEAR_DEG = 0.5, 5e-6
_PROVEN, _LEAST_MET = 0.9, 20
"""Share of the lines with a point at their end whose values have to agree, and the least number of such lines."""
_LEAST_DISTINCT = 0.2
_MOST_LINES, _MOST_COLUMNS = 5000, 12


@dataclass(frozen=True, slots=True)
class DrawnLinks:
    """Columns by the layer's place in the list.

    ``starts``, ``ends``: of a line layer, with the node at its lines' starts and ends; ``ids``: of a point layer, with the ids
    that they name.
    """

    starts: dict[int, frozenset[str]] = field(default_factory=dict)
    ends: dict[int, frozenset[str]] = field(default_factory=dict)
    ids: dict[int, frozenset[str]] = field(default_factory=dict)


def drawn_links(layers: Sequence[RawLayer]) -> DrawnLinks:
    """The references that are proven by position, between all line and point layers."""
    kinds = [drawn(raw) for raw in layers]
    found = DrawnLinks()
    for p, points in enumerate(layers):
        if kinds[p] != POINT:
            continue
        place, tree = _tree(points)
        if tree is None:
            continue
        values = {str(name): _texts(points, str(name), place) for name in points.frame}
        candidates = {name: texts for name, texts in values.items() if _may_be_ids(texts)}
        for k, lines in enumerate(layers):
            if kinds[k] == LINE and candidates:
                _compare(lines, k, p, tree, candidates, found)
    for k, lines in enumerate(layers):
        if kinds[k] == LINE and k not in found.starts and k not in found.ends and (pair := _agreeing(lines)) is not None:
            found.starts[k], found.ends[k] = frozenset(pair[:1]), frozenset(pair[1:])
    return found


def _agreeing(lines: RawLayer) -> tuple[str, str] | None:
    """Two columns of which the first has one value at each place where lines start, the second the same where they end.

    None without such a pair, or with several: the points themselves are not among the sources.
    """
    rows, first, last = _ends(lines, every=True)
    if len(rows) < _LEAST_MET:
        return None
    near = _NEAR_DEG if np.abs(first).max() <= 180 else _NEAR_M
    grid = np.round(np.concatenate([first, last]) / (4 * near)).astype(np.int64)
    _, place, count = np.unique(grid, axis=0, return_inverse=True, return_counts=True)
    place = np.asarray(place).reshape(-1)
    shared = count[place] > 1
    if shared.sum() < _LEAST_MET:
        return None
    texts = {str(name): Column.of(str(name), lines.frame[name].iloc[rows]).texts for name in lines.frame}
    texts = {
        name: values
        for name, values in texts.items()
        if len(set(values)) >= _LEAST_DISTINCT * len(values) and (values != "").all()
    }
    if len(texts) > _MOST_COLUMNS:
        return None
    found = [
        (a, b) for a in texts for b in texts if a != b and _is_one_a_place(np.concatenate([texts[a], texts[b]]), place, shared)
    ]
    return found[0] if len(found) == 1 else None


def _is_one_a_place(names: NDArray[np.object_], place: NDArray[np.int64], shared: NDArray[np.bool_]) -> bool:
    """Whether each place has one name and each name one place, at nearly all ends that lie with others."""
    of_place: dict[int, str] = {}
    of_name: dict[str, int] = {}
    agree = 0
    for at in np.flatnonzero(shared).tolist():
        name, where = str(names[at]), int(place[at])
        agree += of_place.setdefault(where, name) == name and of_name.setdefault(name, where) == where
    return bool(agree >= _PROVEN * shared.sum() and len(of_place) > 1)


def _compare(
    lines: RawLayer, k: int, p: int, tree: cKDTree, candidates: dict[str, NDArray[np.object_]], found: DrawnLinks
) -> None:
    rows, first, last = _ends(lines)
    if not len(rows):
        return
    near = _NEAR_DEG if np.abs(first).max() <= 180 else _NEAR_M
    for ends, into in ((first, found.starts), (last, found.ends)):
        away, at = tree.query(ends, distance_upper_bound=near)
        met, at = np.flatnonzero(np.isfinite(away)), np.asarray(at)
        if len(met) < _LEAST_MET:
            continue
        for name in map(str, lines.frame):
            texts = Column.of(name, lines.frame[name].iloc[rows[met]]).texts
            if len(set(texts)) < _LEAST_DISTINCT * len(texts):
                continue
            for id_name, ids in candidates.items():
                if float(np.mean((texts == ids[at[met]]) & (texts != ""))) >= _PROVEN:
                    into[k] = into.get(k, frozenset()) | {name}
                    found.ids[p] = found.ids.get(p, frozenset()) | {id_name}


def _tree(points: RawLayer) -> tuple[NDArray[np.int64], cKDTree | None]:
    """Rows of the points with a place, and a tree of these places."""
    shapes = np.asarray(points.geometry, dtype=object)
    good = np.flatnonzero((shapely.get_type_id(shapes) == 0) & ~shapely.is_empty(shapes))
    xy = np.column_stack([shapely.get_x(shapes[good]), shapely.get_y(shapes[good])])
    finite = np.isfinite(xy).all(axis=1)
    return good[finite], cKDTree(xy[finite]) if finite.any() else None


def _texts(points: RawLayer, name: str, rows: NDArray[np.int64]) -> NDArray[np.object_]:
    return Column.of(name, points.frame[name].iloc[rows]).texts


def _may_be_ids(texts: NDArray[np.object_]) -> bool:
    return len(texts) > 0 and len(set(texts)) >= 0.95 * len(texts)


def _ends(lines: RawLayer, *, every: bool = False) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Rows of whole lines, sampled or the first ones, and their first and last points, (n, 2)."""
    shapes = np.asarray(lines.geometry, dtype=object)
    rows = np.flatnonzero((shapely.get_type_id(shapes) == 1) & ~shapely.is_empty(shapes))
    rows = rows[:_MOST_LINES] if every else rows[:: max(1, len(rows) // _LINES)]
    ends = [shapely.get_coordinates(shapely.get_point(shapes[rows], at)) for at in (0, -1)]
    finite = np.isfinite(ends[0]).all(axis=1) & np.isfinite(ends[1]).all(axis=1) if len(rows) else np.empty(0, dtype=np.bool_)
    return rows[finite], ends[0][finite], ends[1][finite]
