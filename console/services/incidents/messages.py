"""Outgoing messages apart from notices: area alerts and work orders."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from shapely.geometry import Point

from console.domain.changes import canonical_json
from console.domain.incidents import Incident, OrderKind, PipePlace, WorkOrder
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.outgoing import MessageKind, Outgoing
from console.domain.values import to_json
from console.services.location.place_note import place_note
from console.services.note_texts import as_written
from console.services.tools import Tools
from maps.city import City
from maps.crs import to_wgs84
from maps.locate.next_reading import ReadingPlace
from maps.units import mpa_from_kpa

_GEOMETRIES = 50
_FALLS = 10
_NOT_GEOREFERENCED = "the network is not georeferenced: its coordinates mean no place on earth"


def area_alert(tools: Tools, incident: Incident, status: str, now: datetime) -> tuple[Outgoing, ...]:
    """The alert to the terminals of the areas that the case concerns or has concerned (``city`` when no area contains it).

    ``status``: suspected, revised, verified or cancelled. No message before a place is known.
    """
    return area_alert_to(tools, incident, sorted(incident.area_ids()) or ["city"], status, now)


def area_alert_to(tools: Tools, incident: Incident, area_ids: Sequence[str], status: str, now: datetime) -> tuple[Outgoing, ...]:
    """The alert to these areas; as ``area_alert``."""
    place = incident.place
    if place is None or not area_ids or incident.work is not None:  # planned work is no alarm
        return ()
    body = {
        "incident_id": incident.incident_id,
        "title": incident.title,
        "status": status,
        "t": _local(now, tools.city),
        "exercise": incident.is_drill,
        "burst_pipes": list(incident.burst_pipes),
        "candidates": _candidates(incident),
        "segments": _segments(incident),
        "next_reading": _next_reading(tools, incident),
        **_geometry(tools.city, _shown_pipes(incident)),
        "course": _course(place),
        "supply_path": {
            "source": place.supply_source,
            "pipes": list(place.supply_path),
            "basis": place.supply_basis,
        },
        "valves": _valves(incident),
        "valve_chambers": list(place.valve_chambers),
        "way": list(place.way),
    }
    payload = _encoded(body)
    return tuple(Outgoing(MessageKind.ALERT, area_id, payload) for area_id in area_ids)


def order_message(
    tools: Tools, incident: Incident, order: WorkOrder, now: datetime, *, action: str, reason: str = ""
) -> Outgoing:
    """A work order to its crew. ``action``: new, revised or countermand (with its reason)."""
    is_water = order.kind is OrderKind.WATER
    body = {
        "order_id": order.order_id,
        "incident_id": incident.incident_id,
        "action": action,
        "kind": order.kind.value,
        "t": _local(now, tools.city),
        "exercise": incident.is_drill,
        "text": order.text if action != "countermand" else _called_back(order, reason),
        "pipe_id": order.pipe_id,
        "place": _course(incident.place) if incident.place and not is_water else None,
        "way": list(incident.place.way) if incident.place and not is_water else [],
        "valves": [] if is_water else _valves(incident),
        **({"point_id": order.point_id, "point": order.place, "litres": order.litres} if is_water else {}),
        "eta_minutes": order.eta_minutes,
        "reply_to": tools.topic("orders", order.crew_id, "ack"),
        **_place(tools, order),
    }
    return Outgoing(MessageKind.ORDER, order.crew_id, _encoded(body))


def fire_brigade(tools: Tools, before: Incident | None, after: Incident, now: datetime) -> tuple[Outgoing, ...]:
    """Tell the fire brigade (119) at once when a judged case's plan changes which hydrants have no water."""
    old, new = _hydrants_lost(before), _hydrants_lost(after)
    if old == new:
        return ()
    body = {
        "incident_id": after.incident_id,
        "t": _local(now, tools.city),
        "exercise": after.is_drill,
        "place": as_written(place_note(after.place), tools.city.info.time_zone) if after.place else "",
        "hydrants_lost": sorted(new - old),
        "hydrants_back": sorted(old - new),
        "hydrants_without_water": sorted(new),
    }
    return (Outgoing(MessageKind.FIRE_BRIGADE, "hydrants", _encoded(body)),)


def order_text(kind: OrderKind, incident: Incident, place: PipePlace, eta_minutes: float | None) -> str:
    """Text for the crew (Chinese)."""
    return as_written(order_note(kind, incident, place, eta_minutes))


def order_note(kind: OrderKind, incident: Incident, place: PipePlace, eta_minutes: float | None) -> Note:
    """The same as a note, for other languages."""
    plan = incident.plan
    valves = [step.asset_id for step in plan.valves_to_close] if plan else []
    parts = [
        Note("order.pipe", pipe=place.pipe_id),
        Note("order.chambers", valves=place.valve_chambers) if place.valve_chambers else NO_NOTE,
        Note("order.valves", valves=valves) if valves else NO_NOTE,
        Note("order.way", roads=place.way) if place.way else NO_NOTE,
        Note("order.eta", minutes=eta_minutes) if eta_minutes is not None else NO_NOTE,
    ]
    return Note(
        "order.text",
        drill=Note("order.drill") if incident.is_drill else NO_NOTE,
        task=Code("order_task", kind),
        place=place_note(place),
        parts=[part for part in parts if part],
    )


def water_note(order: WorkOrder, *, is_drill: bool) -> Note:
    """Text of a tanker's order, from the order alone."""
    return Note(
        "order.water_text",
        drill=Note("order.drill") if is_drill else NO_NOTE,
        point=order.place,
        litres=order.litres or 0.0,
        eta=Note("order.water_eta", minutes=order.eta_minutes) if order.eta_minutes is not None else NO_NOTE,
    )


