"""Each tick comes once, in order, also after a clock jump."""

from __future__ import annotations

from console.domain.grid import TickGrid
from console.domain.live import LivePicture

MINUTE_US = 60_000_000
NOON_US = 1_700_000_040_000_000 // MINUTE_US * MINUTE_US


def grid_after(now_us: int) -> tuple[TickGrid, LivePicture]:
    """A grid of minutes without settling time, first called at ``now_us``."""
    grid, live = TickGrid(60.0, 0.0), LivePicture(1)
    grid.due(now_us, live)
    return grid, live


def test_each_minute_is_given_once_and_in_order() -> None:
    grid, live = grid_after(NOON_US + 1)
    asked = range(NOON_US + 1, NOON_US + 5 * MINUTE_US, MINUTE_US // 4)
    assert [tick for now in asked if (tick := grid.due(now, live))] == [NOON_US + n * MINUTE_US for n in (1, 2, 3, 4)]


def test_a_clock_set_back_by_an_hour_does_not_stop_the_ticks() -> None:
    grid, live = grid_after(NOON_US + 1)
    back = NOON_US - 60 * MINUTE_US
    assert grid.due(back + 1, live) is None
    assert grid.due(back + MINUTE_US, live) == back + MINUTE_US


def test_ticks_missed_in_a_long_pause_are_skipped() -> None:
    grid, live = grid_after(NOON_US + 1)
    later = NOON_US + 60 * MINUTE_US
    assert grid.due(later + 1, live) is None
    assert grid.due(later + MINUTE_US, live) == later + MINUTE_US
