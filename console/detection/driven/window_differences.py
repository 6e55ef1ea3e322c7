"""Window differences: residuals of consecutive ticks without glitches; means of windows against the time before them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.driven.window_noise import half_hour
from maps.columns import Bools, Floats

_MEDIAN = 3


@dataclass(frozen=True, eq=False)
class Stretch:
    """Consecutive ticks: ``values`` (ticks, channels) residuals in units of their scale; the rest (ticks,) each.

    ``changed``: a link or tank changed its state since the tick before; ``row``: of the signature bank; ``scale``: (ticks,
    channels) channel units. ``leverage_rows``: (ticks, n): the squared length of a difference of their means is the variance
    that the expectation's own error adds to that difference, in units of the variance of ``values``. ``other_modes``: (ticks,
    tanks, channels) what a tank in its other mode would change of ``values``; 0 where it can be in one only.
    """

    values: Floats
    scale: Floats
    regime: NDArray[np.int64]
    changed: Bools
    second_of_day: Floats
    row: NDArray[np.int64]
    leverage_rows: NDArray[np.float32]
    other_modes: NDArray[np.float32]

    def of(self, channels: NDArray[np.int64]) -> Stretch:
        """Some channels only."""
        modes = self.other_modes[:, :, channels]
        return replace(self, values=self.values[:, channels], scale=self.scale[:, channels], other_modes=modes)

    def after(self, before: Stretch | None) -> Stretch:
        """These ticks with earlier ones before them."""
        if before is None:
            return self
        return Stretch(*(np.concatenate([getattr(before, one.name), getattr(self, one.name)]) for one in fields(Stretch)))

    def last(self, ticks: int) -> Stretch:
        """The last ticks only."""
        part = slice(-ticks, None)
        return Stretch(
            self.values[part],
            self.scale[part],
            self.regime[part],
            self.changed[part],
            self.second_of_day[part],
            self.row[part],
            self.leverage_rows[part],
            self.other_modes[part],
        )


@dataclass(frozen=True, eq=False)
class Seen:
    """Differences of one window at some ticks, (ticks, …) each, with what their noise depends on.

    ``mixed``: a state changed within the window or its reference; ``step``: of the extrapolation; ``row``: of the signature bank;
    ``half``: half hour of the day; ``modes``: (ticks, tanks, channels) of ``mode_means``.
    """

    value: Floats
    scale: Floats
    regime: NDArray[np.int64]
    mixed: Bools
    step: NDArray[np.int64]
    row: NDArray[np.int64]
    half: NDArray[np.int64]
    modes: Floats

    @classmethod
    def of(
        cls, stretch: Stretch, ticks: NDArray[np.int64], value: Floats, mixed: Bools, step: NDArray[np.int64], modes: Floats
    ) -> Seen:
        """Of the ticks ``ticks`` of a stretch; the rest (ticks, …) each."""
        half = half_hour(stretch.second_of_day[ticks])
        return cls(value, stretch.scale[ticks], stretch.regime[ticks], mixed, step, stretch.row[ticks], half, modes)

    def alike(self) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
        """(regime, mixed, step, row, half, whether a tank's mode is in doubt) with its ticks, for each combination."""
        if not len(self.value):
            return
        doubtful = np.square(self.modes).sum(axis=(1, 2)) > 0.0
        kinds = np.column_stack([self.regime, self.mixed, self.step, self.row, self.half, doubtful]).astype(np.int64)
        order = np.lexsort(kinds.T)
        ordered = kinds[order]
        first = np.flatnonzero(np.append(True, (np.diff(ordered, axis=0) != 0).any(axis=1)))
        yield from zip(ordered[first].tolist(), np.split(order, first[1:]), strict=True)


def cleaned(values: Floats, changed: Bools, stored: Bools | None = None) -> Floats:
    """Residuals without glitches, (ticks, channels): the median of the last three ticks.

    The tick in which a pump or valve switched keeps the values before: its readings were not taken at one moment. ``stored``:
    (channels,) those of tanks and the balance, which are kept as they are: their noise is that of levels, and cancels in sums.
    """
    found = values.copy()
    for tick in np.flatnonzero(~np.isfinite(found).all(axis=1) | changed):
        # The median again: a glitch just before a switch must not be held.
        before = np.median(found[max(tick - _MEDIAN, 0) : tick], axis=0) if tick else np.zeros(found.shape[1])
        found[tick] = np.where(np.isfinite(found[tick]) & ~changed[tick], found[tick], before)
    padded = np.vstack([np.repeat(found[:1], _MEDIAN - 1, axis=0), found])
    median = np.median(np.lib.stride_tricks.sliding_window_view(padded, _MEDIAN, axis=0), axis=-1)
    return np.asarray(median if stored is None else np.where(stored, np.nan_to_num(values), median))


def differences(values: Floats | NDArray[np.float32], window: int, reference: int, known: Bools | None = None) -> Floats:
    """Mean of the last ``window`` ticks less the mean of ``reference`` ticks before, (ticks, channels); NaN at the start.

    NaN too where one of these ticks is not ``known``, (ticks,).
    """
    summed = np.vstack([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0, dtype=np.float64)])
    found = np.full(values.shape, np.nan, dtype=np.float64)
    end = np.arange(window + reference, len(values) + 1)
    recent = (summed[end] - summed[end - window]) / window
    found[end - 1] = recent - (summed[end - window] - summed[end - window - reference]) / reference
    if known is not None and not known.all():
        gaps = np.concatenate([[0], np.cumsum(~known)])
        found[end[gaps[end] > gaps[end - window - reference]] - 1] = np.nan
    return found


class Totals:
    """Sums from the first tick on, for differences of any window at the last one."""

    def __init__(self, values: Floats | NDArray[np.float32]) -> None:
        self._sum = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0, dtype=np.float64)])

    def difference(self, window: int, reference: int) -> Floats:
        """Mean of the last ``window`` ticks less the mean of ``reference`` ticks before."""
        end, middle, begin = self._sum[-1], self._sum[-1 - window], self._sum[-1 - window - reference]
        return np.asarray((end - middle) / window - (middle - begin) / reference)
