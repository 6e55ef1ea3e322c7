"""Coordinates from a column of WKB, without a geometry object per feature."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

_HEADER = 9
"""Bytes before the first point of a line: byte order, kind, number of points (OGC 06-103r4, 8.2.3)."""
_POINT_BYTES = 21


def point_coordinates(shapes: pa.ChunkedArray) -> NDArray[np.float64]:
    """Coordinates of a column of points, (n, 2); NaN for null and for other geometries."""
    data, offsets = _buffers(shapes)
    lengths = np.diff(offsets)
    found = np.full((len(lengths), 2), np.nan)
    plain = lengths == _POINT_BYTES
    starts = offsets[:-1][plain]
    plain[plain] = (data[starts] == 1) & (data[starts + 1] == 1) & (data[starts + 2] == 0)
    starts = offsets[:-1][plain]
    if len(starts):
        at = starts[:, None] + np.arange(5, _POINT_BYTES)
        found[plain] = np.ascontiguousarray(data[at]).view("<f8")
    rest = np.flatnonzero(~plain & (lengths > 0))
    for row, shape in zip(rest, objects(shapes)[rest] if len(rest) else (), strict=True):
        if shape is not None and shape.geom_type == "Point" and not shape.is_empty:
            found[row] = (shape.x, shape.y)
    return found


def line_coordinates(shapes: pa.ChunkedArray) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Points (points, 2) and offsets (n + 1,) of a column of lines; a row without a line has no points."""
    data, offsets = _buffers(shapes)
    lengths, starts = np.diff(offsets), offsets[:-1]
    whole = lengths >= _HEADER + 32
    plain = bool(whole.all()) and bool(len(starts)) and not ((lengths - _HEADER) % 16).any()
    if plain:
        head = data[starts[:, None] + np.arange(5)]
        plain = bool((head == np.array([1, 2, 0, 0, 0], dtype=np.uint8)).all())
    if not plain:
        drawn = objects(shapes)
        vertices, row = shapely.get_coordinates(drawn, return_index=True)
        return vertices, _offsets(np.bincount(row, minlength=len(drawn)))
    keep = np.ones(len(data), dtype=np.bool_)
    for byte in range(_HEADER):
        keep[starts + byte] = False
    return data[keep].view("<f8").reshape(-1, 2).astype(np.float64), _offsets((lengths - _HEADER) // 16)


def objects(shapes: pa.ChunkedArray) -> NDArray[np.object_]:
    """Shapely geometries of a column, None where null. Raises ShapelyError for invalid WKB."""
    return np.array(shapely.from_wkb(shapes.to_numpy()), dtype=object)


def _buffers(shapes: pa.ChunkedArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """All bytes of a binary column and the start of each row; a null row has no bytes."""
    array = shapes.combine_chunks().cast(pa.large_binary())
    if isinstance(array, pa.ChunkedArray):
        array = pa.concat_arrays(array.chunks) if array.num_chunks else pa.array([], type=pa.large_binary())
    _, starts, data = array.buffers()
    if not len(array):
        return np.empty(0, dtype=np.uint8), np.zeros(1, dtype=np.int64)
    offsets = np.frombuffer(starts, dtype=np.int64)[array.offset : array.offset + len(array) + 1]
    content = np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, dtype=np.uint8)
    return content[offsets[0] : offsets[-1]], offsets - offsets[0]


def _offsets(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    out = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=out[1:])
    return out
