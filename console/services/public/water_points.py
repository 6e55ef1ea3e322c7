"""Points of emergency water: planned, tested by the mobile laboratory, opened, filled by tankers, closed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet, Draft
from console.domain.crews import CrewKind, crew_kind
from console.domain.incidents import INCIDENT
from console.domain.intents import Intent
from console.domain.notes import Note
from console.domain.readings import Channel
from console.domain.record_ids import provisional_id
from console.domain.water_points import WATER_POINT, PointState, Trip, WaterPoint, WaterTest
from console.services.changesets import Refused, incident_of, recorded
from console.services.handling import Handler
from console.services.incidents.joint_plans import merged
from console.services.public.affected import affected
from console.services.public.water_demand import Place, suggested, water_off_at, water_rules
from console.services.shift.words import line
from console.services.state import DeskState
from console.services.tools import Tools
from maps.city import City

MOST_LITRES = 100_000.0
_MOST_POINTS = 200
_MOST_PEOPLE = 10_000_000
TANKER = "tanker"
"""Skill of a crew with a tanker, in the dataset's column ``skills``; the kind of one that does nothing else."""


def tankers(city: City) -> list[tuple[str, str]]:
    """(id, name) of the crews that bring water: of the kind tanker first, then those with the skill."""
    crews, found = city.crews, []
    for crew, name, kind, skills in zip(crews.asset_id, crews.name, crews.kind, crews.skills, strict=True):
        is_kind = crew_kind(str(kind)) is CrewKind.TANKER
        if is_kind or TANKER in str(skills).lower():
            found.append((not is_kind, str(crew), str(name) or str(crew)))
    return [(crew, name) for _, crew, name in sorted(found, key=lambda one: one[0])]


@dataclass(frozen=True, slots=True)
class PlanWaterPoint(Intent):
    """A point is planned: a place in the network's CRS (metres) and how many people it is for."""

    incident_id: str
    name: str
    x: float
    y: float
    people: int
    communities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PlanSuggestedPoints(Intent):
    """All points that the program suggests for a case without any."""

    incident_id: str


@dataclass(frozen=True, slots=True)
class BeginWaterTest(Intent):
    """The mobile laboratory has begun; its clock runs."""

    point_id: str


@dataclass(frozen=True, slots=True)
class RecordWaterTest(Intent):
    """Result of the test: turbidity in NTU, chlorine in mg/L."""

    point_id: str
    turbidity_ntu: float
    chlorine_mgl: float


@dataclass(frozen=True, slots=True)
class OpenWaterPoint(Intent):
    """People may draw water. Without a passed test only with a name and a reason."""

    point_id: str
    waived_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class LogTankerTrip(Intent):
    """A tanker has brought water."""

    point_id: str
    crew_id: str
    driver: str
    litres: float


@dataclass(frozen=True, slots=True)
class CloseWaterPoint(Intent):
    """The point is closed."""

    point_id: str


def plan(_tools: Tools, state: DeskState, intent: PlanWaterPoint, actor: Actor, now: datetime) -> ChangeSet:
    """Record it. Raises Refused."""
    name = line(intent.name)
    if not name or not (math.isfinite(intent.x) and math.isfinite(intent.y)):
        raise Refused("point_place")
    if not 0 < intent.people <= _MOST_PEOPLE:
        raise Refused("point_people")
    place = Place(float(intent.x), float(intent.y), intent.people, intent.communities, name)
    return _planned(state, intent.incident_id, [place], actor, now)


def plan_suggested(tools: Tools, state: DeskState, intent: PlanSuggestedPoints, actor: Actor, now: datetime) -> ChangeSet:
    """Plan what is suggested. Raises Refused where the case has points already, and where nobody is without water."""
    incident = incident_of(state, intent.incident_id)
    if any(one.incident_id == intent.incident_id and one.closed_at is None for one in state.of(WATER_POINT).values()):
        raise Refused("points_there")
    places = suggested(tools.city, affected(tools.city, incident))
    if not places:
        raise Refused("nobody_without_water")
    return _planned(state, intent.incident_id, places, actor, now)


def begin_test(_tools: Tools, state: DeskState, intent: BeginWaterTest, actor: Actor, now: datetime) -> ChangeSet:
    """Start the clock. Raises Refused while a test runs."""
    point = point_of(state, intent.point_id)
    if point.state is PointState.TESTING:
        raise Refused("test_runs", point=point.name)
    test = WaterTest(now, now + timedelta(minutes=water_rules().test_minutes), actor.name)
    state_then = PointState.TESTING if point.state is not PointState.OPEN else PointState.OPEN
    after = replace(point, state=state_then, tests=(*point.tests, test))
    return water_step(point, after, "water_test_begun", Note("water.test_begun", point=point.name, due=test.due_at))


