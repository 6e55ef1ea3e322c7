"""The live overlay: steps of the plan, stations, crews and names, painted over the picture in every frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QFont, QPen

from console.domain.picture import Picture
from console.ui.map.drawing.frame import Frame
from console.ui.map.drawing.label_placement import Ink, spread, text_size, write
from console.ui.map.drawing.symbols import diamond, paint_number
from console.ui.map.layers import MapLayer
from console.ui.map.live.case_marks import CaseMarks, StepStatus
from console.ui.map.live.case_place import PlaceName, name_place, paint_place
from console.ui.map.live.correction_marks import CorrectionMarks
from console.ui.map.live.crew_marks import CrewMarks
from console.ui.map.live.found_mark import FoundMark, paint_found
from console.ui.map.live.outage_marks import OutageMarks
from console.ui.map.live.stations import Gauges
from console.ui.map.live.ticket_marks import TicketMarks
from console.ui.map.live.water_marks import paint_water_points
from console.ui.map.network.names import Names
from console.ui.map.scene import Scene

_DISC_PX = 21.0
_ONE_SPOT_PX = 42.0
"""A plan smaller than two discs: its numbers would overlap the burst's symbol, so they are left out."""


@dataclass(frozen=True, eq=False)
class Live:
    """What the overlay shows. ``selected``: segments of the picked pipe (world); ``selected_text``: its label."""

    picture: Picture
    case: CaseMarks = field(default_factory=CaseMarks)
    what_if: CaseMarks | None = None
    """Marks of the what-if over the case; None when there is none."""
    selected: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 4)))
    selected_text: str = ""
    found: FoundMark | None = None
    outages: frozenset[str] = frozenset()
    """Planned outages that are shown besides those of today."""
    outage: str = ""
    """The one whose plan is shown as ``what_if``."""


class Overlay:
    """Paints everything live of one city."""

    def __init__(self, scene: Scene) -> None:
        self.gauges = Gauges(scene.city)
        self.crews = CrewMarks()
        self.corrections, self.outages = CorrectionMarks(scene.city), OutageMarks(scene.city)
        self.tickets = TicketMarks()
        self.names = Names(scene)

    def paint(self, frame: Frame, live: Live) -> None:
        """Symbols and their labels; what matters most gets its label first."""
        self.names.keep_clear(frame)
        with frame.faded(MapLayer.OUTAGES):
            self.outages.paint(frame, live.picture, live.outages, live.outage)
        self.corrections.paint(frame, live.picture)
        name: PlaceName | None = None
        if frame.shows(MapLayer.PLAN):
            paint_place(frame, live.case.place)
            marked = ((live.case, "state.critical"), (live.what_if, "what_if.main"))
            if live.what_if is not None:
                _burst(frame, live.what_if, "what_if.main")
            for look, role in marked:
                if look is not None and look.steps and frame.shows(MapLayer.STEPS):
                    with frame.faded(MapLayer.STEPS):
                        _steps(frame, look, self.gauges.alarming(frame, live.picture), "" if look is live.case else role)
            name = name_place(frame, live.case.place)
            _reads(frame, live.case)
        _selection_label(frame, live)
        paint_found(frame, live.found)
        with frame.faded(MapLayer.STATIONS):
            self.gauges.paint(frame, live.picture)
        with frame.faded(MapLayer.TICKETS):
            self.tickets.paint(frame, live.picture)
        with frame.faded(MapLayer.WATER_POINTS):
            paint_water_points(frame, live.picture)
        with frame.faded(MapLayer.CREWS):
            self.crews.paint(frame, live.picture)
        with frame.faded(MapLayer.LABELS):
            self.names.paint(frame)
        if name is not None:
            write(frame.painter, name.place, name.text, name.ink)


