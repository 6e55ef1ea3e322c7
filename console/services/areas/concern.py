"""Which operating areas a case concerns: where its candidates, valves and customers are; a newly concerned one is alerted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from console.domain.area_alerts import AreaAlert
from console.domain.changes import ChangeSet, Draft
from console.domain.incidents import Incident, Phase
from console.domain.outgoing import MessageKind, Outgoing
from console.domain.records import subject_of
from console.domain.values import to_json
from console.services.incidents.messages import area_alert_to
from console.services.tools import Tools


def concerned(tools: Tools, incident: Incident) -> frozenset[str]:
    """Ids of the areas of the candidates, of the plan's valves and of the customers it leaves without water or pressure."""
    plan, impact, location = incident.plan, incident.impact, incident.location
    pipes = {*incident.target_pipes(), *(location.set_90 if location is not None and not incident.burst_pipes else ())}
    valves = {step.asset_id for step in plan.valves_to_close} if plan is not None else set()
    customers = set(plan.customers_without_water) if plan is not None else set()
    if impact is not None:
        customers |= {*impact.unserved_customers, *impact.low_pressure_customers}
    place = frozenset((incident.place.area_id,)) if incident.place is not None and incident.place.area_id else frozenset[str]()
    return place | tools.areas.of_assets(pipes, valves, customers)


def with_area_alerts(tools: Tools, changes: ChangeSet, now: datetime) -> ChangeSet:
    """``changes`` with an alert for each area that an open case concerns and that has none yet, and its message."""
    if not tools.areas.names:
        return changes
    for incident in changes.incidents:
        if incident.is_open() and incident.work is None:  # planned work is no alarm
            known = {one.area_id for one in incident.area_alerts}
            new = sorted(concerned(tools, incident) - known)
            if new:
                changes = _alerted(tools, changes, incident, new, now)
    return changes


def _alerted(tools: Tools, changes: ChangeSet, incident: Incident, area_ids: Iterable[str], now: datetime) -> ChangeSet:
    made = tuple(AreaAlert(area_id, tools.areas.names.get(area_id, area_id), now) for area_id in area_ids)
    after = replace(incident, area_alerts=(*incident.area_alerts, *made))
    addressed = _addressed(changes.outgoing, incident.incident_id)
    status = "suspected" if after.phase is Phase.SUSPECTED else "verified"
    told = area_alert_to(tools, after, [one.area_id for one in made if one.area_id not in addressed], status, now)
    records = tuple(after if record is incident else record for record in changes.records)
    drafts, subject = list(changes.drafts), subject_of(incident)
    last = max(index for index, draft in enumerate(drafts) if draft.subject == subject)
    drafts[last] = _with_field(drafts[last], incident, after)
    return ChangeSet(tuple(drafts), records, (*changes.outgoing, *told))


def _with_field(draft: Draft, before: Incident, after: Incident) -> Draft:
    """The draft with the alerts of the areas: part of the step that made them concern the case."""
    old = None if draft.before is None else {"area_alerts": to_json(before.area_alerts), **draft.before}
    return replace(draft, before=old, after={**(draft.after or {}), "area_alerts": to_json(after.area_alerts)})


def _addressed(outgoing: Iterable[Outgoing], incident_id: str) -> set[str]:
    """Areas that the change set's messages of this case go to already."""
    mark = incident_id.encode()
    return {one.to for one in outgoing if one.kind is MessageKind.ALERT and mark in one.payload}
