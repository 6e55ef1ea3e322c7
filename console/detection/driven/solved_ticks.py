"""Solved ticks: readings that drove the model with what it gave, kept so that weeks are learned without solving them again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.driven.boundary import DAY_S, TickReadings
from console.detection.driven.driven_expectation import DrivenTicks
from maps.columns import Bools
from maps.hydraulics.boundary import DrivenValues

_BLOCK = 288
"""Ticks that are joined to one block: an array of one tick is mostly overhead."""


@dataclass(frozen=True, eq=False)
class SolvedTicks:
    """Consecutive ticks, (ticks,) each: ``at_us`` µs UTC; ``known``: False where nothing was read, as the row before then."""

    at_us: NDArray[np.int64]
    readings: TickReadings
    values: DrivenValues
    known: Bools

    def __len__(self) -> int:
        return len(self.at_us)

    def part(self, rows: NDArray[np.int64]) -> SolvedTicks:
        """Some of the ticks, ``rows`` ascending."""
        return SolvedTicks(self.at_us[rows], self.readings.part(rows), self.values.part(rows), self.known[rows])

    def after(self, at_us: int) -> SolvedTicks:
        """The ticks later than a time."""
        return self.part(np.flatnonzero(self.at_us > at_us))

    def unbroken(self, ticks: int) -> SolvedTicks:
        """At most so many of the last ticks, none of them before a gap."""
        gaps = np.flatnonzero(~self.known)
        first = max(len(self) - ticks, int(gaps[-1]) + 1 if len(gaps) else 0)
        return self.part(np.arange(first, len(self)))

    def driven(self, *, balanced: bool, known: Bools | None = None) -> DrivenTicks:
        """Readings beside the model's values; nothing is observed where not ``known``, by default where nothing was read."""
        ticks = DrivenTicks.of(self.readings, self.values, balanced=balanced)
        kept = self.known if known is None else self.known & known
        return replace(ticks, observed=np.where(kept[:, None], ticks.observed, np.nan))

    @classmethod
    def joined(cls, parts: Sequence[SolvedTicks], step_s: float) -> SolvedTicks:
        """Parts one after the other, ticks ``step_s`` apart; in gaps between and within them rows that are not known."""
        at_us = np.concatenate([part.at_us for part in parts])
        place = np.rint((at_us - at_us[0]) / (step_s * 1e6)).astype(np.int64)
        grid = np.arange(int(place[-1]) + 1)
        row = np.searchsorted(place, grid, side="right") - 1
        known = np.concatenate([part.known for part in parts])[row] & (place[row] == grid)
        readings = _joined_readings([part.readings for part in parts]).part(row)
        since_s = (grid - place[row]) * step_s
        readings = replace(readings, second_of_day=(readings.second_of_day + since_s) % DAY_S)
        values = DrivenValues.joined([part.values for part in parts])
        others = values.others
        spread = replace(values.part(row), others=replace(others, tick=place[others.tick]))
        return cls(at_us[row] + (since_s * 1e6).astype(np.int64), readings, spread, known)


class TickMemory:
    """The solved ticks of the last weeks, in blocks; the oldest are dropped."""

    def __init__(self, step_s: float, most_days: float) -> None:
        self._step_s, self._kept_us = step_s, int(most_days * DAY_S * 1e6)
        self._blocks: list[SolvedTicks] = []
        self._single: list[SolvedTicks] = []

    def add(self, ticks: SolvedTicks) -> None:
        """The next ticks."""
        for first in range(0, len(ticks), _BLOCK):
            self._single.append(ticks.part(np.arange(first, min(first + _BLOCK, len(ticks)))))
            if sum(map(len, self._single)) >= _BLOCK:
                self._blocks.append(SolvedTicks.joined(self._single, self._step_s))
                self._single = []
                oldest_us = int(self._blocks[-1].at_us[-1]) - self._kept_us
                self._blocks = [block for block in self._blocks if block.at_us[-1] > oldest_us]

    @property
    def parts(self) -> tuple[SolvedTicks, ...]:
        """Everything kept, oldest first: to be joined on another thread."""
        return (*self._blocks, *self._single)

    def last(self, ticks: int) -> SolvedTicks:
        """At least so many of the last ticks, if there are."""
        parts: list[SolvedTicks] = []
        for part in reversed(self.parts):
            parts.insert(0, part)
            if sum(map(len, parts)) >= ticks:
                break
        return SolvedTicks.joined(parts, self._step_s)


def _joined_readings(parts: Sequence[TickReadings]) -> TickReadings:
    return TickReadings(**{one.name: np.concatenate([getattr(part, one.name) for part in parts]) for one in fields(TickReadings)})
