"""Emergency acts of people with areas on cases that have left these: carried out, and recorded loudly."""

from __future__ import annotations

from dataclasses import replace

from console.domain.actors import Actor
from console.domain.changes import ChangeSet, Draft
from console.domain.notes import Note
from console.services.areas.concern import concerned
from console.services.state import DeskState
from console.services.tools import Tools


def with_emergency_noted(tools: Tools, state: DeskState, step: ChangeSet, actor: Actor) -> ChangeSet:
    """``step`` with a line of its own in the log of each case that now lies in none of the actor's areas.

    Such a case is seen because it concerned one of them before. Cases that were never theirs are unknown to them: the handler's
    state has refused these (``visibility.py``).
    """
    if not actor.areas:
        return step
    ids = {one.incident_id for one in step.incidents} | {one.incident_id for one in step.alarms if one.incident_id}
    after = state.with_records(step.records)
    drafts = list[Draft]()
    for incident in (after.incidents[one] for one in sorted(ids & after.incidents.keys())):
        now_in = concerned(tools, incident)
        if now_in and now_in.isdisjoint(actor.areas):
            names = [tools.areas.names.get(one, one) for one in sorted(actor.areas)]
            others = [tools.areas.names.get(one, one) for one in sorted(now_in)]
            note = Note("area.emergency", user=actor.name, areas=names, others=others)
            drafts.append(Draft("area_emergency", f"incident/{incident.incident_id}", None, None, note))
    return replace(step, drafts=(*step.drafts, *drafts))
