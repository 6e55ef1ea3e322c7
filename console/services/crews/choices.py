"""Which crews can be sent to a case: those that are free first, the nearest by time first, each with what speaks against it."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from console.domain.crews import CrewFix, CrewKind, CrewState
from console.domain.field_reports import CrewDuty
from console.domain.incidents import Incident, OrderKind, OrderState
from console.services.crews.contact import answers_us, last_heard_us
from console.services.crews.orders import LIVE
from maps.city import City
from maps.errors import UnknownAsset
from maps.isolation.schedule import DETOUR


class Standing(StrEnum):
    """What speaks against sending a crew, the least first."""

    FREE = "free"
    CHECKING = "checking"
    """Has the site check of this case."""
    OTHER_WORK = "other_work"
    """Free, and no repair crew: patrol, sampling …"""
    SILENT = "silent"
    ELSEWHERE = "elsewhere"
    """Has an order of another case."""
    REFUSED = "refused"
    OFF_DUTY = "off_duty"
    ORDERED = "ordered"
    """Has a repair order of this case already: it cannot be sent again."""


@dataclass(frozen=True, slots=True)
class CrewChoice:
    """``minutes``: estimate by air line and speed, None without a place; ``silent_minutes``: since the last sign of life.

    ``incident_id``: the other case of a crew that is elsewhere.
    """

    crew: CrewFix
    standing: Standing
    minutes: float | None
    silent_minutes: float | None
    incident_id: str = ""


def crew_choices(
    city: City,
    crews: Iterable[CrewFix],
    incidents: Iterable[Incident],
    duties: Iterable[CrewDuty],
    incident: Incident,
    *,
    speed_kmh: float,
    now_us: int,
) -> tuple[CrewChoice, ...]:
    """All crews, those to be preferred first. ``crews``: as shown, silent ones marked."""
    cases = tuple(incidents)
    answered, middle = answers_us(cases, duties), _middle(city, incident)
    found = []
    for crew in crews:
        standing, case = _standing(crew, cases, incident)
        heard = last_heard_us(crew, answered)
        silent = max((now_us - heard) / 60e6, 0.0) if heard else None
        found.append(CrewChoice(crew, standing, _minutes(crew, middle, speed_kmh), silent, case))
    order = list(Standing)
    return tuple(
        sorted(
            found, key=lambda one: (order.index(one.standing), math.inf if one.minutes is None else one.minutes, one.crew.crew_id)
        )
    )


def _standing(crew: CrewFix, cases: Iterable[Incident], incident: Incident) -> tuple[Standing, str]:
    mine = [order for order in incident.orders if order.crew_id == crew.crew_id]
    live = [order for order in mine if order.state in LIVE]
    if live:
        return (Standing.CHECKING if live[-1].kind is OrderKind.SITE_CHECK else Standing.ORDERED), ""
    elsewhere = next((c.incident_id for c in cases for o in c.orders if o.crew_id == crew.crew_id and o.state in LIVE), "")
    if elsewhere:
        return Standing.ELSEWHERE, elsewhere
    if crew.state is CrewState.OFF_DUTY:
        return Standing.OFF_DUTY, ""
    if any(order.state is OrderState.REFUSED for order in mine):
        return Standing.REFUSED, ""
    if crew.state is CrewState.SILENT:
        return Standing.SILENT, ""
    return (Standing.FREE if crew.kind is CrewKind.REPAIR else Standing.OTHER_WORK), ""


def _minutes(crew: CrewFix, middle: tuple[float, float] | None, speed_kmh: float) -> float | None:
    if middle is None:
        return None
    away_m = DETOUR * math.hypot(crew.x - middle[0], crew.y - middle[1])
    return away_m / 1000.0 / speed_kmh * 60.0 if math.isfinite(away_m) else None


def _middle(city: City, incident: Incident) -> tuple[float, float] | None:
    for pipe_id in incident.target_pipes():
        try:
            points = city.network.pipes.points(city.network.pipes.row(pipe_id))
        except UnknownAsset:
            continue
        middle = points.mean(axis=0)
        if np.isfinite(middle).all():
            return float(middle[0]), float(middle[1])
    return None
