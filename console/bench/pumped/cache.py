"""Recordings on disk: kept under the content they are made from, and written in the format that ``quanmai locate`` reads."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_cache_path

from console.bench.pumped.networks import pressures_only
from console.bench.pumped.recording import Burst, Recording, RecordingOptions
from console.bench.pumped.truth import record
from console.domain.readings import Channel
from maps.city import City
from maps.dataset import write_city
from maps.units import KPA_PER_METRE

_MADE_BY = 2
"""Raise it with any change of the generator that changes a recording."""
_UNITS = {Channel.PRESSURE: "m", Channel.LEVEL: "m", Channel.FLOW: "m3/h", Channel.PUMP_ON: "", Channel.VALVE_POSITION: ""}


def cache_folder() -> Path:
    """Where recordings are kept: made again when missing."""
    return Path(user_cache_path("quanmai")) / "pumped"


def key_of(city: City, options: RecordingOptions) -> str:
    """Of the network's text, its stations, all options and EPANET's version: of whatever changes a recording."""
    model = city.epanet
    assert model is not None
    made_from = [
        _MADE_BY,
        version("owa-epanet"),
        model.inp,
        [str(asset) for asset in city.stations.asset_id],
        asdict(options),
    ]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()[:24]


def recorded(
    city: City, options: RecordingOptions, folder: Path | None = None, progress: Callable[[float], None] | None = None
) -> Recording:
    """The recording of a city from the cache, made and kept where it is not there."""
    path = (folder or cache_folder()) / f"{city.info.name}-{key_of(city, options)}.npz"
    if path.is_file():
        return load(path)
    made = record(city, options, progress)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(made, path)
    return made


def save(recording: Recording, path: Path) -> None:
    """Write it whole or not at all."""
    facts = {
        "bursts": [asdict(one) for one in recording.bursts],
        "history_ticks": recording.history_ticks,
        "inflow_m3h": recording.inflow_m3h,
        "unsolved_ticks": recording.unsolved_ticks,
    }
    arrays: dict[str, Any] = {channel.name: value for channel, value in recording.value.items()}
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".npz")
    with os.fdopen(handle, "wb") as file:
        np.savez_compressed(
            file, facts=np.array(json.dumps(facts)), signal_m=recording.signal_m, unknown_m=recording.unknown_m, **arrays
        )
    Path(name).replace(path)


def load(path: Path) -> Recording:
    """A recording that ``save`` wrote."""
    with np.load(path) as kept:
        facts = json.loads(str(kept["facts"]))
        return Recording(
            bursts=tuple(Burst(**one) for one in facts["bursts"]),
            history_ticks=facts["history_ticks"],
            value={channel: kept[channel.name] for channel in Channel if channel.name in kept},
            signal_m=kept["signal_m"],
            unknown_m=kept["unknown_m"],
            inflow_m3h=facts["inflow_m3h"],
            unsolved_ticks=facts["unsolved_ticks"],
        )


def export(city: City, recording: Recording, folder: Path) -> None:
    """For ``quanmai locate`` and ``score``: city.gpkg (scada), city-pressures.gpkg, history.parquet, test.parquet, truth.csv."""
    folder.mkdir(parents=True, exist_ok=True)
    write_city(city, folder / "city.gpkg")
    write_city(pressures_only(city), folder / "city-pressures.gpkg")
    _write_readings(city, recording, slice(0, recording.history_ticks), folder / "history.parquet")
    _write_readings(city, recording, slice(recording.history_ticks, None), folder / "test.parquet")
    with (folder / "truth.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("pipe", "start", "end", "type", "size", "flow_m3h"))
        for one in recording.bursts:
            times = (_iso(int(recording.at_us[tick])) for tick in (one.start, one.end))
            writer.writerow((one.pipe, *times, "abrupt", one.size, round(one.flow_m3h, 2)))


def _write_readings(city: City, recording: Recording, ticks: slice, path: Path) -> None:
    import pandas as pd

    parts = list(_columns(city, recording, ticks))
    frame = pd.concat(parts, ignore_index=True).sort_values("time", kind="stable")
    frame.to_parquet(path, index=False)


def _columns(city: City, recording: Recording, ticks: slice) -> Iterator[Any]:
    import pandas as pd

    time = pd.to_datetime(recording.at_us[ticks], unit="us", utc=True)
    for channel, table in recording.value.items():
        factor = 1.0 / KPA_PER_METRE if channel is Channel.PRESSURE else 1.0
        for row, station in enumerate(city.stations.asset_id):
            value = table[ticks, row] * factor
            heard = np.isfinite(value)
            if heard.any():
                columns = {"time": time[heard], "station_id": str(station), "channel": channel.name.lower()}
                yield pd.DataFrame({**columns, "value": value[heard], "unit": _UNITS[channel]})


def _iso(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat()
