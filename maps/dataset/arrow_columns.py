"""Converts Arrow columns and WKB of a layer to the columns of a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from maps.columns import Columns
from maps.dataset.wkb import point_coordinates

Lines = tuple[NDArray[np.float64], NDArray[np.int64]]
Table = TypeVar("Table", bound=Columns)


def drawn_straight(vertices: NDArray[np.float64], offsets: NDArray[np.int64], ends: NDArray[np.float64]) -> Lines:
    """Lines, where those without points become straight lines between their nodes. ``ends``: (n, 2, 2)."""
    lines = [
        vertices[start:stop] if stop > start else straight
        for start, stop, straight in zip(offsets[:-1], offsets[1:], ends, strict=True)
    ]
    return np.concatenate(lines), np.concatenate([[0], np.cumsum([len(line) for line in lines])]).astype(np.int64)


def table_of(kind: type[Table], ids: NDArray[np.object_], columns: Mapping[str, NDArray[Any]], extra: Mapping[str, Any]) -> Table:
    """The table of typed columns, without ``Columns.of``, which would check every text again."""
    blank = kind.of([""])
    rest = {
        name: np.repeat(getattr(blank, name), len(ids))
        for name in kind.column_kinds()
        if name != "asset_id" and name not in columns
    }
    return kind(ids, **columns, **rest, extra=extra)


def drawn_points(
    names: tuple[str, ...], shapes: pa.ChunkedArray | None, columns: Mapping[str, NDArray[Any]], count: int
) -> dict[str, NDArray[Any]]:
    """Coordinate columns ``names`` of a point layer, (n,) each: the geometry's, else columns of these names; {} without names."""
    if not names:
        return {}
    x, y = (np.array(columns.get(name, np.full(count, np.nan)), dtype=np.float64) for name in names)
    if shapes is None:
        return {names[0]: x, names[1]: y}
    drawn = point_coordinates(shapes)
    known = np.isfinite(drawn[:, 0])
    return {names[0]: np.where(known, drawn[:, 0], x), names[1]: np.where(known, drawn[:, 1], y)}


def string_array(values: pa.ChunkedArray) -> pa.Array:
    """A column of any type as one array of strings, empty for null."""
    typed = values if pa.types.is_string(values.type) else pc.cast(values, pa.string())
    whole = typed.fill_null("").combine_chunks()
    return pa.concat_arrays(whole.chunks) if isinstance(whole, pa.ChunkedArray) else whole


def texts_of(values: pa.ChunkedArray) -> NDArray[np.object_]:
    """A column of any type as strings, empty for null. Repeated words share one string in memory."""
    strings = string_array(values)
    coded = strings.dictionary_encode()
    if len(coded.dictionary) > len(coded) // 2:
        return np.asarray(strings.to_numpy(zero_copy_only=False), dtype=object)
    words = np.asarray(coded.dictionary.to_numpy(zero_copy_only=False), dtype=object)
    return np.asarray(words[coded.indices.to_numpy()], dtype=object)


def plain(values: pa.ChunkedArray) -> NDArray[Any]:
    """A column of any type with its own type, text as by ``texts_of``, (n,)."""
    return texts_of(values) if pa.types.is_string(values.type) else np.asarray(values.to_numpy(zero_copy_only=False))
