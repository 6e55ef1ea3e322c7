"""Raster tiles: from an MBTiles file, from a real local server, and from the cache when the server is gone."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import QBuffer, QIODevice, QPointF
from PySide6.QtGui import QColor, QImage, QImageWriter

from console.ui.map.canvas import MapCanvas
from console.ui.map.ground.tile_store import MbTiles, XyzTiles, open_tiles
from console.ui.map.ground.tiles import corner, tile_of, tiles_in_view
from console.ui.map.layers import MapLayer
from console.ui.map.view.camera import Camera
from maps import crs
from maps.errors import InputFault
from tests.console.ui.small_city import ORIGIN

CRS = "EPSG:4548"
CAMERA = Camera(ORIGIN[0] + 1500, ORIGIN[1] + 1000, 4.0, 600, 400)


def png(colour: str) -> bytes:
    """A tile of one colour."""
    image = QImage(256, 256, QImage.Format.Format_RGB32)
    image.fill(QColor(colour))
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"png").write(image)
    return bytes(buffer.data().data())


@pytest.fixture
def mbtiles(tmp_path: Path) -> Path:
    """Zooms 13 and 14 about the small city."""
    path = tmp_path / "ground.mbtiles"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE metadata (name text, value text)")
        database.execute("CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)")
        database.executemany("INSERT INTO metadata VALUES (?, ?)", [("format", "png"), ("attribution", "© 天地图")])
        for zoom in (13, 14):
            lon, lat = (float(v) for v in crs.to_wgs84(CAMERA.x, CAMERA.y, CRS))
            column, row = tile_of(lon, lat, zoom)
            for c in range(column - 3, column + 4):
                for r in range(row - 3, row + 4):
                    database.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", (zoom, c, 2**zoom - 1 - r, png("#335577")))
    return path


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[str, ThreadingHTTPServer]]:
    """A tile server on this machine; every tile of zoom 14 about the city."""
    lon, lat = (float(v) for v in crs.to_wgs84(CAMERA.x, CAMERA.y, CRS))
    column, row = tile_of(lon, lat, 14)
    for c in range(column - 2, column + 3):
        folder = tmp_path / "site" / "14" / str(c)
        folder.mkdir(parents=True)
        for r in range(row - 2, row + 3):
            (folder / f"{r}.png").write_bytes(png("#774433"))
    handler = partial(_Quiet, directory=str(tmp_path / "site"))
    made = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=made.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{made.server_port}/{{z}}/{{x}}/{{y}}.png", made
    made.shutdown()
    thread.join()
    made.server_close()


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Says nothing."""


def test_a_tile_lies_where_its_corners_are(mbtiles: Path) -> None:
    source = MbTiles(mbtiles)
    count = 0
    for placed in tiles_in_view(source, CAMERA, CAMERA.view(), CRS):
        count += 1
        for px, py in ((0.0, 0.0), (256.0, 0.0), (0.0, 256.0), (256.0, 256.0)):
            at = placed.transform.map(QPointF(px, py))
            x, y = CAMERA.to_world(at.x(), at.y())
            lon, lat = (float(v) for v in crs.to_wgs84(x, y, CRS))
            column, row = tile_of(lon + 1e-9, lat - 1e-9, 14)
            corners = [crs.from_wgs84(*corner(14, column + i, row + j), CRS) for i in (0, 1) for j in (0, 1)]
            nearest = min(float(np.hypot(at_x - x, at_y - y)) for at_x, at_y in corners)
            assert nearest / CAMERA.m_per_px < 0.5
    assert count >= 4
    source.close()


def test_a_missing_tile_is_replaced_by_its_part_of_the_coarser_one(mbtiles: Path) -> None:
    with sqlite3.connect(mbtiles) as database:
        database.execute("DELETE FROM tiles WHERE zoom_level = 14 AND (tile_column + tile_row) % 2 = 0")
    source = MbTiles(mbtiles)
    widths = {placed.image.width() for placed in tiles_in_view(source, CAMERA, CAMERA.view(), CRS)}
    assert widths == {256, 128}
    source.close()


def test_tiles_come_from_a_server_and_stay_when_it_has_gone(server: tuple[str, ThreadingHTTPServer], tmp_path: Path) -> None:
    template, made = server
    came = threading.Semaphore(0)
    first = XyzTiles(template, tmp_path / "cache", "© test", came.release, (14, 14))
    wanted = len(list(tiles_in_view(first, CAMERA, CAMERA.view(), CRS)))
    assert wanted == 0  # nothing is waited for
    assert came.acquire(timeout=10)
    while came.acquire(timeout=1.0):
        pass
    shown = len(list(tiles_in_view(first, CAMERA, CAMERA.view(), CRS)))
    assert shown >= 4
    first.close()
    made.shutdown()
    offline = XyzTiles("http://127.0.0.1:9/{z}/{x}/{y}.png", tmp_path / "cache", "© test", lambda: None, (14, 14))
    assert len(list(tiles_in_view(offline, CAMERA, CAMERA.view(), CRS))) == shown
    offline.close()


@pytest.mark.gui
def test_the_map_shows_tiles_with_their_attribution(canvas: MapCanvas, mbtiles: Path) -> None:
    canvas.set_tiles(open_tiles(str(mbtiles), mbtiles.parent, "", lambda: None))
    canvas.set_visible(frozenset({MapLayer.TILES}))
    canvas.navigation.look(canvas.camera.centred(CAMERA.x, CAMERA.y, 4.0))
    image = canvas.picture_now()
    assert image.pixelColor(450, 150) == QColor("#335577")
    assert canvas.margin().attribution == "© 天地图"
    canvas.set_visible(frozenset())
    assert canvas.margin().attribution == ""


def test_an_invalid_tile_source_is_refused_with_advice(tmp_path: Path) -> None:
    (tmp_path / "text.mbtiles").write_text("nothing")
    refused = {tmp_path / "none.mbtiles": "no such", tmp_path / "text.mbtiles": "not an MBTiles", "https://x/y.png": "{z}"}
    for text, advice in refused.items():
        with pytest.raises(InputFault, match=advice):
            open_tiles(str(text), tmp_path, "", lambda: None)


def test_two_layers_of_one_server_never_share_their_cached_tiles(server: tuple[str, ThreadingHTTPServer], tmp_path: Path) -> None:
    template, _made = server
    other = template.replace(".png", ".jpg")
    came = threading.Semaphore(0)
    lon, lat = (float(v) for v in crs.to_wgs84(CAMERA.x, CAMERA.y, CRS))
    name = (14, *tile_of(lon, lat, 14))
    first = open_tiles(template, tmp_path / "cache", "", came.release)
    assert first.tile(*name) is None
    assert came.acquire(timeout=10)
    assert first.tile(*name) is not None
    second = open_tiles(other, tmp_path / "cache", "", lambda: None)
    assert second.tile(*name) is None
    first.close()
    second.close()
