"""Recorded readings from a file: long format, parquet or csv, into columns in inside units."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import CHANNEL_BY_NAME, Channel, Quality, ReadingBatch
from maps.city import City
from maps.errors import Fault, InputFault, Severity
from maps.units import KPA_PER_METRE, M3H_PER_LPS

_LAST_US = 7_258_118_400_000_000
"""The end of 2199."""
_LARGEST = 1e9
"""In any unit: what is larger is no measurement."""
_REQUIRED = ("time", "station_id", "channel", "value")
_FACTORS: dict[Channel, dict[str, float]] = {
    Channel.PRESSURE: {"": 1000.0, "mpa": 1000.0, "kpa": 1.0, "bar": 100.0, "m": KPA_PER_METRE, "mh2o": KPA_PER_METRE},
    Channel.FLOW: {"": 1.0, "m3/h": 1.0, "m³/h": 1.0, "l/s": M3H_PER_LPS},
    Channel.LEVEL: {"": 1.0, "m": 1.0},
}
"""Units a recording may use, to inside units; without a unit: MPa, m³/h, m (design section 4)."""

_QUALITY = {"good": Quality.GOOD, "uncertain": Quality.UNCERTAIN, "bad": Quality.BAD, "": Quality.GOOD}


def read_recording(path: Path, city: City) -> ReadingBatch:
    """Readings of the city's stations, ordered by time. Times without offset are on the city's wall clock.

    Raises InputFault with every fault's row for what cannot be understood (columns, times, numbers, units); readings of
    stations that the city does not have are fatal too when none is left.
    """
    frame = _frame(path)
    faults: list[Fault] = []
    at_us = _times(frame["time"], city.info.time_zone, path, faults)
    outside = np.flatnonzero((at_us < 0) | (at_us > _LAST_US))
    if len(outside):
        faults.append(_fault(path, int(outside[0]), "time", "is not between 1970 and 2200"))
    station = _stations(frame["station_id"], city)
    channel = _channels(frame["channel"], path, faults)
    value = _numbers(frame["value"], path, faults)
    unit = frame["unit"].fillna("").astype(str).str.strip().str.lower().to_numpy() if "unit" in frame else None
    factor = _factors(channel, unit, path, faults)
    quality = _qualities(frame, len(value), path, faults)
    if faults:
        raise InputFault.from_faults(str(path), faults)
    known = station >= 0
    if not known.any():
        raise InputFault(f"{path}: no reading of a station of this city (it has {len(city.stations)}); check station_id")
    order = np.flatnonzero(known)[np.argsort(at_us[known], kind="stable")]
    return ReadingBatch(station[order], channel[order], at_us[order], (value * factor)[order], quality[order])


def _frame(path: Path) -> Any:
    import pandas as pd

    try:
        if path.suffix.lower() == ".parquet":
            frame = pd.read_parquet(path)
        else:
            frame = pd.read_csv(path, dtype={"station_id": str, "time": str, "channel": str}, keep_default_na=True)
    except FileNotFoundError as missing:
        raise InputFault(f"{path}: no such file; check the path") from missing
    except (ValueError, OSError) as unreadable:  # pandas and pyarrow raise ValueError for a file that is no table
        raise InputFault(f"{path}: not readable as parquet or csv: {unreadable}") from unreadable
    absent = [name for name in _REQUIRED if name not in frame]
    if absent:
        raise InputFault(f"{path}: column {', '.join(absent)} missing; needed are {', '.join(_REQUIRED)}")
    if not len(frame):
        raise InputFault(f"{path}: holds no reading")
    raw = [str(name) for name in frame if frame[name].dtype == object and any(isinstance(value, bytes) for value in frame[name])]
    if raw:
        raise InputFault(f"{path}: column {', '.join(raw)} holds bytes; write it as text")
    return frame


def _times(column: Any, zone: str, path: Path, faults: list[Fault]) -> NDArray[np.int64]:
    import pandas as pd

    if isinstance(column.dtype, pd.DatetimeTZDtype):
        return np.asarray(column.astype("datetime64[us, UTC]").astype("int64"))
    if pd.api.types.is_datetime64_dtype(column.dtype):
        return _localised(column, zone)
    text = column.astype(str).str.strip()
    has_offset = text.str.contains(r"[Tt ]\d.*(?:[+-]\d\d(?::?\d\d)?|[Zz])$", regex=True)
    # Distinct times are few; parsing each once makes a year of readings load in seconds.
    unique = pd.Index(text.unique())
    moments = pd.Series(np.zeros(len(unique), dtype=np.int64), index=unique)
    for with_offset in (True, False):
        chosen = pd.Index(text[has_offset == with_offset].unique())
        if not len(chosen):
            continue
        parsed = _parsed(pd.Series(chosen), with_offset)
        wrong = parsed.isna().to_numpy()
        if wrong.any():
            first = int(np.flatnonzero(text.isin(chosen[wrong]).to_numpy())[0])
            faults.append(_fault(path, first, "time", f"{text.iloc[first]!r} is not an ISO 8601 time"))
            return np.zeros(len(text), dtype=np.int64)
        micros = np.asarray(parsed.astype("datetime64[us, UTC]").astype("int64")) if with_offset else _localised(parsed, zone)
        moments.loc[chosen] = micros
    return np.asarray(moments.loc[text].to_numpy(), dtype=np.int64)


def _parsed(texts: Any, with_offset: bool) -> Any:
    """Parsed times, NaT where invalid; accepts offsets that are not in ISO 8601 form."""
    import pandas as pd

    none = pd.Series(pd.NaT, index=texts.index)
    try:
        parsed = pd.to_datetime(texts, utc=with_offset, format="ISO8601", errors="coerce")
    except ValueError:  # mixed: some times with an offset, some without
        return none
    return parsed if with_offset or pd.api.types.is_datetime64_dtype(parsed.dtype) else none


def _localised(column: Any, zone: str) -> NDArray[np.int64]:
    local = column.dt.tz_localize(ZoneInfo(zone), ambiguous=False, nonexistent="shift_forward")
    return np.asarray(local.dt.tz_convert("UTC").astype("datetime64[us, UTC]").astype("int64"))


def _stations(column: Any, city: City) -> NDArray[np.int32]:
    rows = {str(asset): row for row, asset in enumerate(city.stations.asset_id)}
    return np.asarray(column.astype(str).str.strip().map(rows).fillna(-1), dtype=np.int32)


def _channels(column: Any, path: Path, faults: list[Fault]) -> NDArray[np.uint8]:
    names = {name: int(channel) for name, channel in CHANNEL_BY_NAME.items()}
    mapped = column.astype(str).str.strip().str.lower().map(names)
    unknown = np.flatnonzero(mapped.isna().to_numpy())
    if len(unknown):
        row = int(unknown[0])
        listed = ", ".join(names)
        faults.append(_fault(path, row, "channel", f"{column.iloc[row]!r} is no channel; known are {listed}"))
    return np.asarray(mapped.fillna(0), dtype=np.uint8)


def _numbers(column: Any, path: Path, faults: list[Fault]) -> NDArray[np.float64]:
    import pandas as pd

    value = pd.to_numeric(column, errors="coerce")
    wrong = np.flatnonzero(((value.isna() & column.notna()) | (value.abs() > _LARGEST)).to_numpy())
    if len(wrong):
        row = int(wrong[0])
        faults.append(_fault(path, row, "value", f"{column.iloc[row]!r} is not a number"))
    return np.asarray(value, dtype=np.float64)


def _factors(channel: NDArray[np.uint8], unit: Any, path: Path, faults: list[Fault]) -> NDArray[np.float64]:
    factor = np.ones(len(channel))
    for code in np.unique(channel):
        known = _FACTORS.get(Channel(int(code)))
        if known is None:
            continue
        rows = np.flatnonzero(channel == code)
        if unit is None:
            factor[rows] = known[""]
            continue
        for name in np.unique(unit[rows].astype(str)):
            here = rows[unit[rows] == name]
            if name not in known:
                listed = ", ".join(part for part in known if part)
                faults.append(_fault(path, int(here[0]), "unit", f"{name!r} is not known for this channel; use {listed}"))
            else:
                factor[here] = known[name]
    return factor


def _qualities(frame: Any, count: int, path: Path, faults: list[Fault]) -> NDArray[np.uint8]:
    if "quality" not in frame:
        return np.full(count, Quality.GOOD, dtype=np.uint8)
    column = frame["quality"].fillna("").astype(str).str.strip().str.lower()
    mapped = column.map({name: int(quality) for name, quality in _QUALITY.items()})
    unknown = np.flatnonzero(mapped.isna().to_numpy())
    if len(unknown):
        row = int(unknown[0])
        faults.append(_fault(path, row, "quality", f"{column.iloc[row]!r} is neither good, uncertain nor bad"))
    return np.asarray(mapped.fillna(0), dtype=np.uint8)


def _fault(path: Path, row: int, column: str, message: str) -> Fault:
    return Fault(Severity.FATAL, "recording", message, layer=path.name, row=row + 1, column=column)
