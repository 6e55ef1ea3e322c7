"""Several plans at once: what falls dry only because they overlap, and which of them overlap in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """What is dry with all plans in force and in none of them alone."""

    pipes: tuple[str, ...]
    customers: tuple[str, ...]
    households: int
    people: int
    critical: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether there is a conflict at all."""
        return bool(self.pipes)


@dataclass(frozen=True, slots=True)
class Window:
    """When a plan is in force: from ``starts`` up to, not including, ``ends``; aware times."""

    plan_id: str
    starts: datetime
    ends: datetime


def overlapping(windows: Sequence[Window]) -> tuple[tuple[str, ...], ...]:
    """The largest groups of plans in force at one time, groups of two and more.

    The windows cut time into atomic intervals; a group contained in another adds nothing. Windows that only touch do
    not overlap.
    """
    marks = sorted({window.starts for window in windows})
    groups = {frozenset(w.plan_id for w in windows if w.starts <= mark < w.ends) for mark in marks}
    largest = [group for group in groups if len(group) > 1 and not any(group < other for other in groups)]
    return tuple(sorted(tuple(sorted(group)) for group in largest))
