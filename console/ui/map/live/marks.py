"""Marks: what of the case, the selection and a trace is drawn as areas and lines; part of the picture, above the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen

from console.ui.map.drawing.band import Pane, pen, world_transform
from console.ui.map.drawing.generalisation import Lines
from console.ui.map.drawing.line_batches import draw_segments, on_screen
from console.ui.map.drawing.line_levels import LineWork
from console.ui.map.drawing.sprites import sprite
from console.ui.map.drawing.symbols import square
from console.ui.map.layers import MapLayer
from console.ui.map.live.case_marks import CaseLook, Region
from console.ui.map.network.asset_symbols import stamp

AFFECTED_FROM = 6.0
"""Metres per pixel below which affected customers appear."""
_PLAIN_MOST = 600
"""Up to so many segments are drawn as they are; more go through levels of detail."""


class MarkLines:
    """Segments in world coordinates, (n, 4), m; ``len`` 0 draws nothing."""

    def __init__(self, segments: NDArray[np.float64]) -> None:
        self._segments = segments
        self._work: LineWork | None = None
        if len(segments) > _PLAIN_MOST:
            offsets = np.arange(0, 2 * len(segments) + 1, 2, dtype=np.int64)
            self._work = LineWork(Lines(segments.reshape(-1, 2), offsets, np.zeros(len(segments), dtype=np.uint8)), 1)

    def paint(self, pane: Pane, ink: QPen) -> None:
        """Draw what is in the band."""
        if self._work is not None:
            pane.lines(self._work, 0, ink)
        elif len(self._segments):
            pane.painter.setPen(ink)
            draw_segments(pane.painter, on_screen(self._segments, (0.0, 0.0), pane.camera))

    def __len__(self) -> int:
        return len(self._segments)


@dataclass(frozen=True, eq=False)
class Highlight:
    """A set of pipes in one colour (a trace, a search, a selection by area). ``role``: of the theme."""

    lines: MarkLines
    role: str = "case.route"


class Marks:
    """All marks of one moment."""

    def __init__(
        self,
        case: CaseLook | None = None,
        selected: NDArray[np.float64] | None = None,
        highlights: tuple[Highlight, ...] = (),
        trial: CaseLook | None = None,
    ) -> None:
        case = case or CaseLook()
        self.trial = None if trial is None else TrialMarks(trial)
        self.case, self.highlights = case, highlights
        self._selected = MarkLines(selected if selected is not None else np.empty((0, 4)))
        self._supply, self._burst = MarkLines(case.supply), MarkLines(case.burst)
        self._candidates = [(MarkLines(lines), probability) for lines, probability in case.candidates]
        self._regions = [
            (region, MarkLines(region.lines), role, fill, layer)
            for region, role, fill, layer in (
                (case.low, "case.low_pressure", 0.16, MapLayer.LOW),
                (case.pocket, "case.pocket", 0.22, MapLayer.POCKETS),
                (case.zone, "case.zone", 0.24, MapLayer.ZONE),
            )
            if region is not None
        ]

    @property
    def empty(self) -> bool:
        """Whether there is nothing to draw."""
        parts = (self._selected, self._supply, self._burst, self._candidates, self._regions, self.highlights)
        return self.trial is None and not any(len(part) for part in parts)

    def paint(self, pane: Pane) -> None:
        """Areas, then lines; what is most certain lies on top."""
        theme, look = pane.style.theme, pane.style.look
        for highlight in self.highlights:
            highlight.lines.paint(pane, pen(theme.colour(highlight.role, 0.85), 3.0))
        for region, lines, role, fill, layer in self._regions:
            if look.shows(layer):
                _region(pane, region, lines, theme.colour(role), fill * look.alpha(layer))
        if look.shows(MapLayer.AFFECTED) and pane.camera.m_per_px < AFFECTED_FROM:
            pane.painter.setOpacity(look.alpha(MapLayer.AFFECTED))
            _people(pane, self.case.weak, "case.low_pressure")
            _people(pane, self.case.dry, "case.zone")
            pane.painter.setOpacity(1.0)
        if look.shows(MapLayer.PLAN):
            self._supply.paint(pane, QPen(theme.colour("case.route", 0.75), 2.0, Qt.PenStyle.DashDotLine))
        if look.shows(MapLayer.CANDIDATES):
            self._paint_candidates(pane)
        self._burst.paint(pane, _round(theme.colour("state.critical"), 6.0))
        if self.trial is not None:
            self.trial.paint(pane)
        self._selected.paint(pane, _round(theme.colour("map.selection", 0.35), 9.0))
        self._selected.paint(pane, QPen(theme.colour("map.selection"), 2.0))

    def _paint_candidates(self, pane: Pane) -> None:
        """Shaded by probability: the likelier, the wider and the fuller."""
        most = max((probability for _, probability in self._candidates), default=1.0)
        whole = pane.style.look.alpha(MapLayer.CANDIDATES)
        for lines, probability in self._candidates:
            share = probability / max(most, 1e-9)
            lines.paint(pane, _round(pane.style.theme.colour("case.candidate", whole * (0.35 + 0.65 * share)), 3.0 + 4.0 * share))


class TrialMarks:
    """What a trial would do, over the marks of the case: one hue of its own, hatched, lines beside the case's full ones."""

    def __init__(self, look: CaseLook) -> None:
        self.look = look
        self._burst = MarkLines(look.burst)
        self._regions = [
            (region, MarkLines(region.lines), role, layer)
            for region, role, layer in (
                (look.pocket, "trial.pocket", MapLayer.POCKETS),
                (look.zone, "trial.main", MapLayer.ZONE),
            )
            if region is not None
        ]

    def paint(self, pane: Pane) -> None:
        """Areas, customers, the pipe that is supposed broken."""
        theme, look = pane.style.theme, pane.style.look
        for region, lines, role, layer in self._regions:
            if look.shows(layer):
                _hatched(pane, region, lines, theme.colour(role), look.alpha(layer))
        if look.shows(MapLayer.AFFECTED) and pane.camera.m_per_px < AFFECTED_FROM:
            _people(pane, self.look.dry, "trial.main")
        self._burst.paint(pane, _round(theme.colour("trial.main"), 6.0))


