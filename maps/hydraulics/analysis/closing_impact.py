"""Impact of an isolation: customers without supply or with low pressure, excluding those that were so before."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from weakref import WeakKeyDictionary

import numpy as np
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from maps.city import City
from maps.columns import Bools, Codes, Floats, Ints
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState, LinkStatus
from maps.isolation.plan.result import IsolationPlan
from maps.network import NodeKind, ValveState

MINIMUM_M = 2.0
"""Pressure head below which a tap has no usable flow: its height above ground and the losses of a service line."""
REQUIRED_M = 14.0
"""0.14 MPa, the least service pressure required at the ends of Chinese networks (CJJ 207-2013)."""
_DRY_SHARE = 0.0025
"""Share of the range from minimum to required pressure at which pressure-driven demand is 5 % (square root): no service."""
_SAME_MOMENT_S = 300.0
_solved: WeakKeyDictionary[EpanetSession, tuple[tuple[float, float, float], HydraulicState]] = WeakKeyDictionary()
"""The last state before closing, cached per session: each solve starts from the model as loaded, so it stays valid."""


class Service(IntEnum):
    """Service at a node; higher is worse."""

    OK = 0
    LOW = 1
    UNSERVED = 2


@dataclass(frozen=True, eq=False)
class ImpactResult:
    """Effect of closing. ``service`` (nodes,): Service where it got worse, OK where it did not or was as bad before.

    ``unserved_customers``/``low_customers``: customer rows, apart from each other. ``pressure_m`` (nodes,): after closing,
    m of water. ``converged`` False: only the area cut off by the plan itself is valid; ``message`` gives the reason.
    """

    converged: bool
    message: str
    service: Codes
    unserved_customers: Ints
    low_customers: Ints
    pressure_m: Floats


def impact_of_closing(
    session: EpanetSession,
    city: City,
    plan: IsolationPlan,
    at_s: float = 0,
    minimum_m: float = MINIMUM_M,
    required_m: float = REQUIRED_M,
) -> ImpactResult:
    """Solve before and after the plan's valves are shut and its pumps stopped, pressure-driven.

    The time is rounded to five minutes, so that the state before is solved once for all corrections of a plan.
    A node without an open path to a source is unserved whatever its pressure. Customers of the plan are always unserved;
    others have the better service of their pipe's ends. Raises UnknownAsset when the plan is not of this city.
    """
    network = city.network
    at_s = at_s // _SAME_MOMENT_S * _SAME_MOMENT_S
    before = _before(session, at_s, minimum_m, required_m)
    after = session.solve(
        at_s,
        valve_states=dict.fromkeys([*(step.asset_id for step in plan.valves_to_close), *plan.shut_by_crews], ValveState.CLOSED),
        stopped_pumps=[network.pumps.row(pump) for pump in plan.pumps_to_stop],
        pressure_driven=True,
        minimum_m=minimum_m,
        required_m=required_m,
    )
    planned = city.customers.rows(plan.customers_without_water)
    if not (before.converged and after.converged):
        reason = after.message if before.converged else f"before closing: {before.message}"
        nothing = np.zeros(len(network.nodes), dtype=np.uint8)
        return ImpactResult(False, reason, nothing, planned, np.empty(0, dtype=np.int32), after.pressure_m)
    was = service_of(city, before, minimum_m, required_m)
    now = service_of(city, after, minimum_m, required_m)
    worse = np.where(now > was, now, Service.OK).astype(np.uint8)
    unserved, low = _customers(city, worse, planned)
    return ImpactResult(True, after.message, worse, unserved, low, after.pressure_m)


def _before(session: EpanetSession, at_s: float, minimum_m: float, required_m: float) -> HydraulicState:
    asked = (at_s, minimum_m, required_m)
    known = _solved.get(session)
    if known is None or known[0] != asked:
        state = session.solve(at_s, pressure_driven=True, minimum_m=minimum_m, required_m=required_m)
        known = _solved[session] = (asked, state)
    return known[1]


def service_of(city: City, state: HydraulicState, minimum_m: float, required_m: float) -> Codes:
    """Service of every node in a solved state, (nodes,)."""
    pressure = np.nan_to_num(state.pressure_m, nan=np.inf)
    dry = (pressure < minimum_m + _DRY_SHARE * (required_m - minimum_m)) | ~_supplied(city, state)
    service = np.where(dry, Service.UNSERVED, np.where(pressure < required_m, Service.LOW, Service.OK))
    # Tanks and reservoirs have no customers: their level is no service pressure.
    return np.where(city.network.nodes.kind == NodeKind.JUNCTION, service, Service.OK).astype(np.uint8)


def _supplied(city: City, state: HydraulicState) -> Bools:
    """Nodes with an open path to a source or tank, (nodes,), including running pumps and valves that are not closed."""
    network = city.network
    link = network.valves.is_link & (state.valve_status != LinkStatus.CLOSED)
    pump = (network.pumps.from_node >= 0) & (np.nan_to_num(state.pump_flow_m3h) > 0)
    starts = (network.pipes.from_node[state.pipe_open], network.valves.from_node[link], network.pumps.from_node[pump])
    ends = (network.pipes.to_node[state.pipe_open], network.valves.to_node[link], network.pumps.to_node[pump])
    start, end = np.concatenate(starts), np.concatenate(ends)
    count = len(network.nodes)
    graph = coo_matrix((np.ones(len(start), dtype=np.int8), (start, end)), shape=(count, count))
    _, part = connected_components(graph, directed=False)
    fed = np.unique(part[network.nodes.feeds])
    return np.asarray(np.isin(part, fed))


def _customers(city: City, worse: Codes, planned: Ints) -> tuple[Ints, Ints]:
    pipes, on = city.network.pipes, city.customers_on
    gets = np.full(on.count, Service.OK, dtype=np.uint8)
    np.maximum.at(gets, on.row, np.minimum(worse[pipes.from_node[on.pipe]], worse[pipes.to_node[on.pipe]]))
    gets[planned] = Service.UNSERVED
    return (
        np.flatnonzero(gets == Service.UNSERVED).astype(np.int32),
        np.flatnonzero(gets == Service.LOW).astype(np.int32),
    )
