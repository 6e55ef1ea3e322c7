"""The week of planned outages as bars in lanes, and their list for other programs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from console.domain.outages import Outage, OutageState


@dataclass(frozen=True, slots=True)
class Bar:
    """One outage in a week: from ``begin`` to ``end`` in days from Monday's midnight, cut to 0 … 7, in a lane of its own."""

    outage: Outage
    begin: float
    end: float
    lane: int


@dataclass(frozen=True, slots=True)
class Week:
    """Monday's date and the bars; ``lanes``: how many."""

    monday: date
    bars: tuple[Bar, ...]
    lanes: int


def monday_of(moment: datetime, time_zone: str) -> date:
    """Monday of the week of a moment, on the city's calendar."""
    day = moment.astimezone(ZoneInfo(time_zone)).date()
    return day - timedelta(days=day.weekday())


def span_of(monday: date, time_zone: str) -> tuple[datetime, datetime]:
    """The week's begin and end, aware; a week in which the clock is changed is an hour longer or shorter."""
    zone = ZoneInfo(time_zone)
    begin, end = (datetime(day.year, day.month, day.day, tzinfo=zone) for day in (monday, monday + timedelta(days=7)))
    return begin, end


def week_of(outages: Iterable[Outage], monday: date, time_zone: str) -> Week:
    """The outages of a week that are not cancelled, by begin; each in the first lane that is free."""
    begin, end = span_of(monday, time_zone)
    shown = [one for one in outages if one.state is not OutageState.CANCELLED and one.starts_at < end and one.ends_at > begin]
    free: list[datetime] = []
    bars = []
    for one in sorted(shown, key=lambda outage: (outage.starts_at, outage.outage_id)):
        lane = next((at for at, until in enumerate(free) if until <= one.starts_at), len(free))
        free[lane : lane + 1] = [one.ends_at]
        first, last = max(_day(one.starts_at, monday, time_zone), 0.0), min(_day(one.ends_at, monday, time_zone), 7.0)
        bars.append(Bar(one, first, last, lane))
    return Week(monday, tuple(bars), len(free))


def _day(moment: datetime, monday: date, time_zone: str) -> float:
    """Days from Monday's midnight by the clock on the wall."""
    local = moment.astimezone(ZoneInfo(time_zone)).replace(tzinfo=None)
    return (local - datetime.combine(monday, time())) / timedelta(days=1)


def listed(outages: Iterable[Outage], time_zone: str) -> list[dict[str, Any]]:
    """Each outage as JSON values, by begin; times with the city's offset."""
    zone = ZoneInfo(time_zone)

    def at(moment: datetime | None) -> str | None:
        return None if moment is None else moment.astimezone(zone).isoformat(timespec="seconds")

    return [
        {
            "outage_id": one.outage_id,
            "state": one.state.value,
            "purpose": one.purpose.value,
            "reason": one.reason,
            "starts": at(one.starts_at),
            "ends": at(one.ends_at),
            "pipes": list(one.pipe_ids),
            "road": one.place.road if one.place is not None else "",
            "valves": [step.asset_id for step in one.plan.valves_to_close] if one.plan is not None else [],
            "isolatable": one.plan.isolatable if one.plan is not None else None,
            "customers_without_water": len(one.plan.customers_without_water) if one.plan is not None else 0,
            "households_without_water": one.plan.households_without_water if one.plan is not None else 0,
            "households_low_pressure": one.impact.low_pressure_households if one.impact is not None else None,
            "crews": list(one.crews),
            "critical": [
                {
                    "customer": c.customer_id,
                    "name": c.name,
                    "phone": c.phone,
                    "told_by": c.told_by,
                    "told_at": at(c.told_at),
                    "how": c.how,
                }
                for c in one.contacts
            ],
            "conflicts": [
                {"with": list(found.with_incidents), "households": found.households, "customers": list(found.customers)}
                for found in one.conflicts
            ],
            "notices": [{"notice_id": n.notice_id, "status": n.status.value, "issued": at(n.issued_at)} for n in one.notices],
            "case": one.case_id,
            "exercise": one.is_drill,
        }
        for one in sorted(outages, key=lambda outage: (outage.starts_at, outage.outage_id))
    ]
