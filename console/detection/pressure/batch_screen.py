"""Glance: the screens of all groups and windows of one lane in one product, for nearly every tick needs no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from console.detection.pressure.matched_field import MatchedField
from maps.columns import Floats

LEAST_STATIONS = 3
"""With fewer stations heard, a group tells nothing."""

FieldOf = Callable[[int, NDArray[np.bool_]], MatchedField | None]


class Glance:
    """The last ticks of all stations, and every group's field stacked; a field is copied in only when it is another one."""

    def __init__(self, groups: Sequence[NDArray[np.int64]], stations: int, windows: tuple[int, ...], shapes: int) -> None:
        """``groups``: station rows of each; ``windows``: ticks taken together; ``shapes``: most places in a field."""
        sizes = [len(rows) for rows in groups]
        # Groups are padded to the largest: the row behind the last station is always zero.
        self._members = np.full((len(groups), max(sizes, default=0)), stations, dtype=np.int64)
        for index, rows in enumerate(groups):
            self._members[index, : len(rows)] = rows
        self._real = self._members < stations
        self._shares = np.zeros((len(windows), max(windows)), dtype=np.float32)
        for row, window in enumerate(windows):
            self._shares[row, -window:] = 1.0 / np.sqrt(window)
        self._recent = np.full((max(windows), stations + 1), np.nan, dtype=np.float32)
        self._recent[:, -1] = 0.0
        self._held: list[MatchedField | None] = [None] * len(groups)
        self._weighted = np.zeros((*self._members.shape, shapes), dtype=np.float32)
        self._inverse = np.zeros((len(groups), shapes), dtype=np.float32)

    def forget(self, group: int) -> None:
        """A group's ticks before now are no part of what comes."""
        self._recent[:, self._members[group][self._real[group]]] = np.nan

    def screens(self, values_m: Floats, field_of: FieldOf) -> NDArray[np.float32]:
        """Best statistic with all stations in, (groups, windows), after one more tick ``values_m`` (stations,), NaN unknown.

        NaN where a glance cannot tell: where the stations heard are few, or not the same in all ticks of the longest window.
        ``field_of``: the field of a group with the stations (n,) heard, None when it has none.
        """
        self._recent[:-1, :-1] = self._recent[1:, :-1]
        self._recent[-1, :-1] = values_m
        known = np.isfinite(self._recent)
        heard = known[-1, self._members] & self._real
        same = (known == known[-1]).all(axis=0)
        told = same[self._members].all(axis=1) & (heard.sum(axis=1) >= LEAST_STATIONS)
        for group in np.flatnonzero(told).tolist():
            field = field_of(group, heard[group, self._real[group]])
            told[group] = field is not None
            if field is not None and field is not self._held[group]:
                self._hold(group, field)
        sums = self._shares @ np.where(known, self._recent, np.float32(0.0))
        each = np.ascontiguousarray(sums[:, self._members].transpose(1, 0, 2))
        along = np.maximum(np.matmul(each, self._weighted), 0.0)
        best = (along * along * self._inverse[:, None]).max(axis=2, initial=0.0)
        return np.asarray(np.where(told[:, None], best, np.float32(np.nan)))

    def _hold(self, group: int, field: MatchedField) -> None:
        stations, shapes = field.weighted.shape
        self._weighted[group, :stations, :shapes] = field.weighted
        self._inverse[group, :shapes] = field.inverse_size
        self._inverse[group, shapes:] = 0.0
        self._held[group] = field
