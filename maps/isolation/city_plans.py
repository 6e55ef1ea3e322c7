"""Plans of all segments: segments with the largest effect, segments that cannot be isolated, and critical valves."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.columns import Bools, Ints
from maps.isolation.plan.isolator import Isolator


@dataclass(frozen=True, eq=False)
class SegmentPlans:
    """One row per segment with pipes, (segments,).

    Columns: one of its pipe rows; numbers of its pipes, of valves to close, of pipes and households without supply; whether
    valves isolate it; number of closable valves on its boundary. The valves of segment ``i`` are
    ``valve_rows[valve_offsets[i]:valve_offsets[i + 1]]``. ``valve_plans``, ``valve_households``: number of plans that close each
    valve, and the sum of their households, (valves,).
    """

    pipe: Ints
    pipes: Ints
    valves: Ints
    dry_pipes: Ints
    households: Ints
    isolatable: Bools
    closable: Ints
    valve_offsets: NDArray[np.int64]
    valve_rows: Ints
    valve_plans: Ints
    valve_households: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.pipe)

    def valves_of(self, row: int) -> Ints:
        """Valve rows to close for one segment."""
        return self.valve_rows[self.valve_offsets[row] : self.valve_offsets[row + 1]]

    def by_households(self) -> NDArray[np.int64]:
        """Rows by households without supply, most first."""
        return np.argsort(-self.households, kind="stable")

    def by_valves(self) -> NDArray[np.int64]:
        """Rows by valves to close, most first."""
        return np.argsort(-self.valves, kind="stable")

    def without_boundary(self) -> NDArray[np.int64]:
        """Rows that cannot be isolated and have no closable valve; largest first."""
        rows = np.flatnonzero(~self.isolatable & (self.closable == 0))
        return rows[np.argsort(-self.pipes[rows], kind="stable")]

    def critical_valves(self) -> NDArray[np.int64]:
        """Valve rows by number of plans that need them, most first; then by households."""
        return np.lexsort((-self.valve_households, -self.valve_plans))


def city_plans(isolator: Isolator, progress: Callable[[float], bool] | None = None) -> SegmentPlans:
    """Solve every segment in the dataset's own state.

    ``progress`` is called a hundred times with the share done and stops the work by returning False; the remaining segments are
    then missing in the result.
    """
    first = isolator.first_pipes()
    rows: list[tuple[int, int, int, int, int, bool, int]] = []
    valve_rows: list[int] = []
    every = max(len(first) // 100, 1)
    for number, pipe in enumerate(first.tolist()):
        if progress is not None and number % every == 0 and not progress(number / len(first)):
            break
        brief = isolator.brief(pipe)
        valve_rows += brief.valves
        counts = (brief.pipes, len(brief.valves), brief.dry_pipes, brief.households)
        rows.append((pipe, *counts, brief.isolatable, brief.closable))
    table = np.array(rows, dtype=np.int32).reshape(len(rows), 7)
    pipe, pipes, valves, dry, households, isolatable, closable = table.T
    offsets = np.concatenate([[0], np.cumsum(valves, dtype=np.int64)])
    needed = np.array(valve_rows, dtype=np.int32)
    count = isolator.valve_count
    return SegmentPlans(
        pipe,
        pipes,
        valves,
        dry,
        households,
        isolatable > 0,
        closable,
        offsets,
        needed,
        np.bincount(needed, minlength=count).astype(np.int32),
        np.bincount(needed, weights=np.repeat(households, valves), minlength=count).astype(np.int64),
    )
