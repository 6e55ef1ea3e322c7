"""Stored expected values: one packed row per tick, in integer hundredths and byte planes, which compress to a third."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, select, text

from console.domain.expected import CHARTED, ExpectedValues
from console.store.stations import StationRows, numbers_of
from console.store.tables import expected_ticks

_PER_UNIT = 100.0
_SIGMA_HOLDS_US = 2 * 3_600_000_000
"""The engine stores the standard deviation once an hour."""
_NOTHING = np.iinfo(np.int32).min


def append(
    connection: Connection,
    tick_us: int,
    expected: NDArray[np.float64],
    sigma_kpa: NDArray[np.float64] | None = None,
    order_no: int | None = None,
) -> None:
    """Store the charted channels of (stations, channels) expected at a tick; the first row of a tick is kept.

    ``sigma_kpa``: (stations,) standard deviation of pressures, valid until the next one is stored. ``order_no``: of the stations.
    """
    row = {"at_us": tick_us, "stations": len(expected), "packed": packed(expected[:, list(CHARTED)]), "order_no": order_no}
    row["sigma"] = None if sigma_kpa is None else zlib.compress(sigma_kpa.astype("<f4").tobytes(), 1)
    columns = "at_us, stations, packed, sigma, order_no"
    values = ":at_us, :stations, :packed, :sigma, :order_no"
    connection.execute(text(f"INSERT INTO expected_ticks ({columns}) VALUES ({values}) ON CONFLICT DO NOTHING"), row)


def between(connection: Connection, since_us: int, until_us: int, rows: StationRows) -> ExpectedValues:
    """Expected values at the ticks in [since, until], by ``rows``."""
    of = expected_ticks.c
    query = select(of.at_us, of.stations, of.packed, of.sigma, of.order_no).where(of.at_us >= since_us, of.at_us <= until_us)
    ticks = connection.execute(query.order_by(of.at_us)).all()
    if not ticks:
        return ExpectedValues.empty()
    places = _Places(connection, rows)
    count = max(int(places.of(tick).max(initial=-1)) for tick in ticks) + 1
    values = np.full((len(ticks), count, len(CHARTED)), np.nan)
    sigma = np.full(values.shape[:2], np.nan)
    last = _placed(_sigma_before(connection, since_us), places, count)
    for number, tick in enumerate(ticks):
        place = places.of(tick)
        values[number, place[place >= 0]] = unpacked(bytes(tick.packed), tick.stations)[place >= 0]
        last = last if tick.sigma is None else _placed(tick, places, count)
        sigma[number] = last
    ticks_us = np.array([tick.at_us for tick in ticks], dtype=np.int64)
    return ExpectedValues.of_ticks(ticks_us, values, sigma if np.isfinite(sigma).any() else None)


class _Places:
    """Rows at which the stations of stored ticks stand, -1 for stations that are not wanted."""

    def __init__(self, connection: Connection, rows: StationRows) -> None:
        self._connection, self._rows = connection, rows
        self._known: dict[tuple[int | None, int], NDArray[np.int32]] = {}

    def of(self, tick: Any) -> NDArray[np.int32]:
        """(stations of the tick,)."""
        key = (tick.order_no, int(tick.stations))
        if key not in self._known:
            filed = np.arange(key[1], dtype=np.int32) if key[0] is None else numbers_of(self._connection, key[0])
            self._known[key] = self._rows.rows(filed)
        return self._known[key]


def _placed(tick: Any, places: _Places, count: int) -> NDArray[np.float64]:
    """Standard deviation stored with a tick, (count,) by rows, kPa; NaN where unknown."""
    sigma = np.full(count, np.nan)
    if tick is not None:
        place = places.of(tick)
        inside = (place >= 0) & (place < count)
        sigma[place[inside]] = _floats(tick.sigma)[inside]
    return sigma


def _sigma_before(connection: Connection, at_us: int) -> Any:
    """The last tick before a time that holds the standard deviation; None without a recent one."""
    of = expected_ticks.c
    query = select(of.stations, of.sigma, of.order_no).where(
        of.sigma.is_not(None), of.at_us < at_us, of.at_us >= at_us - _SIGMA_HOLDS_US
    )
    return connection.execute(query.order_by(of.at_us.desc()).limit(1)).first()


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
