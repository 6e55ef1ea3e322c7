"""Mouse and keys: box, polygon, measure, keys, history, bookmarks, following, identify; picks against brute force."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import shapely
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtTest import QTest

from console.ui.map.canvas import MapCanvas
from console.ui.map.scene import Scene
from console.ui.map.view.camera import Camera
from console.ui.map.view.measure import area_m2, length_m, pipes_in
from console.ui.map.view.tools import Tool
from console.ui.map.view.view_history import Bookmark, View, ViewHistory, bookmarks_from, bookmarks_text
from maps.index import PipeIndex
from tests.console.ui.map.conftest import a_picture

pytestmark = pytest.mark.gui
LEFT = Qt.MouseButton.LeftButton


def drag(canvas: MapCanvas, start: QPoint, stop: QPoint, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    """Press, move, release."""
    QTest.mousePress(canvas, LEFT, keys, start)
    QTest.mouseMove(canvas, stop)
    QTest.mouseRelease(canvas, LEFT, keys, stop)


def test_the_picked_station_or_valve_is_the_nearest_by_brute_force(canvas: MapCanvas) -> None:
    camera = canvas.camera.zoomed(5.0, 450, 300)
    canvas.navigation.look(camera)
    city, gauges = canvas.scene.city, canvas.overlay.gauges
    rng = np.random.default_rng(4)
    found = 0
    valves = city.network.valves
    near = np.concatenate([np.column_stack([valves.x, valves.y]), np.column_stack([gauges.x, gauges.y])])
    places = np.column_stack(camera.project(near[:, 0], near[:, 1])) + rng.normal(0, 4, near.shape)
    for px, py in places[((places > 0) & (places < (900, 600))).all(axis=1)]:
        x, y = camera.to_world(float(px), float(py))
        apart = {
            "station": np.hypot(gauges.x - x, gauges.y - y),
            "valve": np.hypot(city.network.valves.x - x, city.network.valves.y - y),
        }
        kind = min(apart, key=lambda one: float(apart[one].min()))
        asset = canvas.input.pick_at(QPoint(round(px), round(py)))
        if apart[kind].min() < 7.0 * camera.m_per_px:
            assert asset is not None
            if asset.kind in apart:
                found += 1
                assert apart[asset.kind][asset.row] <= apart[kind].min() + 1.5 * camera.m_per_px
    assert found > 20


def test_a_polygon_selects_the_pipes_that_touch_it(scene: Scene) -> None:
    low_x, low_y, high_x, high_y = scene.bounds
    rng = np.random.default_rng(2)
    lines = PipeIndex(scene.city.network.pipes).lines
    for _ in range(20):
        ring = [(float(x), float(y)) for x, y in rng.uniform((low_x, low_y), (high_x, high_y), (4, 2))]
        shape = shapely.make_valid(shapely.Polygon(ring))
        near = shapely.dwithin(shape, lines, 0.01)
        found = pipes_in(scene, ring)
        assert set(np.flatnonzero(shapely.intersects(shapely.buffer(shape, -0.01), lines)).tolist()) <= set(found.tolist())
        assert near[found].all()


def test_lengths_and_areas_are_those_of_geometry() -> None:
    rng = np.random.default_rng(1)
    for _ in range(30):
        hull: Any = shapely.convex_hull(shapely.MultiPoint(rng.uniform(0, 5000, (8, 2)) + 500_000))
        ring = [(float(x), float(y)) for x, y in hull.exterior.coords[:-1]]
        assert area_m2(ring) == pytest.approx(hull.area)
        assert length_m([*ring, ring[0]]) == pytest.approx(hull.length)


def test_shift_and_drag_zooms_to_the_box(canvas: MapCanvas) -> None:
    before = canvas.camera
    corners = before.to_world(200, 150), before.to_world(500, 350)
    drag(canvas, QPoint(200, 150), QPoint(500, 350), Qt.KeyboardModifier.ShiftModifier)
    low_x, low_y, high_x, high_y = canvas.camera.view()
    assert low_x <= corners[0][0] + 1e-6
    assert high_x >= corners[1][0] - 1e-6
    assert low_y <= corners[1][1] + 1e-6
    assert high_y >= corners[0][1] - 1e-6
    assert canvas.camera.m_per_px < before.m_per_px / 2
    assert canvas.input.sketch.tool is Tool.PAN


def test_measuring_ends_with_a_double_click_and_never_picks(canvas: MapCanvas) -> None:
    picked: list[object] = []
    canvas.input.picked.connect(picked.append)
    canvas.input.use(Tool.MEASURE_LENGTH)
    for point in (QPoint(100, 100), QPoint(400, 100)):
        QTest.mouseClick(canvas, LEFT, pos=point)
    QTest.keyClick(canvas, Qt.Key.Key_Return)
    assert canvas.input.sketch.ended
    assert length_m(canvas.input.sketch.points) == pytest.approx(300 * canvas.camera.m_per_px)
    assert picked == []
    QTest.keyClick(canvas, Qt.Key.Key_Escape)
    assert canvas.input.sketch.tool is Tool.PAN


def test_keys_pan_and_zoom(canvas: MapCanvas) -> None:
    before = canvas.camera
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    assert canvas.camera.x > before.x
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.camera.m_per_px < before.m_per_px
    QTest.keyClick(canvas, Qt.Key.Key_Home)
    assert canvas.camera == before


def test_a_double_click_on_nothing_zooms_in(canvas: MapCanvas) -> None:
    canvas.navigation.look(canvas.camera.panned(2000, 0))
    before = canvas.camera.m_per_px
    QTest.mouseDClick(canvas, LEFT, pos=QPoint(100, 300))
    assert canvas.camera.m_per_px == pytest.approx(before / 2)


def test_view_history_goes_back_and_forward_and_a_new_view_drops_the_forward_part() -> None:
    history, start = ViewHistory(), Camera(0, 0, 10, 800, 600)
    places = [start, start.panned(3000, 0), start.zoomed(8, 10, 10)]
    for camera in places:
        history.add(camera)
    assert history.forward() is None
    assert history.back() == View.of(places[1])
    assert history.back() == View.of(places[0])
    assert history.back() is None
    assert history.forward() == View.of(places[1])
    history.add(start.panned(0, 9000))
    assert history.forward() is None


def test_bookmarks_come_back_and_damaged_ones_are_none() -> None:
    marks = (Bookmark('泵站 "北"', View(1.5, 2.5, 3.0)), Bookmark("b", View(-4, 5, 0.1)))
    assert bookmarks_from(bookmarks_text(marks)) == marks
    for text in ("", "{", "[[1]]", "[[1,2,3]]", "null"):
        assert bookmarks_from(text) == ()


def test_a_followed_crew_stays_in_view_until_the_map_is_dragged(canvas: MapCanvas) -> None:
    canvas.navigation.look(canvas.camera.zoomed(6.0, 100, 100))
    picture = a_picture(canvas.scene.city)
    canvas.show_picture(picture)
    canvas.follow("crew1")
    fix = picture.crews[1]
    for step in range(5):
        moved = replace(fix, x=fix.x + 300 * step, at_us=fix.at_us + step)
        canvas.show_picture(replace(picture, crews=(picture.crews[0], moved, picture.crews[2])))
        px, py = canvas.camera.to_screen(moved.x, moved.y)
        assert 0 < px < 900
        assert 0 < py < 600
    assert len(canvas.overlay.crews.tracks.of("crew1")) == 5
    drag(canvas, QPoint(450, 300), QPoint(300, 200))
    place = canvas.camera
    canvas.show_picture(picture)
    assert canvas.camera == place


def test_wheel_zoom_and_flights_end_where_they_should(canvas: MapCanvas) -> None:
    canvas.navigation.glides = True
    target = canvas.camera.zoomed(3.0, 450, 300)
    canvas.navigation.fly(target)
    assert canvas.camera == target
    assert canvas.navigation.shown_camera.m_per_px > target.m_per_px
    canvas.navigation.land()
    assert canvas.navigation.shown_camera == target
    canvas.navigation.zoom(2.0, QPointF(450, 300))
    assert canvas.navigation.shown_camera == canvas.camera
