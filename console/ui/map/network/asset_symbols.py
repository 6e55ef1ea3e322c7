"""Symbols of the network's assets: hydrants, valves by state, plants, stations of pumps, tanks, meters, customers by category.

Every symbol is drawn once and stamped; those that lie along a pipe come in 32 directions.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF

from console.ui.map.drawing.band import DrawingCancelled, PictureBand
from console.ui.map.drawing.sprites import Sprite, customer_sprite, facility_sprite, sprite, valve_sprites
from console.ui.map.drawing.symbols import circle, meter, paint_at
from console.ui.map.scene import Scene, ValveLook

VALVES_FROM = 2.2
HYDRANTS_FROM = 1.2
CUSTOMERS_FROM = 1.0
FACILITIES_SMALL_FROM = 15.0
"""Metres per pixel below which these symbols appear (facilities: grow)."""
_TURNS = 32
_CLOSED_VALVES_FROM = 6.0
"""Closed, stuck and unknown valves are few and matter: they appear earlier."""
_LOOK_AT_PLAN = 400


def stamp(band: PictureBand, x: NDArray[np.float64], y: NDArray[np.float64], symbol: Sprite) -> None:
    """Draw the same symbol at many world points. Raises DrawingCancelled."""
    if not len(x):
        return
    px, py = band.camera.project(x, y)
    if band.vector:
        for left, top in zip(px.tolist(), py.tolist(), strict=True):
            paint_at(band.painter, left, top, symbol.paint)
        return
    image, draw = symbol.image, band.painter.drawImage
    half = image.width() / image.devicePixelRatio() / 2
    for number, (left, top) in enumerate(zip((px - half).tolist(), (py - half).tolist(), strict=True)):
        draw(QPointF(left, top), image)
        if number % _LOOK_AT_PLAN == 0 and not band.wanted():
            raise DrawingCancelled


def paint_hydrants(band: PictureBand, scene: Scene) -> None:
    """Hydrants: small filled rings."""
    if band.camera.m_per_px > HYDRANTS_FROM:
        return
    hydrants, theme = scene.city.hydrants, band.style.theme
    rows = band.rows_in_view(hydrants.x, hydrants.y)
    symbol = sprite(circle(2.8), 9, theme.colour("map.hydrant"), theme.colour("map.halo"), band.style.ratio)
    stamp(band, hydrants.x[rows], hydrants.y[rows], symbol)


def paint_valves(band: PictureBand, scene: Scene) -> None:
    """Valves: bow ties along their pipe, each state with its own shape."""
    m_per_px = band.camera.m_per_px
    if m_per_px > _CLOSED_VALVES_FROM:
        return
    valves = scene.city.network.valves
    rows = band.rows_in_view(valves.x, valves.y)
    if m_per_px > VALVES_FROM:
        rows = rows[scene.valve_look[rows] != ValveLook.OPEN]
    size = 4.5 if m_per_px > 0.8 else 6.0
    turn = np.round(scene.valve_angle[rows] / (360.0 / _TURNS)).astype(np.int64) % _TURNS
    for look in ValveLook:
        symbols = valve_sprites(band.style.theme, look.name.lower(), size, band.style.ratio, _TURNS)
        of_look = scene.valve_look[rows] == look
        for number in np.unique(turn[of_look]).tolist():
            some = rows[of_look & (turn == number)]
            stamp(band, valves.x[some], valves.y[some], symbols[number])


def paint_facilities(band: PictureBand, scene: Scene) -> None:
    """Plants, pumping stations, wells and tanks: their own shapes, planned ones dotted."""
    size = 6.0 if band.camera.m_per_px > FACILITIES_SMALL_FROM else 8.0
    for facility in scene.facilities:
        rows = band.rows_in_view(np.array([facility.x]), np.array([facility.y]), 20.0)
        if len(rows):
            symbol = facility_sprite(band.style.theme, facility.kind, facility.planned, size, band.style.ratio)
            stamp(band, np.array([facility.x]), np.array([facility.y]), symbol)


def paint_customers(band: PictureBand, scene: Scene) -> None:
    """Customers by category; critical ones carry a cross and appear earlier."""
    m_per_px = band.camera.m_per_px
    if m_per_px > 4 * CUSTOMERS_FROM:
        return
    customers, theme = scene.city.customers, band.style.theme
    rows = band.rows_in_view(customers.x, customers.y)
    kinds = scene.customer_kind[rows]
    for number, kind in enumerate(scene.customer_kinds):
        if kind != "critical" and m_per_px > CUSTOMERS_FROM:
            continue
        some = rows[kinds == number]
        stamp(band, customers.x[some], customers.y[some], customer_sprite(theme, kind, band.style.ratio))


def paint_meters(band: PictureBand, scene: Scene) -> None:
    """Meters of the network (valves of kind meter): a ring with a hand."""
    if band.camera.m_per_px > VALVES_FROM:
        return
    valves = scene.city.network.valves
    rows = scene.meter_rows[band.rows_in_view(valves.x[scene.meter_rows], valves.y[scene.meter_rows])]
    theme = band.style.theme
    symbol = sprite(meter(4.2), 12, theme.colour("map.halo"), theme.colour("map.valve"), band.style.ratio)
    stamp(band, valves.x[rows], valves.y[rows], symbol)
