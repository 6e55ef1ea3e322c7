"""Matches a caller's place with the hydraulic areas of what runs, and counts similar calls near. Near is never *known*."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from scipy.spatial import KDTree

from console.domain.tickets import COVERED, SHORTAGE, Cover, Ticket, TicketKind, TicketSource
from console.services.tickets.affected import AffectedArea
from console.services.tickets.places import CallerPlace
from maps.columns import Ints

SIMILAR_M, SIMILAR_WITHIN = 500.0, timedelta(hours=3)
DUPLICATE_M = {TicketSource.OPEN311: 250.0, TicketSource.PHONE: 1000.0}
"""Within which distance an open ticket is suggested as the same one: citizens' reports, and those that staff take."""
_MOST_DUPLICATES = 8


@dataclass(frozen=True, eq=False)
class Match:
    """``area``: the one that covers the place, or a part of it; None where none does.

    ``inside``, ``meant``: households in it, and of the place in all; of a pipe without customers, pipes.
    """

    cover: Cover
    area: AffectedArea | None = None
    inside: int = 0
    meant: int = 0

    @property
    def is_known(self) -> bool:
        """Whether the whole place lies in the area."""
        return self.cover in COVERED


@dataclass(frozen=True, slots=True)
class Similar:
    """Similar open calls near: how many within ``SIMILAR_M`` and ``SIMILAR_WITHIN``, and the distance of the nearest, m."""

    count: int = 0
    nearest_m: float = math.nan


@dataclass(frozen=True, slots=True)
class Suggested:
    """An open ticket that may be the same one, and its distance in m."""

    ticket: Ticket
    away_m: float


_RANK = (Cover.WITHOUT_WATER, Cover.LOW_PRESSURE, Cover.PARTLY)


def match(place: CallerPlace, areas: Iterable[AffectedArea], households: Ints) -> Match:
    """The area that covers a place best.

    Cases come before planned outages, no water before low pressure before a part, judged cases before suspected ones.
    ``households``: of every customer row. A place counts as known only if all that may be meant lies in the area.
    """
    if not place.is_matched:
        return Match(Cover.UNPLACED)
    found = [one for area in areas if (one := _within(place, area, households)) is not None]
    if not found:
        return Match(Cover.OUTSIDE)
    return min(found, key=_worth)


def _worth(one: Match) -> tuple[bool, int, bool, int]:
    area = one.area
    is_case, is_suspected = (area.is_case, area.is_suspected) if area is not None else (False, True)
    return not is_case, _RANK.index(one.cover), is_suspected, -one.inside


def _within(place: CallerPlace, area: AffectedArea, households: Ints) -> Match | None:
    if not len(place.customers):
        cut = area.dry_pipes[place.pipes]
        if not cut.any():
            return None
        cover = Cover.WITHOUT_WATER if cut.all() else Cover.PARTLY
        return Match(cover, area, int(cut.sum()), len(cut))
    rows = place.customers
    dry, low = area.dry[rows], area.low[rows]
    hit = dry | low
    if not hit.any():
        return None
    cover = Cover.PARTLY if not hit.all() else Cover.WITHOUT_WATER if dry.all() else Cover.LOW_PRESSURE
    inside = sum(int(households[row]) for row in rows[hit].tolist())
    return Match(cover, area, inside, sum(int(households[row]) for row in rows.tolist()))


def similar(tickets: Iterable[Ticket], kind: TicketKind, x: float | None, y: float | None, now: datetime) -> Similar:
    """Open calls of the same family near a point: lack of water, pressure and bursts are one; else the same kind."""
    if not _is_place(x, y):
        return Similar()
    family = SHORTAGE if kind in SHORTAGE else frozenset({kind})
    away = [
        distance
        for one in tickets
        if one.kind in family and one.is_open and timedelta() <= now - one.called_at <= SIMILAR_WITHIN
        and (distance := away_m(one, x, y)) <= SIMILAR_M
    ]  # fmt: skip
    return Similar(len(away), min(away)) if away else Similar()


def duplicates(
    tickets: Iterable[Ticket], kind: TicketKind, source: TicketSource, x: float | None, y: float | None, phone: str = ""
) -> tuple[Suggested, ...]:
    """Open tickets of the same kind that may be the same report, nearest first; a person decides, nothing is merged.

    Within 250 m of a citizen's report, 1,000 m of one that staff take; of the same phone at any distance.
    """
    limit, found = DUPLICATE_M[source], []
    for one in tickets:
        if one.kind is not kind or not one.is_open:
            continue
        distance = away_m(one, x, y)
        if distance <= limit or (phone and one.phone == phone):
            found.append(Suggested(one, distance))
    found.sort(key=lambda one: (not (phone and one.ticket.phone == phone), not math.isfinite(one.away_m), one.away_m))
    return tuple(found[:_MOST_DUPLICATES])


def suspected_repeats(tickets: Iterable[Ticket]) -> dict[str, int]:
    """Open requests of other programs that may repeat an earlier open ticket: how many earlier ones, by their ids.

    By the rule of ``duplicates``; of calls a person is asked while they are taken.
    """
    found: dict[str, int] = {}
    by_kind: dict[TicketKind, list[Ticket]] = {}
    for one in sorted((one for one in tickets if one.is_open), key=lambda one: (one.called_at, one.ticket_id)):
        by_kind.setdefault(one.kind, []).append(one)
    for alike in by_kind.values():
        of_phone: dict[str, set[int]] = {}
        for number, one in enumerate(alike):
            of_phone.setdefault(one.phone, set()).add(number)
        points = np.array([(one.x, one.y) for one in alike], dtype=np.float64)  # None becomes NaN
        rows = np.flatnonzero(np.isfinite(points).all(axis=1))
        placed = set(rows.tolist())
        tree = KDTree(points[rows])
        for number, one in enumerate(alike):
            if one.source is not TicketSource.OPEN311:
                continue
            near = set(of_phone[one.phone]) if one.phone else set()
            if number in placed:
                near.update(rows[tree.query_ball_point(points[number], DUPLICATE_M[one.source])].tolist())
            earlier = sum(other < number for other in near)
            if earlier:
                found[one.ticket_id] = earlier
    return found


def away_m(ticket: Ticket, x: float | None, y: float | None) -> float:
    """Distance of a ticket's place from a point, m; NaN where one has no place."""
    if x is None or y is None or ticket.x is None or ticket.y is None:
        return math.nan
    return math.hypot(ticket.x - x, ticket.y - y)


def _is_place(x: float | None, y: float | None) -> bool:
    return x is not None and y is not None and math.isfinite(x) and math.isfinite(y)
