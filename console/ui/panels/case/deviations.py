"""Deviations: what the stations that moved showed, beside what a burst on each first candidate would have made of them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QLineF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from console.domain.alarms import Evidence
from console.domain.incidents import Incident
from console.domain.readings import Channel
from console.ui.appearance import Appearance
from console.ui.theme import Theme

_MOST = 7
_HEIGHT_PX, _NAMES_PX, _LEGEND_PX, _AXIS_PX = 90, 14, 16, 38
_STROKE_PX, _NAME_PX = 20, 78
_STROKES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine, Qt.PenStyle.DotLine)


@dataclass(frozen=True, slots=True)
class Group:
    """One station: deviation measured and predicted by candidate, kPa."""

    station_id: str
    measured_kpa: float
    predicted_kpa: tuple[float, ...]


def groups_of(incident: Incident) -> tuple[Group, ...]:
    """Stations with a prediction, as the evidence has them; empty where nothing was predicted."""
    outlook = incident.outlook
    if outlook is None or incident.burst_pipes or not outlook.predictions:
        return ()
    evidence: dict[str, Evidence] = {one.station_id: one for one in incident.evidence if one.channel == "pressure"}
    return tuple(
        Group(name, evidence[name].deviation, tuple(one.deviations_kpa[index] for one in outlook.predictions))
        for index, name in enumerate(outlook.station_ids[:_MOST])
        if name in evidence
    )


class Deviations(QWidget):
    """Bars from the zero line, a tick across each for every candidate; names below, the candidates above."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(_HEIGHT_PX)
        self._groups: tuple[Group, ...] = ()
        self._pipes: tuple[str, ...] = ()
        self._appearance: Appearance | None = None

    def sizeHint(self) -> QSize:
        """The preferred size."""
        return QSize(240, _HEIGHT_PX)

    def show_of(self, incident: Incident, appearance: Appearance) -> None:
        """A case's stations; hidden when there is nothing to compare."""
        self._appearance, self._groups = appearance, groups_of(incident)
        self._pipes = tuple(one.pipe_id for one in incident.outlook.predictions) if incident.outlook is not None else ()
        self.setVisible(bool(self._groups))
        self.setToolTip(appearance.words("evidence.predicted"))
        self.setAccessibleName(appearance.words("evidence.predicted"))
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the widget."""
        if self._appearance is None or not self._groups:
            return
        theme = self._appearance.theme
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font(8))
        self._legend(painter, self._appearance)
        values = [value for one in self._groups for value in (one.measured_kpa, *one.predicted_kpa)]
        low, high = min(*values, 0.0), max(*values, 0.0)
        top, bottom = _LEGEND_PX + 4.0, self.height() - _NAMES_PX - 3.0
        per_kpa = (bottom - top) / max(high - low, 1e-6)
        zero = top + high * per_kpa
        painter.setPen(QPen(theme.colour("chart.grid"), 1))
        painter.drawLine(QLineF(_AXIS_PX, zero, self.width(), zero))
        painter.setPen(theme.colour("text.muted"))
        extreme = low if -low >= high else high
        place = QRectF(0, zero - extreme * per_kpa - 7, _AXIS_PX - 4, 14)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight, self._appearance.words.deviation(Channel.PRESSURE, extreme))
        step = (self.width() - _AXIS_PX) / len(self._groups)
        for index, one in enumerate(self._groups):
            self._group(painter, one, QRectF(_AXIS_PX + index * step, zero, step, per_kpa))
        painter.end()

    def _group(self, painter: QPainter, one: Group, at: QRectF) -> None:
        """``at``: left edge and width; y the zero line, height the pixels of a kPa."""
        theme = self._appearance.theme if self._appearance is not None else None
        if theme is None:
            return
        width = min(at.width() * 0.42, 22.0)
        middle = at.x() + at.width() / 2
        bar = QRectF(middle - width / 2, at.y(), width, -one.measured_kpa * at.height()).normalized()
        painter.fillRect(bar, theme.colour("text.muted", 0.55))
        for style, value in zip(_STROKES, one.predicted_kpa, strict=False):
            y = at.y() - value * at.height()
            painter.setPen(_candidate(theme, style))
            painter.drawLine(QLineF(middle - width * 0.85, y, middle + width * 0.85, y))
        painter.setPen(theme.colour("text.muted"))
        name = painter.fontMetrics().elidedText(one.station_id, Qt.TextElideMode.ElideRight, int(at.width()) - 2)
        painter.drawText(QRectF(at.x(), self.height() - _NAMES_PX, at.width(), _NAMES_PX), Qt.AlignmentFlag.AlignCenter, name)

    def _legend(self, painter: QPainter, appearance: Appearance) -> None:
        x, metrics = float(_AXIS_PX), painter.fontMetrics()
        painter.fillRect(QRectF(x, 6, 10, 4), appearance.theme.colour("text.muted", 0.55))
        x = self._entry(painter, appearance, x + 13, appearance.words("evidence.observed"))
        for style, text in zip(_STROKES, self._pipes, strict=False):
            painter.setPen(_candidate(appearance.theme, style))
            painter.drawLine(QLineF(x, 8, x + _STROKE_PX, 8))
            name = metrics.elidedText(text, Qt.TextElideMode.ElideRight, _NAME_PX)
            x = self._entry(painter, appearance, x + _STROKE_PX + 3, name)

    def _entry(self, painter: QPainter, appearance: Appearance, x: float, text: str) -> float:
        """Where the next one begins."""
        painter.setPen(appearance.theme.colour("text.muted"))
        painter.drawText(QRectF(x, 0, 400, _LEGEND_PX), Qt.AlignmentFlag.AlignVCenter, text)
        return x + painter.fontMetrics().horizontalAdvance(text) + 12


def _candidate(theme: Theme, style: Qt.PenStyle) -> QPen:
    """The candidates' colour of the map and the list, one stroke each: the lines' colours above are the stations'."""
    pen = QPen(theme.colour("case.candidate"), 2.2, style)
    pen.setCapStyle(Qt.PenCapStyle.FlatCap)
    return pen
