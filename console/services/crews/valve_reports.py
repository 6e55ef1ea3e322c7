"""Reports on valves: closed, cannot be closed, back to normal; and the water sample before service resumes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident, Phase, Unable, ValveMark, WaterSample
from console.domain.intents import Intent
from console.domain.notes import Code, Note, Quantity
from console.domain.readings import Channel
from console.services.changesets import Refused, incident_of, recorded
from console.services.handling import Handler
from console.services.incidents.case_plan import planned, replanned
from console.services.state import DeskState
from console.services.tools import Tools


@dataclass(frozen=True, slots=True)
class MarkValveClosed(Intent):
    """A valve of the plan is reported closed."""

    incident_id: str
    valve_id: str


@dataclass(frozen=True, slots=True)
class MarkValveUnable(Intent):
    """A valve of the plan cannot be closed; the plan is made anew."""

    incident_id: str
    valve_id: str
    unable: Unable


@dataclass(frozen=True, slots=True)
class MarkValveRestored(Intent):
    """An operated valve is reported back in its normal state."""

    incident_id: str
    valve_id: str


@dataclass(frozen=True, slots=True)
class RecordSample(Intent):
    """The sample before service resumes; ``waived_by`` with a reason stands for a sample that was not taken."""

    incident_id: str
    turbidity_ntu: float | None = None
    chlorine_mgl: float | None = None
    waived_by: str = ""
    reason: str = ""


def mark_closed(tools: Tools, state: DeskState, intent: MarkValveClosed, actor: Actor, now: datetime) -> ChangeSet:
    """Mark a valve closed; the first one moves the case to the phase isolating."""
    incident = _judged(state, intent.incident_id)
    tools.city.network.valves.row(intent.valve_id)
    mark = _mark_of(incident, intent.valve_id)
    if mark is not None and mark.operated:
        raise Refused("valve_closed", valve=intent.valve_id, by=mark.by)
    # A valve reported as not closable is closed after all: the plan is made anew.
    after = replanned(tools, state, _with_mark(incident, ValveMark(intent.valve_id, True, now, actor.name)))
    if incident.phase is Phase.VERIFIED:
        after = replace(after, phase=Phase.ISOLATING)
    steps = [step.asset_id for step in after.plan.valves_to_close] if after.plan else []
    done = sum(1 for valve_id in steps if valve_id in after.closed_valves())
    listed = intent.valve_id in steps
    progress = Note("valve.progress", done=done, all=len(steps)) if listed else Note("valve.not_in_plan")
    return recorded(incident, after, "valve_closed", Note("valve.closed", valve=intent.valve_id, progress=progress))


def mark_unable(tools: Tools, state: DeskState, intent: MarkValveUnable, actor: Actor, now: datetime) -> ChangeSet:
    """Mark a valve as not closable; the plan is made anew, closed valves stay closed."""
    incident = _judged(state, intent.incident_id)
    tools.city.network.valves.row(intent.valve_id)
    mark = _mark_of(incident, intent.valve_id)
    if mark is not None and mark.unable is intent.unable:
        raise Refused("valve_unable", valve=intent.valve_id, unable=intent.unable)
    # Not tight: it was operated, so it must be restored before the case closes.
    turned = intent.unable is Unable.NOT_TIGHT or (mark is not None and mark.operated)
    after = planned(tools, state, _with_mark(incident, ValveMark(intent.valve_id, turned, now, actor.name, intent.unable)))
    plan = after.plan
    more = [step.asset_id for step in plan.valves_to_close if step.asset_id not in after.closed_valves()] if plan else []
    follows = Note("valve.still_to_close", valves=more) if more else Note("valve.none_to_close")
    if plan is not None and not plan.isolatable:
        follows = Note("valve.not_isolatable", sources=plan.sources_inside)
    note = Note("valve.unable", valve=intent.valve_id, unable=Code("unable", intent.unable), follows=follows)
    return recorded(incident, after, "valve_unable", note)


def mark_restored(tools: Tools, state: DeskState, intent: MarkValveRestored, actor: Actor, now: datetime) -> ChangeSet:
    """Mark a valve as back in its normal state."""
    incident = _judged(state, intent.incident_id)
    mark = _mark_of(incident, intent.valve_id)
    if mark is None or not mark.operated:
        raise Refused("valve_not_operated", valve=intent.valve_id)
    after = replanned(tools, state, _with_mark(incident, replace(mark, restored_at=now, restored_by=actor.name)))
    left = len(after.closed_valves())
    others = Note("valve.left", n=left) if left else Note("valve.all_restored")
    return recorded(incident, after, "valve_restored", Note("valve.restored", valve=intent.valve_id, left=others))


def record_sample(tools: Tools, state: DeskState, intent: RecordSample, actor: Actor, now: datetime) -> ChangeSet:
    """Record the sample's values, or who waives it and why."""
    incident = _judged(state, intent.incident_id)
    turbidity, chlorine = intent.turbidity_ntu, intent.chlorine_mgl
    if intent.waived_by.strip():
        if not intent.reason.strip():
            raise Refused("sample_reason")
        sample = WaterSample(now, actor.name, False, turbidity, chlorine, intent.waived_by.strip(), intent.reason.strip())
        note = Note("sample.waived", by=sample.waived_by, reason=sample.reason)
        return recorded(incident, replace(incident, sample=sample), "sample_waived", note)
    if turbidity is None or chlorine is None:
        raise Refused("sample_figures")
    passed = turbidity >= 0.0 and tools.keeps(Channel.TURBIDITY, turbidity) and tools.keeps(Channel.CHLORINE, chlorine)
    sample = WaterSample(now, actor.name, passed, turbidity, chlorine)
    note = Note(
        "sample.recorded",
        verdict=Code("sample", "passed" if passed else "failed"),
        turbidity=Quantity(turbidity, "turbidity"),
        chlorine=Quantity(chlorine, "chlorine"),
    )
    return recorded(incident, replace(incident, sample=sample), "sample_recorded", note)


def _judged(state: DeskState, incident_id: str) -> Incident:
    incident = incident_of(state, incident_id)
    if incident.phase is Phase.SUSPECTED:
        raise Refused("not_judged", incident=incident_id)
    return incident


def _mark_of(incident: Incident, valve_id: str) -> ValveMark | None:
    return next((mark for mark in incident.valve_marks if mark.valve_id == valve_id), None)


def _with_mark(incident: Incident, mark: ValveMark) -> Incident:
    others = tuple(known for known in incident.valve_marks if known.valve_id != mark.valve_id)
    return replace(incident, valve_marks=(*others, mark))


HANDLERS = (
    Handler(MarkValveClosed, mark_closed, Permission.CREWS, undoable=("valve_closed",)),
    Handler(MarkValveUnable, mark_unable, Permission.CREWS, undoable=("valve_unable",)),
    Handler(MarkValveRestored, mark_restored, Permission.CREWS, undoable=("valve_restored",)),
    Handler(
        RecordSample,
        record_sample,
        Permission.CREWS,
        undoable=(
            "sample_recorded",
            "sample_waived",
        ),
    ),
)
