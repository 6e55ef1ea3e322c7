"""The reverse of a plan: fill slowly, let the air out, flush, sample, reopen in order, restart what was stopped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.city import City
from maps.isolation.result import IsolationPlan, ValveStep

TURBIDITY_MAX_NTU = 1.0
CHLORINE_END_MIN_MGL = 0.05
"""Limits of the sample before service resumes: GB 5749-2022, turbidity and free chlorine at the end of the main."""


@dataclass(frozen=True, slots=True)
class RestoreStep:
    """One step. ``action``: shut_tank_inlet, fill, vent, flush, sample, reopen, restart_pump; ``asset_id`` "" where none."""

    order: int
    action: str
    asset_id: str = ""
    slowly: bool = False


def restoring(city: City, plan: IsolationPlan) -> tuple[RestoreStep, ...]:
    """Steps that bring water back after ``plan``, in order; the repair itself is done before.

    Filled through the smallest valve that holds back a source; air and dirty water leave by the hydrants of the part that
    was dry. Pump houses of boosted or tank-fed customers shut their tank inlets first, so no dirt is drawn in.
    """
    rows = city.customers.rows(plan.customers_without_water)
    houses = sorted({str(name) for name in city.customers.pump_house[rows]} - {""})
    actions: list[tuple[str, str, bool]] = [("shut_tank_inlet", house, False) for house in houses]
    filling = _filling(plan)
    if filling is not None:
        actions.append(("fill", filling.asset_id, True))
    actions += [("vent", hydrant, False) for hydrant in plan.hydrants_lost]
    actions += [("flush", hydrant, False) for hydrant in _lowest(city, plan.hydrants_lost)]
    actions.append(("sample", "", False))
    others = [step for step in plan.valves_to_close if filling is None or step.asset_id != filling.asset_id]
    actions += [("reopen", step.asset_id, True) for step in sorted(others, key=_size)]
    actions += [("restart_pump", pump, False) for pump in plan.pumps_to_stop]
    return tuple(RestoreStep(order, *action) for order, action in enumerate(actions, start=1))


def _filling(plan: IsolationPlan) -> ValveStep | None:
    return min(plan.valves_to_close, key=_size, default=None)


def _size(step: ValveStep) -> tuple[float, int]:
    return (step.diameter_mm if step.diameter_mm is not None else float("inf"), -step.order)


def _lowest(city: City, hydrants: tuple[str, ...]) -> tuple[str, ...]:
    """The hydrant at the lowest node: what is flushed runs out there. None where no hydrant stands at a node."""
    rows = city.hydrants.rows(hydrants)
    at_node = rows[city.hydrants.node[rows] >= 0] if len(rows) else rows
    if not len(at_node):
        return hydrants[:1]
    level = city.network.nodes.elevation_m[city.hydrants.node[at_node]]
    return (str(city.hydrants.asset_id[at_node[int(np.argmin(level))]]),)
