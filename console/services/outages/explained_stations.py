"""Stations that planned work leaves without water: their low pressure names the outage and is less urgent, never hidden."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from console.domain.alarms import Alarm, AlarmKind, Explanation, Priority
from console.domain.incidents import Incident
from console.domain.notes import Note
from console.services.state import DeskState
from maps.city import City

_EXPLAINS = timedelta(minutes=10)


def stations_in_work(city: City, state: DeskState) -> dict[str, Incident]:
    """Stations on pipes, or at ends of pipes, that an outage which runs has cut off; by id, with its case."""
    network, stations = city.network, city.stations
    found: dict[str, Incident] = {}
    for case in state.incidents.values():
        if case.work is None or not case.is_open() or case.plan is None or not case.closed_valves():
            continue
        ids = {pipe for pipe in (*case.plan.zone_pipes, *case.plan.dry_pocket_pipes) if network.pipes.has(pipe)}
        rows = [network.pipes.row(pipe) for pipe in ids]
        nodes = {int(node) for row in rows for node in (network.pipes.from_node[row], network.pipes.to_node[row])}
        for row in range(len(stations)):
            if str(stations.link[row]) in ids or int(stations.node[row]) in nodes:
                found[str(stations.asset_id[row])] = case
    return found


def explained_by_work(alarm: Alarm, works: Mapping[str, Incident], at: datetime) -> Alarm:
    """A low-pressure alarm of such a station, medium at most, with the outage named for ten minutes from ``at`` on."""
    case = works.get(alarm.subject)
    if case is None or case.work is None or alarm.kind is not AlarmKind.LOW_PRESSURE:
        return alarm
    note = Note("operation.outage", outage=case.work.outage_id)
    why = Explanation("outage", case.work.outage_id, case.opened_at, at + _EXPLAINS, note=note)
    priority = max(alarm.priority, Priority.MEDIUM)
    return replace(alarm, priority=priority, full_priority=alarm.priority, explanations=(why,))
