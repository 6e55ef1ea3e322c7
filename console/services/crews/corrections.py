"""Corrections of crews: proposed by reports, accepted or refused with a reason, ended when they are over.

Accepted ones are used by every plan from then on: a valve that is seized, missing or not tight closes nothing, a missing
hydrant is none. A valve found elsewhere keeps its connections; its place on cards is the one reported.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet, Draft
from console.domain.corrections import CORRECTION, Correction, CorrectionState, Fault, Layer
from console.domain.incidents import Unable
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.record_ids import provisional_id
from console.services.changesets import NOTHING, Refused, recorded
from console.services.handling import Handler
from console.services.state import DeskState
from console.services.tools import Tools

_LONGEST = 300
_OF_UNABLE = {Unable.SEIZED: Fault.SEIZED, Unable.NOT_TIGHT: Fault.NOT_TIGHT, Unable.NOT_FOUND: Fault.MISSING}
"""A chamber that is unsafe tonight is no fault of the dataset."""


@dataclass(frozen=True, slots=True)
class DecideCorrection(Intent):
    """Accept or refuse a proposed correction; refusing needs a reason."""

    correction_id: str
    is_accepted: bool
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EndCorrection(Intent):
    """An accepted correction is over: mended, or in the dataset now."""

    correction_id: str
    reason: str


def proposed(state: DeskState, correction: Correction) -> ChangeSet:
    """Keep a proposal; nothing where the same one is open already. The case's log has it too."""
    for one in state.of(CORRECTION).values():
        same = (one.layer, one.asset_id, one.fault) == (correction.layer, correction.asset_id, correction.fault)
        if same and one.is_open and one.place == correction.place:
            return NOTHING
    note = Note("correction.proposed", **_about(correction))
    kept = recorded(None, correction, "correction_proposed", note)
    if not correction.incident_id:
        return kept
    in_case = Draft("correction_proposed", f"incident/{correction.incident_id}", None, None, note)
    return replace(kept, drafts=(*kept.drafts, in_case))


def from_valve_report(state: DeskState, crew_id: str, incident_id: str, valve_id: str, unable: Unable, at: datetime) -> ChangeSet:
    """The proposal that follows from a report that a valve cannot be closed."""
    fault = _OF_UNABLE.get(unable)
    if fault is None:
        return NOTHING
    made = Correction(provisional_id(CORRECTION), Layer.VALVE, valve_id, fault, at, crew_id, incident_id)
    return proposed(state, made)


def decide(tools: Tools, state: DeskState, intent: DecideCorrection, actor: Actor, now: datetime) -> ChangeSet:
    """Accept or refuse. Open plans follow at once (``incidents/joint_plans.py``)."""
    before = _one(state, intent.correction_id, CorrectionState.PROPOSED)
    reason = intent.reason.strip()[:_LONGEST]
    if not intent.is_accepted and not reason:
        raise Refused("correction_reason")
    if intent.is_accepted and before.fault is Fault.ELSEWHERE and before.place is None:
        raise Refused("correction_no_place", correction=before.correction_id)
    new = CorrectionState.ACCEPTED if intent.is_accepted else CorrectionState.REFUSED
    after = replace(before, state=new, decided_at=now, decided_by=actor.name, reason=reason)
    about = _about(after)
    note = Note("correction.accepted", **about) if intent.is_accepted else Note("correction.refused", **about)
    return recorded(before, after, f"correction_{new.value}", note)


def end(tools: Tools, state: DeskState, intent: EndCorrection, actor: Actor, now: datetime) -> ChangeSet:
    """The dataset counts again."""
    before = _one(state, intent.correction_id, CorrectionState.ACCEPTED)
    reason = intent.reason.strip()[:_LONGEST]
    if not reason:
        raise Refused("correction_reason")
    after = replace(before, state=CorrectionState.ENDED, decided_at=now, decided_by=actor.name, reason=reason)
    return recorded(before, after, "correction_ended", Note("correction.ended", **_about(after)))


def _one(state: DeskState, correction_id: str, needed: CorrectionState) -> Correction:
    found = state.of(CORRECTION).get(correction_id)
    if found is None:
        raise Refused("no_correction", correction=correction_id)
    if found.state is not needed:
        raise Refused("correction_decided", correction=correction_id, correction_state=found.state.value, by=found.decided_by)
    return found


def _about(one: Correction) -> dict[str, str | Code | Note]:
    return {
        "layer": Code("correction_layer", one.layer),
        "asset": one.asset_id,
        "fault": Code("correction_fault", one.fault),
        "crew": one.by,
        "text": Note("field_report.said", text=one.text) if one.text else NO_NOTE,
        "reason": Note("field_report.said", text=one.reason) if one.reason else NO_NOTE,
    }


HANDLERS = (
    Handler(DecideCorrection, decide, Permission.CORRECTIONS),
    Handler(EndCorrection, end, Permission.CORRECTIONS),
)
