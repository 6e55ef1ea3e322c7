"""Labels of a whole map: none lies on another, all stay where they are on the ground while it is dragged."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from console.ui.map.camera import Camera
from console.ui.map.canvas import MapCanvas
from console.ui.map.road_names import road_runs
from console.ui.map.scene import Scene

pytestmark = pytest.mark.gui


def placed(canvas: MapCanvas, camera: Camera) -> list[QRectF]:
    """Rectangles of the labels of one frame."""
    image = QImage(camera.width, camera.height, QImage.Format.Format_RGB32)
    painter = QPainter(image)
    found = canvas.paint_overlay(painter, camera, 1.0).placed
    painter.end()
    return found


@pytest.mark.parametrize("factor", [0.5, 1.0, 2.5, 6.0, 15.0])
def test_no_label_lies_on_another(canvas: MapCanvas, factor: float) -> None:
    canvas.background.finish()
    labels = placed(canvas, canvas.camera.zoomed(factor, 450, 300))
    assert labels
    for number, one in enumerate(labels):
        assert not any(one.intersects(other) for other in labels[number + 1 :])


@pytest.mark.parametrize("factor", [1.0, 6.0])
def test_labels_stay_on_the_ground_while_the_map_is_dragged(canvas: MapCanvas, factor: float) -> None:
    canvas.background.finish()
    camera = canvas.camera.zoomed(factor, 450, 300)
    placed(canvas, camera)
    keys = set(canvas._memory.sides.items())
    placed(canvas, camera.panned(8.0, 4.0))
    after = dict(canvas._memory.sides)
    inner = [(key, side) for key, side in keys if key in after]
    moved = [key for key, side in inner if after[key] != side]
    assert len(inner) > 0.8 * len(keys)
    assert len(moved) < 0.1 * len(inner)


def test_a_road_in_pieces_is_named_along_its_longest_straight_run(scene: Scene) -> None:
    runs = road_runs(scene.city.roads)
    assert set(runs.text.tolist()) == {str(name) for name in scene.city.roads.name}
    assert (runs.angle >= -90).all()
    assert (runs.angle <= 90).all()
    assert (runs.length_m[:-1] >= runs.length_m[1:]).all()


def test_pipes_are_named_with_size_material_and_year(canvas: MapCanvas) -> None:
    placed(canvas, canvas.camera.zoomed(8.0, 450, 300))
    assert any(key.startswith("pipe:") for key in canvas._memory.sides)
    assert any(key.startswith("station:") for key in canvas._memory.sides)
