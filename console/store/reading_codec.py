"""Packed forms of readings: a row of the log (one batch), and blocks (one channel, less than a day).

Times are int64 µs UTC, values float64 in inside units, quality a byte; little-endian columns one after the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import ReadingBatch
from console.store.arrivals import Arrivals

BLOCK_US = 86_400_000_000
"""A block spans less than this, so that a search by time looks back this far and no further."""
BLOCK_ROW_BYTES = 8 + 8 + 1
_ROW_BYTES = 4 + 1 + 8 + 8 + 1
_PIECE, _LONG = 92, 400
"""Readings: with their arrivals two rows of the former fill a page of SQLite, one of 100 would take a page alone; long rows use
pages of their own, of which the last part is small beside the whole."""
Times: TypeAlias = NDArray[np.int64]
Values: TypeAlias = NDArray[np.float64]
Qualities: TypeAlias = NDArray[np.uint8]
BlockRow: TypeAlias = tuple[int, int, int, int, int, bytes, bytes | None]
"""station, channel, from_us, block_no, to_us, packed, arrivals"""


def log_row(batch: ReadingBatch) -> dict[str, object]:
    """A row of the log: the batch whole; all its readings have arrived at one time."""
    return {"rows": len(batch), "packed": packed(batch), "arrived_us": int(arrived(batch)[0]) or None}


def arrived(batch: ReadingBatch) -> Times:
    """(n,) µs UTC, 0 where unknown."""
    return np.zeros(len(batch), np.int64) if batch.arrived_us is None else batch.arrived_us


def packed(batch: ReadingBatch) -> bytes:
    """Columns of a batch without its arrival."""
    return b"".join(
        (
            batch.station.astype("<i4").tobytes(),
            batch.channel.astype("u1").tobytes(),
            batch.at_us.astype("<i8").tobytes(),
            batch.value.astype("<f8").tobytes(),
            batch.quality.astype("u1").tobytes(),
        )
    )


def logged_batch(found: Sequence[Any]) -> ReadingBatch:
    """The readings of some rows of the log, in their order."""
    batch = _unpacked([bytes(row.packed) for row in found])
    times = np.repeat(np.array([row.arrived_us or 0 for row in found], np.int64), [row.rows for row in found])
    return replace(batch, arrived_us=times)


def logged_of(found: Sequence[bytes], station: int, channel: int) -> tuple[Times, Values, Qualities]:
    """One channel's readings in packed batches of the log; the columns of other channels are not taken out."""
    parts: list[tuple[Times, Values, Qualities]] = [block(b"")]
    for blob in found:
        count = len(blob) // _ROW_BYTES
        mine = np.flatnonzero(np.frombuffer(blob, "<i4", count) == station)
        mine = mine[np.frombuffer(blob, "u1", count, 4 * count)[mine] == channel]
        if len(mine):
            columns = (("<i8", 5), ("<f8", 13), ("u1", 21))
            at_us, value, quality = (np.frombuffer(blob, kind, count, at * count)[mine] for kind, at in columns)
            parts.append((at_us, value, quality))
    at_us, value, quality = (np.concatenate(column) for column in zip(*parts, strict=True))
    return at_us, value, quality


def _unpacked(blobs: Sequence[bytes]) -> ReadingBatch:
    columns: tuple[list[NDArray[np.generic]], ...] = ([], [], [], [], [])
    for blob in blobs:
        count, at = len(blob) // _ROW_BYTES, 0
        for column, kind in zip(columns, ("<i4", "u1", "<i8", "<f8", "u1"), strict=True):
            part = np.frombuffer(blob, dtype=kind, count=count, offset=at)
            column.append(part)
            at += part.nbytes
    kinds = (np.int32, np.uint8, np.int64, np.float64, np.uint8)
    joined = [np.concatenate(column) if column else np.empty(0, kind) for column, kind in zip(columns, kinds, strict=True)]
    station, channel, at_us, value, quality = joined
    return ReadingBatch(station, channel, at_us, value, quality)


def block_rows(batch: ReadingBatch, block_no: int, *, in_pages: bool = False) -> Iterator[BlockRow]:
    """One row per channel of a station and day from its first reading on, by time; a repeated time keeps its order of arrival.

    ``in_pages``: those that would waste a part of a page of SQLite are cut into pieces of which two fill one, longest first.
    """
    batch = batch.where(_by_channel_and_time(batch))
    station, channel, at_us = batch.station, batch.channel, batch.at_us
    arrivals = Arrivals.of(arrived(batch))
    fresh = np.ones(len(batch), dtype=bool)
    fresh[1:] = (station[1:] != station[:-1]) | (channel[1:] != channel[:-1])
    first_us = at_us[np.flatnonzero(fresh)[np.cumsum(fresh) - 1]]
    day = (at_us - first_us) // BLOCK_US
    fresh[1:] |= day[1:] != day[:-1]
    if in_pages:
        fresh |= _cut(fresh, at_us)
    starts = np.flatnonzero(fresh)
    ends = np.append(starts[1:], len(batch))
    if in_pages:
        by_length = np.argsort(starts - ends, kind="stable")
        starts, ends = starts[by_length], ends[by_length]
    # Slices of three long strings: an array of its own for each of ten thousand blocks takes four times as long.
    times, values, qualities = at_us.astype("<i8").tobytes(), batch.value.astype("<f8").tobytes(), batch.quality.tobytes()
    keys = (station[starts], channel[starts], at_us[starts], at_us[ends - 1], starts, ends)
    for number, measured, from_us, to_us, start, end in zip(*(key.tolist() for key in keys), strict=True):
        content = times[8 * start : 8 * end] + values[8 * start : 8 * end] + qualities[start:end]
        yield number, measured, from_us, block_no, to_us, content, arrivals.packed(start, end)


def _cut(fresh: NDArray[np.bool_], at_us: Times) -> NDArray[np.bool_]:
    """Where further rows begin. Equal times stay together: of these the last one counts."""
    first = np.flatnonzero(fresh)
    length = np.diff(first, append=len(fresh))
    place = np.arange(len(fresh)) - np.repeat(first, length)
    is_later = np.diff(at_us, prepend=at_us[0]) > 0
    begins: NDArray[np.bool_] = (place % _PIECE == 0) & is_later & np.repeat(length < _LONG, length)
    return begins


def _by_channel_and_time(batch: ReadingBatch) -> NDArray[np.intp]:
    """The order by station, channel and time, equal ones as they came. Mostly they came by time: then one sort is enough."""
    key = (batch.station.astype(np.int64) << 8) | batch.channel
    order = np.argsort(key, kind="stable")
    key, at_us = key[order], batch.at_us[order]
    is_by_time = ((key[1:] != key[:-1]) | (at_us[1:] >= at_us[:-1])).all()
    return order if is_by_time else np.lexsort((batch.at_us, batch.channel, batch.station))


def block(content: bytes) -> tuple[Times, Values, Qualities]:
    """(times, values, qualities) of a block."""
    content = bytes(content)
    count = len(content) // BLOCK_ROW_BYTES
    return (
        np.frombuffer(content, "<i8", count),
        np.frombuffer(content, "<f8", count, 8 * count),
        np.frombuffer(content, "u1", count, 16 * count),
    )
