"""The matched field, its noise and its references against brute force."""

from __future__ import annotations

import numpy as np
import pytest

from console.detection.medians import known_median
from console.detection.operations import KnownOperations, explains
from console.detection.pressure.matched_field import MatchedField, common_change, summed
from console.detection.pressure.recent_level import REFERENCE_SAMPLES, RecentLevel, predicted
from console.detection.pressure.step_noise import StepNoise, fitted_noise
from console.detection.pressure.thresholds import fitted, screens_of, simulated
from maps.columns import Floats
from maps.locate.covariance import free_directions, whitener, with_free_directions

STATIONS, SHAPES = 9, 40


@pytest.fixture
def random() -> np.random.Generator:
    return np.random.default_rng(4)


def parts(random: np.random.Generator) -> tuple[np.ndarray, Floats, Floats]:
    """(shapes, demand mode, covariance) of a random group."""
    mixed = 0.05 * random.standard_normal((STATIONS, STATIONS))
    return (
        -np.abs(random.standard_normal((STATIONS, SHAPES))),
        random.uniform(0.5, 1.5, STATIONS),
        mixed @ mixed.T + 0.01 * np.eye(9),
    )


def brute(shapes: np.ndarray, full: Floats, residual: Floats, rows: list[int]) -> float:
    """Best likelihood ratio with a burst never below zero, from the inverse of what is left of the covariance."""
    inverse = np.linalg.inv(full[np.ix_(rows, rows)])
    best = 0.0
    for shape in shapes[rows].T:
        along = max(float(shape @ inverse @ residual[rows]), 0.0)
        best = max(best, along**2 / float(shape @ inverse @ shape))
    return best


def test_the_screen_is_the_likelihood_ratio_by_brute_force(random: np.random.Generator) -> None:
    shapes, mode, covariance = parts(random)
    full = with_free_directions(covariance, free_directions(mode), 30.0)
    field = MatchedField.of(shapes.astype(np.float32), mode, covariance)
    residual = 0.5 * shapes[:, 7] + 0.1 * random.standard_normal(STATIONS)
    assert field.screen(residual.astype(np.float32)) == pytest.approx(brute(shapes, full, residual, list(range(9))), rel=0.02)


def test_leaving_stations_out_equals_a_field_without_them(random: np.random.Generator) -> None:
    shapes, mode, covariance = parts(random)
    full = with_free_directions(covariance, free_directions(mode), 30.0)
    residual = 0.5 * shapes[:, 3] + 0.1 * random.standard_normal(STATIONS)
    residual[2] += 50.0
    left = MatchedField.of(shapes.astype(np.float32), mode, covariance).without(np.array([2, 6]))
    rows = [row for row in range(9) if row not in (2, 6)]
    known = np.where(np.isin(np.arange(9), (2, 6)), 0.0, residual).astype(np.float32)
    assert left.screen(known) == pytest.approx(brute(shapes, full, residual, rows), rel=0.03)


def test_one_faulty_station_alone_gives_no_crossing(random: np.random.Generator) -> None:
    shapes, mode, covariance = parts(random)
    field = MatchedField.of(shapes.astype(np.float32), mode, covariance)
    glitch = np.zeros(STATIONS, dtype=np.float32)
    glitch[4] = -3.0
    assert field.screen(glitch) > 50.0
    assert field.without_one(glitch) < 5.0
    assert field.outlier(glitch).tolist() == [4]


def test_whitening_makes_noise_white(random: np.random.Generator) -> None:
    _, _, covariance = parts(random)
    white = whitener(covariance)
    assert np.allclose(white @ covariance @ white.T, np.eye(STATIONS), atol=1e-6)


def test_noise_above_the_assumed_level_divides_the_statistic(random: np.random.Generator) -> None:
    shapes, covariance = -np.abs(random.standard_normal((40, 60))).astype(np.float32), 0.01 * np.eye(40)
    field = MatchedField.of(shapes, np.ones(40), covariance)
    level, _ = simulated(field, covariance, 1e-3)
    noise = (0.1 * random.standard_normal((1000, 40))).astype(np.float32)
    quiet, loud = (sum(field.without_one(one) > level for one in size * noise) for size in (1.0, 4.0))
    bare = sum(field.screen(one) > level for one in 4.0 * noise)
    # Sixteen times the variance passes nearly always where it is taken for evidence.
    assert (quiet < 10, bare > 900, loud < 100) == (True, True, True)


