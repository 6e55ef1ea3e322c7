"""What follows for outages: conflicts with other work in time, plans on a changed network, the end with the case."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from console.domain.changes import ChangeSet
from console.domain.incidents import Incident, Phase, PlanConflict, PressureImpact
from console.domain.notes import NO_NOTE, Note
from console.domain.outages import OUTAGE, Outage, OutageState
from console.services.changesets import NOTHING, recorded
from console.services.incidents.joint_plans import OPEN_END, merged
from console.services.outages.planning import with_contacts, with_plan
from console.services.state import DeskState
from console.services.tools import Tools
from maps.isolation import Window, overlapping


def with_outages_following(tools: Tools, state: DeskState, changes: ChangeSet, now: datetime) -> ChangeSet:
    """``changes`` with their consequences for planned outages. Nothing where there are none."""
    after_all = state.with_records(changes.records)
    outages = {key: one for key, one in after_all.of(OUTAGE).items() if one.is_open()}
    stale = [one for one in outages.values() if _is_stale(tools, one)]
    if not outages or not (stale or any(isinstance(one, Outage | Incident) for one in changes.records)):
        return changes
    followed = {key: with_plan(tools, after_all, one) if one in stale else one for key, one in outages.items()}
    found = conflicts_of(tools, followed.values(), after_all.incidents.values())
    more: list[ChangeSet] = []
    for key, before in outages.items():
        case = after_all.incidents.get(before.case_id) if before.case_id else None
        after = replace(followed[key], conflicts=found.get(key, ()))
        if before.state is OutageState.RUNNING and case is not None and not case.is_open():
            after = replace(after, state=OutageState.DONE, ended_at=case.closed_at or now, conflicts=())
            more.append(recorded(before, after, "outage_done", Note("outage.done", outage=key, case=case.incident_id)))
        elif after != before:
            more.append(recorded(before, after, "outage_followed", _note(before, after)))
    return merged(changes, *more)


def conflicts_of(tools: Tools, outages: Iterable[Outage], cases: Iterable[Incident]) -> dict[str, tuple[PlanConflict, ...]]:
    """Conflicts of each outage ahead with what is in force at the same time: other outages, and running cases by their plans.

    Only what is dry under several together and under none of them alone (``Planner.conflict``). A case is in force until its
    expected restoration; an outage that runs counts as its case.
    """
    ahead = {one.outage_id: one for one in outages if one.is_ahead() and one.plan is not None}
    running = {
        one.incident_id: one
        for one in cases
        if one.is_open() and one.plan is not None and one.phase is not Phase.SUSPECTED and (one.burst_pipes or one.work)
    }
    windows = [Window(key, one.starts_at, one.ends_at) for key, one in ahead.items()]
    windows += [Window(key, one.opened_at, _ends(one)) for key, one in running.items()]
    plans = {**{key: one.plan for key, one in ahead.items()}, **{key: one.plan for key, one in running.items()}}
    found: dict[str, tuple[PlanConflict, ...]] = {}
    for group in overlapping(windows):
        if not ahead.keys() & set(group):
            continue  # running cases among themselves: console.services.incidents.joint_plans
        joint = tools.planner.conflict([plan for key in group if (plan := plans[key]) is not None])
        if not joint.any:
            continue
        for key in group:
            others = tuple(other for other in group if other != key)
            conflict = PlanConflict(others, joint.pipes, joint.customers, joint.households, joint.critical)
            found[key] = (*found.get(key, ()), conflict)
    return {key: some for key, some in found.items() if key in ahead}


def _ends(case: Incident) -> datetime:
    ends = case.restoration_at
    return ends if ends is not None and ends > case.opened_at else OPEN_END


def _is_stale(tools: Tools, outage: Outage) -> bool:
    return outage.is_ahead() and outage.plan is not None and outage.plan.basis != tools.planner.fingerprint


def _note(before: Outage, after: Outage) -> Note:
    parts = [Note("outage.replanned", outage=after.outage_id)] if after.plan != before.plan else []
    names = sorted({other for conflict in after.conflicts for other in conflict.with_incidents})
    if after.conflicts != before.conflicts:
        households = sum(conflict.households for conflict in after.conflicts)
        parts.append(
            Note("outage.conflict", outage=after.outage_id, others=names, n=households)
            if names
            else Note("outage.no_conflict", outage=after.outage_id)
        )
    return Note("all", parts=parts) if len(parts) > 1 else parts[0] if parts else NO_NOTE


def with_outage_impact(tools: Tools, state: DeskState, outage: Outage, impact: PressureImpact) -> ChangeSet:
    """The pressures while an outage ahead is in force; critical customers with low pressure are to be told too."""
    if not outage.is_ahead() or outage.impact == impact:
        return NOTHING
    after = with_contacts(tools, state, replace(outage, impact=impact))
    note = Note("outage.impact", outage=outage.outage_id, n=impact.low_pressure_households)
    if not impact.converged:
        note = Note("outage.impact_failed", outage=outage.outage_id, reason=impact.message)
    return recorded(outage, after, "outage_impact", note)
