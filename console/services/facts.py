"""The facts of a notice: who is without water, where, why and until when. No pipe or valve ids: the network is internal."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import shapely

from console.domain.incidents import Incident
from console.domain.notices import NoticeFacts, NoticeKind
from console.services.streets import SIDES_ZH
from console.services.tools import Tools
from maps.city import City
from maps.crs import to_wgs84

_LONG_OUTAGE = timedelta(hours=24)
_RING_TOLERANCE_M = 5.0
_UNITS = 20
Ring = tuple[tuple[float, float], ...]


def facts_of(tools: Tools, incident: Incident, now: datetime) -> NoticeFacts:
    """What the notice of a judged incident says, as things stand at ``now`` (aware)."""
    city, plan, impact, place = tools.city, incident.plan, incident.impact, incident.place
    dry = _rows(city, plan.customers_without_water if plan else ())
    low = _rows(city, impact.low_pressure_customers if impact else ())
    delayed = [row for row in dry if city.customers.supply[row] in ("tank", "boosted")]
    no_water = _communities(city, dry) or (plan.communities if plan else ())
    diameter = f"DN{place.diameter_mm:.0f}" if place and np.isfinite(place.diameter_mm) else ""
    start = incident.verified_at or now
    end = incident.restoration_at or tools.restoration.expected_end(
        place.diameter_mm if place else np.nan, place.material if place else "", now, city.info.time_zone
    )
    rings, reason = _affected(city, no_water)
    return NoticeFacts(
        kind=NoticeKind.EMERGENCY,
        cause="应急抢修",
        work=f"对{place.road if place else ''}{diameter}供水管道进行应急抢修",
        starts_at=start,
        expected_end=end,
        time_zone=city.info.time_zone,
        roads=_roads(tools, incident),
        no_water_communities=no_water,
        low_pressure_communities=tuple(
            name for name in (impact.low_pressure_communities if impact else ()) if name not in no_water
        ),
        delayed_communities=_communities(city, delayed),
        units=_units(city, dry),
        households_no_water=plan.households_without_water if plan else 0,
        households_low_pressure=impact.low_pressure_households if impact else 0,
        estimated_customers=bool(len(dry) + len(low)) and bool(city.customers.estimated[[*dry, *low]].any()),
        fire_brigade=bool(plan and plan.hydrants_lost),
        emergency_supply=end - start > _LONG_OUTAGE,
        hotline=tools.settings.hotline,
        issuer=tools.settings.issuer,
        city_name=city.info.name,
        affected_wgs84=rings,
        no_geometry_reason=reason,
        is_drill=incident.is_drill,
        synthetic=city.info.synthetic,
        households_without_supply_before=plan.households_without_supply_before if plan else 0,
        customers_piece_unknown=len(plan.customers_piece_unknown) if plan else 0,
    )


def _rows(city: City, customer_ids: Iterable[str]) -> list[int]:
    return [city.customers.row(customer_id) for customer_id in customer_ids if city.customers.has(customer_id)]


def _communities(city: City, rows: Iterable[int]) -> tuple[str, ...]:
    return tuple(sorted({str(city.customers.community[row]) for row in rows} - {""}))


def _units(city: City, rows: list[int]) -> tuple[str, ...]:
    """Names of critical customers first, then of others that are no households."""
    customers = city.customers
    critical = [str(customers.name[row]) for row in rows if customers.critical[row]]
    others = [str(customers.name[row]) for row in rows if customers.category[row] not in ("", "residential", "household")]
    return tuple(name for name in dict.fromkeys((*critical, *others)) if name)[:_UNITS]


def _roads(tools: Tools, incident: Incident) -> tuple[str, ...]:
    """The burst's road with its side, then the roads of the other pipes without water."""
    place, plan, pipes = incident.place, incident.plan, tools.city.network.pipes
    first = f"{place.road}{SIDES_ZH.get(place.side, place.side)}" if place and place.road else ""
    dry = (*plan.zone_pipes, *plan.dry_pocket_pipes) if plan else ()
    others = sorted({str(pipes.road_name[pipes.row(pipe_id)]) for pipe_id in dry} - {place.road if place else "", ""})
    return tuple(road for road in (first, *others) if road)


def _affected(city: City, communities: tuple[str, ...]) -> tuple[tuple[Ring, ...], str]:
    """Rings (lat, lon) of the communities, never of the segment; or why there are none."""
    if not city.network.georeferenced:
        return (), "network not georeferenced"
    zones, wanted = city.zones, set(communities)
    shapes = [
        zones.geometry[row] for row in range(len(zones)) if zones.kind[row] == "community" and str(zones.name[row]) in wanted
    ]
    rings = tuple(_ring(part, city.network.crs) for shape in shapes for part in _polygons(shape))
    return (rings, "") if rings else ((), "no outlines of the communities affected")


def _polygons(shape: Any) -> list[shapely.Polygon]:
    simple = shape.simplify(_RING_TOLERANCE_M)
    return [part for part in shapely.get_parts(simple) if part.geom_type == "Polygon" and not part.is_empty]


def _ring(polygon: shapely.Polygon, crs: str) -> Ring:
    points = shapely.get_coordinates(polygon.exterior)
    lon, lat = to_wgs84(points[:, 0], points[:, 1], crs)
    return tuple((round(float(y), 6), round(float(x), 6)) for x, y in zip(lon, lat, strict=True))
