"""The batch screen of all groups against the screen of each group's field."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from console.detection.pressure.batch_screen import BatchScreen
from console.detection.pressure.matched_field import MatchedField
from maps.columns import Floats

WINDOWS = (1, 2, 4)
GROUPS = [np.array([0, 2, 4, 6, 8]), np.array([1, 3, 5, 7]), np.array([9, 10, 11, 12, 13, 14])]
STATIONS, SHAPES = 15, 7


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(6)


def fields(random: np.random.Generator) -> list[MatchedField]:
    """A field for each group, of fewer shapes each."""
    made = []
    for number, rows in enumerate(GROUPS):
        shapes = -np.abs(random.standard_normal((len(rows), SHAPES - number))).astype(np.float32)
        made.append(MatchedField.of(shapes, random.uniform(0.5, 1.5, len(rows)), np.diag(random.uniform(0.01, 0.1, len(rows)))))
    return made


def alone(field: MatchedField, ticks: list[Floats], rows: NDArray[np.int64]) -> list[float]:
    """Screens of one group from sums over the newest ticks, in units of one tick's noise."""
    sums = [np.sum([tick[rows] for tick in ticks[-window:]], axis=0) / np.sqrt(window) for window in WINDOWS]
    return [field.screen(np.nan_to_num(one).astype(np.float32)) for one in sums]


def test_the_batch_screen_equals_the_screen_of_each_field(random: np.random.Generator) -> None:
    made, ticks = fields(random), [random.standard_normal(STATIONS) for _ in range(6)]
    glance = BatchScreen(GROUPS, STATIONS, WINDOWS, SHAPES)
    shown = [glance.screens(tick, lambda group, known: made[group]) for tick in ticks]
    assert np.isnan(shown[2]).all(), "the longest window is not full"
    for last in (4, 6):
        for group, rows in enumerate(GROUPS):
            assert shown[last - 1][group] == pytest.approx(alone(made[group], ticks[:last], rows), rel=1e-4)


def test_a_changed_field_replaces_a_wider_one_completely(random: np.random.Generator) -> None:
    made, ticks = fields(random), [random.standard_normal(STATIONS) for _ in range(5)]
    glance = BatchScreen(GROUPS, STATIONS, WINDOWS, SHAPES)
    for tick in ticks[:4]:
        glance.screens(tick, lambda group, known: made[group])
    rows = GROUPS[0]
    narrow = MatchedField.of(-np.ones((5, 1), dtype=np.float32) * np.arange(5)[:, None], np.zeros(5), 0.01 * np.eye(5))
    shown = glance.screens(ticks[4], lambda group, known: made[group] if group else narrow)
    assert shown[0] == pytest.approx(alone(narrow, ticks, rows), rel=1e-4)
    assert shown[1] == pytest.approx(alone(made[1], ticks, GROUPS[1]), rel=1e-4)


def test_a_station_without_data_is_left_out_and_an_intermittent_one_needs_the_full_test(random: np.random.Generator) -> None:
    made, ticks = fields(random), [random.standard_normal(STATIONS) for _ in range(4)]
    for tick in ticks:
        tick[4] = np.nan
    ticks[1][3] = np.nan
    asked: dict[int, list[bool]] = {}

    def reduced(group: int, known: NDArray[np.bool_]) -> MatchedField:
        asked[group] = known.tolist()
        return made[group].without(np.flatnonzero(~known))

    glance = BatchScreen(GROUPS, STATIONS, WINDOWS, SHAPES)
    for tick in ticks:
        shown = glance.screens(tick, reduced)
    left = made[0].without(np.array([2]))
    assert asked[0] == [True, True, False, True, True]
    assert shown[0] == pytest.approx(alone(left, ticks, GROUPS[0]), rel=1e-4)
    assert np.isnan(shown[1]).all()
    assert np.isfinite(shown[2]).all()


def test_dropped_ticks_do_not_affect_later_screens(random: np.random.Generator) -> None:
    made, ticks = fields(random), [random.standard_normal(STATIONS) for _ in range(8)]
    glance = BatchScreen(GROUPS, STATIONS, WINDOWS, SHAPES)
    shown = []
    for number, tick in enumerate(ticks):
        if number == 4:
            glance.forget(1)
        shown.append(glance.screens(tick, lambda group, known: made[group]))
    assert np.isnan([one[1] for one in shown[4:7]]).all()
    assert shown[7][1] == pytest.approx(alone(made[1], ticks[4:], GROUPS[1]), rel=1e-4)
    assert np.isfinite([one[0] for one in shown[4:]]).all()


def test_a_group_with_fewer_than_three_stations_is_skipped(random: np.random.Generator) -> None:
    made = fields(random)
    glance = BatchScreen(GROUPS, STATIONS, WINDOWS, SHAPES)
    for _ in range(4):
        tick = random.standard_normal(STATIONS)
        tick[[1, 3]] = np.nan
        shown = glance.screens(tick, lambda group, known: made[group])
    assert np.isnan(shown[1]).all()
    assert np.isfinite(shown[[0, 2]]).all()