def record_test(tools: Tools, state: DeskState, intent: RecordWaterTest, actor: Actor, now: datetime) -> ChangeSet:
    """Record the result against the limits of the network. A failed test of an open point closes the tap: state planned."""
    point = point_of(state, intent.point_id)
    if not point.tests or point.tests[-1].finished_at is not None:
        raise Refused("no_test_runs", point=point.name)
    values = (intent.turbidity_ntu, intent.chlorine_mgl)
    if not all(math.isfinite(one) and 0 <= one <= 1000 for one in values):
        raise Refused("test_values")
    passed = tools.keeps(Channel.TURBIDITY, intent.turbidity_ntu) and tools.keeps(Channel.CHLORINE, intent.chlorine_mgl)
    test = replace(
        point.tests[-1], finished_at=now, finished_by=actor.name, turbidity_ntu=intent.turbidity_ntu,
        chlorine_mgl=intent.chlorine_mgl, passed=passed,
    )  # fmt: skip
    kept_open = point.state is PointState.OPEN and passed
    state_then = PointState.OPEN if kept_open else PointState.TESTED if passed else PointState.PLANNED
    after = replace(point, state=state_then, tests=(*point.tests[:-1], test))
    note = Note(
        "water.test_passed" if passed else "water.test_failed",
        point=point.name,
        turbidity=intent.turbidity_ntu,
        chlorine=intent.chlorine_mgl,
    )
    return water_step(point, after, "water_test_passed" if passed else "water_test_failed", note)


def open_point(_tools: Tools, state: DeskState, intent: OpenWaterPoint, actor: Actor, now: datetime) -> ChangeSet:
    """Open it. Raises Refused before the test is passed, unless somebody waives it by name and reason."""
    point = point_of(state, intent.point_id)
    if point.state is PointState.OPEN:
        raise Refused("point_open", point=point.name)
    if point.state is PointState.TESTED:
        after = replace(point, state=PointState.OPEN, opened_at=now)
        return water_step(point, after, "water_point_opened", Note("water.opened", point=point.name))
    name, reason = line(intent.waived_by), line(intent.reason)
    if not name or not reason:
        raise Refused("test_missing", point=point.name)
    after = replace(point, state=PointState.OPEN, opened_at=now, waived_by=name, waive_reason=reason)
    note = Note("water.opened_waived", point=point.name, name=name, reason=reason)
    return water_step(point, after, "water_point_waived", note)


def log_trip(_tools: Tools, state: DeskState, intent: LogTankerTrip, actor: Actor, now: datetime) -> ChangeSet:
    """Record a trip. Raises Refused without a tanker or litres."""
    point, crew, driver = point_of(state, intent.point_id), line(intent.crew_id), line(intent.driver)
    if not crew and not driver:
        raise Refused("trip_nobody")
    if not (math.isfinite(intent.litres) and 0 < intent.litres <= MOST_LITRES):
        raise Refused("litres")
    after = replace(point, trips=(*point.trips, Trip(now, crew, driver, intent.litres, actor.name)))
    who = " ".join(part for part in (crew, driver) if part)
    note = Note("water.trip", point=point.name, who=who, litres=intent.litres, all=after.litres)
    return water_step(point, after, "water_trip", note)


def _planned(state: DeskState, incident_id: str, places: Sequence[Place], actor: Actor, now: datetime) -> ChangeSet:
    incident = incident_of(state, incident_id)
    here = sum(one.incident_id == incident_id for one in state.of(WATER_POINT).values())
    if here + len(places) > _MOST_POINTS:
        raise Refused("points_many", most=str(_MOST_POINTS))
    steps = []
    for place in places:
        name = place.road or " ".join(place.communities) or f"{place.x:.0f}, {place.y:.0f}"
        point = WaterPoint(
            provisional_id(WATER_POINT), incident_id, name, place.x, place.y, place.people, water_off_at(incident), now,
            actor.name, communities=place.communities,
        )  # fmt: skip
        steps.append(water_step(None, point, "water_point_planned", Note("water.planned", point=name, n=place.people)))
    return merged(*steps)


def point_of(state: DeskState, point_id: str) -> WaterPoint:
    """A point that is not closed. Raises Refused."""
    point = state.of(WATER_POINT).get(point_id)
    if point is None or point.state is PointState.CLOSED:
        raise Refused("no_point", point=point_id)
    return point


def water_step(before: WaterPoint | None, after: WaterPoint, kind: str, note: Note) -> ChangeSet:
    """A step of a point that also stands in the log of actions of its case."""
    step = recorded(before, after, kind, note)
    return replace(step, drafts=(*step.drafts, Draft(kind, INCIDENT.subject(after.incident_id), None, None, note)))


HANDLERS = (
    Handler(PlanWaterPoint, plan, Permission.PUBLIC),
    Handler(PlanSuggestedPoints, plan_suggested, Permission.PUBLIC),
    Handler(BeginWaterTest, begin_test, Permission.PUBLIC),
    Handler(RecordWaterTest, record_test, Permission.PUBLIC),
    Handler(OpenWaterPoint, open_point, Permission.PUBLIC),
    Handler(LogTankerTrip, log_trip, Permission.PUBLIC),
)
