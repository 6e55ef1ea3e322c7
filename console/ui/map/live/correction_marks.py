"""Accepted corrections on the map: where a valve or hydrant was found, joined with its recorded place; useless ones crossed.

The network's picture keeps the dataset as it is; these marks lie over it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QFont, QPen

from console.domain.corrections import CORRECTION, Correction, CorrectionState, Fault, Layer
from console.domain.picture import Picture
from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import Ink
from console.ui.map.drawing.symbols import bow_tie, circle
from console.ui.map.layers import MapLayer
from console.ui.words import one_line
from maps.city import City

SHOWN_BELOW, _LABELLED_BELOW = 6.0, 1.2
"""Metres per pixel: few and important, so they appear earlier than valves do."""
_LAYER = {Layer.VALVE: MapLayer.VALVES, Layer.HYDRANT: MapLayer.HYDRANTS}
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class CorrectionMark:
    """``at``: where it is by the dataset, None unknown; ``found``: where it was found; ``is_useless``: it closes nothing."""

    layer: Layer
    asset_id: str
    at: Point | None
    found: Point | None
    is_useless: bool


class CorrectionMarks:
    """Of one city; made anew only when the corrections differ."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._of: tuple[Correction, ...] = ()
        self.marks: tuple[CorrectionMark, ...] = ()

    def paint(self, frame: Frame, picture: Picture) -> None:
        """Of the layers that are shown."""
        self.read(picture)
        if frame.camera.m_per_px > SHOWN_BELOW:
            return
        for mark in self.marks:
            if frame.shows(_LAYER[mark.layer]):
                _paint(frame, mark)

    def read(self, picture: Picture) -> None:
        """Take the corrections of a picture."""
        found = picture.of(CORRECTION)
        if found == self._of:
            return
        self._of = found
        accepted: dict[tuple[Layer, str], list[Correction]] = {}
        for one in sorted(found, key=lambda one: one.at):
            if one.state is CorrectionState.ACCEPTED:
                accepted.setdefault((one.layer, one.asset_id), []).append(one)
        self.marks = tuple(self._mark(layer, asset_id, of) for (layer, asset_id), of in accepted.items())

    def _mark(self, layer: Layer, asset_id: str, of: list[Correction]) -> CorrectionMark:
        places = [one.place for one in of if one.fault is Fault.ELSEWHERE and one.place is not None]
        is_useless = any(one.fault is not Fault.ELSEWHERE for one in of)
        return CorrectionMark(layer, asset_id, self._recorded(layer, asset_id), places[-1] if places else None, is_useless)

    def _recorded(self, layer: Layer, asset_id: str) -> Point | None:
        table = self._city.network.valves if layer is Layer.VALVE else self._city.hydrants
        if not table.has(asset_id):
            return None
        row = table.row(asset_id)
        x, y = float(table.x[row]), float(table.y[row])
        return (x, y) if np.isfinite([x, y]).all() else None


def _paint(frame: Frame, mark: CorrectionMark) -> None:
    painter, theme = frame.painter, frame.theme
    colour, halo = theme.colour("map.valve_closed" if mark.layer is Layer.VALVE else "map.hydrant"), theme.colour("map.halo")
    now = mark.found or mark.at
    if now is None:
        return
    x, y = frame.camera.to_screen(*now)
    if mark.found is not None and mark.at is not None:
        old = frame.camera.to_screen(*mark.at)
        painter.setPen(QPen(colour, 1.2, Qt.PenStyle.DotLine))
        painter.drawLine(QPointF(*old), QPointF(x, y))
    if not frame.holds(x, y, 20.0):
        return
    if mark.found is not None:
        painter.setPen(QPen(halo, 1.2))
        painter.setBrush(colour)
        painter.drawPath((bow_tie(6.5) if mark.layer is Layer.VALVE else circle(3.6)).translated(x, y))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, 1.4))
        painter.drawEllipse(QPointF(x, y), 9.5, 9.5)
    if mark.is_useless:
        for width, ink in ((4.0, halo), (1.8, theme.colour("case.valve_unable"))):
            painter.setPen(QPen(ink, width, c=Qt.PenCapStyle.RoundCap))
            painter.drawLine(QPointF(x - 6, y - 6), QPointF(x + 6, y + 6))
            painter.drawLine(QPointF(x - 6, y + 6), QPointF(x + 6, y - 6))
    frame.placer.take_many(np.array([x]), np.array([y]), 10.0)
    if frame.camera.m_per_px < _LABELLED_BELOW and mark.found is not None:
        font = theme.font(8.5, QFont.Weight.DemiBold)
        text = frame.words("map.found_here", asset=one_line(mark.asset_id))
        frame.label(f"found:{mark.asset_id}", text, x, y, Ink(font, colour, theme.colour("map.background", 0.85)), 12.0)
