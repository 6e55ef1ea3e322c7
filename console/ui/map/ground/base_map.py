"""The ground under the pipes: tiles, water, roads, boundaries, shaded zones, interpolated pressure."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter

from console.ui.map.drawing.band import DrawingCancelled, PictureBand, pen, world_transform
from console.ui.map.ground.pressure_surface import PressureField
from console.ui.map.ground.tiles import TileSource, tiles_in_view
from console.ui.map.layers import MapLayer
from console.ui.map.scene import Scene

MINOR_ROADS_FROM = 14.0
COMMUNITIES_FROM = 8.0
DISTRICTS_BOLD_FROM = 15.0
"""Metres per pixel below which minor roads and outlines of communities appear, and those of districts are bold."""
_PAPER_FINER = 8


def paint_tiles(band: PictureBand, source: TileSource | None, crs: str) -> None:
    """Draw the raster tiles at hand; missing ones stay blank and are fetched in the background."""
    if source is None:
        return
    band.painter.save()
    band.painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    for placed in tiles_in_view(source, band.camera, band.view, crs):
        if not band.wanted():
            raise DrawingCancelled
        band.painter.save()
        band.painter.setTransform(placed.transform, True)
        band.painter.drawImage(0, 0, placed.image)
        band.painter.restore()
    band.painter.restore()


def paint_water(band: PictureBand, scene: Scene) -> None:
    """Rivers and lakes in view."""
    painter = band.painter
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(band.style.theme.colour("map.water"))
    low_x, low_y, high_x, high_y = band.view
    transform = world_transform(band.camera)
    for area in scene.water:
        left, bottom, right, top = area.bounds
        if right < low_x or left > high_x or top < low_y or bottom > high_y:
            continue
        if max(right - left, top - bottom) > band.camera.m_per_px:
            painter.drawPath(transform.map(area.path))
    painter.setBrush(Qt.BrushStyle.NoBrush)


def paint_roads(band: PictureBand, scene: Scene) -> None:
    """Roads, wider as they come nearer; minor ones leave at city scale."""
    if not len(scene.roads):
        return
    m_per_px, theme = band.camera.m_per_px, band.style.theme
    minor = min(6.0 / m_per_px, 14.0)
    if m_per_px < MINOR_ROADS_FROM:
        band.lines(scene.roads, 0, pen(theme.colour("map.road"), 0.0 if minor < 1.5 else minor))
    major = 1.6 * minor
    band.lines(scene.roads, 1, pen(theme.colour("map.road_major"), 1.0 if major < 1.5 else major))


def paint_boundaries(band: PictureBand, scene: Scene, layer: MapLayer) -> None:
    """Outlines of communities, metered zones, or districts and areas; metered zones are shaded too."""
    theme, m_per_px = band.style.theme, band.camera.m_per_px
    if layer is MapLayer.COMMUNITIES and m_per_px < COMMUNITIES_FROM:
        band.lines(scene.boundaries, 0, pen(theme.colour("map.boundary", 0.55), 0.0))
    elif layer is MapLayer.DMA:
        band.lines(scene.boundaries, 1, pen(theme.colour("state.learning", 0.6), 1.0))
    elif layer is MapLayer.DISTRICTS:
        near = m_per_px < DISTRICTS_BOLD_FROM
        band.lines(scene.boundaries, 2, pen(theme.colour("map.boundary", 0.9 if near else 0.6), 1.4 if near else 0.0))


def paint_pressure(band: PictureBand, field: PressureField | None) -> None:
    """Pressure between the stations as a soft surface."""
    if field is None:
        return
    painter = band.painter
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    left, bottom, right, top = field.bounds
    x0, y0 = band.camera.to_screen(left, top)
    x1, y1 = band.camera.to_screen(right, bottom)
    image = field.image
    if band.fineness < 1:  # readers of paper formats show cells as squares
        image = image.scaled(image.size() * _PAPER_FINER, mode=Qt.TransformationMode.SmoothTransformation)
    painter.drawImage(QRectF(x0, y0, x1 - x0, y1 - y0), image)
    painter.restore()
