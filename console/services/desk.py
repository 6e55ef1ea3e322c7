"""Desk: applies intents of users and events from outside. (state, intent, now) -> ChangeSet; nothing is mutated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from console.detection.finding import BurstFinding, OperationFinding, StationFinding
from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet
from console.domain.clock import micros
from console.domain.crews import CrewFix
from console.domain.field_reports import Reported
from console.domain.incidents import Outlook, PressureImpact
from console.domain.intents import Intent
from console.domain.limits import Limits
from console.domain.notes import Note
from console.domain.orders import OrderReply
from console.domain.outages import OUTAGE
from console.domain.targets import Targets
from console.domain.tickets import TICKET
from console.services.access.permissions import require_permitted
from console.services.alarms import operations, station_alarms
from console.services.analysis.retention import Deletion, recorded_deletion
from console.services.areas import answers, escalation
from console.services.areas.concern import with_area_alerts
from console.services.areas.emergency import with_emergency_noted
from console.services.areas.escalation import Wait, Waiting
from console.services.areas.visibility import refuse_beyond, state_for
from console.services.changesets import NOTHING, Refused, recorded
from console.services.crews import corrections, orders, resending, valve_assignment, valve_reports
from console.services.crews.contact import with_silence
from console.services.crews.field_reports import on_report
from console.services.crews.valve_replies import on_valve_reply
from console.services.handling import table
from console.services.incidents import deliveries, escalations, judging, opening, undo
from console.services.incidents.joint_plans import merged, with_plans_following
from console.services.incidents.messages import fire_brigade
from console.services.location import gauge_readings
from console.services.notices import demands, lifecycle, other_end
from console.services.notices import following as drafts_following
from console.services.outages import planning, running
from console.services.outages import undo as outage_undo
from console.services.outages.following import with_outage_impact, with_outages_following
from console.services.ports import Documents, Planner
from console.services.public import care, dispatch_orders, tanker_orders, tellings, water_points
from console.services.reports import authority, schedule
from console.services.settings import DeskSettings
from console.services.shift import contacts, duty, entries, handover
from console.services.state import DeskState
from console.services.tickets import changing, clusters, location, taking
from console.services.tickets.following import with_newcomers, with_tickets_following
from console.services.tickets.location import with_calls_weighed
from console.services.tools import Tools
from maps.city import City

__all__ = ["Desk", "DeskSettings", "DeskState", "Refused"]


_SUBJECTS = (
    station_alarms, operations, opening, judging, undo, gauge_readings, orders, valve_assignment, valve_reports, lifecycle,
    other_end, demands, planning, running, outage_undo, authority, duty, entries, handover, contacts,
    answers, taking, changing, location, deliveries, dispatch_orders, tellings, care, water_points, tanker_orders,
    corrections,
)  # fmt: skip
"""Modules with handlers; a new one is added here."""

HANDLERS = table(handler for subject in _SUBJECTS for handler in subject.HANDLERS)
"""What carries out each intent."""

UNDOABLE = frozenset(kind for handler in HANDLERS.values() for kind in handler.undoable)
"""Kinds of steps that people took and can take back; findings, answers and impacts are facts."""


class Desk:
    """One city's desk. An empty ChangeSet means nothing to record. Every method is pure."""

    def __init__(self, city: City, isolator: Planner, documents: Documents, settings: DeskSettings) -> None:
        self._tools = Tools(city, isolator, documents, settings, UNDOABLE)

    @property
    def limits(self) -> Limits:
        """Limits of each station's channels."""
        return self._tools.limits

    @property
    def targets(self) -> Targets:
        """The utility's targets."""
        return self._tools.settings.targets

    @property
    def site(self) -> str:
        """The site's name in messages."""
        return self._tools.site

    def carry_out(self, state: DeskState, intent: Intent, actor: Actor, now: datetime) -> ChangeSet:
        """Carry out an intent of ``actor``. Raises Refused and UnknownAsset."""
        handler = HANDLERS.get(type(intent))
        if handler is None:
            raise TypeError(f"no service carries out {type(intent).__name__}")
        require_permitted(handler, intent, actor, signs_in=self._tools.settings.signs_in)
        areas = self._tools.areas
        given = state_for(areas, state, intent, actor, of_shift=handler.permission is Permission.SHIFT)
        step = handler.carry_out(self._tools, given, intent, actor, now)
        if handler.emergency(intent):
            step = with_emergency_noted(self._tools, state, step, actor)
        else:
            refuse_beyond(areas, state, step, actor)
        return self._followed(state, step, now)

    def _followed(self, state: DeskState, step: ChangeSet, now: datetime) -> ChangeSet:
        """A step with its consequences: other cases' plans, hydrants that lose or regain water."""
        changes = with_outages_following(self._tools, state, with_plans_following(self._tools, state, step), now)
        changes = self._recalled(changes, now)
        told = [
            message
            for incident in changes.incidents
            for message in fire_brigade(self._tools, state.incidents.get(incident.incident_id), incident, now)
        ]
        changes = replace(changes, outgoing=(*changes.outgoing, *told)) if told else changes
        return self._tickets_follow(state, changes, now)

    def _tickets_follow(self, state: DeskState, step: ChangeSet, now: datetime) -> ChangeSet:
        """Tickets follow their cases; new calls are held against the usual and move locations.

        Behind the check of areas: an area's terminal may take the call that makes a cluster of the whole city.
        """
        for ticket in step.of(TICKET):
            if ticket.version == 1:
                step = merged(step, clusters.on_call(self._tools, state, ticket, now))
            step = merged(step, changing.still_out_alarm(state, ticket, now))
        followed = with_tickets_following(self._tools, state, step, now)
        weighed = with_calls_weighed(self._tools, state, followed, now)
        if weighed is not followed:
            weighed = with_newcomers(self._tools, state, weighed, now)
        return with_area_alerts(self._tools, weighed, now)

    def _recalled(self, changes: ChangeSet, now: datetime) -> ChangeSet:
        """With what crews must be told of their valve cards."""
        return merged(changes, *(valve_assignment.recalled(self._tools, case, now) for case in changes.incidents if case.cards))

    def on_burst(self, state: DeskState, finding: BurstFinding, now: datetime) -> ChangeSet:
        """A burst finding: a new alarm and incident, or an open one's location revised (until judged)."""
        return self._tickets_follow(state, opening.on_burst(self._tools, state, finding, now), now)

    def on_stations(self, state: DeskState, findings: Sequence[StationFinding], now: datetime) -> ChangeSet:
        """Station faults or limit violations begin or end: one alarm per station and code."""
        return station_alarms.on_stations(self._tools, state, findings, now)

    def on_operation(self, state: DeskState, finding: OperationFinding, now: datetime) -> ChangeSet:
        """A switching that explains a pressure step: shown as information, no alarm."""
        return operations.on_operation(self._tools, state, finding, now)

    def on_order_reply(self, state: DeskState, reply: OrderReply, now: datetime) -> ChangeSet:
        """A crew's reply to an order, or its report on a valve. After a refusal the note names the next nearest free crew."""
        if reply.is_on_valve:
            return self._followed(state, on_valve_reply(self._tools, state, reply, now), now)
        return with_area_alerts(self._tools, orders.on_reply(self._tools, state, reply, now), now)

    def on_report(self, state: DeskState, reported: Reported, now: datetime) -> ChangeSet:
        """A crew's report from the field: duty, found pipe, photo, gauge reading, sample."""
        return self._followed(state, on_report(self._tools, state, reported, now), now)

    def unanswered(
        self, state: DeskState, now: datetime, waited_until: Mapping[str, datetime] = MappingProxyType({})
    ) -> frozenset[str]:
        """Ids of orders that their crews have not answered in time. ``waited_until``: until when one had not left the house."""
        return resending.unanswered(state, now, self._tools.settings.order_resend_minutes, waited_until)

    def on_no_answer(self, state: DeskState, order_ids: frozenset[str], now: datetime) -> ChangeSet:
        """Orders without an answer are sent again."""
        return resending.sent_again(self._tools, state, order_ids, now)

    def crews(self, state: DeskState, now: datetime) -> tuple[CrewFix, ...]:
        """The crews, those without any sign of life as silent."""
        minutes = self._tools.settings.crew_silent_minutes
        return with_silence(state.crews.values(), state.incidents.values(), state.duties(), micros(now), minutes)

    @property
    def crew_speed_kmh(self) -> float:
        """Speed of crews, door to door."""
        return self._tools.settings.crew_speed_kmh

    def on_impact(self, state: DeskState, incident_id: str, impact: PressureImpact, now: datetime) -> ChangeSet:
        """Result of the pressures after closing; the caller drops outdated results."""
        outage = state.of(OUTAGE).get(incident_id)
        if outage is not None:
            return with_outage_impact(self._tools, state, outage, impact)
        incident = state.incidents.get(incident_id)
        if incident is None or not incident.is_open() or incident.impact == impact:
            return NOTHING
        if impact.reopening and incident.impact == replace(impact, reopening=()):
            tried = [Note("plan.suffices" if one.suffices else "plan.not_enough", valve=one.valve_id) for one in impact.reopening]
            note = Note("plan.reopening", valves=tried)
            return recorded(incident, replace(incident, impact=impact), "reopening_checked", note)
        note = (
            Note("plan.impact", n=impact.low_pressure_households)
            if impact.converged
            else Note("plan.impact_failed", reason=impact.message)
        )
        step = recorded(incident, replace(incident, impact=impact), "impact_computed", note)
        return self._tickets_follow(state, step, now)

    def on_outlook(self, state: DeskState, incident_id: str, outlook: Outlook, now: datetime) -> ChangeSet:
        """Result of a case's forecast; the caller drops outdated results."""
        return gauge_readings.on_outlook(self._tools, state, incident_id, outlook, now)

    def on_files(self, state: DeskState, incident_id: str, notice_id: str, files: tuple[str, ...], now: datetime) -> ChangeSet:
        """The files of a notice were written (Documents.files, after the commit)."""
        return lifecycle.on_files(state, incident_id, notice_id, files)

    def on_deletion(self, deletion: Deletion) -> ChangeSet:
        """History was deleted by its setting."""
        return recorded_deletion(deletion)

    def on_start(self, state: DeskState, now: datetime) -> ChangeSet:
        """At start: end the alarms of stations that are no longer in the dataset."""
        return station_alarms.on_absent(self._tools, state, now)

    def on_time(self, state: DeskState, now: datetime) -> ChangeSet:
        """End expired shelving, make outdated plans anew, escalate targets; call it every few seconds."""
        over = merged(
            station_alarms.on_time(state, now),
            operations.on_time(state, now),
            escalation.on_time(state, now),
            dispatch_orders.on_time(self._tools, state, now),
            clusters.on_time(state, now),
            drafts_following.on_time(self._tools, state, now),
        )
        step = with_outages_following(self._tools, state, with_plans_following(self._tools, state, over), now)
        step = self._recalled(step, now)
        step = with_area_alerts(self._tools, step, now)
        return merged(step, escalations.on_time(self._tools, state.with_records(step.records), now))

    def on_report_clocks(self, state: DeskState, now: datetime) -> ChangeSet:
        """Open the reports to the authorities that are due next, move their clocks, tell late ones; call it every few seconds."""
        return schedule.on_time(self._tools, state, now)

    def area_waits(
        self, known: Mapping[Waiting, Wait], state: DeskState, now: datetime, monotonic_s: float
    ) -> tuple[dict[Waiting, Wait], frozenset[Waiting]]:
        """(how long alerts wait for an area's acknowledgement, those that have waited too long)."""
        found = escalation.waits(known, state, now, monotonic_s)
        return found, escalation.overdue(found, self._tools.settings.area_minutes, monotonic_s)

    def on_area_silence(self, state: DeskState, late: frozenset[Waiting], now: datetime) -> ChangeSet:
        """Areas did not acknowledge in time: the centre is alarmed, once."""
        return escalation.escalate(self._tools, state, late, now)