def _burst(frame: Frame, case: CaseMarks, role: str) -> None:
    if not len(case.burst):
        return
    middle = case.burst[len(case.burst) // 2]
    x, y = frame.camera.to_screen(float(middle[0] + middle[2]) / 2, float(middle[1] + middle[3]) / 2)
    frame.painter.setPen(QPen(frame.theme.colour("map.halo"), 1.5))
    frame.painter.setBrush(frame.theme.colour(role))
    frame.painter.drawPath(diamond(9).translated(x, y))
    frame.placer.take(QRectF(x - 10, y - 10, 20, 20))


def _steps(frame: Frame, case: CaseMarks, alarming: list[tuple[float, float]], what_if_role: str = "") -> None:
    """Numbered valves of a plan.

    ``alarming``: screen points of symbols that a disc must not hide, nor be hidden by. ``what_if_role``: the colour of a
    what-if's valves, which are squares.
    """
    anchors = [frame.camera.to_screen(mark.x, mark.y) for mark in case.steps]
    if len(anchors) > 1 and np.ptp(np.array(anchors), axis=0).max() < _ONE_SPOT_PX:
        return
    theme, ink = frame.theme, QColor("#14181c")
    fills = {
        StepStatus.TO_CLOSE: theme.colour("case.valve_open"),
        StepStatus.CLOSED: theme.colour("case.valve_done"),
        StepStatus.UNABLE: theme.colour("case.valve_unable"),
        StepStatus.DOUBT: theme.colour("case.valve_doubt"),
    }
    painter = frame.painter
    painter.setFont(theme.font(8.5, QFont.Weight.Bold))
    places = spread(anchors, _DISC_PX, alarming)
    for mark, (x, y) in reversed(list(zip(case.steps, places, strict=True))):
        painter.setPen(QPen(theme.colour("text.normal"), 1.2))
        painter.drawLine(QPointF(*frame.camera.to_screen(mark.x, mark.y)), QPointF(x, y))
        text = {StepStatus.CLOSED: "✓", StepStatus.UNABLE: "✕"}.get(mark.status, str(mark.number))
        if what_if_role:
            main, on_main = theme.colour(what_if_role), theme.colour("what_if.on_main")
            paint_number(painter, text, x, y, 9.0, main, on_main, on_main, square=True)
            frame.placer.take(QRectF(x - 10, y - 10, 20, 20))
            continue
        light = mark.status in (StepStatus.CLOSED, StepStatus.UNABLE)
        paint_number(painter, text, x, y, 9.0, fills[mark.status], QColor("white") if light else ink, ink)
        frame.placer.take(QRectF(x - 10, y - 10, 20, 20))


def _reads(frame: Frame, case: CaseMarks) -> None:
    """A ring with a dot, like a gauge, and the id of where to read."""
    theme, painter = frame.theme, frame.painter
    for mark in case.reads:
        x, y = frame.camera.to_screen(mark.x, mark.y)
        painter.setBrush(theme.colour("surface.raised"))
        painter.setPen(QPen(theme.colour("case.candidate"), 2.4))
        painter.drawEllipse(QPointF(x, y), 8.0, 8.0)
        painter.drawLine(QPointF(x, y), QPointF(x + 4.0, y - 4.0))
        frame.placer.take(QRectF(x - 10, y - 10, 20, 20))
        font = theme.font(9, QFont.Weight.DemiBold)
        place = frame.placer.find(x, y, *text_size(font, mark.asset_id), offset=12.0, insist=True, key=f"read {mark.asset_id}")
        if place is not None:
            write(painter, place, mark.asset_id, Ink(font, theme.colour("text.strong"), theme.colour("surface.raised", 0.95)))


def _selection_label(frame: Frame, live: Live) -> None:
    if not len(live.selected) or not live.selected_text:
        return
    middle = live.selected[len(live.selected) // 2]
    x, y = frame.camera.to_screen(float(middle[0] + middle[2]) / 2, float(middle[1] + middle[3]) / 2)
    font = frame.theme.font(9.5, QFont.Weight.DemiBold)
    place = frame.placer.find(x, y, *text_size(font, live.selected_text), offset=14.0, insist=True, key="selection")
    if place is not None:
        ink = Ink(font, frame.theme.colour("text.strong"), frame.theme.colour("surface.raised", 0.95))
        write(frame.painter, place, live.selected_text, ink)
