"""Readings, expected values and positions as Parquet, in the form of recorded readings (``quanmai locate`` reads it too)."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from console.domain.expected import ExpectedValues
from console.domain.readings import CHANNEL_BY_NAME, Channel, Quality, ReadingBatch
from console.package.faults import PackageFault
from console.services.review.record import Tracks
from maps.city import City
from maps.columns import texts

_MOST_ROWS = 200_000_000
_LAST_US = 253_402_300_799_000_000
_FARTHEST_M = 1e8
"""Limit of coordinates; those of any network's CRS are far below it."""
_UNITS = {
    Channel.PRESSURE: "kPa", Channel.FLOW: "m3/h", Channel.LEVEL: "m", Channel.TURBIDITY: "NTU", Channel.CHLORINE: "mg/L",
    Channel.TEMPERATURE: "degC", Channel.FREQUENCY: "Hz", Channel.POWER: "kW",
}  # fmt: skip
_CHANNELS = [channel.name.lower() for channel in Channel]
_CHANNEL_UNITS = [_UNITS.get(channel, "") for channel in Channel]
_QUALITIES = [quality.name.lower() for quality in Quality]
_TIME = pa.timestamp("us", tz="UTC")


def readings_parquet(batch: ReadingBatch, city: City) -> bytes:
    """Columns time, station_id, channel, value, unit, quality, arrived, in internal units, so that no rounding occurs.

    ``arrived`` is empty where unknown.
    """
    return _written(
        {
            "time": _times(batch.at_us),
            "station_id": _coded(batch.station, [str(name) for name in city.stations.asset_id]),
            "channel": _coded(batch.channel, _CHANNELS),
            "value": pa.array(batch.value),
            "unit": _coded(batch.channel, _CHANNEL_UNITS),
            "quality": _coded(batch.quality, _QUALITIES),
            "arrived": _arrivals(batch),
        }
    )


def readings_of(content: bytes, city: City, name: str) -> ReadingBatch:
    """Read the readings of a package. Raises PackageFault for an invalid file."""
    table = _read(content, name, ("time", "station_id", "channel", "value", "quality", "arrived"))
    station, channel = _stations_and_channels(table, city, name)
    return ReadingBatch(
        station,
        channel,
        _micros(table, "time", name),
        _numbers(table, "value", name),
        _rows(table, "quality", {key: code for code, key in enumerate(_QUALITIES)}, name).astype(np.uint8),
        _arrived(table, name),
    )


def with_unknown_arrivals(content: bytes, name: str) -> bytes:
    """Readings of a schema without arrival times, with an empty column for them. Raises PackageFault."""
    table = _read(content, name, ("time", "station_id", "channel", "value", "unit", "quality"))
    columns = {column: table.column(column) for column in table.column_names}
    return _written({**columns, "arrived": pa.nulls(len(table), _TIME)})


def expected_parquet(values: ExpectedValues, city: City) -> bytes:
    """Columns time (of the tick), station_id, channel, value (expected), unit, and sigma (the station's scatter) where stored."""
    columns = {
        "time": _times(values.at_us),
        "station_id": _coded(values.station, [str(name) for name in city.stations.asset_id]),
        "channel": _coded(values.channel, _CHANNELS),
        "value": pa.array(values.value),
        "unit": _coded(values.channel, _CHANNEL_UNITS),
    }
    return _written(columns if values.sigma is None else {**columns, "sigma": pa.array(values.sigma)})


def no_expected() -> bytes:
    """Empty file for a schema without expected values."""
    none, words = pa.array([], pa.float64()), pa.array([], pa.string())
    return _written({"time": pa.array([], _TIME), "station_id": words, "channel": words, "value": none, "unit": words})


def expected_of(content: bytes, city: City, name: str) -> ExpectedValues:
    """Read the expected values of a package. Raises PackageFault for an invalid file."""
    table = _read(content, name, ("time", "station_id", "channel", "value"), optional=("sigma",))
    station, channel = _stations_and_channels(table, city, name)
    sigma = None
    if "sigma" in table.column_names:
        sigma = _numbers(table, "sigma", name)
        sigma = np.where(np.isfinite(sigma) & (sigma > 0), sigma, np.nan)
    return ExpectedValues(station, channel, _micros(table, "time", name), _numbers(table, "value", name), sigma)


def positions_parquet(tracks: Tracks) -> bytes:
    """Columns crew_id, time, x, y; coordinates in the network's CRS."""
    names = [str(name) for name in tracks.crew_id]
    known = {name: number for number, name in enumerate(sorted(set(names)))}
    columns = {"crew_id": _coded([known[name] for name in names], list(known)), "time": _times(tracks.at_us)}
    return _written({**columns, "x": pa.array(tracks.x), "y": pa.array(tracks.y)})


