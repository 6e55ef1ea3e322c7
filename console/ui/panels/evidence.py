"""Evidence: what the stations showed against what was expected, as a chart with its band and in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QWidget

from console.domain.clock import micros, moment
from console.domain.readings import CHANNEL_BY_NAME, Channel
from console.ui.looks import label
from console.ui.panels.section import CaseView, Section
from console.ui.words import Words
from maps.units import mpa_from_kpa

SERIES_MOST = 5
BEFORE_S = 1500.0
_BAND_KPA = 12.0
_BAND_SHARE = 0.08


@dataclass(frozen=True, eq=False)
class Series:
    """History of one station's channel, inside units: times µs, values, expected values, each (n,)."""

    station_id: str
    channel: Channel
    at_us: NDArray[np.int64]
    value: NDArray[np.float64]
    expected: NDArray[np.float64]


class Evidence(Section):
    """Chart and summary."""

    history_wanted = Signal(object)
    """The incident whose series are to be read (they come back through ``show_series``)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._axis = TimeAxis(orientation="bottom")
        self._plot = pg.PlotWidget(axisItems={"bottom": self._axis})
        self._plot.setFixedHeight(104)
        self._plot.setMenuEnabled(False)
        self._plot.setMouseEnabled(False, False)
        self._plot.hideButtons()
        self._plot.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._note = label(name="muted", wrap=True)
        self.box.addWidget(self._plot)
        self.box.addWidget(self._note)
        self._series: tuple[Series, ...] = ()
        self._asked_at = 0

    def _fill(self, view: CaseView) -> None:
        words, incident = view.looks.words, view.incident
        falling = [e for e in incident.evidence if e.deviation < 0 and e.channel == "pressure"]
        rising = [e for e in incident.evidence if e.deviation > 0 and e.channel == "flow"]
        if incident.evidence:
            text = words("evidence.falling", n=len(falling))
            text += words("evidence.rising", n=len(rising)) if rising else ""
        else:
            text = words("evidence.by_call" if incident.ground else "evidence.none")
        self.heading.setText(words("evidence.title", text=text))
        self._plot.setVisible(bool(incident.evidence))
        self._note.setVisible(bool(incident.evidence))
        self._note.setText(words("evidence.first", time=words.time(incident.first_abnormal_at)))
        self._asked_at = 0
        self._draw(view)

    def _tick(self, view: CaseView) -> None:
        if view.incident.evidence and abs(view.picture.now_us - self._asked_at) > 5_000_000:
            self._asked_at = view.picture.now_us
            self.history_wanted.emit(view.incident)

    def show_series(self, series: tuple[Series, ...]) -> None:
        """History of the evidence's stations arrived."""
        self._series = series
        if self.view is not None:
            self._draw(self.view)

    def _draw(self, view: CaseView) -> None:
        theme, plot = view.looks.theme, self._plot
        plot.clear()
        plot.setBackground(theme.colour("surface.card"))
        self._axis.words = view.looks.words
        for name in ("bottom", "left"):
            axis = plot.getAxis(name)
            axis.setPen(theme.colour("chart.grid"))
            axis.setTextPen(theme.colour("text.muted"))
            axis.setStyle(tickFont=theme.font(8))
        plot.getAxis("left").setWidth(38)
        channel = self._series[0].channel if self._series else Channel.PRESSURE
        for index, series in enumerate(s for s in self._series if s.channel is channel):
            seconds = series.at_us / 1e6
            if index == 0:
                self._band(view, series, seconds)
            pen = pg.mkPen(theme.series[index % len(theme.series)], width=1.6)
            plot.plot(seconds, _shown(channel, series.value), pen=pen, connect="finite")
        first = micros(view.incident.first_abnormal_at) / 1e6
        plot.addItem(pg.InfiniteLine(first, pen=pg.mkPen(theme.colour("chart.event"), width=1, style=Qt.PenStyle.DashLine)))
        plot.setXRange(first - BEFORE_S, max(view.picture.now_us / 1e6, first + 240), padding=0.01)

    def _band(self, view: CaseView, series: Series, seconds: NDArray[np.float64]) -> None:
        """The first station's expected values and the usual scatter around them."""
        known = np.isfinite(series.expected)
        if not known.any():
            return
        expected, theme = series.expected[known], view.looks.theme
        scatter = np.maximum(np.abs(expected) * _BAND_SHARE, _BAND_KPA if series.channel is Channel.PRESSURE else 0.0) / 2
        edge = pg.mkPen(theme.colour("chart.band", 0.35), width=1)
        low = pg.PlotDataItem(seconds[known], _shown(series.channel, expected - scatter), pen=edge)
        high = pg.PlotDataItem(seconds[known], _shown(series.channel, expected + scatter), pen=edge)
        self._plot.addItem(low)
        self._plot.addItem(high)
        self._plot.addItem(pg.FillBetweenItem(low, high, brush=theme.colour("chart.band", 0.25)))


class TimeAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph carries no types
    """Seconds since 1970 as clock times in the city's zone."""

    words: Words | None = None

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Pyqtgraph asks for the texts of the ticks."""
        if self.words is None:
            return ["" for _ in values]
        return [self.words.time(moment(int(value * 1e6)))[:5] for value in values]


def channel_of(name: str) -> Channel:
    """Channel of an evidence's name; pressure for one that is unknown."""
    return CHANNEL_BY_NAME.get(name, Channel.PRESSURE)


def _shown(channel: Channel, value: NDArray[np.float64]) -> NDArray[np.float64]:
    return mpa_from_kpa(value) if channel is Channel.PRESSURE else value
