"""TicketMap: a small map of a ticket and of those that may be the same report, between the roads near."""

from __future__ import annotations

import math
from collections.abc import Sequence

import shapely
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from console.domain.tickets import Ticket
from console.ui.appearance import Appearance
from maps.city import City

_LEAST_M, _MOST_M = 120.0, 3_000.0
_MARGIN_PX, _DOT_PX = 22.0, 9.0
_MOST_ROADS = 500
_CENTRE = int(Qt.AlignmentFlag.AlignCenter)


class TicketMap(QWidget):
    """North is up. The ticket is a ring, the others bear their number in the list; those far away are not drawn."""

    def __init__(self, city: City, appearance: Appearance, ticket: Ticket, others: Sequence[Ticket]) -> None:
        super().__init__()
        self._city, self._theme, self._ticket, self._others = city, appearance.theme, ticket, tuple(others)
        self._chosen = -1
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def sizeHint(self) -> QSize:
        """The preferred size."""
        return QSize(420, 220)

    def choose(self, number: int) -> None:
        """Mark one of the others; -1 none."""
        self._chosen = number
        self.update()

    @property
    def has_place(self) -> bool:
        """Whether the ticket can be drawn."""
        return self._ticket.x is not None and self._ticket.y is not None

    def paintEvent(self, event: QPaintEvent) -> None:
        """Roads, the others, the ticket, the scale."""
        if self._ticket.x is None or self._ticket.y is None:
            return
        x, y, theme = self._ticket.x, self._ticket.y, self._theme
        places = [(n, one.x - x, one.y - y) for n, one in enumerate(self._others) if one.x is not None and one.y is not None]
        near = [one for one in places if math.hypot(*one[1:]) <= _MOST_M]
        reach = max([_LEAST_M, *(max(abs(dx), abs(dy)) for _, dx, dy in near)])
        per_m = (min(self.width(), self.height()) / 2 - _MARGIN_PX) / reach
        middle = QPointF(self.width() / 2, self.height() / 2)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillRect(self.rect(), theme.colour("map.background"))
        painter.setPen(QPen(theme.colour("map.road_major"), 3.0))
        for line in self._roads(x, y, self.width() / 2 / per_m, self.height() / 2 / per_m):
            painter.drawPolyline(QPolygonF([middle + QPointF((px - x) * per_m, (y - py) * per_m) for px, py in line]))
        for number, dx, dy in near:
            self._draw_other(painter, middle + QPointF(dx * per_m, -dy * per_m), number)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(theme.colour("map.ticket"), 3.0))
        painter.drawEllipse(middle, _DOT_PX + 3, _DOT_PX + 3)
        self._draw_scale(painter, per_m)
        painter.end()

    def _draw_other(self, painter: QPainter, at: QPointF, number: int) -> None:
        theme, is_chosen = self._theme, number == self._chosen
        painter.setPen(QPen(theme.colour("text.normal"), 1.5))
        painter.setBrush(theme.colour("accent.normal" if is_chosen else "surface.panel"))
        painter.drawEllipse(at, _DOT_PX, _DOT_PX)
        painter.setPen(theme.colour("text.on_accent" if is_chosen else "text.normal"))
        painter.drawText(QRectF(at.x() - _DOT_PX, at.y() - _DOT_PX, 2 * _DOT_PX, 2 * _DOT_PX), _CENTRE, str(number + 1))

    def _draw_scale(self, painter: QPainter, per_m: float) -> None:
        bar_m = next((m for m in (2_000, 1_000, 500, 200, 100, 50) if m * per_m <= self.width() / 3), 20)
        foot = QPointF(10.0, self.height() - 10.0)
        painter.setPen(QPen(self._theme.colour("text.normal"), 2.0))
        painter.drawLine(foot, foot + QPointF(bar_m * per_m, 0.0))
        painter.drawText(foot + QPointF(bar_m * per_m + 6.0, 4.0), f"{bar_m} m")

    def _roads(self, x: float, y: float, half_x: float, half_y: float) -> list[list[tuple[float, float]]]:
        roads, window = self._city.roads, shapely.box(x - half_x, y - half_y, x + half_x, y + half_y)
        if not len(roads):
            return []
        found = roads.geometry[shapely.intersects(roads.geometry, window)][:_MOST_ROADS]
        parts = [part for shape in found for part in shapely.get_parts(shapely.intersection(shape, window))]
        return [[(float(px), float(py)) for px, py in part.coords] for part in parts if part.geom_type == "LineString"]
