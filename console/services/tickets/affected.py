"""Hydraulic areas of what runs: which customers and pipes are without water or have low pressure, and what is known of it.

``SOURCES`` lists where areas come from: cases, and planned outages that do not run as one yet.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from console.domain.incidents import Incident, Phase
from console.domain.outages import OUTAGE, Outage, OutageState
from console.services.state import DeskState
from maps.city import City
from maps.isolation.plan.result import IsolationPlan

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AffectedArea:
    """One case (or planned outage) in force.

    ``phase``: of a case; ``households``: without water by its plan. ``dry``, ``low``: masks of customers, (customers,);
    ``dry_pipes``: (pipes,). ``is_suspected``: nobody has judged it yet, the area is that of the most probable pipe.
    ``is_work``: planned work. ``begins_at``: of an outage that does not run as a case; ``is_announced``: its notice is out.
    """

    record_id: str
    since: datetime
    households: int
    dry: Mask
    low: Mask
    dry_pipes: Mask
    phase: Phase
    restoration_at: datetime | None = None
    is_suspected: bool = False
    is_work: bool = False
    begins_at: datetime | None = None
    is_announced: bool = True

    @property
    def is_case(self) -> bool:
        """Whether it is a case, whose evidence calls are."""
        return self.begins_at is None

    def has_begun(self, now: datetime) -> bool:
        """Whether its window has begun."""
        return self.begins_at is None or self.begins_at <= now


def plan_area(city: City, plan: IsolationPlan, record_id: str, since: datetime) -> AffectedArea:
    """The area of a plan that nobody has judged: the pipes it cuts off and their customers."""
    customers, pipes = city.customers, city.network.pipes
    return AffectedArea(
        record_id,
        since,
        plan.households_without_water,
        _masked(len(customers), [customers.row(one) for one in plan.customers_without_water if customers.has(one)]),
        np.zeros(len(customers), dtype=np.bool_),
        _masked(len(pipes), [pipes.row(one) for one in (*plan.zone_pipes, *plan.dry_pocket_pipes) if pipes.has(one)]),
        Phase.SUSPECTED,
        is_suspected=True,
    )


def outage_area(city: City, outage: Outage) -> AffectedArea:
    """The area of a planned outage that does not run yet."""
    assert outage.plan is not None
    low = set(outage.impact.low_pressure_customers if outage.impact is not None else ())
    area = plan_area(city, outage.plan, outage.outage_id, outage.starts_at)
    rows = [city.customers.row(one) for one in low if city.customers.has(one)]
    return replace(
        area,
        low=_masked(len(city.customers), rows) & ~area.dry,
        restoration_at=outage.ends_at,
        is_suspected=False,
        is_work=True,
        begins_at=outage.starts_at,
        is_announced=outage.state is OutageState.ANNOUNCED,
    )


def _masked(count: int, rows: list[int]) -> Mask:
    mask = np.zeros(count, dtype=np.bool_)
    mask[rows] = True
    return mask


def case_area(city: City, incident: Incident) -> AffectedArea | None:
    """The area of an open case by its plan and its pressures after closing; None without a plan.

    Without water: the plan's customers and those that hydraulics leaves unserved. Low: those with low pressure.
    """
    plan, impact = incident.plan, incident.impact
    if plan is None or not incident.is_open():
        return None
    customers, pipes = city.customers, city.network.pipes
    dry = {*plan.customers_without_water, *(impact.unserved_customers if impact is not None else ())}
    low = set(impact.low_pressure_customers if impact is not None else ()) - dry
    cut = (*plan.zone_pipes, *plan.dry_pocket_pipes)
    return AffectedArea(
        incident.incident_id,
        incident.work.starts_at if incident.work is not None else incident.first_abnormal_at,
        plan.households_without_water,
        _masked(len(customers), [customers.row(one) for one in dry if customers.has(one)]),
        _masked(len(customers), [customers.row(one) for one in low if customers.has(one)]),
        _masked(len(pipes), [pipes.row(one) for one in cut if pipes.has(one)]),
        incident.phase,
        incident.restoration_at,
        is_suspected=incident.phase is Phase.SUSPECTED,
        is_work=incident.work is not None,
    )


class AreasInForce:
    """Areas of a city's open records. An area is made anew only when its record has changed."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._made: dict[str, tuple[Incident, AffectedArea | None]] = {}
        self._planned: dict[str, tuple[Outage, AffectedArea]] = {}

    def of(self, state: DeskState, now: datetime) -> tuple[AffectedArea, ...]:
        """Every area in force or to come soon, oldest record first."""
        return tuple(area for source in SOURCES for area in source(self, state, now))

    def of_outage(self, outage: Outage) -> AffectedArea:
        """That of a planned outage with a plan."""
        known = self._planned.get(outage.outage_id)
        if known is None or known[0] is not outage:
            known = (outage, outage_area(self._city, outage))
            self._planned[outage.outage_id] = known
        return known[1]

    def of_cases(self, incidents: tuple[Incident, ...]) -> tuple[AffectedArea, ...]:
        """Those of these cases."""
        made = dict(self._made)
        kept = {}
        for incident in incidents:
            known = made.get(incident.incident_id)
            if known is None or known[0] is not incident:
                known = (incident, case_area(self._city, incident))
            kept[incident.incident_id] = known
        # One assignment: threads that ask at one time may both compute, but never see half a table.
        self._made = kept
        return tuple(area for _, area in kept.values() if area is not None)


AHEAD = timedelta(days=3)
"""So long before their begin planned outages are told to callers."""


def _of_cases(areas: AreasInForce, state: DeskState, now: datetime) -> Iterator[AffectedArea]:
    running = (one for one in state.incidents.values() if one.is_open())
    yield from areas.of_cases(tuple(sorted(running, key=lambda one: one.opened_at)))


def _of_outages(areas: AreasInForce, state: DeskState, now: datetime) -> Iterator[AffectedArea]:
    """Planned outages of the next days that do not run as a case yet, until their announced end."""
    for outage in sorted(state.of(OUTAGE).values(), key=lambda one: one.starts_at):
        is_near = outage.starts_at - now <= AHEAD and outage.ends_at >= now
        if outage.plan is not None and outage.is_ahead() and outage.state is not OutageState.DRAFT and is_near:
            yield areas.of_outage(outage)


SOURCES: tuple[Callable[[AreasInForce, DeskState, datetime], Iterator[AffectedArea]], ...] = (_of_cases, _of_outages)
"""Where areas in force come from."""
