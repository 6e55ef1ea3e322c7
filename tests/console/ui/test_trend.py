"""Charts: round times of the city's clock, decimals by channel, and a range that shows the fall of the evidence."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pyqtgraph as pg
import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from console.domain.clock import micros, moment
from console.domain.readings import Channel
from console.ui.appearance import Appearance
from console.ui.panels.chart_axes import TimeAxis, ValueAxis
from console.ui.panels.charts import Series, Trend
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
    assert window.case.evidence._plot.told.isHidden()  # the history has arrived
    view = window.case.evidence.view
    assert view is not None
    window.case.evidence._series = None
    window.case.evidence._draw(view)
    assert window.case.evidence._plot.told.text() == "正在读取历史…"
    first = port.case.first_abnormal_at
    at_us = np.array([micros(first + timedelta(seconds=60 * step)) for step in (-2, -1, 0, 1)])
    high, low = np.array([449.0, 450.0, 436.0, 435.0]), np.array([np.nan, 350.0, 338.0, 339.0])
    series = [
        Series("Q-001", Channel.PRESSURE, at_us, high, high + 1.0, 1.0),
        Series("Q-002", Channel.PRESSURE, at_us, low, np.full(4, np.nan)),
    ]
    window.case.evidence.show_series(tuple(series))
    assert window.case.evidence._plot.told.isHidden()
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


def hour_of(trend: Trend) -> tuple[float, float]:
    low, high = trend.viewRange()[0]
    return float(low), float(high)


def test_a_chart_reads_its_lines_at_the_pointer_and_names_stations(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    evidence = window.case.evidence
    names = {str(name) for name in port.city.stations.name}
    assert set(evidence._names.accessibleName().split("、")) <= names
    at_s = micros(port.case.first_abnormal_at) / 1e6
    plot = evidence._plot
    plot.read_at(at_s)
    told = plot.reading.text().splitlines()
    assert evidence._series is not None
    assert len(told) == 1 + len(evidence._series)
    series = evidence._series[0]
    nearest = int(np.nanargmin(np.abs(series.at_us / 1e6 - at_s)))
    assert any(line.startswith(str(series.name)) for line in told)
    assert told[0] == window.words.time(moment(int(series.at_us[nearest])))
    plot.read_at(at_s + 1e6)
    assert plot.reading.isHidden(), "no reading is near: nothing is said"


def test_a_station_chart_zooms_by_keys_keeps_it_while_values_come_and_shows_all_again(qapp: object) -> None:
    trend = Trend(200, zooms=True)
    trend.resize(500, 200)
    at_us = np.arange(0, 7_200_000_000, 60_000_000)
    series = Series("Q-1", Channel.PRESSURE, at_us, 300 + at_us / 1e9, np.full(len(at_us), 303.0), name="美林苑")
    trend.draw((series,), LOOKS, 0.0, 7200.0)
    whole = hour_of(trend)
    QTest.keyClick(trend, Qt.Key.Key_Plus)
    zoomed = hour_of(trend)
    assert zoomed[1] - zoomed[0] == pytest.approx((whole[1] - whole[0]) / 2, rel=0.01)
    QTest.keyClick(trend, Qt.Key.Key_Right)
    moved = hour_of(trend)
    assert moved[0] > zoomed[0]
    trend.draw((series,), LOOKS, 0.0, 7200.0)
    assert hour_of(trend) == pytest.approx(moved)
    trend.read_at(3600.0)
    assert trend.reading.text().splitlines()[1] == "美林苑  0.304 MPa  expected 0.303 MPa"
    QTest.keyClick(trend, Qt.Key.Key_Home)
    assert hour_of(trend) == pytest.approx(whole)
    trend.close()
