"""The map benchmark prints every figure of its budget; times are not compared, they depend on the machine."""

from __future__ import annotations

import pytest

from console.bench.map import grid_city, run
from maps.errors import InputFault

pytestmark = pytest.mark.gui


def test_every_figure_of_the_budget_is_there() -> None:
    found = run(400, "480x320", frames=6)
    assert set(found["redraw_ms"]) == {"x1", "x8", "x64"}
    assert set(found["pan_frame_ms"]) == {"p50", "p99"}
    assert set(found["overlay_frame_ms"]) == {"p50", "p95"}
    assert {"pick_ms", "open_s", "map_memory_mb", "pipes", "segments", "size"} <= set(found)
    assert found["segments"] == 5 * found["pipes"]


def test_a_size_that_is_not_width_x_height_is_refused() -> None:
    with pytest.raises(InputFault, match="2560x1440"):
        run(400, "wide")


def test_the_city_is_about_as_large_as_asked() -> None:
    assert len(grid_city(5000).network.pipes) == pytest.approx(5000, rel=0.05)
