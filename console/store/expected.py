"""Stored expected values: one packed row per tick, in integer hundredths and byte planes, which compress to a third."""

from __future__ import annotations

import zlib

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, delete, select, text

from console.domain.expected import CHARTED, ExpectedValues
from console.store.tables import expected_ticks

_PER_UNIT = 100.0
_SIGMA_HOLDS_US = 2 * 3_600_000_000
"""The engine stores the standard deviation once an hour."""
_NOTHING = np.iinfo(np.int32).min


def append(
    connection: Connection, tick_us: int, expected: NDArray[np.float64], sigma_kpa: NDArray[np.float64] | None = None
) -> None:
    """Store the charted channels of (stations, channels) expected at a tick; the first row of a tick is kept.

    ``sigma_kpa``: (stations,) standard deviation of pressures, valid until the next one is stored.
    """
    row = {"at_us": tick_us, "stations": len(expected), "packed": packed(expected[:, list(CHARTED)])}
    row["sigma"] = None if sigma_kpa is None else zlib.compress(sigma_kpa.astype("<f4").tobytes(), 1)
    columns = "at_us, stations, packed, sigma"
    values = ":at_us, :stations, :packed, :sigma"
    connection.execute(text(f"INSERT INTO expected_ticks ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING"), row)


def drop(connection: Connection, before_us: int) -> None:
    """Delete the ticks before a time."""
    connection.execute(delete(expected_ticks).where(expected_ticks.c.at_us < before_us))


def between(connection: Connection, since_us: int, until_us: int) -> ExpectedValues:
    """Expected values at the ticks in [since, until]."""
    of = expected_ticks.c
    query = (
        select(of.at_us, of.stations, of.packed, of.sigma).where(of.at_us >= since_us, of.at_us <= until_us).order_by(of.at_us)
    )
    rows = connection.execute(query).all()
    if not rows:
        return ExpectedValues.empty()
    values = np.full((len(rows), max(row.stations for row in rows), len(CHARTED)), np.nan)
    sigma = np.full(values.shape[:2], np.nan)
    last = _sigma_before(connection, since_us)
    for number, row in enumerate(rows):
        values[number, : row.stations] = unpacked(bytes(row.packed), row.stations)
        last = last if row.sigma is None else _floats(row.sigma)
        known = last[: sigma.shape[1]]
        sigma[number, : len(known)] = known
    ticks_us = np.array([row.at_us for row in rows], dtype=np.int64)
    return ExpectedValues.of_ticks(ticks_us, values, sigma if np.isfinite(sigma).any() else None)


def _sigma_before(connection: Connection, at_us: int) -> NDArray[np.float64]:
    """Last standard deviation stored before a time, (stations,), kPa; empty without a recent one."""
    of = expected_ticks.c
    told = select(of.sigma).where(of.sigma.is_not(None), of.at_us < at_us, of.at_us >= at_us - _SIGMA_HOLDS_US)
    found = connection.execute(told.order_by(of.at_us.desc()).limit(1)).scalar()
    return np.empty(0) if found is None else _floats(found)


def _floats(content: bytes) -> NDArray[np.float64]:
    return np.frombuffer(zlib.decompress(bytes(content)), "<f4").astype(np.float64)


def packed(values: NDArray[np.float64]) -> bytes:
    """(stations, charted channels) to the hundredth; values that are not finite, or beyond ±21 million, as missing."""
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
