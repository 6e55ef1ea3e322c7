"""The camera: world and screen, zoom about a point, scale bar."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.ui.map.view.camera import Camera, scale_bar

CAMERAS = st.builds(
    Camera,
    x=st.floats(-1e6, 1e6),
    y=st.floats(-1e6, 1e6),
    m_per_px=st.floats(0.05, 500.0),
    width=st.integers(100, 4000),
    height=st.integers(100, 3000),
)
PIXELS = st.floats(-500, 4500)


@given(CAMERAS, PIXELS, PIXELS)
def test_a_screen_point_comes_back_from_the_world(camera: Camera, px: float, py: float) -> None:
    assert camera.to_screen(*camera.to_world(px, py)) == pytest.approx((px, py), abs=1e-3)


@given(CAMERAS, st.floats(0.1, 10.0), PIXELS, PIXELS)
def test_zoom_keeps_the_world_point_under_the_cursor(camera: Camera, factor: float, px: float, py: float) -> None:
    held = camera.to_world(px, py)
    assert camera.zoomed(factor, px, py).to_world(px, py) == pytest.approx(held, rel=1e-6, abs=1e-3)


@given(CAMERAS, st.floats(-900, 900), st.floats(-900, 900))
def test_the_world_follows_a_drag(camera: Camera, dx: float, dy: float) -> None:
    world = camera.to_world(300, 200)
    assert camera.panned(dx, dy).to_screen(*world) == pytest.approx((300 + dx, 200 + dy), abs=1e-2)


def test_fitted_bounds_lie_wholly_in_view() -> None:
    camera = Camera(0, 0, 1, 800, 600).fitted((100.0, 50.0, 5100.0, 900.0))
    low_x, low_y, high_x, high_y = camera.view()
    assert (low_x < 100, low_y < 50, high_x > 5100, high_y > 900) == (True,) * 4


@given(st.floats(0.02, 1000.0))
def test_a_scale_bar_is_round_and_fits(m_per_px: float) -> None:
    metres, pixels = scale_bar(m_per_px)
    assert pixels <= 140.0 + 1e-6
    assert float(f"{metres:.6e}".split("e")[0]) in (1.0, 2.0, 5.0)
    assert metres / m_per_px == pytest.approx(pixels)
