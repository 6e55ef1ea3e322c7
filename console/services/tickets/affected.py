"""Hydraulic areas of what runs: which customers and pipes are without water or have low pressure, and what is known of it.

``SOURCES`` lists where areas come from; planned outages become one more entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from console.domain.incidents import Incident, Phase
from console.services.state import DeskState
from maps.city import City

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class AffectedArea:
    """One case (or planned outage) in force.

    ``phase``: of a case; ``households``: without water by its plan. ``dry``, ``low``: masks of customers, (customers,);
    ``dry_pipes``: (pipes,). ``is_suspected``: nobody has judged it yet, the area is that of the most probable pipe.
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
        incident.first_abnormal_at,
        plan.households_without_water,
        _masked(len(customers), [customers.row(one) for one in dry if customers.has(one)]),
        _masked(len(customers), [customers.row(one) for one in low if customers.has(one)]),
        _masked(len(pipes), [pipes.row(one) for one in cut if pipes.has(one)]),
        incident.phase,
        incident.restoration_at,
        is_suspected=incident.phase is Phase.SUSPECTED,
    )


class AreasInForce:
    """Areas of a city's open records. An area is made anew only when its record has changed."""

    def __init__(self, city: City) -> None:
        self._city = city
        self._made: dict[str, tuple[Incident, AffectedArea | None]] = {}

    def of(self, state: DeskState) -> tuple[AffectedArea, ...]:
        """Every area in force, oldest record first."""
        return tuple(area for source in SOURCES for area in source(self, state))

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


def _of_cases(areas: AreasInForce, state: DeskState) -> Iterator[AffectedArea]:
    running = (one for one in state.incidents.values() if one.is_open())
    yield from areas.of_cases(tuple(sorted(running, key=lambda one: one.opened_at)))


SOURCES: tuple[Callable[[AreasInForce, DeskState], Iterator[AffectedArea]], ...] = (_of_cases,)
"""Where areas in force come from."""
