"""When a crew was last heard of, and which crews are silent: without any sign of life for a set time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from console.domain.clock import micros
from console.domain.crews import CrewFix, CrewState
from console.domain.field_reports import CrewDuty
from console.domain.incidents import Incident


def last_heard_us(crew: CrewFix, answered_us: Mapping[str, int]) -> int:
    """Time of a crew's last fix or answer (µs), 0 where there was none."""
    return max(crew.at_us, crew.heard_us, answered_us.get(crew.crew_id, 0))


def answers_us(incidents: Iterable[Incident], duties: Iterable[CrewDuty]) -> dict[str, int]:
    """By crew: time of its last answer to an order, report on a valve, report from the field or of its duty (µs)."""
    last: dict[str, int] = {}

    def heard(crew_id: str, at: datetime | None) -> None:
        if at is not None:
            last[crew_id] = max(last.get(crew_id, 0), micros(at))

    for duty in duties:
        heard(duty.crew_id, duty.at)
    for incident in incidents:
        for order in incident.orders:
            heard(order.crew_id, order.answered_at)
        for report in incident.field_reports:
            heard(report.crew_id, report.at)
        for mark in incident.valve_marks:
            heard(mark.by, mark.at)
            heard(mark.restored_by, mark.restored_at)
    return last


def with_silence(
    crews: Iterable[CrewFix], incidents: Iterable[Incident], duties: Iterable[CrewDuty], now_us: int, minutes: float
) -> tuple[CrewFix, ...]:
    """Crews of which nothing was heard for ``minutes`` are silent instead of free; 0: never.

    A crew with an order keeps its state: that its order is unanswered shows with the order.
    """
    if minutes <= 0:
        return tuple(crews)
    answered, before_us = answers_us(incidents, duties), now_us - round(minutes * 60e6)
    return tuple(
        replace(crew, state=CrewState.SILENT)
        if crew.state is CrewState.FREE and last_heard_us(crew, answered) < before_us
        else crew
        for crew in crews
    )
