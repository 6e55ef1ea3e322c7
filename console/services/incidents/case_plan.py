"""The plan of a case: depends on its burst pipes, the reported valve states and the valves closed by other cases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import blake2b

from console.domain.corrections import CORRECTION, Overlay, overlay
from console.domain.incidents import CandidateParts, Incident
from console.services.state import DeskState
from console.services.tools import Tools
from maps.isolation import ValveOverride, by_segment
from maps.isolation.plan.result import IsolationPlan, ValveStep
from maps.network import ValveState

_MOST_CANDIDATES = 40
"""Candidates beyond these hold a few per cent together, and each costs a plan."""


def planned(tools: Tools, state: DeskState, incident: Incident) -> Incident:
    """The incident with a plan for its target pipes and valve marks; its impact is recomputed when the plan's effect changes.

    Valves closed for this case count as closed; customers they cut off stay in the plan, even behind a valve closed by
    mistake. Valves closed for other cases count as closed too; the customers they cut off belong to those cases.
    """
    pipes = incident.target_pipes()
    if not pipes:
        return replace(incident, plan=None, impact=None, parts=None)
    overrides = _overrides(tools, state, incident)
    made = tools.planner.plan(pipes, valves=overrides, alternatives=tools.settings.alternatives, shut_by_crews=_shut(incident))
    missing = _overlay(state).missing_hydrants
    made = replace(made, hydrants_lost=tuple(one for one in made.hydrants_lost if one not in missing)) if missing else made
    plan = _with_finished(made, incident)
    plan = replace(plan, basis=_basis(tools, state, incident, plan))
    impact = incident.impact if incident.plan is not None and _does(incident.plan) == _does(plan) else None
    return replace(incident, plan=plan, impact=impact, parts=_parts(tools, incident, plan, overrides))


def replanned(tools: Tools, state: DeskState, incident: Incident) -> Incident:
    """The incident itself while its plan still fits, else with a new one."""
    plan, pipes = incident.plan, incident.target_pipes()
    if plan is None and not pipes:
        return incident
    if plan is not None and set(plan.burst_pipes) == set(pipes) and not outdated(tools, state, incident):
        fits = _parts_fit(incident)
        return incident if fits else replace(incident, parts=_parts(tools, incident, plan, _overrides(tools, state, incident)))
    return planned(tools, state, incident)


def outdated(tools: Tools, state: DeskState, incident: Incident) -> bool:
    """Whether the network, its valves, or what was reported of them changed since the plan was made.

    Closing a valve that the plan lists does not make it outdated.
    """
    plan = incident.plan
    return plan is not None and plan.basis != _basis(tools, state, incident, plan)


def _parts(
    tools: Tools, incident: Incident, plan: IsolationPlan, overrides: Mapping[str, ValveOverride]
) -> CandidateParts | None:
    likely = _likely(incident)
    if not likely:
        return None
    found = by_segment(tools.planner, likely, overrides)
    segments = tuple((segment.pipes, segment.probability) for segment in found.segments)
    return CandidateParts(segments, found.covered(plan), found.common_valves)


def _parts_fit(incident: Incident) -> bool:
    """Whether the probabilities by segment match the present candidates."""
    likely = _likely(incident)
    if incident.parts is None or not likely:
        return incident.parts is None and not likely
    summed = [(pipes, sum(likely.get(pipe, -1.0) for pipe in pipes)) for pipes, _ in incident.parts.segments]
    known = sum(len(pipes) for pipes, _ in incident.parts.segments)
    return known == len(likely) and all(
        abs(share - kept) < 1e-9 for (_, share), (_, kept) in zip(summed, incident.parts.segments, strict=True)
    )


def _likely(incident: Incident) -> dict[str, float]:
    """The candidates that get a plan each; none once the burst is judged."""
    if incident.location is None or incident.burst_pipes or len(incident.location.candidates) < 2:
        return {}
    return {candidate.pipe_id: candidate.probability for candidate in incident.location.candidates[:_MOST_CANDIDATES]}


def _overrides(tools: Tools, state: DeskState, incident: Incident) -> dict[str, ValveOverride]:
    """Valve states for this case: closed by other cases, not closable by an accepted correction or in this case."""
    unable = {*_useless(tools, state), *incident.unable_valves()}
    failed = {valve: ValveOverride(operable=False) for valve in sorted(unable)}
    return {**_closed_elsewhere(state, incident), **failed}


def _overlay(state: DeskState) -> Overlay:
    return overlay(state.of(CORRECTION).values())


def _useless(tools: Tools, state: DeskState) -> tuple[str, ...]:
    """Valves that accepted corrections call useless; those that another dataset lacks are left out."""
    known = tools.city.network.valves
    return tuple(sorted(valve for valve in _overlay(state).useless_valves if known.has(valve)))


def _shut(incident: Incident) -> tuple[str, ...]:
    """Valves closed for the case that are tight; one that is not tight lets water through."""
    unable = set(incident.unable_valves())
    return tuple(valve for valve in incident.closed_valves() if valve not in unable)


def _closed_elsewhere(state: DeskState, incident: Incident) -> Mapping[str, ValveOverride]:
    closed = ValveOverride(state=ValveState.CLOSED)
    others = [case for case in state.incidents.values() if case.incident_id != incident.incident_id and case.is_open()]
    return {valve: closed for case in others for valve in _shut(case)}


def _basis(tools: Tools, state: DeskState, incident: Incident, plan: IsolationPlan) -> str:
    """Fingerprint of a plan's inputs: the network, other cases' valves, this case's failed valves, closings beyond the plan."""
    listed = {step.asset_id for step in plan.valves_to_close}
    facts: tuple[object, ...] = (
        tools.planner.fingerprint,
        sorted(_closed_elsewhere(state, incident)),
        sorted(incident.unable_valves()),
        sorted(valve for valve in _shut(incident) if valve not in listed),
    )
    found = _overlay(state)
    if found.useless_valves or found.missing_hydrants:  # plans made before there were corrections keep their mark
        facts = (*facts, _useless(tools, state), sorted(found.missing_hydrants))
    return blake2b(repr(facts).encode(), digest_size=8).hexdigest()


def _does(plan: IsolationPlan) -> tuple[frozenset[str], ...]:
    """The part of a plan that the pressures after closing depend on."""
    valves = frozenset({*(step.asset_id for step in plan.valves_to_close), *plan.shut_by_crews})
    return valves, frozenset(plan.pumps_to_stop), frozenset(plan.customers_without_water)


def _with_finished(plan: IsolationPlan, incident: Incident) -> IsolationPlan:
    """The plan with the valves already closed listed first; the planner treats them as walls and leaves them out."""
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