def positions_of(content: bytes, name: str) -> Tracks:
    """Read the crews' positions of a package. Raises PackageFault for an invalid file."""
    table = _read(content, name, ("crew_id", "time", "x", "y"))
    ids = texts(table.column("crew_id").to_pylist())
    x, y = _numbers(table, "x", name), _numbers(table, "y", name)
    if not (np.abs(x) < _FARTHEST_M).all() or not (np.abs(y) < _FARTHEST_M).all():
        raise PackageFault(f"{name} contains a position beyond any map")
    return Tracks(ids, _micros(table, "time", name), x, y)


def _times(at_us: Any) -> pa.Array:
    return pa.array(at_us).cast(_TIME)


def _coded(codes: Any, words: list[str]) -> pa.Array:
    # Each word once: with repeated ones Parquet's dictionary, and so the bytes, differ between runs.
    known = {word: number for number, word in enumerate(dict.fromkeys(words))}
    place = np.array([known[word] for word in words] or [0], dtype=np.int32)
    index = place[np.asarray(codes, dtype=np.int64)]
    return pa.DictionaryArray.from_arrays(pa.array(index), pa.array(list(known), pa.string()))


def _written(columns: dict[str, pa.Array]) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, compression="zstd", compression_level=3, row_group_size=1 << 20)
    return sink.getvalue()


def _read(content: bytes, name: str, wanted: tuple[str, ...], optional: tuple[str, ...] = ()) -> pa.Table:
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        if file.metadata.num_rows > _MOST_ROWS:
            raise PackageFault(f"{name} declares {file.metadata.num_rows:,} rows; a package has fewer")
        if absent := [column for column in wanted if column not in file.schema_arrow.names]:
            raise PackageFault(f"{name} has no column {absent[0]}")
        used = [*wanted, *(column for column in optional if column in file.schema_arrow.names)]
        if double := [column for column in used if file.schema_arrow.names.count(column) > 1]:
            raise PackageFault(f"{name} has the column {double[0]} twice")
        return file.read(columns=used)
    except (pa.ArrowException, OSError) as fault:
        raise PackageFault(f"{name} is not readable as Parquet: {fault}") from fault


def _stations_and_channels(table: pa.Table, city: City, name: str) -> tuple[Any, Any]:
    rows = {str(asset): row for row, asset in enumerate(city.stations.asset_id)}
    channels = {key: int(channel) for key, channel in CHANNEL_BY_NAME.items()}
    return (
        _rows(table, "station_id", rows, name).astype(np.int32),
        _rows(table, "channel", channels, name).astype(np.uint8),
    )


def _rows(table: pa.Table, column: str, known: dict[str, int], name: str) -> Any:
    try:
        values = table.column(column).cast(pa.dictionary(pa.int32(), pa.string())).combine_chunks()
    except pa.ArrowException as fault:
        raise PackageFault(f"{name}: column {column} is not text") from fault
    chunks = values.chunks if isinstance(values, pa.ChunkedArray) else [values]
    parts = [np.empty(0, dtype=np.int64)]
    for chunk in chunks:
        words = chunk.dictionary.to_pylist()
        place = np.array([known.get(str(word), -1) for word in words] or [-1], dtype=np.int64)
        index = chunk.indices.fill_null(0).to_numpy(zero_copy_only=False)
        used = place[index] if len(index) else np.empty(0, dtype=np.int64)
        if (used < 0).any():
            unknown = words[int(index[np.argmax(used < 0)])] if words else None  # no words: every value is missing
            raise PackageFault(f"{name}: {column} {unknown!r} is not known here")
        parts.append(used)
    return np.concatenate(parts)


def _arrivals(batch: ReadingBatch) -> pa.Array:
    if batch.arrived_us is None:
        return pa.nulls(len(batch), _TIME)
    return pa.array(batch.arrived_us, mask=batch.arrived_us <= 0).cast(_TIME)


def _arrived(table: pa.Table, name: str) -> Any:
    if table.column("arrived").null_count == len(table):
        return None
    arrived = np.maximum(_micros(table, "arrived", name), 0)
    if len(arrived) and int(arrived.max()) > _LAST_US:
        raise PackageFault(f"{name}: column arrived contains times after the year 9999")
    return arrived


def _micros(table: pa.Table, column: str, name: str) -> Any:
    try:
        whole = table.column(column).cast(_TIME).cast(pa.int64()).fill_null(0)
        return whole.to_numpy().astype(np.int64)
    except pa.ArrowException as fault:
        raise PackageFault(f"{name}: column {column} contains no times") from fault


def _numbers(table: pa.Table, column: str, name: str) -> Any:
    try:
        return table.column(column).cast(pa.float64()).to_numpy().astype(np.float64)
    except pa.ArrowException as fault:
        raise PackageFault(f"{name}: column {column} contains no numbers") from fault
