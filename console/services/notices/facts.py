"""The facts of a notice: customers without water, place, reason and time. No pipe or valve ids: the network map is internal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import shapely

from console.domain.incidents import Incident
from console.domain.notices import NoticeFacts, NoticeKind, StartBasis
from console.domain.outages import OutagePurpose
from console.services.crews.orders import live_work
from console.services.location.streets import side_written
from console.services.notices.community_names import names_apart
from console.services.tools import Tools
from maps.city import City
from maps.communities import Community, communities_of, polygons_of
from maps.crs import to_wgs84
from resources.texts import LANGUAGES, Catalogue

_LONG_OUTAGE = timedelta(hours=24)
_RING_TOLERANCE_M = 5.0
_UNITS = 20
_ROUND_MINUTES = 5
Ring = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class NoticeArea:
    """The customers affected by a plan, as named in a notice.

    ``…_zones``: ids of the communities' outlines. ``outlines``: of the area without water.
    """

    roads: tuple[str, ...]
    no_water_communities: tuple[str, ...]
    low_pressure_communities: tuple[str, ...]
    delayed_communities: tuple[str, ...]
    no_water_zones: tuple[str, ...]
    low_pressure_zones: tuple[str, ...]
    units: tuple[str, ...]
    households_no_water: int
    households_low_pressure: int
    estimated_customers: bool
    fire_brigade: bool
    outlines: tuple[shapely.Polygon, ...]


def area_of(city: City, incident: Incident) -> NoticeArea:
    """Customers affected by the incident's plan, by their place; empty without a plan."""
    plan, impact = incident.plan, incident.impact
    dry = _rows(city, plan.customers_without_water if plan else ())
    low = _rows(city, impact.low_pressure_customers if impact else ())
    delayed = [row for row in dry if city.customers.supply[row] in ("tank", "boosted")]
    no_water, low_pressure = communities_of(city, dry), communities_of(city, low)
    dry_names = names_apart(no_water)
    return NoticeArea(
        roads=_roads(city, incident),
        no_water_communities=dry_names,
        low_pressure_communities=tuple(name for name in names_apart(low_pressure) if name not in dry_names),
        delayed_communities=names_apart(communities_of(city, delayed)),
        no_water_zones=_zone_ids(city, no_water),
        low_pressure_zones=_zone_ids(city, low_pressure),
        units=_units(city, dry),
        households_no_water=plan.households_without_water if plan else 0,
        households_low_pressure=impact.low_pressure_households if impact else 0,
        estimated_customers=bool(len(dry) + len(low)) and bool(city.customers.estimated[[*dry, *low]].any()),
        fire_brigade=bool(plan and plan.hydrants_lost),
        outlines=tuple(outline for community in no_water for outline in community.outlines),
    )


def facts_of(tools: Tools, incident: Incident, now: datetime) -> NoticeFacts:
    """The facts for a notice of a judged incident at ``now`` (aware)."""
    city, place, plan = tools.city, incident.place, incident.plan
    area = area_of(city, incident)
    work = incident.work
    start, starts_by = start_of(incident, now)
    end = incident.restoration_at or tools.restoration.expected_end(
        place.diameter_mm if place else np.nan, place.material if place else "", now, city.info.time_zone
    )
    if starts_by is StartBasis.EXPECTED and start >= end:
        start = incident.verified_at or now  # an early end before any valve was reported
    rings, reason = _rings(city, area.outlines)
    return NoticeFacts(
        kind=NoticeKind.EMERGENCY if work is None else NoticeKind.PLANNED,
        cause=_written("cause.usual") if work is None else work.reason,
        work=work_of(incident),
        starts_at=start,
        expected_end=end,
        time_zone=city.info.time_zone,
        roads=area.roads,
        no_water_communities=area.no_water_communities,
        low_pressure_communities=area.low_pressure_communities,
        delayed_communities=area.delayed_communities,
        no_water_zones=area.no_water_zones,
        low_pressure_zones=area.low_pressure_zones,
        units=area.units,
        households_no_water=area.households_no_water,
        households_low_pressure=area.households_low_pressure,
        estimated_customers=area.estimated_customers,
        fire_brigade=area.fire_brigade,
        emergency_supply=end - start > _LONG_OUTAGE,
        hotline=tools.settings.hotline,
        issuer=tools.settings.issuer,
        city_name=city.info.name,
        affected_wgs84=rings,
        no_geometry_reason=reason,
        is_drill=incident.is_drill,
        synthetic=city.info.synthetic,
        households_without_supply_before=plan.households_without_supply_before if plan else 0,
        purpose="" if work is None else work.purpose,
        starts_by=starts_by,
        customers_piece_unknown=len(plan.customers_piece_unknown) if plan else 0,
    )


