"""Calls of a month in the monthly review: tickets, calls back, and satisfaction as the callers said it themselves."""

from __future__ import annotations

from collections.abc import Iterable

from console.domain.tickets import CallbackResult, Ticket
from console.services.review.answers import Fact
from console.services.tickets.figures import Satisfaction, satisfaction

_REACHED = (CallbackResult.CALLED, CallbackResult.WATER_BACK, CallbackResult.STILL_OUT)


def month_calls(tickets: Iterable[Ticket], *, drills: bool = False) -> tuple[Fact, ...]:
    """Facts of the tickets of a month; none without any ticket."""
    every = [one for one in tickets if drills or not one.is_drill]
    if not every:
        return ()
    wanted = [one for one in every if one.wants_callback]
    reached = sum(any(call.result in _REACHED for call in one.callbacks) for one in wanted)
    asked = [one for one in satisfaction(every) if one.stage is None]
    return (
        Fact("calls_count", len(every)),
        Fact("calls_with_case", sum(bool(one.incident_id) for one in every), "of", len(every)),
        Fact("calls_back", reached, "of", len(wanted)),
        *(fact for one in asked for fact in _satisfaction(one)),
    )


def _satisfaction(one: Satisfaction) -> tuple[Fact, Fact]:
    """Who answered, and the share of them who are satisfied with its 95 % interval (Wilson)."""
    name, interval = one.aspect.value, one.interval
    share = None if interval is None else f"{one.satisfied / one.answered:.1%}"
    note = "" if interval is None else f"95 %: {interval[0]:.1%}–{interval[1]:.1%}"
    return Fact(f"calls_answered_{name}", one.answered, "of", one.asked), Fact(f"calls_satisfied_{name}", share, note=note)
