"""Pipes: width by diameter, colour by diameter or by a theme; arrows for the way the water flows."""

from __future__ import annotations

import numpy as np
from PySide6.QtCore import Qt

from console.ui.map.drawing.band import PictureBand, pen
from console.ui.map.drawing.sprites import turned_arrows
from console.ui.map.network.asset_symbols import stamp
from console.ui.map.network.flow import PipeFlows
from console.ui.map.network.themes import Themed
from console.ui.map.scene import CLOSED_CLASS, PIPE_CLASSES, Scene

ARROWS_FROM = 5.0
_ARROW_APART_PX = 46.0
_TURNS = 48

_WIDTHS = (
    (12.0, (0.0, 0.0, 1.4, 2.4)),
    (5.0, (0.0, 1.0, 1.8, 3.0)),
    (2.0, (0.0, 1.0, 2.4, 3.8)),
    (0.6, (1.7, 2.4, 3.6, 5.2)),
    (0.0, (2.4, 3.4, 4.8, 6.6)),
)
"""Above so many metres per pixel: pen widths of the pipe classes (0 is the hairline; up to 1.0 Qt draws the fast way)."""


def pipe_widths(m_per_px: float) -> tuple[float, ...]:
    """Pen widths of the pipe classes at a scale, logical pixels."""
    return next(widths for above, widths in _WIDTHS if m_per_px >= above)


def paint_pipes(band: PictureBand, scene: Scene, themed: Themed | None) -> None:
    """Every pipe, and the links that are none. A theme's ramp replaces the greys; closed pipes stay dashed whatever the theme."""
    theme, widths = band.style.theme, pipe_widths(band.camera.m_per_px)
    band.lines(scene.links, 0, pen(theme.colour("map.pipe_1"), max(widths[1], 1.0)))
    closed = pen(theme.colour("map.pipe_closed"), max(widths[1], 1.0), Qt.PenStyle.DashLine)
    if themed is None:
        for klass, width in enumerate(widths):
            band.lines(scene.pipes, klass, pen(theme.colour(f"map.pipe_{klass}"), width))
        band.lines(scene.pipes, CLOSED_CLASS, closed)
        return
    for klass, width in enumerate(widths):
        for number, entry in enumerate(themed.entries):
            colour = entry.colour(theme)
            band.lines(themed.work, number * PIPE_CLASSES + klass, pen(colour, width))
    for number in range(len(themed.entries)):
        band.lines(themed.work, number * PIPE_CLASSES + CLOSED_CLASS, closed)


def paint_flow(band: PictureBand, scene: Scene, flows: PipeFlows | None) -> None:
    """An arrow on the middle of each pipe that flows, at most one in a cell; the cells lie on the ground, not on the screen."""
    m_per_px = band.camera.m_per_px
    if flows is None or m_per_px > ARROWS_FROM:
        return
    x, y = scene.pipe_middle
    seen = band.rows_in_view(x, y)
    seen = seen[flows.moving[seen]]
    seen = seen[np.argsort(-scene.city.network.pipes.diameter_mm[seen], kind="stable")]
    cell_m = _ARROW_APART_PX * 2.0 ** np.ceil(np.log2(m_per_px))
    cell = np.floor(np.column_stack([x[seen], y[seen]]) / cell_m).astype(np.int64)
    seen = seen[np.unique((cell[:, 0] << 32) ^ (cell[:, 1] & 0xFFFFFFFF), return_index=True)[1]]
    symbols = turned_arrows(4.6, band.style.theme.colour("map.flow").rgba(), band.style.ratio, _TURNS)
    angle = scene.pipe_angle[seen] + np.where(flows.backwards[seen], 180.0, 0.0)
    turn = np.round(angle / (360.0 / _TURNS)).astype(np.int64) % _TURNS
    for number in np.unique(turn).tolist():
        some = seen[turn == number]
        stamp(band, x[some], y[some], symbols[number])
