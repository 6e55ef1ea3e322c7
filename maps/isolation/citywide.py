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

    that go without water, and whether valves isolate it. ``valve_plans``: in how many plans each valve is closed, (valves,).
    """

    pipe: Ints
    pipes: Ints
    valves: Ints
    dry_pipes: Ints
    households: Ints
    isolatable: Bools
    valve_plans: Ints

    def by_households(self) -> NDArray[np.int64]:
        """Rows, those that cost the most households first."""
        return np.argsort(-self.households, kind="stable")

    def by_valves(self) -> NDArray[np.int64]:
        """Rows, those that need the most valves first."""
        return np.argsort(-self.valves, kind="stable")

    def critical_valves(self) -> NDArray[np.int64]:
        """Valve rows, those that the most plans need first."""
        return np.argsort(-self.valve_plans, kind="stable")


def city_plans(isolator: Isolator, progress: Callable[[float], bool] | None = None) -> SegmentPlans:
    """Solve every segment in the dataset's own state.

    ``progress`` gets the share done a hundred times and stops the work by returning False; what is left is then not in
    the answer.
    """
    first = isolator.first_pipes()
    rows: list[tuple[int, int, int, int, int, bool]] = []
    needed = np.zeros(isolator.valve_count, dtype=np.int32)
    every = max(len(first) // 100, 1)
    for number, pipe in enumerate(first.tolist()):
        if progress is not None and number % every == 0 and not progress(number / len(first)):
            break
        brief = isolator.brief(pipe)
        needed[list(brief.valves)] += 1
        rows.append((pipe, brief.pipes, len(brief.valves), brief.dry_pipes, brief.households, brief.isolatable))
    table = np.array(rows, dtype=np.int32).reshape(len(rows), 6)
    pipe, pipes, valves, dry, households, isolatable = table.T
    return SegmentPlans(pipe, pipes, valves, dry, households, isolatable > 0, needed)
