"""Charts: round times of the city's clock, decimals by channel, and a range that shows the fall of the evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyqtgraph as pg
import pytest

from console.domain.clock import micros
from console.domain.readings import Channel
from console.ui.appearance import Appearance
from console.ui.panels.charts import Series, TimeAxis, Trend, ValueAxis
from console.ui.theme import Theme
from console.ui.window import MainWindow
from console.ui.words import Words
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui
LOOKS = Appearance(Theme.load("light"), Words("en", "Asia/Kathmandu"))  # UTC+5:45


@pytest.mark.parametrize(("span", "step_s"), [(1800, 300), (7200, 900), (86_400, 10_800)])
def test_ticks_stand_at_round_times_of_the_citys_clock(qapp: object, span: int, step_s: int) -> None:
    axis = TimeAxis(orientation="bottom")
    axis.words = LOOKS.words
    first = datetime(2024, 1, 3, 14, 37, 21, tzinfo=UTC).timestamp()
    ((step, ticks),) = axis.tickValues(first, first + span, 520.0)
    assert step == step_s
    local = [LOOKS.words.local(datetime.fromtimestamp(tick, UTC)) for tick in ticks]
    assert local
    assert all((moment.hour * 3600 + moment.minute * 60 + moment.second) % step_s == 0 for moment in local)


def test_values_have_as_many_decimals_as_their_channel_and_as_tell_ticks_apart(qapp: object) -> None:
    axis = ValueAxis(orientation="left")
    axis.decimals = 3
    assert axis.tickStrings([-0.01, 0.0, 0.45], 1.0, 0.01) == ["−0.010", "0.000", "0.450"]
    axis.decimals = 0
    assert axis.tickStrings([33.0, 33.5], 1.0, 0.5) == ["33.0", "33.5"]


def drawn(trend: Trend) -> list[np.ndarray]:
    """The values of the lines; the band's edges come first."""
    return [item.yData for item in trend.getPlotItem().listDataItems() if isinstance(item, pg.PlotDataItem)]


def test_the_evidence_shows_what_changed_since_before_the_first_abnormal_reading(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    first = port.case.first_abnormal_at
    at_us = np.array([micros(first + timedelta(seconds=60 * step)) for step in (-2, -1, 0, 1)])
    high, low = np.array([449.0, 450.0, 436.0, 435.0]), np.array([np.nan, 350.0, 338.0, 339.0])
    series = [
        Series("Q-001", Channel.PRESSURE, at_us, high, high + 1.0, 1.0),
        Series("Q-002", Channel.PRESSURE, at_us, low, np.full(4, np.nan)),
    ]
    window.case.evidence.show_series(tuple(series))
    lines = drawn(window.case.evidence._plot)[-2:]
    assert lines[0] == pytest.approx([-0.001, 0.0, -0.014, -0.015])
    assert lines[1][1:] == pytest.approx([0.0, -0.012, -0.011])
    assert window.case.evidence._names.toolTip() == "<p>Q-001、Q-002</p>"


def test_a_station_that_was_silent_before_is_measured_from_its_first_reading(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    at_us = np.array([micros(port.case.first_abnormal_at + timedelta(seconds=60 * step)) for step in (1, 2)])
    nothing, late = np.full(2, np.nan), np.array([300.0, 290.0])
    window.case.evidence.show_series(
        (Series("Q-001", Channel.PRESSURE, at_us, late, nothing), Series("Q-002", Channel.PRESSURE, at_us, nothing, nothing))
    )
    assert drawn(window.case.evidence._plot)[0] == pytest.approx([0.0, -0.010])
