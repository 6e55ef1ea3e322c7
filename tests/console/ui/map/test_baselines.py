"""Pictures of every theme at three scales, dark and light, compared with approved ones.

Drawn without text (fonts differ between machines). After an intended change of appearance: ``QUANMAI_NEW_BASELINES=1 pytest``
writes them anew; look at them before they are kept.
"""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QPoint
from PySide6.QtGui import QImage, QImageWriter, QPainter

from console.ui.map.drawing.band import StaticStyle
from console.ui.map.drawing.static_layer import Extras, blank, paint_static
from console.ui.map.ground.pressure_surface import pressure_field
from console.ui.map.layers import LayerSettings, MapLayer, PipeTheme
from console.ui.map.network.flow import flows_of
from console.ui.map.network.themes import Themed, themed
from console.ui.map.scene import Scene
from console.ui.map.view.camera import Camera
from console.ui.theme import Theme

pytestmark = pytest.mark.gui

FOLDER = Path(__file__).parent / "baselines"
WIDTH, HEIGHT = 240, 150
SCALES = {"city": 1.0, "quarter": 5.0, "street": 18.0}
SHOWN = frozenset(MapLayer) - {MapLayer.TILES, MapLayer.PRESSURE}
MEAN_MOST, FAR, FAR_SHARE_MOST = 1.5, 60, 0.01
"""Mean difference of a channel; a pixel this far off is another colour; share of such pixels."""


@pytest.fixture(scope="module")
def works(scene: Scene) -> dict[PipeTheme, Themed | None]:
    """Every theme's line work, velocities from flows that follow the row."""
    flow = np.sin(np.arange(len(scene.city.network.pipes))) * 60.0
    flows = flows_of(scene.city.network.pipes, flow, 0.0)
    return {theme: themed(scene, theme, flows) for theme in PipeTheme}


@pytest.mark.parametrize("name", ["dark", "light"])
@pytest.mark.parametrize("scale", list(SCALES))
def test_every_theme_equals_its_approved_picture(
    scene: Scene, works: dict[PipeTheme, Themed | None], name: str, scale: str
) -> None:
    sheet = QImage(WIDTH * 4, HEIGHT * 2, QImage.Format.Format_RGB32)
    sheet.fill(0)
    painter = QPainter(sheet)
    for number, theme in enumerate(PipeTheme):
        place = QPoint(number % 4 * WIDTH, number // 4 * HEIGHT)
        painter.drawImage(place, _picture(scene, name, SCALES[scale], theme, works[theme]))
    painter.drawImage(QPoint(2 * WIDTH, HEIGHT), _picture(scene, name, SCALES[scale], PipeTheme.DIAMETER, None, pressure=True))
    painter.end()
    _same(sheet, FOLDER / f"{name}-{scale}.png")


def _picture(scene: Scene, name: str, factor: float, theme: PipeTheme, work: Themed | None, *, pressure: bool = False) -> QImage:
    look = Theme.load(name)
    flows = flows_of(scene.city.network.pipes, np.sin(np.arange(len(scene.city.network.pipes))) * 60.0, 0.0)
    stations = scene.city.stations
    points = np.column_stack([stations.x, stations.y])
    values = 300.0 + 40.0 * np.cos(np.arange(len(points)))
    field = pressure_field(points, values, scene.home, look) if pressure else None
    shown = SHOWN | {MapLayer.PRESSURE} if pressure else SHOWN
    camera = Camera(0, 0, 1, WIDTH, HEIGHT).fitted(scene.bounds).zoomed(factor, WIDTH / 3, HEIGHT / 3)
    style = StaticStyle(look, LayerSettings(shown, theme=theme))
    image = blank(camera, style)
    paint_static(image, scene, camera, style, Extras(work, flows, field))
    return image


def _same(image: QImage, kept: Path) -> None:
    if os.environ.get("QUANMAI_NEW_BASELINES"):
        QImageWriter(str(kept), b"png").write(image)
    before = QImage(str(kept)).convertToFormat(QImage.Format.Format_RGB32)
    assert before.size() == image.size(), f"{kept.name} is missing or of another size"
    apart = np.abs(_pixels(image) - _pixels(before))
    far = float((apart.max(axis=2) > FAR).mean())
    assert apart.mean() < MEAN_MOST, f"{kept.name}: differs by {apart.mean():.2f} on average"
    assert far < FAR_SHARE_MOST, f"{kept.name}: {far:.2%} of the pixels have another colour"


def _pixels(image: QImage) -> NDArray[np.int64]:
    shape = (image.height(), image.bytesPerLine() // 4, 4)
    return np.frombuffer(image.constBits(), dtype=np.uint8).reshape(shape)[:, : image.width(), :3].astype(np.int64)
