"""How far each combination of residuals may be trusted: the covariance behind location and detection."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.columns import Floats


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """What makes residuals differ from a burst's signature, besides the burst.

    ``reading_sigma_m``: noise of one station. ``demand_sigma``: share by which each node's demand is off from what was
    expected *now* (baselines learn the lasting part away). ``residual_share``/``norm_share``: model error, of each residual
    and of the norm of all (design section 5: 10 % and 3 %). ``free_m``: size of the directions that carry no evidence
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
    """Unit directions (stations, k) without evidence: a constant offset, and the city's demand drifting.

    ``demand_modes``: (stations,) or (stations, modes), heads' response to each way in which demand drifts as a whole.
    """
    ones = np.ones(len(demand_modes))
    directions = [ones / np.linalg.norm(ones)]
    for mode in demand_modes.reshape(len(demand_modes), -1).T:
        length = float(np.linalg.norm(mode))
        if length > 0.0:
            directions.append(mode / length)
    return np.column_stack(directions)


def with_free_directions(covariance: Floats, directions: Floats, free_m: float) -> Floats:
    """Covariance in which ``directions`` may move by ``free_m``: whitening by it projects them out."""
    return np.asarray(covariance + free_m**2 * (directions @ directions.T))


def with_known_drift(covariance: Floats, directions: Floats, noise: Floats, sigmas: float) -> Floats:
    """Covariance in which each of ``directions`` may move by ``sigmas`` times what the learned ``noise`` (n, n) shows along it.

    Where history has seen the city drift, to project that out altogether would throw evidence away.
    """
    variance = np.einsum("ij,ik,kj->j", directions, noise, directions)
    return np.asarray(covariance + (directions * (sigmas**2 * variance)) @ directions.T)


def whitener(covariance: Floats) -> Floats:
    """W with W C Wᵀ = 1 (inverse of the lower Cholesky factor), (n, n).

    Raises numpy.linalg.LinAlgError when the covariance is not positive definite even after a relative nudge of 1e-9.
    """
    nudge = 1e-9 * float(np.trace(covariance)) / max(len(covariance), 1)
    lower = np.linalg.cholesky(covariance + nudge * np.eye(len(covariance)))
    return np.asarray(np.linalg.inv(lower))