def _called_back(order: WorkOrder, reason: str) -> str:
    return as_written(Note("order.countermand_text", order=order.order_id, reason=reason))


def _hydrants_lost(incident: Incident | None) -> set[str]:
    if incident is None or not incident.is_open() or not incident.burst_pipes or incident.plan is None:
        return set()
    return set(incident.plan.hydrants_lost)


def _candidates(incident: Incident) -> list[dict[str, Any]]:
    if incident.location is None:
        return []
    inside = set(incident.location.set_90)
    return [
        {"asset_id": c.pipe_id, "probability": round(c.probability, 4), "in_set_90": c.pipe_id in inside}
        for c in incident.location.candidates[:_GEOMETRIES]
    ]


def _segments(incident: Incident) -> list[dict[str, Any]]:
    parts = incident.parts.segments if incident.parts is not None else ()
    return [{"pipes": list(pipes), "probability": round(probability, 4)} for pipes, probability in parts]


def _next_reading(tools: Tools, incident: Incident) -> dict[str, Any] | None:
    """Where one more pressure reading would discriminate the candidates best."""
    places = incident.outlook.next_readings if incident.outlook is not None and not incident.burst_pipes else ()
    if not places:
        return None
    return {**reading_place(places[0]), **_wgs84(tools, Point(places[0].x, places[0].y))}


def reading_place(place: ReadingPlace) -> dict[str, Any]:
    """A place to read as JSON, pressures in MPa."""
    return {
        "asset_id": place.asset_id,
        "kind": place.kind,
        "expected_mpa": round(mpa_from_kpa(place.expected_kpa), 4),
        "sigma_mpa": round(mpa_from_kpa(place.sigma_kpa), 4),
        "gain_bits": round(place.gain_bits, 2),
        "set_90_now": place.set_before,
        "set_90_after": round(place.set_after, 1),
        "falls_mpa": {pipe: round(mpa_from_kpa(fall), 4) for pipe, fall in place.falls_kpa[:_FALLS]},
    }


def _shown_pipes(incident: Incident) -> list[str]:
    if incident.burst_pipes:
        return list(incident.burst_pipes)
    if incident.location is None:
        return list(incident.target_pipes())
    return [candidate.pipe_id for candidate in incident.location.candidates[:_GEOMETRIES]]


def _valves(incident: Incident) -> list[dict[str, Any]]:
    marks = {mark.valve_id: mark for mark in incident.valve_marks}
    steps = incident.plan.valves_to_close if incident.plan else ()
    return [
        {
            "asset_id": step.asset_id,
            "order": step.order,
            "assumed": step.assumed,
            "position_in_doubt": step.placing,
            "turns": to_json(step.turns),
            "closed": step.asset_id in marks and marks[step.asset_id].closed,
        }
        for step in steps
    ]


def _course(place: PipePlace) -> Any:
    return to_json(
        {
            "pipe_id": place.pipe_id,
            "text": as_written(place_note(place)),
            "road": place.road,
            "side": place.side,
            "depth_m": place.depth_m,
            "from": place.from_place,
            "to": place.to_place,
            "length_m": round(place.length_m, 1),
            "diameter_mm": place.diameter_mm,
            "material": place.material,
            "community": place.community,
            "district": place.district,
            "area": place.area_name,
        }
    )


def _geometry(city: City, pipe_ids: list[str]) -> dict[str, Any]:
    """GeoJSON (RFC 7946: WGS84, lon then lat), or the reason why there is none."""
    network = city.network
    if not network.georeferenced:
        return {"geometry": None, "geometry_omitted": _NOT_GEOREFERENCED}
    features = []
    for pipe_id in pipe_ids:
        points = network.pipes.points(network.pipes.row(pipe_id))
        lon, lat = to_wgs84(points[:, 0], points[:, 1], network.crs)
        line = np.round(np.column_stack([lon, lat]), 7).tolist()
        shape = {"type": "LineString", "coordinates": line}
        features.append({"type": "Feature", "id": pipe_id, "properties": {"asset_id": pipe_id}, "geometry": shape})
    return {"geometry": {"type": "FeatureCollection", "features": features}}


def _place(tools: Tools, order: WorkOrder) -> dict[str, Any]:
    """Where the order is for: its own place, else the pipe."""
    if order.x is None or order.y is None:
        return _point(tools, order.pipe_id)
    return _wgs84(tools, Point(order.x, order.y))


def _point(tools: Tools, pipe_id: str) -> dict[str, Any]:
    """The pipe's middle."""
    return _wgs84(tools, tools.places.middle(tools.city.network.pipes.row(pipe_id)))


def _wgs84(tools: Tools, point: Point) -> dict[str, Any]:
    """A point: ``lon``/``lat``, or ``x``/``y`` of the drawing where the city is not georeferenced."""
    network = tools.city.network
    if not network.georeferenced:
        return {"x": round(point.x, 2), "y": round(point.y, 2)}
    lon, lat = to_wgs84(np.array([point.x]), np.array([point.y]), network.crs)
    return {"lon": round(float(lon[0]), 7), "lat": round(float(lat[0]), 7)}


def _local(now: datetime, city: City) -> str:
    return now.astimezone(ZoneInfo(city.info.time_zone)).isoformat(timespec="milliseconds")


def _encoded(body: dict[str, Any]) -> bytes:
    return canonical_json(to_json(body))
