"""Reports on valves: closed, cannot be closed, back to normal; and the water sample before service resumes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.incidents import Incident, Phase, Unable, ValveMark, WaterSample
from console.domain.intents import Intent
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


UNABLE_ZH = {
    Unable.SEIZED: "关不动",
    Unable.NOT_TIGHT: "关不严",
    Unable.NOT_FOUND: "找不到（埋压）",
    Unable.CHAMBER_UNSAFE: "井下不能作业",
}


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
    extra = f"（{done}/{len(steps)}）" if intent.valve_id in steps else "（方案外）"
    return recorded(incident, after, "valve_closed", f"阀门 {intent.valve_id} 已关{extra}")


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
    follows = f"还需关 {'、'.join(more)}" if more else "无更多阀门需关"
    if plan is not None and not plan.isolatable:
        follows = f"仅靠阀门无法止水（区内水源 {'、'.join(plan.sources_inside)}）"
    return recorded(incident, after, "valve_unable", f"阀门 {intent.valve_id} {UNABLE_ZH[intent.unable]}，方案已更新：{follows}")


def mark_restored(tools: Tools, state: DeskState, intent: MarkValveRestored, actor: Actor, now: datetime) -> ChangeSet:
    """Mark a valve as back in its normal state."""
    incident = _judged(state, intent.incident_id)
    mark = _mark_of(incident, intent.valve_id)
    if mark is None or not mark.operated:
        raise Refused("valve_not_operated", valve=intent.valve_id)
    after = replanned(tools, state, _with_mark(incident, replace(mark, restored_at=now, restored_by=actor.name)))
    left = len(after.closed_valves())
    note = f"阀门 {intent.valve_id} 已恢复常态" + (f"，还有 {left} 个" if left else "，全部恢复")
    return recorded(incident, after, "valve_restored", note)


def record_sample(tools: Tools, state: DeskState, intent: RecordSample, actor: Actor, now: datetime) -> ChangeSet:
    """Record the sample's values, or who waives it and why."""
    incident = _judged(state, intent.incident_id)
    turbidity, chlorine = intent.turbidity_ntu, intent.chlorine_mgl
    if intent.waived_by.strip():
        if not intent.reason.strip():
            raise Refused("sample_reason")
        sample = WaterSample(now, actor.name, False, turbidity, chlorine, intent.waived_by.strip(), intent.reason.strip())
        return recorded(
            incident, replace(incident, sample=sample), "sample_waived", f"水样免检：{sample.waived_by}（{sample.reason}）"
        )
    if turbidity is None or chlorine is None:
        raise Refused("sample_figures")
    passed = turbidity >= 0.0 and tools.keeps(Channel.TURBIDITY, turbidity) and tools.keeps(Channel.CHLORINE, chlorine)
    sample = WaterSample(now, actor.name, passed, turbidity, chlorine)
    verdict = "合格" if passed else "不合格"
    note = f"水样{verdict}：浊度 {turbidity:g} NTU，余氯 {chlorine:g} mg/L"
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