def test_the_statistic_of_a_well_fitted_burst_is_not_reduced(random: np.random.Generator) -> None:
    shapes, mode, covariance = parts(random)
    field = MatchedField.of(shapes.astype(np.float32), mode, covariance)
    fall: Floats = 3.0 * shapes[:, 7]
    residual = fall.astype(np.float32)
    assert field.without_one(residual) == pytest.approx(
        min(
            brute(shapes, with_free_directions(covariance, free_directions(mode), 30.0), fall, rows)
            for rows in left_out(field, residual)
        ),
        rel=0.02,
    )


def left_out(field: MatchedField, residual: np.ndarray) -> list[list[int]]:
    """The stations that stay when each of the suspects is left out."""
    return [[row for row in range(STATIONS) if row != one] for one in field.suspects(residual)]


def test_the_lasting_part_is_the_smallest_common_change_of_all_ticks() -> None:
    ticks = np.array([[-1.0, 2.0, -3.0, 0.0], [-2.0, 1.0, 3.0, 5.0]], dtype=np.float32)
    assert common_change(ticks) == pytest.approx(np.sqrt(2.0) * np.array([-1.0, 1.0, 0.0, 0.0]))
    assert summed(ticks) == pytest.approx(np.array([-3.0, 3.0, 0.0, 5.0]) / np.sqrt(2.0))


def test_thresholds_have_the_set_false_alarm_rate(random: np.random.Generator) -> None:
    shapes, mode, covariance = parts(random)
    field = MatchedField.of(shapes.astype(np.float32), mode, covariance)
    level, _ = simulated(field, covariance, 1e-3)
    noise = (np.linalg.cholesky(covariance) @ random.standard_normal((STATIONS, 20_000))).astype(np.float32)
    screens = field.statistics(noise).max(axis=0)
    passing = sum(field.without_one(noise[:, tick]) > level for tick in np.flatnonzero(screens > level))
    assert passing <= 60


def test_a_field_without_a_distinguishable_signature_has_screen_zero() -> None:
    """A network without pumps has no pump to name: its field of pumps is empty."""
    field = MatchedField.of(np.zeros((4, 0), dtype=np.float32), np.ones((4, 1)), np.eye(4))
    screens = screens_of(field, np.ones((4, 5), dtype=np.float32))
    assert screens.tolist() == [0.0] * 5


def test_an_exponential_tail_is_extrapolated_beyond_the_samples(random: np.random.Generator) -> None:
    draws = np.sort(random.exponential(2.0, 20_000))[::-1][:600]
    assert fitted(draws, 20_000, 1e-6, 0.1) == pytest.approx(-2.0 * np.log(1e-6), rel=0.1)


def test_noise_is_separated_into_reading_and_demand_noise(random: np.random.Generator) -> None:
    sensitivity = random.uniform(0.0, 4.0, 400)
    variance = (0.04**2 + 0.06**2 * sensitivity) * random.chisquare(50, 400) / 50
    found = fitted_noise(variance, sensitivity)
    assert found.reading_m == pytest.approx(0.04, rel=0.1)
    assert found.demand_share == pytest.approx(0.06, rel=0.1)
    assert StepNoise(0.04, 0.06).blended(found, 0.0) == StepNoise(0.04, 0.06)


def test_a_reference_ignores_an_outlier_and_follows_a_significant_trend() -> None:
    ring = np.full((REFERENCE_SAMPLES, 3), 10.0)
    ring[0, 0] = 3.0
    ring[:, 1] = 10.0 - 0.2 * np.arange(REFERENCE_SAMPLES)
    ring[3:, 2] = np.nan
    found = predicted(ring, 0.03)
    assert found[0] == pytest.approx(10.0, abs=0.05)
    assert found[1] == pytest.approx(10.2, abs=0.05)
    assert np.isnan(found[2])


