"""Labels of a whole map: none overlaps another, and all keep their map position while it is dragged."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter

from console.ui.map.canvas import MapCanvas
from console.ui.map.network.road_names import road_names
from console.ui.map.scene import Scene
from console.ui.map.view.camera import Camera
from maps.city import ShapeTable

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
    canvas.derived.background.finish()
    labels = placed(canvas, canvas.camera.zoomed(factor, 450, 300))
    assert labels
    for number, one in enumerate(labels):
        assert not any(one.intersects(other) for other in labels[number + 1 :])


@pytest.mark.parametrize("factor", [1.0, 6.0])
def test_labels_stay_on_the_ground_while_the_map_is_dragged(canvas: MapCanvas, factor: float) -> None:
    canvas.derived.background.finish()
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
    runs = road_names(scene.city.roads).at(10.0)
    assert set(runs.text.tolist()) == {str(name) for name in scene.city.roads.name}
    assert (runs.angle >= -90).all()
    assert (runs.angle <= 90).all()
    assert (runs.length_m[:-1] >= runs.length_m[1:]).all()


def test_pipes_are_named_with_size_material_and_year(canvas: MapCanvas) -> None:
    placed(canvas, canvas.camera.zoomed(8.0, 450, 300))
    assert any(key.startswith("pipe:") for key in canvas._memory.sides)
    assert any(key.startswith("station:") for key in canvas._memory.sides)


def test_names_of_a_bent_road_lie_on_it_within_a_few_pixels_at_every_scale() -> None:
    turn = np.linspace(0.0, np.pi, 60)
    bend = shapely.linestrings(np.column_stack([400.0 * np.cos(turn), 250.0 * np.sin(turn)]))
    roads = ShapeTable.of(["R"], name=["环路"], kind=["primary"], geometry=np.array([bend], dtype=object))
    for m_per_px in (0.4, 1.1, 2.0, 3.4, 8.0):
        runs = road_names(roads).at(m_per_px)
        assert len(runs.x) > 0
        assert shapely.distance(bend, shapely.points(runs.x, runs.y)).max() <= 5.0 * m_per_px


def test_no_name_along_a_line_lies_on_a_valve(canvas: MapCanvas) -> None:
    canvas.derived.background.finish()
    valves = canvas.scene.city.network.valves
    for factor in (8.0, 20.0, 40.0):
        camera = canvas.camera.zoomed(factor, 430, 280)
        placed(canvas, camera)
        keys = [key for key in canvas._memory.sides if key.startswith(("road:", "pipe:"))]
        along = placed(canvas, camera)[-len(keys) :] if keys else []
        px, py = camera.project(valves.x, valves.y)
        for one in along:
            inside = (px > one.left()) & (px < one.right()) & (py > one.top()) & (py < one.bottom())
            assert not inside.any()
        assert keys


@pytest.mark.parametrize("factor", [1.0, 4.0])
def test_no_label_lies_on_a_plant(canvas: MapCanvas, factor: float) -> None:
    camera = canvas.camera.zoomed(factor, 450, 300)
    middles = camera.project(*canvas.scene.facility_places.T)
    for one in placed(canvas, camera):
        assert not any(one.contains(float(x), float(y)) for x, y in zip(*middles, strict=True))
