"""The static picture: background, pipes, valves, hydrants, plants — drawn in slices that let the event loop breathe."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QTransform

from console.ui.map.camera import Camera
from console.ui.map.linedraw import batches, draw_segments
from console.ui.map.scene import CLOSED_CLASS, MapLayer, Scene
from console.ui.map.symbols import bow_tie, circle, sprite, square
from console.ui.theme import Theme

VALVES_FROM = 2.2
HYDRANTS_FROM = 1.2
"""Metres per pixel below which these symbols appear."""

_WIDTHS = (
    (12.0, (0.0, 0.0, 1.4, 2.4)),
    (5.0, (0.0, 1.0, 1.8, 3.0)),
    (2.0, (0.0, 1.4, 2.4, 3.8)),
    (0.6, (1.7, 2.4, 3.6, 5.2)),
    (0.0, (2.4, 3.4, 4.8, 6.6)),
)
"""Above so many metres per pixel: pen widths of the pipe classes (0 is the fast hairline)."""


@dataclass(frozen=True, eq=False)
class StaticStyle:
    """How to draw: theme, which layers, pixels per logical pixel."""

    theme: Theme
    visible: frozenset[MapLayer]
    ratio: float = 1.0


def blank(camera: Camera, style: StaticStyle) -> QImage:
    """An empty picture of the camera's size in the map's ground colour."""
    image = QImage(round(camera.width * style.ratio), round(camera.height * style.ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(style.ratio)
    image.fill(style.theme.colour("map.background"))
    return image


def paint_static(image: QImage, scene: Scene, camera: Camera, style: StaticStyle) -> Iterator[None]:
    """Draw everything static into ``image``; yields after each slice. Close the iterator to give up early."""
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    try:
        for part in (_water, _roads, _boundaries, _pipes, _hydrants, _valves, _plants):
            yield from part(painter, scene, camera, style)
    finally:
        painter.end()


def pipe_widths(m_per_px: float) -> tuple[float, ...]:
    """Pen widths of the pipe classes at a scale."""
    return next(widths for above, widths in _WIDTHS if m_per_px >= above)


def world_transform(camera: Camera) -> QTransform:
    """World coordinates to screen, for painter paths."""
    scale = 1.0 / camera.m_per_px
    return QTransform(scale, 0.0, 0.0, -scale, camera.width / 2 - camera.x * scale, camera.height / 2 + camera.y * scale)


def _water(painter: QPainter, scene: Scene, camera: Camera, style: StaticStyle) -> Iterator[None]:
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(style.theme.colour("map.water"))
    transform = world_transform(camera)
    for area in scene.water:
        painter.drawPath(transform.map(area.path))
        yield
    painter.setBrush(Qt.BrushStyle.NoBrush)


def _roads(painter: QPainter, scene: Scene, camera: Camera, style: StaticStyle) -> Iterator[None]:
    if MapLayer.ROADS not in style.visible or not len(scene.roads):
        return
    level = scene.roads.level(camera.m_per_px)
    minor = min(max(6.0 / camera.m_per_px, 0.0), 14.0)
    for klass, role, width in ((0, "map.road", minor), (1, "map.road_major", max(1.6 * minor, 1.5))):
        if klass == 0 and camera.m_per_px > 12:
            continue
        painter.setPen(_pen(style.theme.colour(role), 0.0 if width < 1.2 else width))
        for screen in batches(scene.roads, level, klass, camera):
            draw_segments(painter, screen)
            yield


def _boundaries(painter: QPainter, scene: Scene, camera: Camera, style: StaticStyle) -> Iterator[None]:
    shown = {0: MapLayer.COMMUNITIES in style.visible and camera.m_per_px < 8, 1: MapLayer.DMA in style.visible, 2: True}
    level = scene.boundaries.level(camera.m_per_px)
    colour = style.theme.colour("map.boundary")
    for klass, pen in (
        (0, _pen(style.theme.colour("map.boundary", 0.55), 0.0)),
        (1, _pen(style.theme.colour("state.learning", 0.55), 1.4)),
        (2, _pen(colour, 1.6)),
    ):
        if shown[klass]:
            painter.setPen(pen)
            for screen in batches(scene.boundaries, level, klass, camera):
                draw_segments(painter, screen)
                yield


def _pipes(painter: QPainter, scene: Scene, camera: Camera, style: StaticStyle) -> Iterator[None]:
    if MapLayer.PIPES not in style.visible:
        return
    level = scene.pipes.level(camera.m_per_px)
    yield
    widths = pipe_widths(camera.m_per_px)
    for klass, width in enumerate(widths):
        painter.setPen(_pen(style.theme.colour(f"map.pipe_{klass}"), width))
        for screen in batches(scene.pipes, level, klass, camera):
            draw_segments(painter, screen)
            yield
    painter.setPen(QPen(style.theme.colour("map.pipe_closed"), max(widths[1], 1.0), Qt.PenStyle.DashLine))
    for screen in batches(scene.pipes, level, CLOSED_CLASS, camera):
        draw_segments(painter, screen)
        yield


def _hydrants(painter: QPainter, scene: Scene, camera: Camera, style: StaticStyle) -> Iterator[None]:
    if MapLayer.HYDRANTS not in style.visible or camera.m_per_px > HYDRANTS_FROM:
        return
    hydrants, colour = scene.city.hydrants, style.theme.colour("map.hydrant")
    image = sprite(circle(2.6), 9, colour, style.theme.colour("map.halo"), style.ratio)
    for row in in_view(hydrants.x, hydrants.y, camera):
        x, y = camera.to_screen(float(hydrants.x[row]), float(hydrants.y[row]))
        painter.drawImage(QPointF(x - 4.5 + 4, y - 4.5 - 4), image)
    yield


def _valves(painter: QPainter, scene: Scene, camera: Camera, style: StaticStyle) -> Iterator[None]:
    if MapLayer.VALVES not in style.visible or camera.m_per_px > VALVES_FROM:
        return
    valves, theme, halo = scene.city.network.valves, style.theme, style.theme.colour("map.halo")
    size = 4.0 if camera.m_per_px > 0.8 else 5.5
    fills: tuple[QColor | None, ...] = (
        theme.colour("map.valve"),
        theme.colour("map.valve_closed"),
        None,
        None,
        theme.colour("map.valve"),
    )
    edges = (
        halo,
        theme.colour("map.valve_closed"),
        theme.colour("map.valve"),
        theme.colour("case.valve_unable"),
        theme.colour("state.learning"),
    )
    for count, row in enumerate(in_view(valves.x, valves.y, camera)):
        look = int(scene.valve_look[row])
        painter.save()
        painter.translate(*camera.to_screen(float(valves.x[row]), float(valves.y[row])))
        painter.rotate(float(scene.valve_angle[row]))
        painter.setPen(Qt.PenStyle.NoPen if look == 0 else QPen(edges[look], 1.4))
        fill = fills[look]
        painter.setBrush(fill if fill is not None else halo)
        painter.drawPath(bow_tie(size))
        if look == 1:  # a closed valve also carries a bar: shape, not only brightness
            painter.drawLine(QPointF(0, -size), QPointF(0, size))
        painter.restore()
        if count % 400 == 399:
            yield
    yield


def _plants(painter: QPainter, scene: Scene, camera: Camera, style: StaticStyle) -> Iterator[None]:
    if MapLayer.PLANTS not in style.visible:
        return
    plants, nodes, theme = scene.city.plants, scene.city.network.nodes, style.theme
    for row in range(len(plants)):
        node = int(plants.node[row])
        if node < 0:
            continue
        x, y = camera.to_screen(float(nodes.x[node]), float(nodes.y[node]))
        planned = bool(plants.planned[row])
        painter.setPen(QPen(theme.colour("map.plant"), 1.6, Qt.PenStyle.DotLine if planned else Qt.PenStyle.SolidLine))
        painter.setBrush(theme.colour("map.halo"))
        shape = square(6.5) if str(plants.kind[row]) == "plant" else circle(6.5)
        painter.drawPath(shape.translated(x, y))
        painter.drawPath((square(2.2) if str(plants.kind[row]) == "plant" else circle(2.2)).translated(x, y))
    yield


def in_view(x: NDArray[np.float64], y: NDArray[np.float64], camera: Camera, margin_px: float = 12.0) -> NDArray[np.int64]:
    """Rows of the points in view (with a margin)."""
    margin = margin_px * camera.m_per_px
    low_x, low_y, high_x, high_y = camera.view()
    inside = (x > low_x - margin) & (x < high_x + margin) & (y > low_y - margin) & (y < high_y + margin)
    return np.flatnonzero(inside)


def _pen(colour: QColor, width: float) -> QPen:
    pen = QPen(colour, width)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap if width > 2.2 else Qt.PenCapStyle.FlatCap)
    return pen
