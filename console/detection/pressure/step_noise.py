"""Step noise: covariance model of reading noise and demand fluctuation, fitted to ticks without events."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.columns import Floats

_LEAST_READING_M = 0.01
_LEAST_SHARE, _MOST_SHARE = 0.002, 0.5
_ROUNDS = 8
_FAR = 9.0


@dataclass(frozen=True, slots=True)
class StepNoise:
    """``reading_m``: standard deviation of a step at one station, m; ``demand_share``: relative change of each node's demand."""

    reading_m: float
    demand_share: float

    def covariance(self, sensitivity: Floats) -> Floats:
        """(n, n), m²; ``sensitivity`` R Rᵀ (n, n), m²: with R the head change by each node's whole demand."""
        return self.demand_share**2 * sensitivity + self.reading_m**2 * np.eye(len(sensitivity))

    def blended(self, other: StepNoise, weight: float) -> StepNoise:
        """Blend of this (weight 0) and ``other`` (weight 1), linear in variances."""
        mixed = [
            float(np.sqrt((1.0 - weight) * one**2 + weight * two**2))
            for one, two in ((self.reading_m, other.reading_m), (self.demand_share, other.demand_share))
        ]
        return StepNoise(*mixed)


def fitted_noise(variance: Floats, sensitivity: Floats) -> StepNoise:
    """Two-parameter fit ``variance = share² · sensitivity + reading²`` over stations and times of day, (k,) each, m².

    Weighted least squares on relative errors with a few reweighting iterations; unweighted, large variances would dominate.
    Values far above the fit have another cause (``own_scatter``) and get little weight.
    """
    known = np.isfinite(variance) & (variance > 0)
    seen, felt = variance[known], sensitivity[known]
    reading, share = float(np.quantile(seen, 0.1)), 0.0
    for _ in range(_ROUNDS):
        model = np.maximum(share * felt + reading, _LEAST_READING_M**2)
        weight = np.minimum(1.0, _FAR * model / seen) ** 2 / model**2
        matrix = np.array([[float(weight @ felt**2), float(weight @ felt)], [float(weight @ felt), float(weight.sum())]])
        right = np.array([float(weight @ (felt * seen)), float(weight @ seen)])
        if matrix[0, 0] <= 0:
            share, reading = 0.0, right[1] / matrix[1, 1]
            break
        solved = np.linalg.lstsq(matrix, right, rcond=None)[0]
        share, reading = max(float(solved[0]), 0.0), max(float(solved[1]), _LEAST_READING_M**2)
    return StepNoise(max(float(np.sqrt(reading)), _LEAST_READING_M), float(np.clip(np.sqrt(share), _LEAST_SHARE, _MOST_SHARE)))


def own_scatter(variance: Floats, modelled: Floats) -> Floats:
    """Extra variance of single stations beyond the noise model, (n,), m²: e.g. a pump that cycles nearby.

    ``variance``, ``modelled``: (states, n), m², NaN where unknown. 0 for every station whose noise is near the fit.
    """
    beyond = np.where(variance > _FAR * modelled, variance - modelled, 0.0)
    known = np.isfinite(variance)
    return np.asarray(np.where(known, beyond, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))
