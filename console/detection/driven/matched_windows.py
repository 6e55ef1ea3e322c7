"""Whitened differences matched against the signatures of pipes, with the modes of tanks in doubt as noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maps.columns import Bools, Floats

_SIGNATURE_ERROR = 0.3
"""Share of the explained chi-square that the misfit of a true burst's signature adds, as large bursts are not linear."""
_MOST_TANKS = 6
_NO_CHANGE = 1e-6
_LEAST_LEFT = 1e-3


def unit(white: Floats, shapes: Floats | NDArray[np.float32]) -> NDArray[np.float32]:
    """Whitened shapes of length 1, (channels, pipes); zero where nothing is felt."""
    bent = white.astype(np.float32) @ shapes.astype(np.float32)
    size = np.sqrt(np.square(bent).sum(axis=0))
    return np.asarray(bent / np.where(size > 1e-9, size, np.inf), dtype=np.float32)


def matched(white: Floats, shapes: NDArray[np.float32], nuisance: Floats | None = None) -> tuple[Floats, Bools]:
    """(statistic, relieved) of whitened differences (ticks, channels).

    The chi-square that the best pipe explains, divided by that of the rest per channel where it is above one (one-sided F).
    ``nuisance``: (ticks, tanks, channels) whitened changes that may be there with a factor of variance 1 each: the covariance is
    the identity and their outer products.
    """
    along = white.astype(np.float32) @ shapes
    total = np.square(white).sum(axis=1)
    if nuisance is not None:
        # (I + N'N)^-1 = I - B'B with B = L^-1 N and LL' = I + NN' (Woodbury): all ticks and tanks at once.
        among = nuisance @ nuisance.transpose(0, 2, 1) + np.eye(nuisance.shape[1])
        bent = np.linalg.inv(np.linalg.cholesky(among)) @ nuisance
        own, felt = (bent @ white[:, :, None])[:, :, 0], bent.astype(np.float32) @ shapes
        along -= (own.astype(np.float32)[:, None, :] @ felt)[:, 0]
        size = 1.0 - np.square(felt).sum(axis=1)
        total = total - np.square(own).sum(axis=1)
        along /= np.sqrt(np.maximum(size, _LEAST_LEFT))
    gain = np.square(np.maximum(along.max(axis=1), 0.0)).astype(np.float64)
    end = np.square(np.minimum(along.min(axis=1), 0.0)).astype(np.float64)
    rest = total - (1.0 + _SIGNATURE_ERROR) * gain
    statistic = gain / np.maximum(rest / max(white.shape[1] - 1, 1), 1.0)
    return np.where(end > gain, 0.0, statistic), np.asarray(end > gain)


def in_doubt(other_modes: NDArray[np.float32]) -> NDArray[np.float32]:
    """The tanks that are ever in doubt, at most six: those whose modes change most."""
    effect = np.square(other_modes).sum(axis=(0, 2))
    return other_modes[:, np.argsort(-effect, kind="stable")[: min(_MOST_TANKS, int((effect > 0).sum()))]]


def mode_means(other_modes: NDArray[np.float32], window: int, reference: int) -> Floats:
    """(ticks, tanks, channels) what tanks in their other mode at all ticks in doubt would change of a difference; 0 at the start.

    Of the window and of its reference together: in either of them the mode may be the wrong one.
    """
    found = np.zeros(other_modes.shape)
    summed = np.concatenate([np.zeros((1, *other_modes.shape[1:])), np.cumsum(other_modes, axis=0, dtype=np.float64)])
    end = np.arange(window + reference, len(other_modes) + 1)
    recent = (summed[end] - summed[end - window]) / window
    found[end - 1] = recent + (summed[end - window] - summed[end - window - reference]) / reference
    return np.where(np.abs(found) > _NO_CHANGE, found, 0.0)