def test_without_a_significant_trend_the_median_is_predicted(random: np.random.Generator) -> None:
    ring = random.standard_normal((REFERENCE_SAMPLES, 500))
    ring[:, 0] = 10.0 - 0.2 * np.arange(REFERENCE_SAMPLES)
    # So noisy that no trend is clear: the plain median is left.
    assert predicted(ring, 1e9) == pytest.approx(np.median(ring, axis=0), abs=1e-6)


def test_a_step_in_the_reference_is_not_extrapolated_as_a_trend() -> None:
    for age in range(1, REFERENCE_SAMPLES):
        ring = np.full((REFERENCE_SAMPLES, 1), 10.0)
        ring[:age] = 10.4
        assert 10.0 <= predicted(ring, 0.01)[0] <= 10.4


def test_samples_taken_after_a_switch_are_not_shifted() -> None:
    ring = RecentLevel(1)
    for sample in (5.0, 5.0, 5.0, 5.0, 5.0, 3.0):
        ring.follow(np.array([sample]))
    ring.shift(np.array([0]), np.array([-2.0]), 1)
    assert ring.predicted(np.full(1, 0.03))[0] == pytest.approx(3.0)


def test_the_reference_is_shifted_by_an_operations_step() -> None:
    ring = RecentLevel(2)
    for _ in range(REFERENCE_SAMPLES):
        ring.follow(np.array([5.0, np.nan]))
    ring.shift(np.array([0]), np.array([-2.0]), 0)
    assert ring.predicted(np.full(2, 0.03))[0] == pytest.approx(3.0)
    ring.forget(np.array([0]))
    assert np.isnan(ring.predicted(np.full(2, 0.03))).all()


def test_a_pump_switch_is_named_and_another_step_is_not(random: np.random.Generator) -> None:
    shapes, mode, covariance = parts(random)
    field = MatchedField.of(shapes.astype(np.float32), mode, covariance)
    stop = random.standard_normal((STATIONS, 1)).astype(np.float32) / 100.0
    book = KnownOperations(np.array([0]), np.array([True]))
    step = (stop[:, 0] * 200.0).astype(np.float32)
    total = float(step @ (field.precision @ step))
    found = book.explain(step, field, stop, np.array([180.0]), frozenset(), frozenset())
    assert found is not None
    assert (found.pump, found.stopped) == (0, True)
    assert explains(found, total, field.misfit(step))
    # A pump whose own channel shows no switch is no explanation.
    assert book.explain(step, field, stop, np.array([180.0]), frozenset(), frozenset({0})) is None


def test_a_step_seen_before_is_usual_either_way_round(random: np.random.Generator) -> None:
    shapes, mode, covariance = parts(random)
    field = MatchedField.of(shapes.astype(np.float32), mode, covariance)
    book = KnownOperations(np.empty(0, dtype=np.int64), np.empty(0, dtype=bool))
    none = np.zeros((STATIONS, 0), dtype=np.float32)
    usual = 2.0 * random.standard_normal(STATIONS)
    for sign in (1.0, -1.0, 1.0):
        book.learn(sign * usual, field, none)
    assert [pattern.count for pattern in book.patterns] == [3]
    step = (-0.9 * usual).astype(np.float32)
    found = book.explain(step, field, none, np.empty(0), frozenset(), frozenset())
    assert found is not None
    assert found.known
    assert found.misfit < 0.05 * float(step @ (field.precision @ step))


def test_medians_of_known_values_equal_numpys(random: np.random.Generator) -> None:
    for ticks in (1, 2, 5, 8):
        values = np.where(random.random((ticks, 40)) < 0.3, np.nan, random.standard_normal((ticks, 40)))
        heard = np.isfinite(values).any(axis=0)
        found = known_median(values)
        assert found[heard] == pytest.approx(np.nanmedian(values[:, heard], axis=0))
        assert np.isnan(found[~heard]).all()
