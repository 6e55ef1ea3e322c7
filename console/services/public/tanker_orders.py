"""Orders to tankers, and the end of a point: which one brings how much water where. They go out and are answered as any order."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.crews import CrewFix, CrewKind
from console.domain.field_reports import FieldReport
from console.domain.incidents import Incident, OrderKind, OrderState, WorkOrder
from console.domain.intents import Intent
from console.domain.notes import Code, Note
from console.domain.water_points import WATER_POINT, PointState, Trip, WaterPoint
from console.services.changesets import NOTHING, Refused, incident_of, recorded
from console.services.crews.orders import LIVE, countermanded
from console.services.handling import Handler
from console.services.incidents.joint_plans import merged
from console.services.incidents.messages import order_message, water_note
from console.services.note_texts import as_written
from console.services.public.water_points import MOST_LITRES, CloseWaterPoint, point_of, tankers, water_step
from console.services.shift.words import line
from console.services.state import DeskState
from console.services.tools import Tools
from maps.city import City


@dataclass(frozen=True, slots=True)
class SendTanker(Intent):
    """A tanker brings ``litres`` to a point."""

    point_id: str
    crew_id: str
    litres: float


def send_tanker(tools: Tools, state: DeskState, intent: SendTanker, _actor: Actor, now: datetime) -> ChangeSet:
    """The order to its crew. Raises Refused for a crew that is no tanker or has an order, and without litres."""
    point = point_of(state, intent.point_id)
    incident = incident_of(state, point.incident_id)
    if not (math.isfinite(intent.litres) and 0 < intent.litres <= MOST_LITRES):
        raise Refused("litres")
    crew = _tanker(tools, state, line(intent.crew_id))
    busy = next(
        (o for case in state.incidents.values() for o in case.orders if o.crew_id == crew.crew_id and o.state in LIVE), None
    )
    if busy is not None:
        raise Refused("crew_busy", crew=crew.name or crew.crew_id, order=busy.order_id)
    targets = incident.target_pipes()
    if not targets:
        raise Refused("no_pipe")
    length_m = tools.places.way_to(crew.x, crew.y, (point.x, point.y)).length_m
    eta = None if length_m is None else round(length_m / 1000.0 / tools.settings.crew_speed_kmh * 60.0, 1)
    number = f"{incident.incident_id}-W{len(incident.orders) + 1}"
    order = WorkOrder(
        number, incident.incident_id, crew.crew_id, OrderKind.WATER, targets[0], "", OrderState.SENT, now, eta_minutes=eta,
        point_id=point.point_id, place=point.name, x=point.x, y=point.y, litres=intent.litres,
    )  # fmt: skip
    text = as_written(water_note(order, is_drill=incident.is_drill), tools.city.info.time_zone)
    order = replace(order, text=text)
    after = replace(incident, orders=(*incident.orders, order))
    note = Note("order.sent", kind=Code("order_paper", order.kind), crew=crew.name or crew.crew_id)
    return recorded(incident, after, "tanker_sent", note, outgoing=(order_message(tools, after, order, now, action="new"),))


def orders_to(incident: Incident, point_id: str) -> tuple[WorkOrder, ...]:
    """The case's orders to bring water to a point."""
    return tuple(order for order in incident.orders if order.kind is OrderKind.WATER and order.point_id == point_id)


def close_point(tools: Tools, state: DeskState, intent: CloseWaterPoint, actor: Actor, now: datetime) -> ChangeSet:
    """Close a point; tankers on their way there are called back."""
    point = point_of(state, intent.point_id)
    after = replace(point, state=PointState.CLOSED, closed_at=now)
    step = water_step(point, after, "water_point_closed", Note("water.closed", point=point.name, litres=point.litres))
    return merged(step, _called_back(tools, state, point, now, actor.name))


def _called_back(tools: Tools, state: DeskState, point: WaterPoint, now: datetime, by: str) -> ChangeSet:
    incident = state.incidents.get(point.incident_id)
    live = [] if incident is None else [one for one in orders_to(incident, point.point_id) if one.state in LIVE]
    if incident is None or not live:
        return NOTHING
    reason = as_written(Note("order.point_closed", point=point.name), tools.city.info.time_zone)
    sent = countermanded(tools, incident, live, reason, now, by)
    return recorded(incident, sent.incident, "tanker_called_back", sent.note, outgoing=sent.outgoing)


def brought(state: DeskState, order: WorkOrder, report: FieldReport) -> ChangeSet:
    """What a tanker says to have brought, as a trip to its point; also to one that is closed meanwhile: it was brought."""
    point = state.of(WATER_POINT).get(order.point_id)
    if point is None or report.litres is None:
        return NOTHING
    after = replace(point, trips=(*point.trips, Trip(report.at, report.crew_id, "", report.litres, report.crew_id)))
    note = Note("water.trip", point=point.name, who=report.crew_id, litres=report.litres, all=after.litres)
    return water_step(point, after, "water_trip", note)


def tanker_choices(city: City, crews: Iterable[CrewFix]) -> list[tuple[str, str]]:
    """(id, name) of the tankers of the dataset and of those whose feed says that they are."""
    found = dict(tankers(city))
    return list((found | {one.crew_id: one.name or one.crew_id for one in crews if one.kind is CrewKind.TANKER}).items())


def _tanker(tools: Tools, state: DeskState, crew_id: str) -> CrewFix:
    """The tanker; where it was never heard of, at its base."""
    fix, city = state.crews.get(crew_id), tools.city
    named = dict(tankers(city))
    if crew_id in named or (fix is not None and fix.kind is CrewKind.TANKER):
        if fix is not None:
            return fix
        row = int(np.flatnonzero(city.crews.asset_id == crew_id)[0])
        return CrewFix(crew_id, named[crew_id], float(city.crews.base_x[row]), float(city.crews.base_y[row]), 0)
    if fix is None:
        raise Refused("no_crew", crew=crew_id)
    raise Refused("no_tanker", crew=fix.name or crew_id)


HANDLERS = (
    Handler(SendTanker, send_tanker, Permission.CREWS, undoable=("tanker_sent",)),
    Handler(CloseWaterPoint, close_point, Permission.PUBLIC),
)
