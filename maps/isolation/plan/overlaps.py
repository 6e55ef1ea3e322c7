"""Simultaneous plans: area without supply only because plans overlap, and groups of plans that overlap in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """Area without supply with all plans in force but with none of them alone."""

    pipes: tuple[str, ...]
    customers: tuple[str, ...]
    households: int
    people: int
    critical: tuple[str, ...]

    @property
    def any(self) -> bool:
        """Whether there is a conflict."""
        return bool(self.pipes)


@dataclass(frozen=True, slots=True)
class Window:
    """Period in which a plan is in force: from ``starts`` to, not including, ``ends``; times with a zone."""

    plan_id: str
    starts: datetime
    ends: datetime


def overlapping(windows: Sequence[Window]) -> tuple[tuple[str, ...], ...]:
    """The largest groups of plans in force at one time, groups of two and more.

    Only maximal groups are returned. Windows that only touch do not overlap.
    """
    marks = sorted({window.starts for window in windows})
    groups = {frozenset(w.plan_id for w in windows if w.starts <= mark < w.ends) for mark in marks}
    largest = [group for group in groups if len(group) > 1 and not any(group < other for other in groups)]
    return tuple(sorted(tuple(sorted(group)) for group in largest))
