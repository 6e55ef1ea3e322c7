"""Expected values on disk: a tick is one packed row of whole hundredths, in planes of bytes, which deflate to a third."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select, text

from console.domain.expected import CHARTED, ExpectedValues
from console.store.tables import expected_ticks

_PER_UNIT = 100.0
_NOTHING = np.iinfo(np.int32).min


def append(connection: Connection, tick_us: int, expected: NDArray[np.float64]) -> None:
    """Keep the charted channels of (stations, channels) expected at a tick; the first word on a tick counts."""
    row = {"at_us": tick_us, "stations": len(expected), "packed": packed(expected[:, list(CHARTED)])}
    statement = "INSERT INTO expected_ticks (at_us, stations, packed) VALUES (:at_us, :stations, :packed) ON CONFLICT DO NOTHING"
    connection.execute(text(statement), row)


def between(connection: Connection, since_us: int, until_us: int) -> ExpectedValues:
    """What was expected at the ticks in [since, until]."""
    of = expected_ticks.c
    query = select(of.at_us, of.stations, of.packed).where(of.at_us >= since_us, of.at_us <= until_us).order_by(of.at_us)
    rows = connection.execute(query).all()
    if not rows:
        return ExpectedValues.empty()
    values = np.full((len(rows), max(row.stations for row in rows), len(CHARTED)), np.nan)
    for number, row in enumerate(rows):
        values[number, : row.stations] = unpacked(bytes(row.packed), row.stations)
    return ExpectedValues.of_ticks(np.array([row.at_us for row in rows], dtype=np.int64), values)


def packed(values: NDArray[np.float64]) -> bytes:
    """(stations, charted channels) to the hundredth; what is not finite, or beyond ±21 million, as nothing."""
    whole = np.round(values * _PER_UNIT)
    known = np.abs(np.nan_to_num(whole, nan=np.inf)) < -float(_NOTHING)
    codes = np.where(known, whole, _NOTHING).astype("<i4")
    planes = codes.reshape(-1, 1).view(np.uint8).T  # neighbours share their high bytes
    return zlib.compress(np.ascontiguousarray(planes).tobytes(), 1)


def unpacked(content: bytes, stations: int) -> NDArray[np.float64]:
    """(stations, charted channels), NaN where nothing was expected."""
    planes = np.frombuffer(zlib.decompress(content), dtype=np.uint8).reshape(4, -1)
    codes = np.ascontiguousarray(planes.T).view("<i4").reshape(stations, len(CHARTED))
    return np.where(codes == _NOTHING, np.nan, codes / _PER_UNIT)
