"""Raster tiles under the network: where they come from, and where each lies on the screen.

``TileSource`` is what the map draws; ``tile_store.py`` holds the ones there are (MBTiles file, XYZ address with a cache).
Tiles are in Web Mercator; each is put into the network's projection by its corners, which over one tile is exact to
far less than a pixel.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from PySide6.QtGui import QImage, QTransform

from console.ui.map.view.camera import Camera
from maps import crs as crs_of

TILE_PX = 256
_TILES_MOST = 260
_PARENTS = 4
_EARTH_M = 40_075_016.68557849


class TileSource(Protocol):
    """Tiles by zoom, column, row (XYZ: row 0 in the north)."""

    attribution: str
    min_zoom: int
    max_zoom: int

    def tile(self, zoom: int, column: int, row: int) -> QImage | None:
        """The tile if it is at hand; never waits for a network. A missing one is fetched in the background and announced."""
        ...

    def close(self) -> None:
        """Close file and threads."""
        ...


@dataclass(frozen=True, eq=False)
class PlacedTile:
    """A tile's picture and the transform from its pixels to the screen."""

    image: QImage
    transform: QTransform


def tiles_in_view(source: TileSource, camera: Camera, view: tuple[float, float, float, float], crs: str) -> Iterator[PlacedTile]:
    """Tiles that cover ``view`` (world, m); where one is missing, what a coarser one shows of it."""
    if crs == crs_of.LOCAL:
        return
    west, south, east, north = _degrees(view, crs)
    zoom = _zoom(camera, (south + north) / 2, source)
    left, top = tile_of(west, north, zoom)
    right, bottom = tile_of(east, south, zoom)
    if (right - left + 1) * (bottom - top + 1) > _TILES_MOST:
        return
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            placed = _placed(source, camera, crs, (zoom, column, row))
            if placed is not None:
                yield placed


def tile_of(lon: float, lat: float, zoom: int) -> tuple[int, int]:
    """(column, row) of the tile that holds a place (degrees, WGS84)."""
    count = 2**zoom
    lat = min(max(lat, -85.0511), 85.0511)
    x = (lon + 180.0) / 360.0 * count
    y = (1.0 - math.asinh(math.tan(math.radians(lat))) / math.pi) / 2.0 * count
    return min(max(int(x), 0), count - 1), min(max(int(y), 0), count - 1)


def corner(zoom: int, column: float, row: float) -> tuple[float, float]:
    """(lon, lat) of a tile's north-west corner."""
    count = 2**zoom
    return column / count * 360.0 - 180.0, math.degrees(math.atan(math.sinh(math.pi * (1 - 2 * row / count))))


def _degrees(view: tuple[float, float, float, float], crs: str) -> tuple[float, float, float, float]:
    x = np.array([view[0], view[2], view[0], view[2]])
    y = np.array([view[1], view[1], view[3], view[3]])
    lon, lat = crs_of.to_wgs84(x, y, crs)
    return float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())


def _zoom(camera: Camera, lat: float, source: TileSource) -> int:
    wanted = math.log2(_EARTH_M * math.cos(math.radians(lat)) / TILE_PX / camera.m_per_px)
    return min(max(round(wanted), source.min_zoom), source.max_zoom)


def _placed(source: TileSource, camera: Camera, crs: str, name: tuple[int, int, int]) -> PlacedTile | None:
    zoom, column, row = name
    image = source.tile(zoom, column, row)
    for up in range(1, _PARENTS + 1):
        if image is not None or zoom - up < source.min_zoom:
            break
        parent = source.tile(zoom - up, column >> up, row >> up)
        if parent is not None:
            size = parent.width() >> up
            image = parent.copy((column % (1 << up)) * size, (row % (1 << up)) * size, size, size)
    if image is None or image.isNull():
        return None
    places = [corner(zoom, column, row), corner(zoom, column + 1, row), corner(zoom, column, row + 1)]
    x, y = crs_of.from_wgs84(np.array([p[0] for p in places]), np.array([p[1] for p in places]), crs)
    px, py = camera.project(x, y)
    width, height = image.width(), image.height()
    return PlacedTile(
        image,
        QTransform(
            (px[1] - px[0]) / width, (py[1] - py[0]) / width, (px[2] - px[0]) / height, (py[2] - py[0]) / height, px[0], py[0]
        ),
    )
