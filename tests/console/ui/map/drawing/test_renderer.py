"""The map picture: never blank or torn, always of the newest camera; drawn in bands it equals the one drawn at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtGui import QImage, QPainter

from console.ui.map.canvas import MapCanvas
from console.ui.map.drawing.band import StaticStyle
from console.ui.map.drawing.line_batches import unlocked
from console.ui.map.drawing.static_layer import Extras, blank, paint_static
from console.ui.map.layers import LayerSettings, MapLayer
from console.ui.map.live.case_marks import pipe_lines
from console.ui.map.live.marks import Highlight, MarkLines
from console.ui.map.scene import Scene
from console.ui.map.view.camera import Camera
from console.ui.theme import Theme

pytestmark = pytest.mark.gui


def pixels(image: QImage) -> NDArray[np.int64]:
    """(height, width, 3) of a 32-bit picture."""
    shape = (image.height(), image.bytesPerLine() // 4, 4)
    return np.frombuffer(image.constBits(), dtype=np.uint8).reshape(shape)[:, : image.width(), :3].astype(np.int64)


def a_style(ratio: float = 1.0) -> StaticStyle:
    """Everything shown, dark."""
    return StaticStyle(Theme.load("dark"), LayerSettings(frozenset(MapLayer) - {MapLayer.TILES, MapLayer.PRESSURE}), ratio)


@pytest.mark.parametrize(("factor", "ratio"), [(1, 1.0), (4, 1.0), (12, 1.0), (4, 2.0), (4, 1.5)])
def test_bands_make_the_same_picture_as_one(scene: Scene, factor: float, ratio: float) -> None:
    camera = Camera(0, 0, 1, 640, 401).fitted(scene.bounds).zoomed(factor, 320, 200)
    style = a_style(ratio)
    whole, parts = blank(camera, style), blank(camera, style)
    paint_static(whole, scene, camera, style)
    with ThreadPoolExecutor(3) as pool:
        paint_static(parts, scene, camera, style, Extras(), pool)
    apart = np.abs(pixels(whole) - pixels(parts)).max(axis=2)
    assert (apart > 40).mean() < 0.001  # only where a line is clipped by a band's edge


def test_qt_itself_draws_without_the_interpreter_lock_here() -> None:
    assert unlocked() is not None


def test_a_frame_is_never_blank_while_the_next_picture_is_drawn(canvas: MapCanvas) -> None:
    for step in range(12):
        canvas.navigation.look(canvas.camera.panned(70.0, 30.0) if step % 3 else canvas.camera.zoomed(1.6, 300, 200))
        image = QImage(900, 600, QImage.Format.Format_RGB32)
        painter = QPainter(image)
        canvas.renderer.paint(painter, canvas.camera)
        painter.end()
        colour = canvas._theme.colour("map.background")
        ground = np.array([colour.blue(), colour.green(), colour.red()])
        assert (np.abs(pixels(image) - ground).max(axis=2) > 8).mean() > 0.002
    canvas.settle()


def test_the_picture_that_stays_is_of_the_last_camera(canvas: MapCanvas) -> None:
    for step in range(6):
        canvas.navigation.look(canvas.camera.zoomed(1.3, 100 + 60 * step, 200))
    canvas.settle()
    drawn = canvas.renderer._drawn
    assert drawn is not None
    assert drawn.job.camera == canvas.camera
    fresh = blank(canvas.camera, canvas._style())
    paint_static(fresh, canvas.scene, canvas.camera, canvas._style())
    assert (np.abs(pixels(fresh) - pixels(drawn.ground)).max(axis=2) > 40).mean() < 0.001


def test_marks_come_and_go_without_drawing_the_network_again(canvas: MapCanvas) -> None:
    before = canvas.renderer._drawn
    assert before is not None
    lines = pipe_lines(canvas.scene.city, [str(i) for i in canvas.scene.city.network.pipes.asset_id[100:140]])
    canvas.highlight((Highlight(MarkLines(lines)),))
    canvas.settle()
    marked = canvas.renderer._drawn
    assert marked is not None
    assert marked.ground is before.ground
    assert (pixels(marked.image) != pixels(marked.ground)).any()
    canvas.highlight(())
    canvas.settle()
    after = canvas.renderer._drawn
    assert after is not None
    assert (pixels(after.image) == pixels(before.ground)).all()


def test_threads_end_with_the_canvas(scene: Scene, canvas: MapCanvas) -> None:
    twin = canvas.twin(Theme.load("light"), canvas._words)
    twin.resize(400, 300)
    twin.navigation.look(twin.camera.zoomed(3.0, 200, 150))
    twin.settle()
    mine = {thread for thread in threading.enumerate() if thread.name.startswith("map-")}
    twin.shut()
    assert len({t for t in threading.enumerate() if t.name.startswith("map-")}) < len(mine)
    twin.deleteLater()
