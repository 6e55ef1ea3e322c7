"""Batch screen: screening statistics of all groups and windows of a lane in one matrix product; most ticks need no more."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from console.detection.pressure.matched_field import MatchedField
from maps.columns import Floats

LEAST_STATIONS = 3
"""Groups with fewer reporting stations are skipped."""

FieldOf = Callable[[int, NDArray[np.bool_]], MatchedField | None]


class BatchScreen:
    """The last ticks of all stations and the stacked matched fields of all groups; a field is copied only when it has changed."""

    def __init__(self, groups: Sequence[NDArray[np.int64]], stations: int, windows: tuple[int, ...], shapes: int) -> None:
        """``groups``: station rows of each; ``windows``: lengths in ticks; ``shapes``: most signatures in a field."""
        sizes = [len(rows) for rows in groups]
        # Groups are padded to the largest one with an extra row that is always zero.
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
        """Drop the stored ticks of a group."""
        self._recent[:, self._members[group][self._real[group]]] = np.nan

    def screens(self, values_m: Floats, field_of: FieldOf) -> NDArray[np.float32]:
        """Largest statistic with all stations, (groups, windows), after adding a tick ``values_m`` (stations,), NaN if unknown.

        NaN where too few stations report, or not the same ones in all ticks of the longest window: these need the full test.
        ``field_of``: the field of a group with the reporting stations (n,), None when it has none.
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
