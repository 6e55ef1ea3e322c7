"""Operating modes: combinations of link states, or groups of similar ones where a city has too many to see each often."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maps.columns import Bools, Floats

_FREQUENT, _LEAST_TICKS = 0.02, 30
_COVERED = 0.9
_GROUPS, _ROUNDS = 8, 20


class OperatingModes:
    """Numbers the link states of ticks. Learned from history.

    Where combinations that are frequent (2 % of the ticks) cover nine tenths of it, each is a mode, and all others together the
    last one. Otherwise (61 pumps that switch one by one made 2,382 combinations in a month) modes are groups of similar
    combinations (k-means on the states).
    """

    def __init__(self, is_open: Bools) -> None:
        """``is_open``: (ticks, links)."""
        combination, count = np.unique(is_open, axis=0, return_counts=True)
        frequent = count >= max(_FREQUENT * len(is_open), _LEAST_TICKS)
        self._is_grouped = bool(count[frequent].sum() < _COVERED * len(is_open))
        chosen = combination if len(combination) <= _GROUPS else combination[frequent]
        self._centre: Floats = chosen.astype(np.float64)
        if self._is_grouped and len(combination) > _GROUPS:
            self._centre = _grouped(combination.astype(np.float64), count.astype(np.float64))
        else:
            self._is_grouped = False

    def __len__(self) -> int:
        """Number of modes without the last one, which stands for all other combinations."""
        return len(self._centre)

    def of(self, is_open: Bools) -> NDArray[np.int64]:
        """(ticks,) mode of each tick; ``len`` for a combination that is none of the frequent ones."""
        off = _distance(is_open.astype(np.float64), self._centre)
        nearest = off.argmin(axis=1)
        if self._is_grouped:
            return np.asarray(nearest, dtype=np.int64)
        return np.where(off[np.arange(len(off)), nearest] < 0.5, nearest, len(self._centre)).astype(np.int64)


def _distance(points: Floats, centres: Floats) -> Floats:
    """(points, centres) squared; as a product, since all differences at once would need a gigabyte."""
    return np.asarray(np.square(points).sum(axis=1)[:, None] - 2.0 * points @ centres.T + np.square(centres).sum(axis=1)[None, :])


def _grouped(points: Floats, weight: Floats) -> Floats:
    """Centres of k-means, started from the point of most weight and those farthest from all before (no random numbers)."""
    centres = points[[int(weight.argmax())]]
    while len(centres) < _GROUPS:
        far = _distance(points, centres).min(axis=1) * np.sqrt(weight)
        centres = np.vstack([centres, points[int(far.argmax())]])
    for _ in range(_ROUNDS):
        nearest = _distance(points, centres).argmin(axis=1)
        for number in range(len(centres)):
            own = nearest == number
            if own.any():
                centres[number] = np.average(points[own], axis=0, weights=weight[own])
    return centres
