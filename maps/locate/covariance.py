"""Covariance and whitening of residuals, for location and detection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.columns import Floats


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """Errors by which residuals differ from a burst's signature.

    ``reading_sigma_m``: noise of one station. ``demand_sigma``: relative deviation of each node's demand from its expected
    value at the time (baselines absorb the lasting part). ``residual_share``/``norm_share``: model error, of each residual
    and of the norm of all (10 % and 3 %). ``free_m``: standard deviation of the directions without evidence
    (uniform demand, constant offset), m: large, so that they are projected out.
    """

    reading_sigma_m: float = 0.03
    demand_sigma: float = 0.1
    residual_share: float = 0.10
    norm_share: float = 0.03
    free_m: float = 30.0
    free_sigmas: float = 2.0

    def model_variance(self, residual_m: Floats) -> Floats:
        """Variance of each residual by model error, (stations,), m²."""
        norm = float(np.linalg.norm(residual_m))
        return np.asarray((self.residual_share * residual_m) ** 2 + (self.norm_share * norm) ** 2)


def free_directions(demand_modes: Floats) -> Floats:
    """Unit directions (stations, k) without evidence: a constant offset and the modes of demand drift.

    ``demand_modes``: (stations,) or (stations, modes), response of heads to each mode of demand drift.
    """
    ones = np.ones(len(demand_modes))
    directions = [ones / np.linalg.norm(ones)]
    for mode in demand_modes.reshape(len(demand_modes), -1).T:
        length = float(np.linalg.norm(mode))
        if length > 0.0:
            directions.append(mode / length)
    return np.column_stack(directions)


def with_free_directions(covariance: Floats, directions: Floats, free_m: float) -> Floats:
    """Covariance with variance ``free_m``² along ``directions``: whitening with it projects them out."""
    return np.asarray(covariance + free_m**2 * (directions @ directions.T))


def with_known_drift(covariance: Floats, directions: Floats, noise: Floats, sigmas: float) -> Floats:
    """Covariance with ``sigmas`` times the standard deviation of the learned ``noise`` (n, n) along each of ``directions``.

    Where drift was learned from history, projecting it out completely would discard evidence.
    """
    variance = np.einsum("ij,ik,kj->j", directions, noise, directions)
    return np.asarray(covariance + (directions * (sigmas**2 * variance)) @ directions.T)


def whitener(covariance: Floats) -> Floats:
    """W with W C Wᵀ = 1 (inverse of the lower Cholesky factor), (n, n).

    Raises numpy.linalg.LinAlgError when the covariance is not positive definite even after adding a relative 1e-9 to it.
    """
    nudge = 1e-9 * float(np.trace(covariance)) / max(len(covariance), 1)
    lower = np.linalg.cholesky(covariance + nudge * np.eye(len(covariance)))
    return np.asarray(np.linalg.inv(lower))
