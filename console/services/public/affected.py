"""The customers that a case affects, by community, building and grid (云、网、格), and how many of them were told."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import numpy as np
import shapely

from console.domain.incidents import Incident
from console.domain.outreach import Telling
from maps.city import City


class Effect(StrEnum):
    """What a case does to a customer; where several apply, the first."""

    NO_WATER = "no_water"
    DELAYED = "delayed"
    LOW_PRESSURE = "low_pressure"


@dataclass(frozen=True, slots=True)
class AffectedCustomer:
    """One customer of a case.

    ``building``: the dataset's column of this name, else the address. ``grid``: the column, else the zone of kind
    ``grid`` that the customer stands in, "" without either.
    """

    customer_id: str
    name: str
    community: str
    building: str
    grid: str
    address: str
    category: str
    critical: str
    critical_hours: str
    vulnerable: bool
    households: int
    people: int
    effect: Effect


@dataclass(frozen=True, slots=True)
class Told:
    """How far a group of customers has been told. ``first``: told before they asked."""

    customers: int = 0
    told: int = 0
    households: int = 0
    households_told: int = 0
    first: int = 0


def affected(city: City, incident: Incident) -> tuple[AffectedCustomer, ...]:
    """The customers of a case's plan, of its overlaps with other plans, and with low pressure; in the dataset's order."""
    effects = _effects(city, incident)
    table = city.customers
    rows = [table.row(one) for one in effects if table.has(one)]
    grids = _grid_of(city)
    buildings = table.extra.get("building")
    found = []
    for row in sorted(rows):
        customer_id = str(table.asset_id[row])
        found.append(
            AffectedCustomer(
                customer_id,
                str(table.name[row]),
                str(table.community[row]),
                _text(buildings, row) or str(table.address[row]),
                grids.get(row, ""),
                str(table.address[row]),
                str(table.category[row]),
                str(table.critical[row]),
                str(table.critical_hours[row]),
                bool(table.vulnerable[row]),
                int(table.households[row]),
                int(table.people[row]),
                effects[customer_id],
            )
        )
    return tuple(found)


def last_tellings(tellings: Iterable[Telling], incident_id: str) -> Mapping[str, Telling]:
    """The first valid telling of each customer of a case, by asset id: later ones do not make it later."""
    found: dict[str, Telling] = {}
    for one in sorted(tellings, key=lambda telling: (telling.at, telling.telling_id)):
        if one.incident_id == incident_id and one.withdrawn_at is None:
            for customer in one.customers:
                found.setdefault(customer, one)
    return found


def told_by(
    customers: Iterable[AffectedCustomer], told: Mapping[str, Telling], group: Callable[[AffectedCustomer], str]
) -> dict[str, Told]:
    """Progress by ``group`` (a community, building, grid …), in the order of first appearance."""
    sums: dict[str, list[int]] = {}
    for one in customers:
        some = sums.setdefault(group(one), [0] * 5)
        telling = told.get(one.customer_id)
        is_told, is_first = int(telling is not None), int(telling is not None and not telling.asked_first)
        for at, number in enumerate((1, is_told, one.households, one.households * is_told, is_first)):
            some[at] += number
    return {name: Told(*some) for name, some in sums.items()}


def told_in_all(customers: Iterable[AffectedCustomer], told: Mapping[str, Telling]) -> Told:
    """Progress of a whole case."""
    return told_by(customers, told, lambda _: "").get("", Told())


def _effects(city: City, incident: Incident) -> dict[str, Effect]:
    plan, impact, table = incident.plan, incident.impact, city.customers
    without = dict.fromkeys(plan.customers_without_water if plan is not None else ())
    without |= dict.fromkeys(one for conflict in incident.conflicts for one in conflict.customers)
    effects = {}
    for one in without:
        has_tank = table.has(one) and str(table.supply[table.row(one)]) == "tank"
        effects[one] = Effect.DELAYED if has_tank else Effect.NO_WATER
    if impact is not None:
        effects = dict.fromkeys(impact.low_pressure_customers, Effect.LOW_PRESSURE) | effects
    return effects


@lru_cache(maxsize=2)
def _grid_of(city: City) -> Mapping[int, str]:
    """Grid of each customer's row: the dataset's column ``grid``, else the zone of kind ``grid`` that holds its point."""
    table, column = city.customers, city.customers.extra.get("grid")
    found = {row: name for row in range(len(table)) if (name := _text(column, row))}
    of_kind = np.flatnonzero(city.zones.kind == "grid") if len(city.zones) else np.empty(0, dtype=np.int64)
    missing = np.array([row for row in range(len(table)) if row not in found], dtype=np.int64)
    if not len(of_kind) or not len(missing):
        return found
    points = shapely.points(table.x[missing], table.y[missing])
    inside = shapely.STRtree(city.zones.geometry[of_kind]).query(points, predicate="intersects")
    for point, zone in zip(*inside, strict=True):
        row, of_zone = int(missing[point]), of_kind[zone]
        found.setdefault(row, str(city.zones.name[of_zone]) or str(city.zones.asset_id[of_zone]))
    return found


def _text(column: object, row: int) -> str:
    if not isinstance(column, np.ndarray):
        return ""
    value = column[row]
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value).strip()
