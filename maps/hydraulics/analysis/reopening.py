"""Reopening: pressures in a plan's dry pockets after opening a closed valve, one solve per candidate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.attachment import marked
from maps.city import City
from maps.columns import Ints
from maps.hydraulics.analysis.closing_impact import MINIMUM_M, REQUIRED_M, Service, service_of
from maps.hydraulics.session import EpanetSession
from maps.isolation.plan.result import IsolationPlan
from maps.network import ValveState

MOST_CANDIDATES = 8


@dataclass(frozen=True, eq=False)
class Reopened:
    """Effect of opening one closed valve on the customers in the dry pockets.

    Customer rows: ``served`` have enough pressure, ``low`` too little, ``dry`` still no water. ``suffices``: whether all of
    them are served; None when EPANET gives no answer.
    """

    valve_id: str
    served: Ints
    low: Ints
    dry: Ints
    suffices: bool | None


def reopening(
    session: EpanetSession,
    city: City,
    plan: IsolationPlan,
    at_s: float = 0,
    minimum_m: float = MINIMUM_M,
    required_m: float = REQUIRED_M,
) -> tuple[Reopened, ...]:
    """Results for the closed valves among the plan's candidates, by customers served, most first; at most MOST_CANDIDATES.

    Closed pipes are not solved: the device that closes them is unknown. Raises UnknownAsset.
    """
    closed = dict.fromkeys([*(step.asset_id for step in plan.valves_to_close), *plan.shut_by_crews], ValveState.CLOSED)
    pipes = city.network.pipes
    on = city.customers_on
    inside = np.flatnonzero(marked(len(pipes), pipes.rows(plan.dry_pocket_pipes))[on.pipe])
    rows, place = np.unique(on.row[inside], return_inverse=True)
    ends = np.column_stack([pipes.from_node[on.pipe[inside]], pipes.to_node[on.pipe[inside]]])
    stopped = [city.network.pumps.row(pump) for pump in plan.pumps_to_stop]
    found: list[Reopened] = []
    valves = [name for name in plan.reopen_candidates if name not in plan.reopen_pipes]
    for valve in valves[:MOST_CANDIDATES]:
        state = session.solve(
            at_s,
            valve_states={**closed, valve: ValveState.OPEN},
            stopped_pumps=stopped,
            pressure_driven=True,
            minimum_m=minimum_m,
            required_m=required_m,
        )
        service = service_of(city, state, minimum_m, required_m)
        gets = np.full(len(rows), Service.OK, dtype=np.uint8)
        if len(rows):
            np.maximum.at(gets, place, service[ends].min(axis=1))
        served, low, dry = (rows[gets == kind].astype(np.int32) for kind in (Service.OK, Service.LOW, Service.UNSERVED))
        suffices = bool((gets == Service.OK).all()) if state.converged else None
        found.append(Reopened(valve, served, low, dry, suffices))
    return tuple(sorted(found, key=lambda one: (one.suffices is None, -len(one.served), -len(one.low), one.valve_id)))
