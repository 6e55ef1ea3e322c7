"""The static picture: ground, pipes, symbols, the case's areas and lines — drawn in bands, several at the same time."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from functools import cache

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QGradient, QImage, QPainter, QPen, QTransform

from console.ui.map.drawing.band import DrawingCancelled, PictureBand, StaticStyle, bands
from console.ui.map.drawing.line_batches import draw_segments
from console.ui.map.drawing.sprites import (
    CUSTOMER_KINDS,
    FACILITY_KINDS,
    VALVE_LOOKS,
    customer_sprite,
    facility_sprite,
    sprite,
    turned_arrows,
    valve_sprites,
)
from console.ui.map.drawing.symbols import meter
from console.ui.map.ground.base_map import paint_boundaries, paint_pressure, paint_roads, paint_tiles, paint_water
from console.ui.map.ground.pressure_surface import PressureField
from console.ui.map.ground.tiles import TileSource
from console.ui.map.layers import MapLayer
from console.ui.map.network.asset_symbols import paint_customers, paint_facilities, paint_hydrants, paint_meters, paint_valves
from console.ui.map.network.flow import PipeFlows
from console.ui.map.network.pipes import paint_flow, paint_pipes
from console.ui.map.network.themes import Themed
from console.ui.map.scene import Scene
from console.ui.map.view.camera import Camera
from console.ui.theme import Theme

BANDS = max(min(os.cpu_count() or 1, 4), 1)
"""Bands of a picture: as many as there are cores to draw them, up to four."""


def _always() -> bool:
    return True


@cache
def warm() -> None:
    """Use every Qt class of the bands once, on the window's thread.

    PySide completes its classes at first use, and two threads that do so at the same time can meet a half-made one
    ("QGradient has no attribute 'Preset'").
    """
    theme = Theme.load("dark")
    for look in VALVE_LOOKS:
        valve_sprites(theme, look, 4.0, 1.0, 1)
    for kind in FACILITY_KINDS:
        facility_sprite(theme, kind, True, 8.0, 1.0)
    for kind in CUSTOMER_KINDS:
        customer_sprite(theme, kind, 1.0)
    turned_arrows(4.6, theme.colour("map.flow").rgba(), 1.0, 1)
    image = sprite(meter(4.0), 12, theme.colour("map.halo"), theme.colour("map.valve"), 1.0).image
    painter = QPainter(image)
    painter.setOpacity(0.5)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.setTransform(QTransform(1.0, 0.0, 0.0, 1.0, 0.0, 0.0), True)
    painter.setBrush(QBrush(theme.colour("what_if.main"), Qt.BrushStyle.BDiagPattern))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    painter.drawImage(QRectF(0, 0, 2, 2), QImage(image), QRectF(0, 0, 2, 2))
    painter.drawImage(QPointF(0, 0), QImage(image))
    painter.drawPath(QTransform().map(meter(2.0)))
    painter.setPen(QPen(theme.colour("map.flow"), 1.0, Qt.PenStyle.DashDotLine, Qt.PenCapStyle.RoundCap))
    draw_segments(painter, np.zeros((1, 4)))
    painter.end()
    image.bits()
    QGradient.Preset  # noqa: B018 - looked up to be completed


@dataclass(frozen=True, eq=False)
class Extras:
    """What the picture shows beside the city itself; each None until it is known."""

    themed: Themed | None = None
    flows: PipeFlows | None = None
    pressure: PressureField | None = None
    tiles: TileSource | None = None


def blank(camera: Camera, style: StaticStyle) -> QImage:
    """A picture of the camera's size; its content is undefined."""
    image = QImage(round(camera.width * style.ratio), round(camera.height * style.ratio), QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(style.ratio)
    return image


def paint_static(
    image: QImage,
    scene: Scene,
    camera: Camera,
    style: StaticStyle,
    extras: Extras = Extras(),
    pool: Executor | None = None,
    wanted: Callable[[], bool] = _always,
) -> None:
    """Draw everything static into ``image``, in bands on ``pool`` if given. Raises DrawingCancelled when no longer needed."""
    warm()

    def paint(part: QImage, top: float, view: tuple[float, float, float, float]) -> None:
        part.fill(style.theme.colour("map.background"))
        painter = QPainter(part)
        try:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.translate(0, -top)
            paint_all(PictureBand(painter, camera, view, style, wanted), scene, extras)
        finally:
            painter.end()

    in_bands(image, camera, style.ratio, pool, paint)


def in_bands(
    image: QImage,
    camera: Camera,
    ratio: float,
    pool: Executor | None,
    paint: Callable[[QImage, float, tuple[float, float, float, float]], None],
) -> None:
    """Call ``paint(part, top, view)`` for each band; every band has ended when this returns or raises."""
    parts = bands(image, camera, ratio, BANDS if pool is not None else 1)
    if pool is None:
        for part in parts:
            paint(*part)
        return
    waiting: list[Future[None]] = [pool.submit(paint, *part) for part in parts[1:]]
    fault: BaseException | None = None
    try:
        paint(*parts[0])
    except Exception as error:  # noqa: BLE001 - raised below, once no band draws any more
        fault = error
    for done in waiting:
        fault = done.exception() or fault
    if fault is not None:
        raise fault


def paint_all(band: PictureBand, scene: Scene, extras: Extras) -> None:
    """Draw the whole content of a band, with any painter. Raises DrawingCancelled."""
    look = band.style.look
    for layer in reversed(look.order):
        if look.shows(layer):
            band.painter.setOpacity(look.alpha(layer))
            _ground(band, scene, extras, layer)
    for layer, paint in (
        (MapLayer.CUSTOMERS, paint_customers),
        (MapLayer.HYDRANTS, paint_hydrants),
        (MapLayer.VALVES, paint_valves),
        (MapLayer.VALVES, paint_meters),
        (MapLayer.PLANTS, paint_facilities),
    ):
        if look.shows(layer):
            band.painter.setOpacity(look.alpha(layer))
            paint(band, scene)
    band.painter.setOpacity(1.0)


def _ground(band: PictureBand, scene: Scene, extras: Extras, layer: MapLayer) -> None:
    if not band.wanted():
        raise DrawingCancelled
    match layer:
        case MapLayer.TILES:
            paint_tiles(band, extras.tiles, scene.city.network.crs)
        case MapLayer.WATER:
            paint_water(band, scene)
        case MapLayer.PRESSURE:
            paint_pressure(band, extras.pressure)
        case MapLayer.ROADS:
            paint_roads(band, scene)
        case MapLayer.PIPES:
            themed = extras.themed
            paint_pipes(band, scene, themed if themed is not None and themed.theme is band.style.look.theme else None)
        case MapLayer.FLOW:
            paint_flow(band, scene, extras.flows)
        case _:
            paint_boundaries(band, scene, layer)
