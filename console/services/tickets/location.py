"""Calls move the probabilities of a suspected burst's candidates.

Candidates are grouped by the segment that closing would cut off. For a call i and a segment s with the customers that a burst
there leaves without water, let q be the share of the call's households that lie among them. Likelihood of the call:

    L(i, s) = ε + (1 − ε) · q(i, s),   ε = 0.3

ε: a call from outside is explained by pressure that is low far around a burst, by an inexact place, or by something else.
Calls of one burst are no independent evidence (neighbours call about one thing), so their logarithms are added with the weight
(1 + ln n) / n. The sum is bounded: no segment falls more than ln 20 behind the best one, so calls alone never exclude a pipe.
Posterior ∝ prior · exp(sum). The prior is what the pressures say; it is kept, so the step can be taken back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.incidents import CallWeight, Incident, Phase
from console.domain.intents import Intent
from console.domain.notes import Note
from console.domain.tickets import SHORTAGE, TICKET, Ticket
from console.services.changesets import NOTHING, Refused, incident_of, recorded
from console.services.handling import Handler
from console.services.incidents.joint_plans import merged
from console.services.incidents.messages import area_alert
from console.services.incidents.opening import relocated
from console.services.state import DeskState
from console.services.tickets.affected import AffectedArea
from console.services.tickets.places import CallerPlace
from console.services.tools import Tools
from maps.columns import Ints
from maps.locate.result import Candidate, Location

EPSILON = 0.3
BOUND = 20.0
"""Largest ratio by which calls alone move two candidates against each other."""
_BEFORE = timedelta(minutes=30)
"""Calls may come so long before the first abnormal reading."""
_MATERIAL = 0.01
_SET = 0.9


@dataclass(frozen=True, slots=True)
class UseCalls(Intent):
    """Let calls move a case's location, or take their effect back."""

    incident_id: str
    use: bool


def weights(shares: Sequence[Sequence[float]]) -> tuple[float, ...]:
    """Factor of each segment, the best one 1. ``shares``: for each call its q of each segment."""
    if not shares:
        return ()
    weight = (1.0 + math.log(len(shares))) / len(shares)
    sums = [weight * sum(math.log(EPSILON + (1.0 - EPSILON) * q) for q in of) for of in zip(*shares, strict=True)]
    best = max(sums)
    return tuple(math.exp(max(one - best, -math.log(BOUND))) for one in sums)


def moved(location: Location, segments: Sequence[Sequence[str]], factors: Sequence[float]) -> Location:
    """The location with its candidates reweighed; their probabilities keep their sum. Pipes of no segment keep factor 1."""
    factor = {pipe: one for pipes, one in zip(segments, factors, strict=True) for pipe in pipes}
    whole = sum(one.probability for one in location.candidates)
    raw = [one.probability * factor.get(one.pipe_id, min(factors, default=1.0)) for one in location.candidates]
    scale = whole / sum(raw) if sum(raw) > 0 else 1.0
    made = [Candidate(one.pipe_id, value * scale) for one, value in zip(location.candidates, raw, strict=True)]
    ranked = tuple(sorted(made, key=lambda one: -one.probability))
    return replace(location, candidates=ranked, set_90=_leading(ranked, whole))


def with_calls_weighed(tools: Tools, state: DeskState, changes: ChangeSet, now: datetime) -> ChangeSet:
    """``changes`` with the locations that calls move: of cases or tickets that changed."""
    if not changes.incidents and not changes.of(TICKET):
        return changes
    after = state.with_records(changes.records)
    if not after.of(TICKET):
        return changes
    concerned = after.incidents.values() if changes.of(TICKET) else changes.incidents
    steps = [weighed(tools, after, incident, now) for incident in tuple(concerned)]
    return merged(changes, *steps) if any(not step.is_empty for step in steps) else changes


