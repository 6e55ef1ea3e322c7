"""Targets of a case in minutes, and escalations: what was said before and when one was missed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from console.domain.actors import Role


class Goal(StrEnum):
    """What has to be done in time."""

    ACKNOWLEDGE = "acknowledge"
    """Alert to a burst's or a critical alarm acknowledged."""
    JUDGE = "judge"
    """Alert to judged."""
    ISSUE = "issue"
    """Alert to the notice public."""
    CREW_ARRIVAL = "crew_arrival"
    """First order to a crew on site."""
    ISOLATE = "isolate"
    """Judged to isolated."""
    RESTORE = "restore"
    """The case's estimated time of restoration, which is its own; only the warning is a setting."""


class Step(StrEnum):
    """An escalation's step."""

    WARNED = "warned"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Target:
    """``minutes``: 0 for no target; ``warn_minutes`` before it a warning, 0 for none; ``tell``: who has to be told.

    Raises ValueError for negative figures and for a warning that would come before the start.
    """

    minutes: float
    warn_minutes: float
    tell: Role = Role.SUPERVISOR

    def __post_init__(self) -> None:
        if not (0 <= self.minutes <= _LONGEST_MINUTES and 0 <= self.warn_minutes <= _LONGEST_MINUTES):
            raise ValueError(f"minutes are 0 to {_LONGEST_MINUTES}")
        if self.minutes and self.warn_minutes >= self.minutes:
            raise ValueError(
                f"a warning {self.warn_minutes:g} min before a target of {self.minutes:g} min comes before the start"
            )


_LONGEST_MINUTES = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Targets:
    """The utility's targets; the defaults are planning values, no authority's."""

    acknowledge: Target = field(default_factory=lambda: Target(2, 1))
    judge: Target = field(default_factory=lambda: Target(8, 2))
    issue: Target = field(default_factory=lambda: Target(10, 3))
    crew_arrival: Target = field(default_factory=lambda: Target(30, 10))
    isolate: Target = field(default_factory=lambda: Target(60, 15))
    restore: Target = field(default_factory=lambda: Target(0, 30))

    def of(self, goal: Goal) -> Target:
        """The target of a goal."""
        target: Target = getattr(self, goal.value)
        return target


@dataclass(frozen=True, slots=True)
class Escalation:
    """That a target is near or missed was recorded ``at``. ``due_at``: the deadline; ``address``: a message was prepared for it.

    ``address`` "": none is set, so nobody was sent anything.
    """

    goal: Goal
    step: Step
    due_at: datetime
    at: datetime
    tell: Role
    address: str = ""
