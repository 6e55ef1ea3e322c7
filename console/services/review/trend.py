"""The trend over months: number of cases, time to notice, satisfaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import mean, median
from zoneinfo import ZoneInfo

from console.services.review.past_case import PastCase

_MONTHS = 12


@dataclass(frozen=True, slots=True)
class MonthOfCases:
    """``month`` as ``2024-01``; median minutes to notice and mean satisfaction with the result, None unknown."""

    month: str
    cases: int
    notice_minutes: float | None
    satisfaction: float | None


def by_month(cases: Sequence[PastCase], last: datetime, time_zone: str) -> tuple[MonthOfCases, ...]:
    """The twelve months up to that of ``last`` (aware), oldest first, by the city's calendar."""
    zone = ZoneInfo(time_zone)
    names = _months_until(last.astimezone(zone))
    of_month: dict[str, list[PastCase]] = {name: [] for name in names}
    for case in cases:
        of_month.get(f"{case.opened_at.astimezone(zone):%Y-%m}", []).append(case)
    return tuple(_figures(name, own) for name, own in of_month.items())


def _figures(name: str, cases: Sequence[PastCase]) -> MonthOfCases:
    took = [case.notice_minutes for case in cases if case.notice_minutes is not None]
    rated = [case.satisfaction for case in cases if case.satisfaction is not None]
    return MonthOfCases(name, len(cases), round(median(took), 1) if took else None, round(mean(rated), 2) if rated else None)


def _months_until(last: datetime) -> list[str]:
    count = last.year * 12 + last.month - 1
    return [f"{number // 12}-{number % 12 + 1:02d}" for number in range(count - _MONTHS + 1, count + 1)]
