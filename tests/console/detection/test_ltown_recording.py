"""A recording on disk, replayed as ``quanmai locate`` does: a small burst behind a reducing valve, and a setpoint before it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from console.domain.readings import Channel
from console.services.analysis.backtest import locate_recording
from tests.console.detection.recorded import HISTORY_S, START_US, Truth
from tests.console.detection.test_ltown_valves import BEHIND_3, DAYS, SEED, a_city, pipes_behind

pytestmark = pytest.mark.slow

STEPS, SETPOINT_AT, BURST_AT = 48, 18, 36


def written(path: Path, rows: list[np.ndarray], first_step: int, ids: list[str]) -> Path:
    """Readings (steps, stations, channels), inside units, as a long csv in the units of files."""
    table = np.stack(rows)
    step, station, channel = np.nonzero(np.isfinite(table))
    value = table[step, station, channel].astype(np.float64)
    value = np.where(channel == Channel.PRESSURE, value / 1000.0, value)
    names = np.array([Channel(one).name.lower() for one in range(len(Channel))])
    time = pd.to_datetime(START_US + (first_step + step + 1) * HISTORY_S * 1_000_000, unit="us", utc=True)
    frame = pd.DataFrame({"time": time, "station_id": np.array(ids)[station], "channel": names[channel], "value": value})
    frame.to_csv(path, index=False)
    return path


def test_a_replay_reports_only_the_burst_with_the_valve_set_before_it(tmp_path: Path) -> None:
    city = a_city(metered=True)
    ids = city.stations.asset_id.tolist()
    with Truth(city, HISTORY_S, SEED) as truth:
        quiet = [truth.readings() for _ in range(DAYS * 86_400 // HISTORY_S)]
        live = []
        for step in range(STEPS):
            if step == SETPOINT_AT:
                truth.set_reducing("PRV-1", truth.setting_m("PRV-1") - 5.0)
            if step == BURST_AT:
                truth.burst(BEHIND_3, 12.0)
            live.append(truth.readings())
    baseline = written(tmp_path / "quiet.csv", quiet, 0, ids)
    readings = written(tmp_path / "live.csv", live, len(quiet), ids)
    (event,) = list(locate_recording(city, readings, baseline=baseline))
    began = pd.Timestamp(START_US + (len(quiet) + BURST_AT + 1) * HISTORY_S * 1_000_000, unit="us", tz="UTC")
    late_s = (pd.Timestamp(event["detected_at"]) - began).total_seconds()
    assert 0.0 <= late_s <= 2 * HISTORY_S
    assert set(event["set_90"]) <= pipes_behind(city, "PRV-3")
    assert event["lane"] == "inflow"
    assert "Q-PRV-3" in event["stations"]
