"""Clusters: more calls of one place than usual raise a suspicion of their own.

Test at each call. Let n be the other calls of its place (no case explains them) in the last W minutes. Their number is Poisson
with an uncertain rate: the rate of a place is Gamma with shape c + m·s and rate D + s, where c calls came in D days, m a day
are usual for its households and s = 14 days is the weight of that; so n is negative binomial with mean rate · W · (share of the
hour). An alarm when P(N ≥ n) ≤ α, and at least three calls.

α = F / (calls a month × number of windows), F = 1 false suspicion a month for the whole city: the expected number of calls x
with p(x) ≤ α is ∫ rate · P(p ≤ α) ≤ calls · α for a Poisson process (Mecke's formula), whatever the number of places.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from console.domain.alarms import ALARM, Alarm, AlarmKind, AlarmState, Priority
from console.domain.changes import ChangeSet
from console.domain.notes import Note
from console.domain.record_ids import provisional_id
from console.domain.tickets import TICKET, Ticket
from console.services.changesets import NOTHING, AlarmChange, recorded_alarms
from console.services.state import DeskState
from console.services.tickets.usual import CallCounts, is_counted, place_of
from console.services.tools import Tools

CLUSTER = "cluster"
"""Code of the alarm."""
WINDOWS = (timedelta(minutes=15), timedelta(minutes=60), timedelta(minutes=180))
FALSE_A_MONTH = 1.0
_DAYS_A_MONTH = 30.0
_LEAST_CALLS = 3
_USUAL_PER_HOUSEHOLD_DAY = 2e-4
"""Calls about too little water a household and day before anything is learned: an assumption, 1 in 5,000."""
_WEIGHT_DAYS = 14.0
_QUIET = WINDOWS[-1]
"""A cluster is over when so long nobody has called."""
_NAMED = 40


@dataclass(frozen=True, slots=True)
class Expected:
    """Calls of one place: Gamma shape, Gamma rate in days, share of the present hour of the day (24 of mean 1), a month."""

    shape: float
    rate_days: float
    hour: float
    month: float

    def mean(self, window: timedelta) -> float:
        """Expected calls of the place in a window."""
        return self.shape / self.rate_days * self.hour * window.total_seconds() / 86_400

    def tail(self, others: int, window: timedelta) -> float:
        """P(N ≥ others) in a window."""
        from scipy.stats import nbinom  # takes tenths of a second to import

        if others <= 0:
            return 1.0
        scale = self.hour * window.total_seconds() / 86_400
        return float(nbinom.sf(others - 1, self.shape, self.rate_days / (self.rate_days + scale)))


def expected(counts: CallCounts, place: str, share: float, households: int, now: datetime) -> Expected:
    """What is usual of a place. ``share``: its part of the city's ``households``."""
    days = counts.days(now)
    assumed = households * _USUAL_PER_HOUSEHOLD_DAY
    city_day = (counts.total + assumed * _WEIGHT_DAYS) / (days + _WEIGHT_DAYS)
    shape = counts.by_place.get(place, 0) + city_day * share * _WEIGHT_DAYS
    # Each hour gets a pseudo-count of one twenty-fourth of two weeks' calls: a quiet hour has not the rate nought.
    weight = max(city_day * _WEIGHT_DAYS / 24, 1.0)
    hour = (counts.by_hour[now.astimezone(UTC).hour] + weight) * 24 / (counts.total + 24 * weight)
    return Expected(max(shape, 1e-3), days + _WEIGHT_DAYS, hour, city_day * _DAYS_A_MONTH)


def is_cluster(usual: Expected, ages: Iterable[timedelta]) -> bool:
    """Whether a call is one too many. ``ages``: of the other calls of its place that no case explains."""
    every = tuple(ages)
    limit = FALSE_A_MONTH / (max(usual.month, 1.0) * len(WINDOWS))
    for window in WINDOWS:
        others = sum(age <= window for age in every)
        if others + 1 >= _LEAST_CALLS and usual.tail(others, window) <= limit:
            return True
    return False


def on_call(tools: Tools, state: DeskState, ticket: Ticket, now: datetime) -> ChangeSet:
    """The alarm that a new call raises or makes larger; nothing where its number is usual."""
    place = place_of(ticket)
    if not place or not is_counted(ticket):
        return NOTHING
    others = [
        one
        for one in state.of(TICKET).values()
        if one.ticket_id != ticket.ticket_id and place_of(one) == place and is_counted(one)
        and timedelta() <= now - one.called_at <= WINDOWS[-1]
    ]  # fmt: skip
    known = next((one for one in _lasting(state) if one.subject == _shown(tools, place)), None)
    share, households = tools.calls.places.share(place)
    usual = expected(state.usual_calls, place, share, households, now)
    if known is None and not is_cluster(usual, (now - one.called_at for one in others)):
        return NOTHING
    calls = sorted([*others, ticket], key=lambda one: one.called_at)
    ids = tuple(one.ticket_id for one in calls)[-_NAMED:]
    detail = Note(
        "ticket.cluster",
        n=len(calls),
        place=_shown(tools, place),
        minutes=max(round((now - calls[0].called_at).total_seconds() / 60), 1),
        usual=usual.mean(WINDOWS[-1]),
        hours=round(WINDOWS[-1].total_seconds() / 3600),
    )
    if known is not None:
        again = replace(known, channels=ids, detail=detail)
        return recorded_alarms([AlarmChange(known, again, "alarm_revised", Note("alarm.raised", detail=detail))])
    alarm = Alarm(
        provisional_id(ALARM), AlarmKind.CALLS, Priority.HIGH, _shown(tools, place), now, detail=detail,
        is_drill=tools.is_drill, code=CLUSTER, channels=ids,
    )  # fmt: skip
    return recorded_alarms([AlarmChange(None, alarm, "alarm_raised", Note("alarm.raised", detail=detail))])


def on_time(state: DeskState, now: datetime) -> ChangeSet:
    """End the alarms of places from which nobody has called for a while, or whose calls a case has taken up."""
    over = []
    for alarm in _lasting(state):
        named = [one for key in alarm.channels if (one := state.of(TICKET).get(key)) is not None]
        if not any(is_counted(one) and one.is_open and now - one.called_at <= _QUIET for one in named):
            after = {AlarmState.ACTIVE: AlarmState.RETURNED, AlarmState.ACKNOWLEDGED: AlarmState.CLEARED}
            ended = replace(alarm, state=after.get(alarm.state, alarm.state), returned_at=now)
            note = Note("ticket.cluster_over", alarm=alarm.alarm_id, place=alarm.subject)
            over.append(AlarmChange(alarm, ended, "alarm_returned", note))
    return recorded_alarms(over) if over else NOTHING


def _shown(tools: Tools, place: str) -> str:
    """A community by its name, an area by its own."""
    return tools.areas.names.get(place, place)


def _lasting(state: DeskState) -> list[Alarm]:
    alarms = (one for one in state.alarms.values() if one.kind is AlarmKind.CALLS and one.code == CLUSTER)
    return [one for one in alarms if one.state is not AlarmState.CLEARED and one.returned_at is None]
