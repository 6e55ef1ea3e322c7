"""Tools of the map: what dragging and clicking mean — pan and pick, zoom to a box, select by box or polygon, measure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainterPath, QPen, QPolygonF

from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import Ink, text_size, write
from console.ui.map.view.measure import Point, area_m2, length_m


class Tool(StrEnum):
    """What the left button does."""

    PAN = "pan"
    IDENTIFY = "identify"
    ZOOM_BOX = "zoom_box"
    SELECT_BOX = "select_box"
    SELECT_POLYGON = "select_polygon"
    MEASURE_LENGTH = "measure_length"
    MEASURE_AREA = "measure_area"


PLAIN = frozenset({Tool.PAN, Tool.IDENTIFY})
"""Tools that draw nothing."""
BOXES = frozenset({Tool.ZOOM_BOX, Tool.SELECT_BOX})
CLICKED = frozenset({Tool.SELECT_POLYGON, Tool.MEASURE_LENGTH, Tool.MEASURE_AREA})
"""Tools whose shape is clicked point by point and ended by a double click or Return."""


@dataclass
class Sketch:
    """The shape being drawn, in world coordinates; ``cursor`` is its loose end."""

    tool: Tool = Tool.PAN
    points: list[Point] = field(default_factory=list)
    cursor: Point | None = None
    ended: bool = False

    def start(self, tool: Tool) -> None:
        """Choose a tool; the sketch is cleared."""
        self.tool, self.points, self.cursor, self.ended = tool, [], None, False

    def click(self, point: Point) -> None:
        """Another corner; after an ended shape a new one begins."""
        if self.ended:
            self.start(self.tool)
        self.points.append(point)

    def undo_point(self) -> bool:
        """Remove the last corner; False when there is none."""
        if self.points and not self.ended:
            self.points.pop()
            return True
        return False

    def ring(self) -> tuple[Point, ...]:
        """Corners of the finished box or polygon."""
        if self.tool in BOXES and len(self.points) == 2:
            (ax, ay), (bx, by) = self.points
            return ((ax, ay), (bx, ay), (bx, by), (ax, by))
        return tuple(self.points)

    def shown_points(self) -> list[Point]:
        """Corners with the loose end."""
        loose = [] if self.ended or self.cursor is None else [self.cursor]
        return [*self.points, *loose]


def measured(sketch: Sketch, length_text: Callable[[float], str], area_text: Callable[[float], str]) -> str:
    """What the sketch measures, "" when it measures nothing."""
    points = sketch.shown_points()
    if sketch.tool is Tool.MEASURE_LENGTH and len(points) > 1:
        return length_text(length_m(points))
    if sketch.tool is Tool.MEASURE_AREA and len(points) > 2:
        return f"{area_text(area_m2(points))} · {length_text(length_m([*points, points[0]]))}"
    return ""


def metres(length: float) -> str:
    """A length in m or km."""
    return f"{length / 1000:,.3f} km" if length >= 1000 else f"{length:,.1f} m"


def square_metres(area: float) -> str:
    """An area in m², ha or km²."""
    if area >= 1e6:
        return f"{area / 1e6:,.3f} km²"
    return f"{area / 1e4:,.2f} ha" if area >= 1e4 else f"{area:,.0f} m²"


def _outline(sketch: Sketch, points: list[QPointF]) -> QPainterPath:
    path = QPainterPath()
    if sketch.tool in BOXES and len(points) == 2:
        path.addRect(QRectF(points[0], points[1]).normalized())
        return path
    path.addPolygon(QPolygonF(points))
    if sketch.tool is not Tool.MEASURE_LENGTH:
        path.closeSubpath()
    return path


def paint_sketch(frame: Frame, sketch: Sketch) -> None:
    """The shape being drawn and what it measures."""
    points = [QPointF(*frame.camera.to_screen(*point)) for point in sketch.shown_points()]
    if sketch.tool in PLAIN or not points:
        return
    painter, colour = frame.painter, frame.theme.colour("accent.focus")
    fill = QColor(colour)
    fill.setAlphaF(0.12)
    outline = _outline(sketch, points)
    if sketch.tool is not Tool.MEASURE_LENGTH:
        painter.fillPath(outline, fill)
    painter.strokePath(outline, QPen(frame.theme.colour("map.background", 0.85), 5.0))  # apart from the pipes below
    painter.strokePath(outline, QPen(colour, 2.0, Qt.PenStyle.SolidLine if sketch.ended else Qt.PenStyle.DashLine))
    if sketch.tool in BOXES and len(points) == 2:
        return
    painter.setPen(QPen(frame.theme.colour("map.background"), 1.0))
    painter.setBrush(colour)
    for point in points:
        painter.drawEllipse(point, 3.6, 3.6)
    text = measured(sketch, metres, square_metres)
    if text:
        font = frame.theme.font(10.0, QFont.Weight.DemiBold)
        width, height = text_size(font, text)
        place = QRectF(points[-1].x() + 12, points[-1].y() - height - 8, width + 8, height + 4)
        write(painter, place, text, Ink(font, frame.theme.colour("text.strong"), frame.theme.colour("surface.raised", 0.95)))
        frame.placer.take(place)
