"""Marks: what of the case, the selection and a trace is drawn as areas and lines; part of the picture, above the network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QBrush, QColor, QPen

from console.ui.map.drawing.band import PictureBand, pen, world_transform
from console.ui.map.drawing.generalisation import Lines
from console.ui.map.drawing.line_batches import draw_segments, on_screen
from console.ui.map.drawing.line_levels import LineWork
from console.ui.map.drawing.sprites import sprite
from console.ui.map.drawing.symbols import square
from console.ui.map.layers import MapLayer
from console.ui.map.live.case_marks import CaseMarks, Region
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

    def paint(self, band: PictureBand, ink: QPen) -> None:
        """Draw what is in the band."""
        if self._work is not None:
            band.lines(self._work, 0, ink)
        elif len(self._segments):
            band.painter.setPen(ink)
            draw_segments(band.painter, on_screen(self._segments, (0.0, 0.0), band.camera))

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
        case: CaseMarks | None = None,
        selected: NDArray[np.float64] | None = None,
        highlights: tuple[Highlight, ...] = (),
        what_if: CaseMarks | None = None,
    ) -> None:
        case = case or CaseMarks()
        self.what_if = None if what_if is None else WhatIfMarks(what_if)
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
        return self.what_if is None and not any(len(part) for part in parts)

    def paint(self, band: PictureBand) -> None:
        """Areas, then lines; what is most certain lies on top."""
        theme, look = band.style.theme, band.style.look
        for highlight in self.highlights:
            highlight.lines.paint(band, pen(theme.colour(highlight.role, 0.85), 3.0))
        for region, lines, role, fill, layer in self._regions:
            if look.shows(layer):
                _region(band, region, lines, theme.colour(role), fill * look.alpha(layer))
        if look.shows(MapLayer.AFFECTED) and band.camera.m_per_px < AFFECTED_FROM:
            band.painter.setOpacity(look.alpha(MapLayer.AFFECTED))
            _people(band, self.case.weak, "case.low_pressure")
            _people(band, self.case.dry, "case.zone")
            band.painter.setOpacity(1.0)
        if look.shows(MapLayer.PLAN):
            self._supply.paint(band, QPen(theme.colour("case.route", 0.75), 2.0, Qt.PenStyle.DashDotLine))
        if look.shows(MapLayer.CANDIDATES):
            self._paint_candidates(band)
        self._burst.paint(band, _round(theme.colour("state.critical"), 6.0))
        if self.what_if is not None:
            self.what_if.paint(band)
        self._selected.paint(band, _round(theme.colour("map.selection", 0.35), 9.0))
        self._selected.paint(band, QPen(theme.colour("map.selection"), 2.0))

    def _paint_candidates(self, band: PictureBand) -> None:
        """Shaded by probability: the likelier, the wider and the fuller. Their casing tells them from pipes without colour."""
        most = max((probability for _, probability in self._candidates), default=1.0)
        whole = band.style.look.alpha(MapLayer.CANDIDATES)
        for lines, probability in self._candidates:
            share = probability / max(most, 1e-9)
            lines.paint(band, _round(band.style.theme.colour("map.halo", whole), 6.0 + 4.0 * share))
            lines.paint(band, _round(band.style.theme.colour("case.candidate", whole * (0.35 + 0.65 * share)), 3.0 + 4.0 * share))


class WhatIfMarks:
    """Marks of a what-if over those of the case: one colour of its own, hatched, lines beside the case's."""

    def __init__(self, look: CaseMarks) -> None:
        self.look = look
        self._burst = MarkLines(look.burst)
        self._regions = [
            (region, MarkLines(region.lines), role, layer)
            for region, role, layer in (
                (look.pocket, "what_if.pocket", MapLayer.POCKETS),
                (look.zone, "what_if.main", MapLayer.ZONE),
            )
            if region is not None
        ]

    def paint(self, band: PictureBand) -> None:
        """Draw areas, customers and the pipe that is assumed broken."""
        theme, look = band.style.theme, band.style.look
        for region, lines, role, layer in self._regions:
            if look.shows(layer):
                _hatched(band, region, lines, theme.colour(role), look.alpha(layer))
        if look.shows(MapLayer.AFFECTED) and band.camera.m_per_px < AFFECTED_FROM:
            _people(band, self.look.dry, "what_if.main")
        self._burst.paint(band, _round(theme.colour("what_if.main"), 6.0))


def _people(band: PictureBand, places: NDArray[np.float64], role: str) -> None:
    """Affected customers: small squares without water or with little."""
    if not len(places):
        return
    theme = band.style.theme
    rows = band.rows_in_view(places[:, 0], places[:, 1])
    symbol = sprite(square(2.2), 8, theme.colour(role), theme.colour("map.halo"), band.style.ratio)
    stamp(band, places[rows, 0], places[rows, 1], symbol)


def _region(band: PictureBand, region: Region, lines: MarkLines, colour: QColor, fill: float) -> None:
    inside, edge = QColor(colour), QColor(colour)
    inside.setAlphaF(fill)
    edge.setAlphaF(0.8)
    band.painter.setBrush(inside)
    band.painter.setPen(QPen(edge, 1.2, Qt.PenStyle.DashLine))
    band.painter.drawPath(world_transform(band.camera).map(region.area))
    band.painter.setBrush(Qt.BrushStyle.NoBrush)
    lines.paint(band, QPen(edge, 2.4))


def _hatched(band: PictureBand, region: Region, lines: MarkLines, colour: QColor, alpha: float) -> None:
    edge, inside = QColor(colour), QColor(colour)
    edge.setAlphaF(0.95 * alpha)
    inside.setAlphaF(0.6 * alpha)
    band.painter.setBrush(QBrush(inside, Qt.BrushStyle.BDiagPattern))
    band.painter.setPen(QPen(edge, 2.0, Qt.PenStyle.DotLine))
    band.painter.drawPath(world_transform(band.camera).map(region.area))
    band.painter.setBrush(Qt.BrushStyle.NoBrush)
    lines.paint(band, QPen(edge, 3.4, Qt.PenStyle.DashLine))


def _round(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap)
