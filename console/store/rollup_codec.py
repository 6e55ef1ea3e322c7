"""Packed form of the buckets of one channel and day: values as float32 (7 digits), counts exact.

Columns of bytes, compressed: index in the day (uint16), count (uint32), mean, and least and most as differences in bits from
the mean, which are zeros where a bucket holds one reading.
"""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray

from console.domain.rollups import Buckets

DAY_US = 86_400_000_000
_ROW_BYTES = 2 + 4 + 3 * 4
_LEVEL = 4


def packed(buckets: Buckets, day: int, width_s: int) -> bytes:
    """Buckets of one UTC day (since 1970)."""
    index = ((buckets.start_us - day * DAY_US) // (width_s * 1_000_000)).astype("<u2")
    mean, least, most = (np.asarray(one, "<f4").view("<u4") for one in (buckets.mean, buckets.least, buckets.most))
    steps = np.diff(index, prepend=index.dtype.type(0))
    columns = (steps, buckets.count.astype("<u4"), mean, mean ^ least, mean ^ most)
    return zlib.compress(b"".join(_planes(column) for column in columns), _LEVEL)


def unpacked(blob: bytes, day: int, width_s: int) -> Buckets:
    """The buckets again."""
    raw = zlib.decompress(bytes(blob))
    n = len(raw) // _ROW_BYTES
    index = np.cumsum(_column(raw, 0, n, "<u2"), dtype=np.int64)
    count = _column(raw, 2 * n, n, "<u4").astype(np.int64)
    mean, least, most = (_column(raw, at * n, n, "<u4") for at in (6, 10, 14))
    start_us = day * DAY_US + index * width_s * 1_000_000
    return Buckets(start_us, _float(mean ^ least), _float(mean), _float(mean ^ most), count)


def _float(bits: NDArray[np.uint32]) -> NDArray[np.float64]:
    return bits.view("<f4").astype(np.float64)


def _planes(column: NDArray[np.generic]) -> bytes:
    """First bytes of all numbers, then second ones …: neighbours are alike, which compresses well."""
    return np.ascontiguousarray(column).view("u1").reshape(len(column), column.itemsize).T.tobytes()


def _column(raw: bytes, at: int, n: int, kind: str) -> NDArray[np.uint32]:
    size = np.dtype(kind).itemsize
    planes = np.frombuffer(raw, "u1", n * size, at).reshape(size, n)
    return np.ascontiguousarray(planes.T).view(kind).reshape(n)
