"""What quiet history tells of a group's steps: pumps too small to stand out, and thresholds passed as seldom as wanted."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from console.detection.matched import MatchedField
from console.detection.operations import OperationBook
from console.detection.step_history import StepHistory, Tail

STATIONS, SIGMA_M, DAY_TICKS = 20, 0.05, 288


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(12)


def some_shapes(random: np.random.Generator) -> NDArray[np.float32]:
    return -np.abs(random.standard_normal((STATIONS, 30))).astype(np.float32)


def a_field(shapes: NDArray[np.float32]) -> MatchedField:
    return MatchedField.of(shapes, np.ones(STATIONS), SIGMA_M**2 * np.eye(STATIONS))


def history_of(field: MatchedField, steps: NDArray[np.float64]) -> StepHistory:
    return StepHistory(steps.astype(np.float32), np.zeros(len(steps), dtype=np.int64), lambda state: field)


def test_a_pump_that_switches_every_day_is_counted_though_each_time_is_small(random: np.random.Generator) -> None:
    field, days = a_field(some_shapes(random)), 30
    modes = random.standard_normal((STATIONS, 2)).astype(np.float32)
    steps = SIGMA_M * random.standard_normal((days * DAY_TICKS, STATIONS))
    # Twice its own noise at each station on average: far below what stands out as an event.
    steps[random.integers(0, DAY_TICKS, days) + DAY_TICKS * np.arange(days)] += 2.0 * SIGMA_M * modes[:, 0]
    first, second = history_of(field, steps).like_pumps(lambda state: modes).tolist()
    assert first >= 0.8 * days
    assert second <= 1


def test_weeks_of_history_keep_a_pump_that_they_showed_and_drop_one_that_they_did_not() -> None:
    book = OperationBook(np.array([4, 7, 9]), np.array([True, True, False]))
    book.trust_history(20.0, np.array([0, 0, 0]))
    assert book.scheduled.tolist() == [True, True, False]
    book.trust_history(30.0, np.array([3, 1, 50]))
    assert book.scheduled.tolist() == [True, False, False]


def test_a_threshold_is_passed_as_seldom_as_wanted_and_operations_do_not_raise_it(random: np.random.Generator) -> None:
    shapes, wanted = some_shapes(random), 2e-4
    field = a_field(shapes)
    quiet = SIGMA_M * random.standard_normal((20_000, STATIONS))
    switched = np.zeros(len(quiet), dtype=bool)
    switched[::100] = True
    lively = quiet + np.where(switched[:, None], 12.0 * SIGMA_M, 0.0) * shapes[:, 3]  # just like a burst

    def threshold(steps: NDArray[np.float64], explained: float) -> float:
        tail = Tail(wanted, 5.0, np.ones(len(steps)), False, lambda ticks, state: bool(np.abs(ticks).max() > explained))
        return history_of(field, steps).threshold(1, tail, MatchedField.decisive)[0]

    level = threshold(quiet, np.inf)
    fresh = (SIGMA_M * random.standard_normal((20_000, STATIONS))).astype(np.float32)
    loud = field.statistics(fresh.T).max(axis=0) > level
    passing = sum(field.without_one(one) > level for one in fresh[loud])
    assert passing <= 12, "four are wanted of twenty thousand"
    assert threshold(lively, 8.0 * SIGMA_M) == pytest.approx(level, rel=0.1)
    assert threshold(lively, np.inf) > 1.5 * level
