"""Calls of customers, and planned outages until the morning, as of one picture, which holds open tickets and outages only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.alarms import AlarmKind, AlarmState
from console.domain.clock import moment
from console.domain.outages import OUTAGE, Outage, OutageState
from console.domain.picture import Picture
from console.domain.tickets import TICKET

_MORNING_HOUR = 8
_SETTLED = (OutageState.PLANNED, OutageState.ANNOUNCED, OutageState.RUNNING)


@dataclass(frozen=True, slots=True)
class CallsNow:
    """Open tickets: all, of the last hour, and those whose caller waits for a call back. ``clusters``: alarms of many calls."""

    open: int
    last_hour: int
    due_back: int
    clusters: int


def calls_now(picture: Picture) -> CallsNow:
    """Counts of a picture."""
    tickets, since = picture.of(TICKET), moment(picture.now_us) - timedelta(hours=1)
    return CallsNow(
        sum(one.is_open for one in tickets),
        sum(one.is_open and one.called_at > since for one in tickets),
        sum(one.is_due_back for one in tickets),
        sum(one.kind is AlarmKind.CALLS and one.state is not AlarmState.CLEARED for one in picture.alarms),
    )


def outages_until_morning(picture: Picture, local: datetime) -> tuple[Outage, ...]:
    """Planned outages that run, or begin before the next eight o'clock of the city, by begin; drafts are not settled.

    ``local``: the picture's time in the city's zone.
    """
    morning = local.replace(hour=_MORNING_HOUR, minute=0, second=0, microsecond=0)
    if morning <= local:
        morning += timedelta(days=1)
    found = [one for one in picture.of(OUTAGE) if one.state in _SETTLED and one.starts_at < morning]
    running = [one for one in found if one.state is OutageState.RUNNING or one.ends_at > local]
    return tuple(sorted(running, key=lambda one: (one.starts_at, one.outage_id)))
