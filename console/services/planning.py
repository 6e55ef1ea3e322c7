"""The plan of a case: follows the pipes it is for and what the crews reported of the valves."""

from __future__ import annotations

from dataclasses import replace

from console.domain.incidents import Incident
from console.services.tools import Tools
from maps.isolation import ValveOverride
from maps.isolation.result import IsolationPlan, ValveStep
from maps.network import ValveState


def planned(tools: Tools, incident: Incident) -> Incident:
    """The incident with a plan for its target pipes and valve marks; its impact is asked anew."""
    pipes = incident.target_pipes()
    if not pipes:
        return replace(incident, plan=None, impact=None)
    overrides: dict[str, ValveOverride] = {}
    for mark in incident.valve_marks:
        if mark.unable is not None:
            overrides[mark.valve_id] = ValveOverride(operable=False)
        elif mark.operated:
            overrides[mark.valve_id] = ValveOverride(state=ValveState.CLOSED)
    plan = tools.planner.plan(pipes, valves=overrides, alternatives=tools.settings.alternatives)
    return replace(incident, plan=_with_finished(plan, incident), impact=None)


def replanned(tools: Tools, incident: Incident) -> Incident:
    """The incident itself while its plan still fits, else with a new one."""
    plan, pipes = incident.plan, incident.target_pipes()
    if plan is None and not pipes:
        return incident
    if plan is not None and set(plan.burst_pipes) == set(pipes) and set(plan.unable) == set(incident.unable_valves()):
        return incident
    return planned(tools, incident)


def _with_finished(plan: IsolationPlan, incident: Incident) -> IsolationPlan:
    """The plan with the valves already closed kept in front: to the planner they are walls, to the crew finished work."""
    closed = set(incident.closed_valves())
    known = {step.asset_id: step for step in (incident.plan.valves_to_close if incident.plan else ())}
    listed = {step.asset_id for step in plan.valves_to_close}
    finished = [
        known.get(valve_id) or ValveStep(valve_id, 0, "border")
        for valve_id in incident.closed_valves()
        if valve_id not in listed and valve_id in plan.valves_bounding
    ]
    if not finished:
        return plan
    steps = (*finished, *(step for step in plan.valves_to_close if step.asset_id not in closed))
    return replace(plan, valves_to_close=tuple(replace(step, order=order) for order, step in enumerate(steps, start=1)))
