"""How much emergency water a case needs, where its points may stand, and whether it has them."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import Any, Self

import numpy as np
import shapely
from numpy.typing import NDArray

from console.domain.incidents import Incident
from console.domain.water_points import PointState, WaterPoint
from console.services.public.affected import AffectedCustomer, Effect
from maps.city import City
from maps.errors import InputFault

_DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class WaterRules:
    """The rules in ``resources/rules/emergency_water.toml``. ``sources``: of the litres, the demand and the test, by language."""

    version: str
    first_l: float
    later_l: float
    later_after_days: float
    after_hours: float
    people_per_household: float
    people_per_point: int
    test_minutes: float
    sources: tuple[Mapping[str, str], Mapping[str, str], Mapping[str, str]]

    @classmethod
    def load(cls) -> Self:
        """The rules as shipped. Raises InputFault for a missing or wrong one."""
        return cls.of(tomllib.loads(resources.files("resources").joinpath("rules", "emergency_water.toml").read_text("utf-8")))

    @classmethod
    def of(cls, held: dict[str, Any]) -> Self:
        """The rules of a file's content. Raises InputFault."""
        try:
            litres, demand, test = held["litres"], held["demand"], held["test"]
            numbers = (
                float(litres["first"]), float(litres["later"]), float(litres["later_after_days"]), float(demand["after_hours"]),
                float(demand["people_per_household"]), int(demand["people_per_point"]), float(test["minutes"]),
            )  # fmt: skip
            sources = _source(litres["source"]), _source(demand["source"]), _source(test["source"])
        except (KeyError, TypeError, ValueError) as fault:
            raise InputFault(f"emergency_water.toml: {fault}: missing or no number") from fault
        if not all(math.isfinite(one) and one > 0 for one in numbers):
            raise InputFault("emergency_water.toml: every figure must be above zero")
        return cls(str(held.get("version", "")), *numbers, sources)

    def source(self, language: str) -> str:
        """Where the litres come from, in a language; as the file has it where it has another one only."""
        said = self.sources[0]
        return said.get(language) or next(iter(said.values()), "")

    def litres_per_head(self, day: int) -> float:
        """Litres a head on a day without water, the first day is 1."""
        return self.first_l if day <= self.later_after_days else self.later_l


def _source(given: object) -> Mapping[str, str]:
    """A source by language, or one text for all."""
    return {str(key): str(text) for key, text in given.items()} if isinstance(given, Mapping) else {"": str(given)}


class Supply(StrEnum):
    """Emergency supply of a case: not needed, needed and without an open point for everybody, or there."""

    NOT_NEEDED = "not_needed"
    DUE = "due"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Place:
    """A place that is suggested for a point: on a road, projected metres. ``people`` whom it would serve."""

    x: float
    y: float
    people: int
    communities: tuple[str, ...]
    road: str


@cache
def water_rules() -> WaterRules:
    """The rules, read once."""
    return WaterRules.load()


def day_without_water(since: datetime, now: datetime) -> int:
    """Which day without water it is, the first is 1."""
    return max(int((now - since).total_seconds() // _DAY_S) + 1, 1)


def litres_a_day(people: float, since: datetime, now: datetime, rules: WaterRules | None = None) -> float:
    """Litres that these people need on the day that ``now`` falls into."""
    return people * (rules or water_rules()).litres_per_head(day_without_water(since, now))


def litres_until(people: float, since: datetime, now: datetime, rules: WaterRules | None = None) -> float:
    """Litres for the days begun so far, whole days each."""
    used = rules or water_rules()
    return sum(people * used.litres_per_head(day) for day in range(1, day_without_water(since, now) + 1))


def people_of(one: AffectedCustomer, rules: WaterRules | None = None) -> float:
    """People of a customer; where the dataset has no number, its households times the mean size."""
    return float(one.people) if one.people > 0 else max(one.households, 0) * (rules or water_rules()).people_per_household


def people_without(customers: Iterable[AffectedCustomer]) -> int:
    """People without water, rounded up; roof tanks delay it, so those count too."""
    return math.ceil(sum(people_of(one) for one in customers if one.effect is not Effect.LOW_PRESSURE) - 1e-9)


def supply_state(incident: Incident, customers: Sequence[AffectedCustomer], points: Iterable[WaterPoint]) -> Supply:
    """Whether the case needs an emergency supply (more than 24 h without water, by the estimate) and has it.

    It is there when the open points are for as many people as have no water; notices that demand it count the same people.
    """
    served, people = served_of(incident, customers, points)
    hours = _hours(incident)
    if not people or hours is None or hours <= water_rules().after_hours:
        return Supply.NOT_NEEDED
    return Supply.DONE if served >= people else Supply.DUE


def served_of(incident: Incident, customers: Sequence[AffectedCustomer], points: Iterable[WaterPoint]) -> tuple[int, int]:
    """(people that the case's open points are for, people without water)."""
    of_case = (one for one in points if one.incident_id == incident.incident_id and one.state is PointState.OPEN)
    return sum(one.people for one in of_case), people_without(customers)


def water_off_at(incident: Incident) -> datetime:
    """From when on people are counted as without water: closed off, else judged, else opened."""
    return incident.isolated_at or incident.verified_at or incident.opened_at


def suggested(city: City, customers: Sequence[AffectedCustomer]) -> tuple[Place, ...]:
    """Places for points, each on a road; they may stand inside the dry area.

    The people without water are halved along their longer side until a point can serve each part. Of each part it is the road
    point nearest to its centre (weighted by people).
    """
    rules, table = water_rules(), city.customers
    dry = [one for one in customers if one.effect is not Effect.LOW_PRESSURE and people_of(one) > 0]
    if not dry:
        return ()
    rows = np.array([table.row(one.customer_id) for one in dry])
    xy = np.column_stack([table.x[rows], table.y[rows]])
    weight = np.array([people_of(one) for one in dry])
    known = np.isfinite(xy).all(axis=1)
    parts = _parts(xy, weight, np.flatnonzero(known), rules.people_per_point)
    return tuple(_place(city, xy[part], weight[part], [dry[row].community for row in part]) for part in parts if len(part))


def _hours(incident: Incident) -> float | None:
    if incident.restoration_at is None:
        return None
    return (incident.restoration_at - water_off_at(incident)) / timedelta(hours=1)


def _parts(xy: NDArray[np.float64], weight: NDArray[np.float64], rows: NDArray[np.int64], most: int) -> list[NDArray[np.int64]]:
    if len(rows) <= 1 or weight[rows].sum() <= most:
        return [rows]
    spread = np.ptp(xy[rows], axis=0)
    order = rows[np.argsort(xy[rows, int(spread[1] > spread[0])], kind="stable")]
    half = int(np.searchsorted(np.cumsum(weight[order]), weight[order].sum() / 2)) + 1
    cut = min(max(half, 1), len(order) - 1)
    return [*_parts(xy, weight, order[:cut], most), *_parts(xy, weight, order[cut:], most)]


def _place(city: City, xy: NDArray[np.float64], weight: NDArray[np.float64], communities: list[str]) -> Place:
    centre = shapely.Point(np.average(xy, axis=0, weights=weight))
    names = tuple(dict.fromkeys(name for name in communities if name))
    people = math.ceil(weight.sum() - 1e-9)
    if not len(city.roads):
        return Place(centre.x, centre.y, people, names, "")
    at = int(np.argmin(shapely.distance(city.roads.geometry, centre)))
    point = shapely.get_point(shapely.shortest_line(city.roads.geometry[at], centre), 0)
    return Place(float(point.x), float(point.y), people, names, str(city.roads.name[at]))
