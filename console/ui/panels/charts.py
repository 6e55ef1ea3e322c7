"""Charts of readings over time, with their expected band and the values at the pointer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QCursor, QKeyEvent, QMouseEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QLabel, QWidget

from console.domain.expected import usual_scatter
from console.domain.readings import Channel
from console.ui.appearance import Appearance
from console.ui.panels.chart_axes import TimeAxis, ValueAxis
from console.ui.panels.chart_reading import ReadLine, reading_at, reading_words
from console.ui.theme import Letters
from console.ui.words import one_line
from maps.units import mpa_from_kpa

_READING_PX = 6
_KEYS = {
    Qt.Key.Key_Plus: (0.5, 0.0),
    Qt.Key.Key_Equal: (0.5, 0.0),
    Qt.Key.Key_Minus: (2.0, 0.0),
    Qt.Key.Key_Left: (1.0, -0.25),
    Qt.Key.Key_Right: (1.0, 0.25),
}
"""(factor of the time shown, shift in parts of it) by key."""
_TOP_PX, _AXIS_PX = 6, 44


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
    name: str = ""
    """Of the station, for people; "" where it has none."""

    @property
    def title(self) -> str:
        """The station as it is read."""
        return one_line(self.name or self.station_id)


class Trend(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph carries no types
    """Lines of one channel; the first one with the band of what was expected. At the pointer the values are read in a corner.

    ``zooms``: the wheel and the keys + and − zoom the time, dragging and the arrow keys move it, a double click or Home shows
    all of it again; else it takes neither wheel nor keys, so that what lies around it scrolls.
    """

    def __init__(self, height: int, grows: bool = False, parent: QWidget | None = None, *, zooms: bool = False) -> None:
        self._time, self._values = TimeAxis(orientation="bottom"), ValueAxis(orientation="left")
        super().__init__(parent, enableMenu=False, axisItems={"bottom": self._time, "left": self._values})
        self._height, self._grows = height, grows
        self._fit()
        self._zooms, self.zoomed = zooms, False
        self.setMouseEnabled(zooms, False)
        self.hideButtons()
        self.getPlotItem().layout.setContentsMargins(1, _TOP_PX, 6, 1)  # else the uppermost value is cut in half
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if zooms else Qt.FocusPolicy.NoFocus)
        self._lines: tuple[ReadLine, ...] = ()
        self._whole = (0.0, 1.0)
        self._appearance: Appearance | None = None
        # Kept from one drawing to the next: an item costs about a millisecond to make.
        self._curves: list[pg.PlotDataItem] = []
        self._marks: list[pg.InfiniteLine] = []
        self._usual: tuple[pg.PlotDataItem, pg.PlotDataItem, pg.FillBetweenItem] | None = None
        self.reading = QLabel(self)
        """The values at the pointer; empty and hidden elsewhere."""
        self.reading.setObjectName("reading")
        self.reading.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.reading.hide()
        self.told = QLabel(self)
        """Why there are no lines; hidden while there are."""
        self.told.setObjectName("muted")
        self.told.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.told.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.told.hide()
        self._cursor = pg.InfiniteLine(0.0)
        self._cursor.setZValue(20)
        self._cursor.setVisible(False)
        self.addItem(self._cursor, ignoreBounds=True)
        self.setMouseTracking(True)
        self.viewport().setMouseTracking(True)
        if zooms:
            self.getViewBox().setAutoVisible(y=True)
            self.getViewBox().sigRangeChangedManually.connect(self._on_zoomed)

    def draw(self, series: Sequence[Series], appearance: Appearance, since_s: float, until_s: float) -> None:
        """Lines from ``since_s`` to ``until_s`` (seconds since 1970)."""
        for mark in self._marks:
            self.removeItem(mark)
        self._marks.clear()
        if appearance is not self._appearance:
            self._dress(appearance)
        self._appearance, self._whole = appearance, (since_s, until_s)
        self._lines = tuple(_read_line(one) for one in series)
        self._cursor.setVisible(False)
        self._values.decimals = appearance.words.decimals(series[0].channel) if series else 0
        self._band(series[0] if series else None, appearance)
        for gone in self._curves[len(series) :]:
            self.removeItem(gone)
        del self._curves[len(series) :]
        for index, one in enumerate(series):
            if index == len(self._curves):
                self._curves.append(self.plot(connect="finite"))
            pen = pg.mkPen(appearance.theme.series[index % len(appearance.theme.series)], width=1.6)
            self._curves[index].setPen(pen)
            self._curves[index].setData(one.at_us / 1e6, shown(one.channel, one.value - one.base))
        if not self.zoomed:
            self.setXRange(since_s, until_s, padding=0.01)
        self._read_again()

    def tell(self, text: str) -> None:
        """Say over the middle why no lines are drawn; "" for nothing."""
        self.told.setText(text)
        self.told.setVisible(bool(text))
        self._place_told()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """The line stays in the middle. Pyqtgraph calls it with None from its constructor, before there are axes."""
        super().resizeEvent(event)
        if event is not None:
            self._place_told()

    def _place_told(self) -> None:
        left = round(self.getAxis("left").width())
        self.told.setGeometry(left, 0, max(self.width() - left, 0), max(self.height() - round(_AXIS_PX / 2), 0))

    def show_all(self) -> None:
        """The whole time again."""
        self.zoomed = False
        self.setXRange(*self._whole, padding=0.01)

    def read_at(self, at_s: float) -> None:
        """Say what the lines read at a moment (s since 1970)."""
        if self._appearance is None:
            return
        low, high = self.viewRange()[0]
        best, found = reading_at(self._lines, at_s, high - low)
        self._cursor.setVisible(bool(found))
        self.reading.setVisible(bool(found))
        if found:
            self._cursor.setPos(best)
            self.reading.setText("\n".join(reading_words(self._lines, best, found, self._appearance.words)))
            self.reading.adjustSize()
            edge = self.getAxis("left").width() + _READING_PX
            right = self.width() - self.reading.width() - _READING_PX
            self.reading.move(round(edge if at_s > (low + high) / 2 else max(right, edge)), _TOP_PX)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Read the lines at the pointer; drag where it zooms."""
        if self._zooms:
            super().mouseMoveEvent(event)
        self.read_at(self.getViewBox().mapSceneToView(self.mapToScene(event.position().toPoint())).x())

    def leaveEvent(self, event: QEvent) -> None:
        """The values go with the pointer."""
        super().leaveEvent(event)
        self._cursor.setVisible(False)
        self.reading.hide()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom, else leave the wheel to what scrolls around it."""
        if self._zooms:
            super().wheelEvent(event)
        else:
            event.ignore()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Show all of the time."""
        if self._zooms:
            self.show_all()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Zoom, move and show all by keys."""
        step = _KEYS.get(Qt.Key(event.key())) if self._zooms else None
        if event.key() == Qt.Key.Key_Home and self._zooms:
            self.show_all()
        elif step is not None:
            (low, high), (factor, shift) = self.viewRange()[0], step
            middle, half = (low + high) / 2 + shift * (high - low), (high - low) / 2 * factor
            self._on_zoomed()
            self.setXRange(middle - half, middle + half, padding=0.0)
        else:
            event.ignore()

    def _on_zoomed(self, *_: object) -> None:
        self.zoomed = True

    def _read_again(self) -> None:
        """New values under a pointer that rests."""
        if not self.reading.isHidden() and self.underMouse():
            at = self.mapFromGlobal(QCursor.pos())
            self.read_at(self.getViewBox().mapSceneToView(self.mapToScene(at)).x())
        else:
            self.reading.hide()

    def mark_time(self, at_s: float, appearance: Appearance) -> None:
        """A dashed line at a moment."""
        pen = pg.mkPen(appearance.theme.colour("chart.event"), width=1, style=Qt.PenStyle.DashLine)
        self._mark(pg.InfiniteLine(at_s, pen=pen))

    def mark_level(self, channel: Channel, value: float, appearance: Appearance) -> None:
        """A dotted line at a limit, inside units, where values come near it: a far one would press readings and band flat."""
        pen = pg.mkPen(appearance.theme.colour("chart.event"), width=1, style=Qt.PenStyle.DotLine)
        line = pg.InfiniteLine(float(shown(channel, np.array([value]))[0]), angle=0, pen=pen)
        self._mark(line, within=False)

    def _mark(self, line: pg.InfiniteLine, *, within: bool = True) -> None:
        """``within``: the range shown includes it."""
        self.addItem(line, ignoreBounds=not within)
        self._marks.append(line)

    def _fit(self) -> None:
        """As high as the letters need."""
        scale = max(Letters.now().scale, 1.0)
        height = round(self._height * scale)
        self.setMinimumHeight(height) if self._grows else self.setFixedHeight(height)
        self.getAxis("left").setWidth(round(_AXIS_PX * scale))

    def _dress(self, appearance: Appearance) -> None:
        theme = appearance.theme
        self._fit()
        self.setBackground(theme.colour("surface.card"))
        self._time.words = appearance.words
        for name in ("bottom", "left"):
            axis = self.getAxis(name)
            axis.setPen(theme.colour("chart.grid"))
            axis.setTextPen(theme.colour("text.muted"))
            axis.setStyle(tickFont=theme.font(8))
        self._cursor.setPen(pg.mkPen(theme.colour("text.muted"), width=1))

    def _band(self, series: Series | None, appearance: Appearance) -> None:
        """Expected values and the usual scatter around them."""
        known = np.isfinite(series.expected) if series is not None else np.zeros(0, dtype=np.bool_)
        if series is None or not known.any():
            for item in self._usual or ():
                self.removeItem(item)
            self._usual = None
            return
        if self._usual is None:
            low, high = pg.PlotDataItem(), pg.PlotDataItem()
            for item in (low, high):
                item.setZValue(-1)  # below the lines, whenever it is added
            self._usual = (low, high, pg.FillBetweenItem(low, high))
            for item in self._usual:
                self.addItem(item)
        seconds, expected, theme = series.at_us[known] / 1e6, series.expected[known], appearance.theme
        scatter = usual_scatter(series.channel, expected, series.sigma)
        edge = pg.mkPen(theme.colour("chart.band", 0.35), width=1)
        low, high, between = self._usual
        low.setPen(edge)
        high.setPen(edge)
        low.setData(seconds, shown(series.channel, expected - series.base - scatter))
        high.setData(seconds, shown(series.channel, expected - series.base + scatter))
        between.setBrush(theme.colour("chart.band", 0.25))


def _read_line(one: Series) -> ReadLine:
    changes = one.base != 0.0
    return ReadLine(one.title, one.channel, one.at_us / 1e6, one.value - one.base, one.expected - one.base, changes)


def shown(channel: Channel, value: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values in the unit of the screen."""
    return mpa_from_kpa(value) if channel is Channel.PRESSURE else value