def weighed(tools: Tools, state: DeskState, incident: Incident, now: datetime) -> ChangeSet:
    """The step of one case; nothing where calls change nothing that matters."""
    if not _is_open_to_calls(incident) or incident.location is None or incident.parts is None:
        return NOTHING
    prior = incident.calls.by_readings if incident.calls is not None else incident.location
    segments = [pipes for pipes, _ in incident.parts.segments]
    tickets, shares = _calls(tools, state, incident, segments)
    if not tickets:
        return _restored(tools, state, incident, now) if incident.calls is not None else NOTHING
    location = moved(prior, segments, weights(shares))
    if _is_same(incident.location, location):
        return NOTHING
    found = CallWeight(prior, tuple(one.ticket_id for one in tickets))
    after = relocated(tools, state, replace(incident, calls=found, outlook=None), location, now)
    first, before = location.candidates[0], {one.pipe_id: one.probability for one in prior.candidates}
    note = Note(
        "ticket.weighed",
        n=len(tickets),
        pipe=first.pipe_id,
        before=round(100 * before.get(first.pipe_id, 0.0)),
        after=round(100 * first.probability),
    )
    is_other = first.pipe_id != incident.location.candidates[0].pipe_id
    told = area_alert(tools, after, "revised", now) if is_other else ()
    return recorded(incident, after, "calls_weighed", note, outgoing=told)


def use_calls(tools: Tools, state: DeskState, intent: UseCalls, actor: Actor, now: datetime) -> ChangeSet:
    """A person decides whether calls count in this case."""
    incident = incident_of(state, intent.incident_id)
    if incident.calls_set_aside is not intent.use:
        raise Refused("calls_same", incident=incident.incident_id)
    if intent.use:
        after = replace(incident, calls_set_aside=False)
        return recorded(incident, after, "calls_used", Note("ticket.calls_used"))
    aside = replace(incident, calls_set_aside=True, calls=None)
    if incident.calls is not None:
        aside = relocated(tools, state, replace(aside, outlook=None), incident.calls.by_readings, now)
    return recorded(incident, aside, "calls_set_aside", Note("ticket.calls_aside"))


def _restored(tools: Tools, state: DeskState, incident: Incident, now: datetime) -> ChangeSet:
    """No call counts any more: as the readings say."""
    assert incident.calls is not None
    after = relocated(tools, state, replace(incident, calls=None, outlook=None), incident.calls.by_readings, now)
    return recorded(incident, after, "calls_weighed", Note("ticket.weighed_none"))


def _is_open_to_calls(incident: Incident) -> bool:
    """A gauge on site, and a judgement, are stronger than calls."""
    undecided = incident.phase is Phase.SUSPECTED and not incident.burst_pipes and not incident.hand_readings
    return undecided and not incident.calls_set_aside


def _calls(
    tools: Tools, state: DeskState, incident: Incident, segments: Sequence[Sequence[str]]
) -> tuple[list[Ticket], list[list[float]]]:
    """The calls that lie in at least one segment's area, and their share of each."""
    since = incident.first_abnormal_at - _BEFORE
    found, shares = list[Ticket](), list[list[float]]()
    asked = [
        one
        for one in state.of(TICKET).values()
        if one.is_open and one.kind in SHORTAGE and one.called_at >= since and one.incident_id in ("", incident.incident_id)
    ]
    if not asked:
        return [], []
    areas = tools.calls.segment_areas(tools.planner, segments)
    for ticket in asked:
        place = tools.calls.places.place(ticket.asset_kind, ticket.asset_id, ticket.x, ticket.y)
        of = [_share(place, area, tools.city.customers.households) for area in areas]
        if any(of):
            found.append(ticket)
            shares.append(of)
    return found, shares


def _share(place: CallerPlace, area: AffectedArea, households: Ints) -> float:
    if len(place.customers):
        count = [max(int(households[row]), 1) for row in place.customers.tolist()]
        inside = sum(n for n, hit in zip(count, area.dry[place.customers].tolist(), strict=True) if hit)
        return inside / sum(count)
    return float(area.dry_pipes[place.pipes].mean()) if len(place.pipes) else 0.0


def _is_same(old: Location, new: Location) -> bool:
    before: Mapping[str, float] = {one.pipe_id: one.probability for one in old.candidates}
    same_first = old.candidates[0].pipe_id == new.candidates[0].pipe_id
    return same_first and all(abs(one.probability - before.get(one.pipe_id, 0.0)) < _MATERIAL for one in new.candidates)


def _leading(ranked: Iterable[Candidate], whole: float) -> tuple[str, ...]:
    """The smallest leading set with 90 % of the probability."""
    found, held = list[str](), 0.0
    for one in ranked:
        if found and held >= _SET * whole:
            break
        found.append(one.pipe_id)
        held += one.probability
    return tuple(found)


HANDLERS = (Handler(UseCalls, use_calls, Permission.CASES, undoable=("calls_used", "calls_set_aside")),)
