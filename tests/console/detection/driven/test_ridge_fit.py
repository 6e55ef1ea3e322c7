"""How far a fit can be trusted: against brute-force refits of simulated linear data."""

from __future__ import annotations

import numpy as np
import pytest

from console.detection.driven.ridge_fit import leverage_root, memory_ticks, ridge

TICKS, COLUMNS, RUNS = 400, 5, 1500
PENALTY = np.zeros(COLUMNS)


def _columns(random: np.random.Generator) -> np.ndarray:
    """An intercept, three columns that vary, and one that history has hardly moved (a tank that stood at its limit)."""
    varied = random.normal(size=(TICKS, COLUMNS - 2))
    return np.column_stack([np.ones(TICKS), varied, 0.02 * random.normal(size=TICKS)])


def _ar1(random: np.random.Generator, kept: float, runs: int) -> np.ndarray:
    """(ticks, runs) of variance 1."""
    values = np.empty((TICKS, runs))
    values[0] = random.normal(size=runs)
    for tick in range(1, TICKS):
        values[tick] = kept * values[tick - 1] + np.sqrt(1.0 - kept**2) * random.normal(size=runs)
    return values


@pytest.mark.parametrize("at", [[1, 0.5, -0.5, 1, 0.0], [1, 4.0, 0, 0, 0.0], [1, 0, 0, 0, 1.0]])
def test_the_variance_of_a_fit_is_that_of_fits_to_other_histories(at: list[float]) -> None:
    random = np.random.default_rng(1)
    columns, place = _columns(random), np.array(at)
    factors = ridge(columns, PENALTY, random.normal(size=(TICKS, RUNS)))  # the true factors are 0
    row = place @ leverage_root(columns, PENALTY, 1.0)
    assert row @ row == pytest.approx((place @ factors).var(), rel=0.1)


def test_the_penalty_stands_for_factors_of_a_normal_distribution() -> None:
    random = np.random.default_rng(2)
    columns, place = _columns(random), np.array([1.0, 0.0, 0.0, 0.0, 1.0])
    prior = np.full(COLUMNS, 0.25)  # the usual penalty is 20: factors of variance 1 / 5
    true = random.normal(0.0, np.sqrt(1.0 / 5.0), size=(COLUMNS, RUNS))
    factors = ridge(columns, prior, columns @ true + random.normal(size=(TICKS, RUNS)))
    row = place @ leverage_root(columns, prior, 1.0)
    assert row @ row == pytest.approx((place @ (factors - true)).var(), rel=0.1)


def test_slow_noise_tells_less_in_proportion_to_its_memory() -> None:
    random = np.random.default_rng(3)
    kept = 0.8
    # 1 + 2 (r + r² + …) = (1 + r) / (1 - r) = 9 ticks.
    assert memory_ticks(_ar1(random, kept, 60)) == pytest.approx(9.0, rel=0.25)
    assert memory_ticks(random.normal(size=(4000, 5))) == pytest.approx(1.0, abs=0.2)
    # Of a column that moves as slowly (a level), the mean, the fit errs as that many fewer ticks would let it.
    columns = np.ones((TICKS, 1))
    errors = ridge(columns, np.zeros(1), _ar1(random, kept, RUNS))
    row = np.ones(1) @ leverage_root(columns, np.zeros(1), 9.0)
    assert row @ row == pytest.approx(errors.var(), rel=0.15)
