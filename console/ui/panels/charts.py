"""Charts: readings over time with their expected band, the names of a chart's lines, and the profile of a path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent
from PySide6.QtWidgets import QWidget

from console.domain.clock import moment
from console.domain.expected import usual_scatter
from console.domain.readings import Channel
from console.ui.appearance import Appearance
from console.ui.widgets import tip
from console.ui.words import Words
from maps.trace import Profile
from maps.units import mpa_from_kpa

_STEPS_S = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0)
_TICK_PX = 64.0
_TOP_PX = 6
_NAMES_PX, _LEFT_PX, _DASH_PX, _GAP_PX = 14, 38, 10, 4
_PROFILE_PX = 130


@dataclass(frozen=True, eq=False)
class Series:
    """History of one station's channel, inside units: times µs, values, expected values, each (n,).

    ``sigma``: the channel's own scatter around what is expected, NaN where unknown. ``base``: what a chart takes off
    the values to show their change, inside unit.
    """

    station_id: str
    channel: Channel
    at_us: NDArray[np.int64]
    value: NDArray[np.float64]
    expected: NDArray[np.float64]
    sigma: float = np.nan
    base: float = 0.0


class Trend(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph carries no types
    """Lines of one channel; the first one with the band of what was expected. Takes neither mouse nor keys."""

    def __init__(self, height: int, grows: bool = False, parent: QWidget | None = None) -> None:
        self._time, self._values = TimeAxis(orientation="bottom"), ValueAxis(orientation="left")
        super().__init__(parent, enableMenu=False, axisItems={"bottom": self._time, "left": self._values})
        if grows:
            self.setMinimumHeight(height)
        else:
            self.setFixedHeight(height)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.getPlotItem().layout.setContentsMargins(1, _TOP_PX, 6, 1)  # else the uppermost value is cut in half
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)

    def draw(self, series: Sequence[Series], appearance: Appearance, since_s: float, until_s: float) -> None:
        """Lines from ``since_s`` to ``until_s`` (seconds since 1970)."""
        self.clear()
        self._dress(appearance)
        self._values.decimals = appearance.words.decimals(series[0].channel) if series else 0
        for index, one in enumerate(series):
            if index == 0:
                self._band(one, appearance)
            pen = pg.mkPen(appearance.theme.series[index % len(appearance.theme.series)], width=1.6)
            self.plot(one.at_us / 1e6, shown(one.channel, one.value - one.base), pen=pen, connect="finite")
        self.setXRange(since_s, until_s, padding=0.01)

    def mark_time(self, at_s: float, appearance: Appearance) -> None:
        """A dashed line at a moment."""
        pen = pg.mkPen(appearance.theme.colour("chart.event"), width=1, style=Qt.PenStyle.DashLine)
        self.addItem(pg.InfiniteLine(at_s, pen=pen))

    def mark_level(self, channel: Channel, value: float, appearance: Appearance) -> None:
        """A dotted line at a limit, inside units, where values come near it: a far one would press readings and band flat."""
        pen = pg.mkPen(appearance.theme.colour("chart.event"), width=1, style=Qt.PenStyle.DotLine)
        line = pg.InfiniteLine(float(shown(channel, np.array([value]))[0]), angle=0, pen=pen)
        self.addItem(line, ignoreBounds=True)

    def _dress(self, appearance: Appearance) -> None:
        theme = appearance.theme
        self.setBackground(theme.colour("surface.card"))
        self._time.words = appearance.words
        for name in ("bottom", "left"):
            axis = self.getAxis(name)
            axis.setPen(theme.colour("chart.grid"))
            axis.setTextPen(theme.colour("text.muted"))
            axis.setStyle(tickFont=theme.font(8))
        self.getAxis("left").setWidth(44)

    def _band(self, series: Series, appearance: Appearance) -> None:
        """Expected values and the usual scatter around them."""
        known = np.isfinite(series.expected)
        if not known.any():
            return
        seconds, expected, theme = series.at_us[known] / 1e6, series.expected[known], appearance.theme
        scatter = usual_scatter(series.channel, expected, series.sigma)
        edge = pg.mkPen(theme.colour("chart.band", 0.35), width=1)
        low = pg.PlotDataItem(seconds, shown(series.channel, expected - series.base - scatter), pen=edge)
        high = pg.PlotDataItem(seconds, shown(series.channel, expected - series.base + scatter), pen=edge)
        self.addItem(low)
        self.addItem(high)
        self.addItem(pg.FillBetweenItem(low, high, brush=theme.colour("chart.band", 0.25)))


class TimeAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph carries no types
    """Seconds since 1970 as clock times in the city's zone, at round ones."""

    words: Words | None = None

    def tickSpacing(self, first: float, last: float, size: float) -> list[tuple[float, float]]:
        """Pyqtgraph asks how far apart ticks are, and from where: (spacing, offset) in seconds."""
        span = max(last - first, 1.0)
        step = next((step for step in _STEPS_S if size * step / span >= _TICK_PX), _STEPS_S[-1])
        offset = self.words.local(moment(int(first * 1e6))).utcoffset() if self.words is not None else None
        return [(step, -(offset.total_seconds() if offset is not None else 0.0) % step)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Texts of the ticks, called by pyqtgraph."""
        if self.words is None:
            return ["" for _ in values]
        return [self.words.time(moment(int(value * 1e6)))[:5] for value in values]


class ValueAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph carries no types
    """Values with the decimals of their channel, as everywhere on the screen."""

    decimals = 0

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Pyqtgraph asks for the texts of the ticks; ones closer than the channel's decimals get as many as tell them apart."""
        places = max(self.decimals, int(np.ceil(-np.log10(spacing)))) if spacing > 0 else self.decimals
        return [f"{value + 0.0:.{places}f}".replace("-", "−") for value in values]


def shown(channel: Channel, value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values in the unit of the screen."""
    return mpa_from_kpa(value) if channel is Channel.PRESSURE else value


class LineNames(QWidget):
    """A dash of each line's colour and its name; all have the same room, the whole names are in the tip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_NAMES_PX)
        self._names: tuple[str, ...] = ()
        self._appearance: Appearance | None = None

    def sizeHint(self) -> QSize:
        """The preferred size."""
        return QSize(240, _NAMES_PX)

    def show_names(self, names: Sequence[str], appearance: Appearance) -> None:
        """Names in the order of the lines."""
        self._names, self._appearance = tuple(names), appearance
        told = appearance.words.listed(names)
        self.setToolTip(tip(told))
        self.setAccessibleName(told)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the widget."""
        if self._appearance is None or not self._names:
            return
        theme, series = self._appearance.theme, self._appearance.theme.series
        painter = QPainter(self)
        painter.setFont(theme.font(8))
        room = (self.width() - _LEFT_PX) / len(self._names)
        for index, name in enumerate(self._names):
            x = _LEFT_PX + index * room
            painter.fillRect(QRectF(x, _NAMES_PX / 2 - 1, _DASH_PX, 3), QColor(series[index % len(series)]))
            painter.setPen(theme.colour("text.muted"))
            x, wide = x + _DASH_PX + _GAP_PX, int(room) - _DASH_PX - 2 * _GAP_PX
            text = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, wide)
            painter.drawText(QRectF(x, 0, wide, _NAMES_PX), Qt.AlignmentFlag.AlignVCenter, text)
        painter.end()


class ProfileChart(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph carries no types
    """Hidden while there is no path. Metres along it against metres above the datum; takes neither mouse nor keys."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setFixedHeight(_PROFILE_PX)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def show_profile(self, found: Profile | None, appearance: Appearance, ground: str, head: str) -> None:
        """Draw a profile; None hides the chart. ``ground``, ``head``: names of the two lines."""
        self.setVisible(found is not None and len(found.node) > 1)
        self.clear()
        if found is None or len(found.node) < 2:
            return
        theme = appearance.theme
        self.setBackground(theme.colour("surface.panel"))
        axis_pen, text_pen = pg.mkPen(theme.colour("chart.grid")), pg.mkPen(theme.colour("text.muted"))
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(axis_pen)
            axis.setTextPen(text_pen)
        self.addLegend(offset=(-4, 4), labelTextColor=theme.colour("text.normal"))
        self.getPlotItem().legend.clear()
        ground_pen = pg.mkPen(theme.colour("text.muted"), width=1.4)
        self.plot(found.along_m, found.elevation_m, pen=ground_pen, connect="finite", name=f"{ground} (m)")
        if np.isfinite(found.head_m).any():
            self.plot(found.along_m, found.head_m, pen=pg.mkPen(theme.series[4], width=1.8), connect="finite", name=f"{head} (m)")
