"""Plans of several cases: each depends on valves closed by the others; plans in force at one time are judged jointly."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from console.domain.changes import ChangeSet
from console.domain.corrections import CORRECTION
from console.domain.incidents import Incident, Phase, PlanConflict
from console.domain.notes import Note, joined
from console.services.changesets import recorded
from console.services.incidents.case_plan import outdated, replanned
from console.services.state import DeskState
from console.services.tools import Tools
from maps.isolation import Window, overlapping

OPEN_END = datetime.max.replace(tzinfo=UTC)
"""Until the restoration time is known, a plan is in force without end."""


def with_plans_following(tools: Tools, state: DeskState, changes: ChangeSet) -> ChangeSet:
    """``changes`` with their consequences for other cases: plans made anew, conflicts found or gone."""
    after_all = state.with_records((*changes.incidents, *changes.of(CORRECTION)))
    cases = after_all.incidents
    open_ = {key: case for key, case in cases.items() if case.is_open() and case.plan is not None}
    if not changes.incidents and not any(outdated(tools, after_all, case) for case in open_.values()):
        return changes
    followed = {key: replanned(tools, after_all, case) for key, case in open_.items()}
    found = conflicts_of(tools, followed.values())
    more: list[ChangeSet] = []
    for key, case in followed.items():
        after = replace(case, conflicts=found.get(key, ()))
        if after != open_[key]:
            more.append(recorded(open_[key], after, "plan_followed", _note(open_[key], after)))
    return merged(changes, *more)


def conflicts_of(tools: Tools, cases: Iterable[Incident]) -> dict[str, tuple[PlanConflict, ...]]:
    """Conflicts of each case with plans in force at the same time; only groups whose joint effect exceeds the sum."""
    plans = {case.incident_id: case.plan for case in cases if case.plan is not None and case.phase is not Phase.SUSPECTED}
    windows = [Window(c.incident_id, c.opened_at, _ends(c)) for c in cases if c.incident_id in plans]
    found: dict[str, tuple[PlanConflict, ...]] = {}
    for group in overlapping(windows):
        joint = tools.planner.conflict([plan for key in group if (plan := plans[key]) is not None])
        if not joint.any:
            continue
        for key in group:
            others = tuple(other for other in group if other != key)
            conflict = PlanConflict(others, joint.pipes, joint.customers, joint.households, joint.critical)
            found[key] = (*found.get(key, ()), conflict)
    return found


def _ends(incident: Incident) -> datetime:
    ends = incident.restoration_at
    return ends if ends is not None and ends > incident.opened_at else OPEN_END


def _note(before: Incident, after: Incident) -> Note:
    parts = []
    if after.plan != before.plan and after.plan is not None:
        parts.append(Note("plan.followed", n=len(after.plan.valves_to_close)))
    if after.conflicts != before.conflicts:
        names = sorted({other for conflict in after.conflicts for other in conflict.with_incidents})
        households = sum(conflict.households for conflict in after.conflicts)
        parts.append(Note("plan.overlaps", cases=names, n=households) if names else Note("plan.no_overlap"))
    return joined(*parts)


def merged(*sets: ChangeSet) -> ChangeSet:
    """One change set of several, in their order."""
    return ChangeSet(
        tuple(draft for one in sets for draft in one.drafts),
        tuple(record for one in sets for record in one.records),
        tuple(outgoing for one in sets for outgoing in one.outgoing),
        tuple(attachment for one in sets for attachment in one.attachments),
    )
