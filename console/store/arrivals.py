"""Packed arrival times of readings: to the millisecond, four bytes a reading, none where unknown.

A block holds readings that arrived between two moves of the log, so its arrivals are close together, however late the
readings: offsets from the first one fit into 32 bits for 49 days. A log that was not moved for longer stores 64 bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import ReadingBatch

_MS = 1_000
_UNKNOWN = 0xFFFFFFFF


def by_arrival(batch: ReadingBatch) -> Iterator[ReadingBatch]:
    """The batch in parts with equal arrival (to the millisecond), earliest first; usually there is one part."""
    if batch.arrived_us is None or not len(batch):
        yield batch
        return
    rounded = ReadingBatch(
        batch.station, batch.channel, batch.at_us, batch.value, batch.quality, batch.arrived_us - batch.arrived_us % _MS
    )
    arrived = rounded.arrived_us
    assert arrived is not None
    if (arrived == arrived[0]).all():
        yield rounded
        return
    for moment in np.unique(arrived):
        yield rounded.where(arrived == moment)


@dataclass(frozen=True, eq=False)
class Arrivals:
    """Arrivals of a whole log, for division into blocks.

    ``words``: (n,) offsets in ms from ``base_us``; in 64 bits µs UTC.
    """

    base_us: int
    words: NDArray[np.uint32] | NDArray[np.int64]

    @classmethod
    def of(cls, arrived_us: NDArray[np.int64]) -> Arrivals:
        """(n,) µs UTC, 0 where unknown."""
        known = arrived_us > 0
        if not known.any():
            return cls(0, np.empty(0, np.int64))
        base_us = int(arrived_us[known].min())
        offset = (arrived_us - base_us) // _MS
        if int(offset[known].max()) >= _UNKNOWN:
            return cls(0, arrived_us.astype("<i8"))
        return cls(base_us, np.where(known, offset, _UNKNOWN).astype("<u4"))

    def packed(self, start: int, end: int) -> bytes | None:
        """The part in [start, end); None where nothing is known."""
        if not len(self.words):
            return None
        return self.base_us.to_bytes(8, "little") + self.words[start:end].tobytes()


def unpacked_arrivals(packed: bytes | None, count: int) -> NDArray[np.int64]:
    """(count,) µs UTC, 0 where unknown."""
    if packed is None:
        return np.zeros(count, np.int64)
    packed = bytes(packed)
    if len(packed) == 8 + 8 * count:
        return np.frombuffer(packed, "<i8", count, 8).astype(np.int64)
    offset = np.frombuffer(packed, "<u4", count, 8).astype(np.int64)
    return np.where(offset == _UNKNOWN, 0, int.from_bytes(packed[:8], "little") + offset * _MS)
