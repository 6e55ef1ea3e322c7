"""Decorations at the map's edge do not overlap."""

from __future__ import annotations

from dataclasses import replace

import pytest

from console.ui.window import MainWindow

pytestmark = pytest.mark.gui
BAR_M, BAR_PX = 200.0, 139.0
COORDINATES_PX = 24


@pytest.mark.parametrize(("width", "raised"), [(1366, True), (1920, False)])
def test_the_scale_bar_stands_above_the_coordinates_where_it_would_touch_them(
    window: MainWindow, width: int, raised: bool
) -> None:
    window.resize(width, 768)
    window.settle()
    canvas = window.map
    canvas.navigation.put(replace(canvas.camera, m_per_px=BAR_M / BAR_PX))
    canvas.settle()
    image = canvas.grab().toImage()
    ground = canvas.grab().toImage().pixelColor(3, image.height() - 3)
    ink = window._appearance.theme.colour("text.normal")

    def is_bar(y: int) -> bool:
        across = [image.pixelColor(x, y) for x in range(18, 18 + int(BAR_PX) - 10)]
        return all(abs(one.lightness() - ink.lightness()) < abs(one.lightness() - ground.lightness()) for one in across)

    bar = [image.height() - y for y in range(image.height() - 60, image.height()) if is_bar(y)]
    assert bar
    assert (min(bar) > COORDINATES_PX) is raised
