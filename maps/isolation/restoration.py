"""Restoration steps after a plan: fill slowly, release air, flush, sample, reopen valves in order, restart pumps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.city import City
from maps.isolation.plan.result import IsolationPlan, ValveStep

TURBIDITY_MAX_NTU = 1.0
CHLORINE_END_MIN_MGL = 0.05
"""Limits of the sample before service resumes: GB 5749-2022, turbidity and free chlorine at the end of the main."""

MOST_VENTS = 5
"""Number of hydrants to release air: air collects at high points, and a crew can attend only a few open hydrants."""


@dataclass(frozen=True, slots=True)
class RestoreStep:
    """One step. ``action``: shut_tank_inlet, fill, vent, flush, sample, reopen, restart_pump; ``asset_id`` "" where none."""

    order: int
    action: str
    asset_id: str = ""
    slowly: bool = False


def restoring(city: City, plan: IsolationPlan) -> tuple[RestoreStep, ...]:
    """Steps that restore supply after ``plan`` and the repair, in order.

    Filling is through the smallest valve with supply behind it; air is released at the highest hydrants of the area, dirty
    water at the lowest. Tank inlets of boosted or tank-fed customers are closed first, so that no dirty water enters.
    """
    rows = city.customers.rows(plan.customers_without_water)
    houses = sorted({str(name) for name in city.customers.pump_house[rows]} - {""})
    actions: list[tuple[str, str, bool]] = [("shut_tank_inlet", house, False) for house in houses]
    filling = _filling(plan)
    if filling is not None:
        actions.append(("fill", filling.asset_id, True))
    high, low = _by_level(city, plan.hydrants_lost)
    actions += [("vent", hydrant, False) for hydrant in high]
    actions += [("flush", hydrant, False) for hydrant in low]
    actions.append(("sample", "", False))
    others = [step for step in plan.valves_to_close if filling is None or step.asset_id != filling.asset_id]
    actions += [("reopen", step.asset_id, True) for step in sorted(others, key=_size)]
    actions += [("restart_pump", pump, False) for pump in plan.pumps_to_stop]
    return tuple(RestoreStep(order, *action) for order, action in enumerate(actions, start=1))


def _filling(plan: IsolationPlan) -> ValveStep | None:
    return min(plan.valves_to_close, key=_size, default=None)


def _size(step: ValveStep) -> tuple[float, int]:
    return (step.diameter_mm if step.diameter_mm is not None else float("inf"), -step.order)


def _by_level(city: City, hydrants: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(the few highest hydrants, highest first; the lowest one). By their own node or their pipe's lower end; unknown: 0."""
    # A hydrant with an unknown piece of pipe has no level.
    rows = city.hydrants.rows(name for name in hydrants if not city.hydrants.pieces[city.hydrants.row(name)])
    if not len(rows):
        return (), ()
    pipes, nodes = city.network.pipes, city.network.nodes
    level = np.zeros(len(rows))
    node, pipe = city.hydrants.node[rows], city.hydrants.pipe[rows]
    elevation = np.nan_to_num(nodes.elevation_m)
    level[node >= 0] = elevation[node[node >= 0]]
    on_pipe = (node < 0) & (pipe >= 0)
    level[on_pipe] = np.minimum(elevation[pipes.from_node[pipe[on_pipe]]], elevation[pipes.to_node[pipe[on_pipe]]])
    order = np.argsort(-level, kind="stable")
    return city.hydrants.ids(rows[order[:MOST_VENTS]]), city.hydrants.ids(rows[order[-1:]])
