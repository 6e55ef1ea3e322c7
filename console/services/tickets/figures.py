"""Figures of tickets: satisfaction with the number asked, the share answered and its 95 % interval; calls back."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.tickets import Answer, Aspect, Stage, Ticket

Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


def wilson(hits: int, of: int, z: float = Z_95) -> tuple[float, float] | None:
    """Interval of a share by Wilson (1927), within [0, 1]; None of nothing.

    Centre (p + z²/2n) / (1 + z²/n), half width z / (1 + z²/n) · sqrt(p(1 − p)/n + z²/4n²).
    """
    if of <= 0:
        return None
    share, wide = hits / of, 1.0 + z * z / of
    centre = (share + z * z / (2 * of)) / wide
    half = z / wide * math.sqrt(share * (1.0 - share) / of + z * z / (4 * of * of))
    # Exactly 0 and 1 at the ends, which rounding would miss.
    return 0.0 if hits == 0 else centre - half, 1.0 if hits == of else centre + half


@dataclass(frozen=True, slots=True)
class Satisfaction:
    """Callers asked about one aspect (``stage`` None: at any stage; each caller's last answer counts once)."""

    aspect: Aspect
    stage: Stage | None
    asked: int
    answered: int
    satisfied: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """95 % interval of the share of the answered who are satisfied. It says nothing of those who did not answer."""
        return wilson(self.satisfied, self.answered)

    def json(self) -> dict[str, object]:
        """As figures; shares None where there is nothing to divide by."""
        low, high = self.interval or (None, None)
        return {
            "aspect": self.aspect.value,
            "stage": self.stage.value if self.stage is not None else "any",
            "asked": self.asked,
            "answered": self.answered,
            "share_answered": self.answered / self.asked if self.asked else None,
            "satisfied": self.satisfied,
            "share_satisfied": self.satisfied / self.answered if self.answered else None,
            "low_95": low,
            "high_95": high,
        }


def satisfaction(tickets: Iterable[Ticket]) -> tuple[Satisfaction, ...]:
    """For each aspect: all stages together, then each stage."""
    every, found = tuple(tickets), list[Satisfaction]()
    for aspect in Aspect:
        for stage in (None, *Stage):
            answers = [answer for ticket in every if (answer := _answer(ticket, aspect, stage)) is not None]
            counts = Counter(answers)
            answered = counts[Answer.SATISFIED] + counts[Answer.DISSATISFIED]
            found.append(Satisfaction(aspect, stage, len(answers), answered, counts[Answer.SATISFIED]))
    return tuple(found)


def _answer(ticket: Ticket, aspect: Aspect, stage: Stage | None) -> Answer | None:
    """The caller's last answer, one without words only where no other was given; None when not asked."""
    given = [one.answer for one in ticket.ratings if one.aspect is aspect and stage in (None, one.stage)]
    said = [answer for answer in given if answer is not Answer.NONE]
    return said[-1] if said else given[-1] if given else None


def figures(tickets: Iterable[Ticket]) -> dict[str, object]:
    """Figures of tickets as JSON: counts by state, kind and source, calls back, satisfaction."""
    every = tuple(tickets)
    back = [one for one in every if one.wants_callback]
    results = Counter(one.callbacks[-1].result.value if one.callbacks else "not_called" for one in back)
    return {
        "tickets": len(every),
        "open": sum(one.is_open for one in every),
        "by_state": dict(sorted(Counter(one.state.value for one in every).items())),
        "by_kind": dict(sorted(Counter(one.kind.value for one in every).items())),
        "by_source": dict(sorted(Counter(one.source.value for one in every).items())),
        "with_case": sum(bool(one.incident_id) for one in every),
        "callbacks": {
            "wanted": len(back),
            "due": sum(one.is_due_back for one in every),
            "last_result": dict(sorted(results.items())),
            "still_out": sum(any(call.result.value == "still_out" for call in one.callbacks) for one in every),
        },
        "satisfaction": [one.json() for one in satisfaction(every)],
        "definition": "share of those who answered; interval: Wilson, 95 %; each caller counts once an aspect",
    }
