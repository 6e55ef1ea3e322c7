"""What an actor of some areas may see and change: cases that concern them, alarms of their stations, their crews."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from console.domain.actors import Actor
from console.domain.alarms import ALARM, Alarm
from console.domain.changes import ChangeSet
from console.domain.contacts import Call, Contact
from console.domain.crews import CrewFix
from console.domain.dispatch_orders import DispatchOrder
from console.domain.incidents import Incident, OrderState
from console.domain.intents import Intent
from console.domain.outreach import Telling
from console.domain.records import Record, key_of
from console.domain.shift import Duty, Handover, LogEntry
from console.domain.water_points import WaterPoint
from console.services.areas.area_map import AreaMap
from console.services.changesets import Refused
from console.services.conflicts import subjects_of
from console.services.state import DeskState

_BINDING = (OrderState.SENT, OrderState.ACKNOWLEDGED, OrderState.ON_SITE)
_UNKNOWN = {"incident": "no_incident", "alarm": "no_alarm"}


def areas_shown(area_map: AreaMap, terminal: Collection[str], actor: Actor) -> tuple[str, ...]:
    """Ids of the areas that a window shows an actor; empty: the whole city. ``terminal``: of the areas whose terminal it is.

    Raises Refused where the actor has areas, but none of the terminal's.
    """
    if not terminal or not actor.areas:
        return tuple(sorted(terminal or actor.areas))
    common = tuple(sorted({*terminal} & {*actor.areas}))
    if not common:
        names = ", ".join(area_map.names.get(one, one) for one in terminal)
        raise Refused("other_areas", user=actor.name, area=names)
    return common


class Visibility:
    """``areas``: ids, at least one: an actor without areas is of the centre and sees everything."""

    def __init__(self, area_map: AreaMap, areas: Collection[str]) -> None:
        self._map, self.areas = area_map, frozenset(areas)
        self._names = self.areas | {name for area_id, name in area_map.names.items() if area_id in self.areas}

    def case(self, incident: Incident) -> bool:
        """Whether the case concerns, or has concerned, one of the areas."""
        return not self.areas.isdisjoint(incident.area_ids())

    def alarm(self, alarm: Alarm, cases: Collection[str]) -> bool:
        """Whether an alarm may be seen; ``cases``: ids of the cases that may. Alarms without a place are the centre's."""
        if alarm.incident_id:
            return alarm.incident_id in cases
        return not self.areas.isdisjoint(
            {self._map.of_station(alarm.subject), *self._map.of_assets([alarm.subject], [alarm.subject])}
        )

    def record(self, record: Record, cases: Collection[str]) -> bool:
        """Whether a record of any kind may be seen; what has no area is the centre's.

        Entries of the shift log and calls may also be seen with their case. Contacts: those of the areas, by id or name. Dispatch
        orders, tellings and water points are seen with their case; those about no case are the centre's.
        """
        if isinstance(record, Incident):
            return self.case(record)
        if isinstance(record, Alarm):
            return self.alarm(record, cases)
        if isinstance(record, LogEntry | Call) and record.incident_id in cases:
            return True
        if isinstance(record, Contact):
            return not self._names.isdisjoint(record.areas)
        if isinstance(record, DispatchOrder | Telling | WaterPoint):
            return record.incident_id in cases
        return record.record_kind.area(record) in self.areas

    def own_crew(self, crew_id: str) -> bool:
        """Whether a crew has its base in one of the areas."""
        return self._map.of_crews.get(crew_id, "") in self.areas

    def crews(self, crews: Iterable[CrewFix], cases: Iterable[Incident]) -> tuple[CrewFix, ...]:
        """Their own crews, and those that the centre has sent to their cases, while they are there."""
        guests = {order.crew_id for case in cases for order in case.orders if order.state in _BINDING}
        return tuple(crew for crew in crews if crew.crew_id in guests or self.own_crew(crew.crew_id))


def cases_seen(visible: Visibility, state: DeskState) -> frozenset[str]:
    """Ids of the cases of a state that may be seen."""
    return frozenset(key for key, incident in state.incidents.items() if visible.case(incident))


def state_for(area_map: AreaMap, state: DeskState, intent: Intent, actor: Actor, *, of_shift: bool = False) -> DeskState:
    """The state for a handler: an actor with areas can send its own crews only.

    ``of_shift``: the intent is of the shift (log, calls, handover), which is about what may be seen and about nothing else.

    Raises Refused, as for an unknown id, when the intent names a record that the actor may not see.
    """
    if not actor.areas:
        return state
    visible = Visibility(area_map, actor.areas)
    cases, named = cases_seen(visible, state), subjects_of(state, intent)
    for kind, records in state.records.items():
        for record_id, record in records.items():
            if f"{kind}/{record_id}" in named and not visible.record(record, cases):
                raise Refused(_UNKNOWN.get(kind, "beyond_area"), **{kind: record_id})
    if of_shift:
        return _shown(visible, state, cases)
    return replace(state, crews={key: crew for key, crew in state.crews.items() if visible.own_crew(key)})


def _shown(visible: Visibility, state: DeskState, cases: Collection[str]) -> DeskState:
    """The state as far as it may be seen: what a picture of these areas is made of, which has no alarms of closed cases."""
    running = {key for key in cases if state.incidents[key].is_open()}
    records = {
        kind: {key: one for key, one in some.items() if visible.record(one, running if kind == ALARM.name else cases)}
        for kind, some in state.records.items()
    }
    shown = [incident for key, incident in state.incidents.items() if key in cases]
    return replace(state, records=records, crews={crew.crew_id: crew for crew in visible.crews(state.crews.values(), shown)})


def refuse_beyond(area_map: AreaMap, state: DeskState, changes: ChangeSet, actor: Actor) -> None:
    """Raises Refused when a step of an actor with areas changes or opens a record beyond them."""
    if not actor.areas:
        return
    visible, after = Visibility(area_map, actor.areas), state.with_records(changes.records)
    cases = cases_seen(visible, after)
    for record in changes.records:
        if not visible.record(record, cases):
            if isinstance(record, LogEntry | Call | Duty | Handover) and len(actor.areas) > 1:
                names = ", ".join(area_map.names.get(one, one) for one in actor.areas)
                raise Refused("several_areas", user=actor.name, areas=names)
            raise Refused("beyond_area", record="/".join(key_of(record)))
