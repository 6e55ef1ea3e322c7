"""How many calls are usual: counts by place and hour of the day, learned from the tickets of the last weeks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from console.domain.tickets import COVERED, SHORTAGE, Ticket, TicketState

LEARNED = timedelta(days=90)
"""Tickets of so long back are counted when a program starts; those that come later are added."""
_HOURS = 24


def place_of(ticket: Ticket) -> str:
    """Where a call is counted: its community, else its operating area; "" nowhere."""
    return ticket.community or ticket.area_id


def is_counted(ticket: Ticket) -> bool:
    """Calls about too little water that no case and no planned work explains and that repeat no other one."""
    is_explained = bool(ticket.incident_id) or ticket.cover in COVERED
    return ticket.kind in SHORTAGE and not is_explained and ticket.state is not TicketState.DUPLICATE


def _empty() -> Mapping[str, int]:
    return MappingProxyType({})


@dataclass(frozen=True, eq=False)
class CallCounts:
    """``since``: begin of what was counted, None before the first call. ``by_hour``: hours of the day in UTC, (24,)."""

    since: datetime | None = None
    by_place: Mapping[str, int] = field(default_factory=_empty)
    by_hour: tuple[int, ...] = (0,) * _HOURS

    @property
    def total(self) -> int:
        """All calls that were counted."""
        return sum(self.by_hour)

    def days(self, now: datetime) -> float:
        """Length of what was counted."""
        return 0.0 if self.since is None else max((now - self.since).total_seconds() / 86_400, 0.0)

    def with_calls(self, tickets: Iterable[Ticket]) -> CallCounts:
        """With further calls."""
        new = [one for one in tickets if is_counted(one)]
        if not new:
            return self
        places = Counter(self.by_place)
        hours = list(self.by_hour)
        for one in new:
            places[place_of(one)] += 1
            hours[one.called_at.astimezone(UTC).hour] += 1
        first = min(one.called_at for one in new)
        since = first if self.since is None else min(first, self.since)
        return replace(self, since=since, by_place=MappingProxyType(places), by_hour=tuple(hours))