def start_of(incident: Incident, now: datetime) -> tuple[datetime, StartBasis]:
    """When water stops, and what that time is: as planned, the first valve closed, else when it can be closed at the earliest.

    The latter: travel of the crew that is on its way and work on the plan's first valve, rounded up to five minutes.
    """
    if incident.work is not None:
        return incident.work.starts_at, StartBasis.PLANNED
    if (closed_at := incident.first_closed_at()) is not None:
        return closed_at, StartBasis.VALVE_CLOSED
    steps = incident.plan.valves_to_close if incident.plan is not None else ()
    first = steps[0].minutes or 0.0 if steps else 0.0
    remote = bool(steps) and steps[0].control == "remote"
    travel = min((order.eta_minutes for order in live_work(incident) if order.eta_minutes is not None), default=0.0)
    soonest = now + timedelta(minutes=first + (0.0 if remote else travel))
    past = timedelta(minutes=soonest.minute % _ROUND_MINUTES, seconds=soonest.second, microseconds=soonest.microsecond)
    return soonest - past + (timedelta(minutes=_ROUND_MINUTES) if past else timedelta()), StartBasis.EXPECTED


def work_of(incident: Incident) -> str:
    """The work done, in Chinese: road and diameter of the pipe."""
    place = incident.place
    diameter = f"DN{place.diameter_mm:.0f}" if place and np.isfinite(place.diameter_mm) else ""
    kind = "emergency" if incident.work is None else incident.work.purpose
    return _written(f"work.{kind}", size=f"{place.road if place else ''}{diameter}")


def repaired(work: str) -> str | None:
    """What ``work_of`` says is repaired (road and size of the pipe); None where the works are worded otherwise."""
    for kind in ("emergency", *OutagePurpose):
        before, after = _written(f"work.{kind}", size="\n").split("\n")
        if work.startswith(before) and work.endswith(after) and len(work) >= len(before) + len(after):
            return work[len(before) : len(work) - len(after)]
    return None


def _written(key: str, **params: str) -> str:
    """A phrase of the notice's first language; its English text is made from the same facts."""
    return Catalogue.load(LANGUAGES[0]).text(f"notice.{key}", **params)


def _rows(city: City, customer_ids: Iterable[str]) -> list[int]:
    return [city.customers.row(customer_id) for customer_id in customer_ids if city.customers.has(customer_id)]


def _zone_ids(city: City, communities: Iterable[Community]) -> tuple[str, ...]:
    return tuple(str(city.zones.asset_id[row]) for community in communities for row in community.zones)


def _units(city: City, rows: list[int]) -> tuple[str, ...]:
    """Names of critical customers first, then of other non-household customers."""
    customers = city.customers
    critical = [str(customers.name[row]) for row in rows if customers.critical[row]]
    others = [str(customers.name[row]) for row in rows if customers.category[row] not in ("", "residential", "household")]
    return tuple(name for name in dict.fromkeys((*critical, *others)) if name)[:_UNITS]


def _roads(city: City, incident: Incident) -> tuple[str, ...]:
    """The burst's road with its side, then the roads of the other pipes without water."""
    place, plan, pipes = incident.place, incident.plan, city.network.pipes
    first = f"{place.road}{side_written(place.side)}" if place and place.road else ""
    dry = (*plan.zone_pipes, *plan.dry_pocket_pipes) if plan else ()
    others = sorted({str(pipes.road_name[pipes.row(pipe_id)]) for pipe_id in dry} - {place.road if place else "", ""})
    return tuple(road for road in (first, *others) if road)


def _rings(city: City, outlines: Iterable[shapely.Polygon]) -> tuple[tuple[Ring, ...], str]:
    """Rings (lat, lon) of the communities, never of the segment; or why there are none."""
    if not city.network.georeferenced:
        return (), "network not georeferenced"
    parts = (part for outline in outlines for part in polygons_of(outline.simplify(_RING_TOLERANCE_M)))
    rings = tuple(_ring(part, city.network.crs) for part in parts)
    return (rings, "") if rings else ((), "no outlines of the communities affected")


def _ring(polygon: shapely.Polygon, crs: str) -> Ring:
    points = shapely.get_coordinates(polygon.exterior)
    lon, lat = to_wgs84(points[:, 0], points[:, 1], crs)
    return tuple((round(float(y), 6), round(float(x), 6)) for x, y in zip(lon, lat, strict=True))
