"""Step history of a group: pumps below the event threshold, and thresholds at the set false alarm rate."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from console.detection.operations import KnownOperations
from console.detection.pressure.matched_field import MatchedField
from console.detection.pressure.step_history import StepHistory, Tail, steps_of

STATIONS, SIGMA_M, DAY_TICKS = 20, 0.05, 288


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(12)


def some_shapes(random: np.random.Generator) -> NDArray[np.float32]:
    return -np.abs(random.standard_normal((STATIONS, 30))).astype(np.float32)


def a_field(shapes: NDArray[np.float32]) -> MatchedField:
    return MatchedField.of(shapes, np.ones(STATIONS), SIGMA_M**2 * np.eye(STATIONS))


def history_of(field: MatchedField, steps: NDArray[np.floating]) -> StepHistory:
    return StepHistory(steps.astype(np.float32), np.zeros(len(steps), dtype=np.int64), lambda state: field)


def test_a_pump_that_switches_daily_is_counted_though_each_step_is_small(random: np.random.Generator) -> None:
    field, days = a_field(some_shapes(random)), 30
    modes = random.standard_normal((STATIONS, 2)).astype(np.float32)
    steps = SIGMA_M * random.standard_normal((days * DAY_TICKS, STATIONS))
    # Twice its own noise at each station on average: far below what stands out as an event.
    steps[random.integers(0, DAY_TICKS, days) + DAY_TICKS * np.arange(days)] += 2.0 * SIGMA_M * modes[:, 0]
    first, second = history_of(field, steps).pump_deliveries(lambda state: modes)
    assert len(first) >= 0.8 * days
    assert len(second) <= 1
    # The step that was put in was 2 sigma of the mode's own size, and a flow along a mode is read as well as its stations say.
    delivery, variance = np.median(first, axis=0)
    whole = field.precision @ modes[:, 0]
    assert variance == pytest.approx(1.0 / float(modes[:, 0] @ whole), rel=1e-3)
    assert delivery == pytest.approx(2.0 * SIGMA_M, abs=2.0 * float(np.sqrt(variance)))


def test_weeks_of_history_keep_a_pump_that_they_showed_and_drop_one_that_they_did_not() -> None:
    book = KnownOperations(np.array([4, 7, 9]), np.array([True, True, False]))
    often = [np.ones((count, 2)) for count in (3, 1, 10)]
    book.trust_history(20.0, often)
    assert book.scheduled.tolist() == [True, True, False]
    book.trust_history(30.0, often)
    assert book.scheduled.tolist() == [True, False, False]


@pytest.mark.parametrize(("delivery", "is_the_pump"), [(20.0, True), (-20.0, True), (40.0, False), (8.0, False)])
def test_a_pump_explains_what_it_always_delivers_and_not_twice_as_much(delivery: float, is_the_pump: bool) -> None:
    random = np.random.default_rng(5)
    field, modes = a_field(some_shapes(random)), random.standard_normal((STATIONS, 1)).astype(np.float32)
    book = KnownOperations(np.array([0]), np.array([True]))
    # Thirty switches of 20 m3/h, each measured to 1 m3/h.
    book.trust_history(30.0, [np.stack([20.0 + random.standard_normal(30), np.ones(30)], axis=1)])
    step = (delivery * modes[:, 0]).astype(np.float32)
    none: frozenset[int] = frozenset()
    told = book.explain(step, field, modes, np.array([20.0]), none, none)
    assert told is not None
    # 10 % of 20 m3/h is as much as it may differ, so that (8 - 20)^2 / 2^2 = 36, and (40 - 20)^2 / 2^2 = 100.
    assert (told.misfit < 1.0) is is_the_pump
    assert told.misfit < 1.0 or told.misfit > 20.0
    switched = book.explain(step, field, modes, np.array([20.0]), frozenset({0}), none)
    assert switched is not None
    assert switched.misfit < 1.0, "its own channels say that it was switched"


def test_a_step_matches_a_known_pattern_up_to_scale_and_noise(random: np.random.Generator) -> None:
    field = a_field(some_shapes(random))
    one, other = random.standard_normal((2, STATIONS))
    other -= one * (one @ other) / (one @ one)
    book, modes = KnownOperations(np.empty(0, np.int64), np.empty(0, np.bool_)), np.empty((STATIONS, 0), np.float32)
    for size in (1.0, -1.2, 0.9, 1.4):
        book.learn(size * one + SIGMA_M * random.standard_normal(STATIONS), field, modes)
    assert [pattern.count for pattern in book.patterns] == [4]
    # A tenth of the other's shape beside it: 1 % of the step, but twenty times the noise of a station.
    book.learn(one + 0.5 * other, field, modes)
    book.learn(other, field, modes)
    assert [pattern.count for pattern in book.patterns] == [4, 1, 1]


def test_a_step_far_from_any_seen_is_not_explained_by_the_nearest(random: np.random.Generator) -> None:
    field = a_field(some_shapes(random))
    one, other = random.standard_normal((2, STATIONS))
    other -= one * (one @ other) / (one @ one)
    other *= np.linalg.norm(one) / np.linalg.norm(other)
    book, modes = KnownOperations(np.empty(0, np.int64), np.empty(0, np.bool_)), np.empty((STATIONS, 0), np.float32)
    book.learn(one, field, modes)
    none: frozenset[int] = frozenset()

    def explained(beside: float) -> bool:
        step = (one + beside * other).astype(np.float32)
        return book.explain(step, field, modes, np.empty(0), none, none) is not None

    # What lies beside the known shape is beside^2 of it, halved because the known step was seen once, with noise of its own.
    assert explained(0.3)
    assert not explained(1.0)


def test_after_an_operation_the_reference_includes_its_step(random: np.random.Generator) -> None:
    shapes = some_shapes(random)
    field, switched = a_field(shapes), 20.0 * SIGMA_M * shapes[:, 3]
    pressure = 50.0 + SIGMA_M * random.standard_normal((600, STATIONS))
    quiet = steps_of(pressure, SIGMA_M)
    moved = pressure.copy()
    moved[300:] += switched
    seen = steps_of(moved, SIGMA_M)
    tail = Tail(1e-4, 25.0, np.ones(600), False, lambda ticks, state: bool(np.abs(ticks).max() > 10.0 * SIGMA_M))
    lived = history_of(field, seen).replayed(moved.astype(np.float32), np.zeros(moved.shape, np.float32), SIGMA_M, tail).steps
    assert np.isnan(lived[300]).all()
    np.testing.assert_array_equal(lived[:300], seen[:300])
    # As if it had never happened, but for the noise of the sample it was measured by.
    assert np.abs(lived[301:307] - quiet[301:307]).max() < 5.0 * SIGMA_M
    assert np.abs(seen[301] - quiet[301]).max() > 10.0 * SIGMA_M
    np.testing.assert_allclose(lived[307:], quiet[307:], atol=1e-4)


def test_a_threshold_has_the_set_false_alarm_rate_and_operations_do_not_raise_it(random: np.random.Generator) -> None:
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