def _people(pane: Pane, places: NDArray[np.float64], role: str) -> None:
    """Affected customers: small squares without water or with little."""
    if not len(places):
        return
    theme = pane.style.theme
    rows = pane.rows_in_view(places[:, 0], places[:, 1])
    symbol = sprite(square(2.2), 8, theme.colour(role), theme.colour("map.halo"), pane.style.ratio)
    stamp(pane, places[rows, 0], places[rows, 1], symbol)


def _region(pane: Pane, region: Region, lines: MarkLines, colour: QColor, fill: float) -> None:
    inside, edge = QColor(colour), QColor(colour)
    inside.setAlphaF(fill)
    edge.setAlphaF(0.8)
    pane.painter.setBrush(inside)
    pane.painter.setPen(QPen(edge, 1.2, Qt.PenStyle.DashLine))
    pane.painter.drawPath(world_transform(pane.camera).map(region.area))
    pane.painter.setBrush(Qt.BrushStyle.NoBrush)
    lines.paint(pane, QPen(edge, 2.4))


def _hatched(pane: Pane, region: Region, lines: MarkLines, colour: QColor, alpha: float) -> None:
    edge, inside = QColor(colour), QColor(colour)
    edge.setAlphaF(0.95 * alpha)
    inside.setAlphaF(0.6 * alpha)
    pane.painter.setBrush(QBrush(inside, Qt.BrushStyle.BDiagPattern))
    pane.painter.setPen(QPen(edge, 2.0, Qt.PenStyle.DotLine))
    pane.painter.drawPath(world_transform(pane.camera).map(region.area))
    pane.painter.setBrush(Qt.BrushStyle.NoBrush)
    lines.paint(pane, QPen(edge, 3.4, Qt.PenStyle.DashLine))


def _round(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
