"""Reads a given street layer (any file that GDAL reads, with its own CRS) into the street graph."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.errors import InputFault
from maps.synthetic.streets.graph import ARTERIAL, COLLECTOR, LOCAL, Array, Rows, Streets

_CRS = "EPSG:4548"
_CLASS_COLUMNS = ("highway", "fclass", "class", "road_class", "roadclass", "type", "kind", "grade", "等级", "道路等级")
_NAME_COLUMNS = ("name", "name_zh", "road_name", "roadname", "名称", "道路名称")
_RANKS = {
    **dict.fromkeys(("trunk", "primary", "secondary", "arterial", "main", "快速路", "主干路", "次干路"), ARTERIAL),
    **dict.fromkeys(("tertiary", "collector", "trunk_link", "primary_link", "secondary_link", "支路"), COLLECTOR),
}
"""Classes that carry mains and larger pipes; a motorway has no main along it and counts as local, like all others."""
_SNAP_M = 0.5
"""Ends within half a metre are one node; a larger tolerance would merge dual carriageways."""


def read_roads(path: Path) -> Streets:
    """Streets of a layer: noded, undirected, without doubles, the largest connected part.

    Raises InputFault when the file cannot be read, has no CRS or holds no lines.
    """
    lines, frame = _read(path)
    rank = _ranks(frame)
    street = _texts(frame, _NAME_COLUMNS)
    pieces, owner = _noded(lines)
    coordinates, index = shapely.get_coordinates(pieces, return_index=True)
    offsets = np.concatenate([[0], np.cumsum(np.bincount(index, minlength=len(pieces)))])
    x, y, u, v = _nodes(coordinates, offsets)
    streets = Streets(x, y, u, v, rank[owner], coordinates, offsets, street[owner])
    return streets.without_doubles().largest_component().in_place_order()


def _read(path: Path) -> tuple[NDArray[np.object_], Any]:
    """Single lines in EPSG:4548 and the rows they come from."""
    import pyogrio

    try:
        frame = pyogrio.read_dataframe(path)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, OSError, ValueError) as error:
        raise InputFault(f"{path}: not a street layer that can be read ({error})") from error
    if "geometry" not in frame or frame.crs is None:
        raise InputFault(f"{path}: a street layer needs lines with a coordinate system; this one has none")
    frame = frame.to_crs(_CRS).explode(ignore_index=True)
    geometry = np.asarray(frame.geometry.values, dtype=object)
    usable = (shapely.get_type_id(geometry) == 1) & (shapely.length(geometry) > _SNAP_M)
    lines = shapely.force_2d(geometry[usable])
    if len(lines) < 30:
        raise InputFault(f"{path}: {len(lines)} street lines; give a layer with the streets of a town")
    return np.asarray(lines), frame[usable].reset_index(drop=True)


def _ranks(frame: Any) -> NDArray[np.int8]:
    classes = _texts(frame, _CLASS_COLUMNS)
    return np.array([_RANKS.get(str(text).lower(), LOCAL) for text in classes], dtype=np.int8)


def _texts(frame: Any, columns: tuple[str, ...]) -> NDArray[np.object_]:
    """The first of ``columns`` that the layer has, as text; "" where empty."""
    out = np.full(len(frame), "", dtype=object)
    for column in frame.columns:
        if str(column).lower() in columns:
            out[:] = frame[column].fillna("").astype(str).to_numpy()
            break
    return out


def _noded(lines: NDArray[np.object_]) -> tuple[NDArray[np.object_], Rows]:
    """Lines cut where another line ends on them, and the line each piece comes from."""
    ends = np.concatenate([shapely.get_point(lines, 0), shapely.get_point(lines, -1)])
    ends = np.unique(np.round(shapely.get_coordinates(ends), 2), axis=0)
    points = np.asarray(shapely.points(ends))
    which, line = shapely.STRtree(lines).query(points, predicate="dwithin", distance=_SNAP_M)
    along = shapely.line_locate_point(lines[line], points[which])
    inside = (along > 2 * _SNAP_M) & (along < shapely.length(lines[line]) - 2 * _SNAP_M)
    cuts: dict[int, list[float]] = {}
    for row, at in zip(line[inside].tolist(), along[inside].tolist(), strict=True):
        cuts.setdefault(row, []).append(at)
    pieces: list[Any] = [lines[row] for row in range(len(lines)) if row not in cuts]
    owner = [row for row in range(len(lines)) if row not in cuts]
    for row, at in sorted(cuts.items()):
        marks = [0.0, *sorted(at), float(shapely.length(lines[row]))]
        for start, stop in pairwise(marks):
            if stop - start > _SNAP_M:
                pieces.append(_between(lines[row], start, stop))
                owner.append(row)
    out = np.empty(len(pieces), dtype=object)
    out[:] = pieces
    return out, np.array(owner, dtype=np.int64)


def _between(line: Any, start: float, stop: float) -> Any:
    from shapely.ops import substring

    return substring(line, start, stop)


def _nodes(coordinates: Array, offsets: Rows) -> tuple[Array, Array, Rows, Rows]:
    """End points grouped by place: node x, y and the node rows of each piece. Moves the ends onto their nodes."""
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    rows = np.concatenate([offsets[:-1], offsets[1:] - 1])
    ends = coordinates[rows]
    pairs = cKDTree(ends).query_pairs(_SNAP_M, output_type="ndarray")
    graph = coo_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(ends), len(ends)))
    label = connected_components(graph, directed=False)[1]
    size = np.bincount(label)
    x = np.bincount(label, weights=ends[:, 0]) / size
    y = np.bincount(label, weights=ends[:, 1]) / size
    coordinates[rows] = np.column_stack([x, y])[label]
    half = len(offsets) - 1
    node = label.astype(np.int64)
    return x, y, node[:half], node[half:]
