"""Ridge fit of what the driven model leaves, and how far it can be trusted at ticks unlike those of history."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maps.columns import Floats

_RIDGE = 20.0
_ALWAYS = 1e-6
_FADED = 0.1
_CLIP_SIGMAS = 6.0


def ridge(columns: Floats, penalty: Floats, values: Floats) -> Floats:
    """(columns, channels) factors; ``penalty``: (columns,) in units of the usual one."""
    return np.asarray(np.linalg.solve(columns.T @ columns + _penalised(penalty), columns.T @ values))


def leverage_root(columns: Floats, penalty: Floats, memory: float) -> Floats:
    """(columns, columns) R: (x R) (x R)' is the variance of the fit at x, in units of the variance of what remains.

    R R' = ``memory`` (X'X + P)^-1, the variance of Bayesian linear regression with the prior that the penalty stands for.
    ``memory``: ticks that tell as much as one independent one.
    """
    normal = (columns.T @ columns + _penalised(penalty)) / memory
    return np.asarray(np.linalg.inv(np.linalg.cholesky(normal)).T)


def memory_ticks(remains: Floats) -> float:
    """1 + 2 (r1 + r2 + …), with r the autocorrelation of a channel until it fades; of the median channel. (ticks, channels)."""
    limit = _CLIP_SIGMAS * np.maximum(1.4826 * np.median(np.abs(remains), axis=0), 1e-9)
    values = np.clip(remains, -limit, limit)
    power = np.abs(np.fft.rfft(values - values.mean(axis=0), 1 << int(2 * len(values) - 1).bit_length(), axis=0)) ** 2
    lagged = np.fft.irfft(power, axis=0)[: len(values) // 4]
    lagged = lagged / np.maximum(lagged[0], 1e-12)
    faded = np.cumsum(lagged < _FADED, axis=0) > 0
    return float(max(np.median(1.0 + 2.0 * np.where(faded, 0.0, lagged)[1:].sum(axis=0)), 1.0))


def _penalised(penalty: Floats) -> NDArray[np.float64]:
    return np.diag(_RIDGE * penalty + _ALWAYS)
