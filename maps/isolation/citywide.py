"""The plan of every segment at once: which segments cost most, which cannot be isolated, which valves matter most."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from maps.columns import Bools, Ints
from maps.isolation.isolator import Isolator


@dataclass(frozen=True, eq=False)
class SegmentPlans:
    """One row per segment with pipes, (segments,): a pipe row of it, how many pipes, valves to close, pipes and households

    that go without water, whether valves isolate it, and how many closable valves it has on its border. The valves of
    segment ``i`` are ``valve_rows[valve_offsets[i]:valve_offsets[i + 1]]``. ``valve_plans``, ``valve_households``: in how
    many plans each valve is closed, and the households of those plans together, (valves,).
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
        """Rows, those that cost the most households first."""
        return np.argsort(-self.households, kind="stable")

    def by_valves(self) -> NDArray[np.int64]:
        """Rows, those that need the most valves first."""
        return np.argsort(-self.valves, kind="stable")

    def without_boundary(self) -> NDArray[np.int64]:
        """Rows that cannot be isolated and have no valve that could be closed at all; largest first."""
        rows = np.flatnonzero(~self.isolatable & (self.closable == 0))
        return rows[np.argsort(-self.pipes[rows], kind="stable")]

    def critical_valves(self) -> NDArray[np.int64]:
        """Valve rows, those that the most plans need first; of equals those with the most households."""
        return np.lexsort((-self.valve_households, -self.valve_plans))


def city_plans(isolator: Isolator, progress: Callable[[float], bool] | None = None) -> SegmentPlans:
    """Solve every segment in the dataset's own state.

    ``progress`` gets the share done a hundred times and stops the work by returning False; what is left is then not in
    the answer.
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
