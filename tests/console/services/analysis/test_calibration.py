"""Calibration from a recording: quiet hours by the city's clock; the city written names its recording and is read back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from console.detection import Detector, History
from console.domain.readings import Channel
from console.services.analysis.calibration import fitted, quiet_day
from maps.dataset import read_city, write_city
from maps.errors import InputFault
from tests.maps.hydraulics.analysis.test_calibration import HOURS, a_town, day_of

MIDNIGHT_US = 1_704_038_400_000_000
"""2024-01-01 00:00 in Jinan."""


def a_recording(folder: Path, days: int = 3) -> Path:
    """Days of readings of a twin with more demand, at hours at which its pattern differs."""
    day, lines = day_of(a_town(1.25)), ["time,station_id,channel,value,unit"]
    for number in range(days):
        for hour, row in zip(HOURS, range(len(HOURS)), strict=True):
            for minute in (-10, -5, 0, 5, 10):
                at = f"2024-01-{number + 1:02d}T{int(hour // 3600) + (minute < 0) * -1:02d}:{minute % 60:02d}:00"
                for column, name in enumerate(("SA", "SB", "SC", "SD")):
                    lines.append(f"{at},{name},pressure,{day.pressure_m[row, column]:.4f},m")
                lines.append(f"{at},Q,flow,{day.flow_m3h[row, 4]:.3f},m3/h")
    path = folder / "quiet.csv"
    path.write_text("\n".join(lines))
    return path


def test_a_quiet_weeks_medians_stand_at_the_citys_hours() -> None:
    at_us = MIDNIGHT_US + np.arange(0, 2 * 86_400, 300, dtype=np.int64) * 1_000_000
    hour = (np.arange(len(at_us)) * 300 % 86_400) / 3600.0
    values = np.column_stack([9.80665 * (50.0 + hour)]).astype(np.float32)
    day, days = quiet_day(History(at_us, {int(Channel.PRESSURE): values}), "Asia/Shanghai")
    assert days == pytest.approx(2.0, abs=0.01)
    # Midnight's half hours lie at both ends of the day: its median says nothing of a straight line.
    later = day.at_s > 0
    assert day.pressure_m[later, 0] == pytest.approx(50.0 + day.at_s[later] / 3600.0, abs=0.01)


def test_the_city_written_is_calibrated_and_says_to_what(tmp_path: Path) -> None:
    found = fitted(a_town(), a_recording(tmp_path))
    report = found.report()
    assert report["demand_factor"] == pytest.approx(1.25, abs=0.03)
    assert report["after_m"] < 0.2 * report["before_m"]
    json.dumps(report, allow_nan=False)
    write_city(found.city, tmp_path / "calibrated.gpkg")
    back = read_city(tmp_path / "calibrated.gpkg")
    assert back.epanet is not None
    assert back.epanet.word == "calibrated"
    assert "4 stations" in back.epanet.calibrated
    assert Detector(back, None).station_ids == ("SA", "SB", "SC", "SD", "Q")
    assert back.network.nodes.demand_m3h[1] == pytest.approx(30.0 * report["demand_factor"], rel=1e-3)


def test_a_city_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputFault, match="no hydraulic model"):
        fitted(replace(a_town(), epanet=None), a_recording(tmp_path))
