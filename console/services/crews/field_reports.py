"""Reports of crews from the field: duty, the pipe found broken, photos, gauge readings, water samples.

Repeated reports (the same id) change nothing. One that a later report of the same thing has overtaken changes nothing either,
and stays in the log of actions with the reason.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime

from console.domain.actors import Actor, Role
from console.domain.changes import ChangeSet
from console.domain.corrections import CORRECTION, Correction, Fault, Layer
from console.domain.field_reports import CREW_DUTY, OF_DUTY, CrewDuty, FieldReport, Reported, ReportKind
from console.domain.incidents import Incident, Phase, WorkOrder
from console.domain.notes import NO_NOTE, Code, Note, Quantity
from console.domain.record_ids import provisional_id
from console.domain.records import subject_of
from console.domain.valve_photos import VALVE_PHOTO, ValvePhoto
from console.services.changesets import NOTHING, Refused, recorded
from console.services.crews.corrections import proposed
from console.services.crews.valve_reports import RecordSample, record_sample
from console.services.incidents.joint_plans import merged
from console.services.location.gauge_readings import EnterReading, enter
from console.services.note_texts import as_written
from console.services.public.tanker_orders import brought
from console.services.shift.entries import WriteEntry, write
from console.services.state import DeskState
from console.services.tools import Tools

log = logging.getLogger(__name__)

MOST_PHOTOS = 20
"""Of one order."""
_LAST_COUNTS = (ReportKind.FOUND, ReportKind.SAMPLE)


def on_report(tools: Tools, state: DeskState, reported: Reported, now: datetime) -> ChangeSet:
    """What follows from a report. Raises nothing: what cannot be used is logged, in the case where there is one."""
    report = reported.report
    if report.kind in OF_DUTY:
        return _duty(state, report)
    found = _order_of(state, report)
    if found is None:
        log.warning("crew %s reports %s for an order that is none of its own", report.crew_id, report.kind)
        return NOTHING
    incident, order = found
    if any(one.report_id == report.report_id and one.crew_id == report.crew_id for one in incident.field_reports):
        return NOTHING
    why = why_unused(incident, report)
    if why is not None:
        return _unused(state, incident, report, why)
    try:
        return _taken(tools, state, incident, order, reported, now)
    except Refused as fault:
        return _unused(state, incident, report, fault.note())


def why_unused(incident: Incident, report: FieldReport) -> Note | None:
    """Why a new report of a case changes nothing; None when it counts."""
    if not incident.is_open():
        return Note("field_report.case_closed")
    later = overtaken_by(incident, report)
    if later is not None:
        return Note("field_report.later", crew=later.crew_id, at=later.at)
    photos = sum(1 for one in incident.field_reports if one.kind is ReportKind.PHOTO and one.order_id == report.order_id)
    if report.kind is ReportKind.PHOTO and photos >= MOST_PHOTOS:
        return Note("field_report.photos", n=MOST_PHOTOS)
    if report.kind is ReportKind.SAMPLE and incident.phase is Phase.SUSPECTED:
        return Note("field_report.not_judged")
    return None


def overtaken_by(incident: Incident, report: FieldReport) -> FieldReport | None:
    """The later report of the same thing: of a found pipe those of the same order, of a sample those of the case."""
    if report.kind not in _LAST_COUNTS:
        return None
    later = [
        one
        for one in incident.field_reports
        if one.kind is report.kind
        and one.at > report.at
        and (report.kind is ReportKind.SAMPLE or one.order_id == report.order_id)
    ]
    return max(later, key=lambda one: one.at, default=None)


def _duty(state: DeskState, report: FieldReport) -> ChangeSet:
    if report.crew_id not in state.crews:
        log.warning("%s reports its duty and is no crew of this city", report.crew_id)
        return NOTHING
    is_on = report.kind is ReportKind.ON_DUTY
    before = next((one for one in state.of(CREW_DUTY).values() if one.crew_id == report.crew_id), None)
    if before is not None and (report.report_id == before.report_id or report.at <= before.at):
        return NOTHING
    crew = state.crews[report.crew_id].name or report.crew_id
    after = (
        CrewDuty(provisional_id(CREW_DUTY), report.crew_id, is_on, report.at, report.report_id)
        if before is None
        else replace(before, is_on=is_on, at=report.at, report_id=report.report_id)
    )
    kind = "crew_on_duty" if is_on else "crew_off_duty"
    return recorded(before, after, kind, Note("field_report.duty", crew=crew, duty=Code("crew_duty", report.kind)))


def _taken(tools: Tools, state: DeskState, incident: Incident, order: WorkOrder, reported: Reported, now: datetime) -> ChangeSet:
    report, crew = reported.report, Actor.named(reported.crew_id, Role.CREW)
    match report.kind:
        case ReportKind.FOUND:
            orders = tuple(
                replace(one, found_pipe=report.asset_id) if one.order_id == order.order_id else one for one in incident.orders
            )
            after = replace(incident, orders=orders, field_reports=(*incident.field_reports, report))
            note = Note("field_report.found", crew=report.crew_id, pipe=report.asset_id, order=order.order_id)
            return recorded(incident, after, "crew_found_pipe", note)
        case ReportKind.PHOTO:
            return _photo(tools, state, incident, reported, crew, now)
        case ReportKind.SAMPLE:
            asked = RecordSample(incident.incident_id, report.turbidity_ntu, report.chlorine_mgl)
            return _with_step(record_sample(tools, state, asked, crew, report.at), incident, report)
        case ReportKind.WATER:
            kept = replace(incident, field_reports=(*incident.field_reports, report))
            note = Note("field_report.kept", crew=report.crew_id, kind=Code("field_report_kind", report.kind))
            return merged(recorded(incident, kept, "crew_report", note), brought(state, order, report))
        case ReportKind.CORRECTION:
            return _correction(state, incident, report)
        case _:
            return _gauge(tools, state, incident, report, crew)


def _photo(tools: Tools, state: DeskState, incident: Incident, reported: Reported, crew: Actor, now: datetime) -> ChangeSet:
    """The photo is an entry of the shift log about the case: there it is shown, and it goes with the case's package."""
    if reported.photo is None:
        raise Refused("picture_type")
    report = reported.report
    said = Note("field_report.photo_text", crew=report.crew_id, order=report.order_id, text=_said(report))
    text = as_written(said, tools.city.info.time_zone)
    entry = WriteEntry(
        text, incident_id=incident.incident_id, picture=reported.photo.content, picture_name=f"{report.order_id}.jpg"
    )
    kept = replace(report, picture=reported.photo.ref(f"{report.order_id}.jpg"))
    note = Note("field_report.photo", crew=report.crew_id, order=report.order_id, text=_said(report))
    after = replace(incident, field_reports=(*incident.field_reports, kept))
    written = write(tools, state, entry, crew, report.at)
    # One line of the case's log is enough: the entry's own stands in the shift log.
    in_shift = replace(written, drafts=tuple(one for one in written.drafts if one.subject != subject_of(incident)))
    return merged(recorded(incident, after, "crew_photo", note), in_shift, _of_valve(state, incident, kept))


def _of_valve(state: DeskState, incident: Incident, report: FieldReport) -> ChangeSet:
    """The photo as the last one of its valve, which the valve's card shows from then on."""
    if report.layer != Layer.VALVE or not report.asset_id or report.picture is None:
        return NOTHING
    before = next((one for one in state.of(VALVE_PHOTO).values() if one.valve_id == report.asset_id), None)
    if before is not None and before.at >= report.at:
        return NOTHING
    made = ValvePhoto(
        provisional_id(VALVE_PHOTO) if before is None else before.photo_id, report.asset_id, report.picture, report.at,
        report.crew_id, incident.incident_id, report.text, 0 if before is None else before.version,
    )  # fmt: skip
    note = Note("field_report.valve_photo", crew=report.crew_id, valve=report.asset_id)
    return recorded(before, made, "valve_photo", note)


def _gauge(tools: Tools, state: DeskState, incident: Incident, report: FieldReport, crew: Actor) -> ChangeSet:
    """Evidence of the case; at a place that was proposed, before it is judged, it also moves the probabilities."""
    if report.pressure_kpa is None:
        raise Refused("no_pressure")
    place = report.asset_id or report.place
    note = Note("field_report.gauge", crew=report.crew_id, place=place, pressure=Quantity(report.pressure_kpa, "pressure"))
    proposed = incident.outlook.next_readings if incident.outlook is not None else ()
    if incident.phase is Phase.SUSPECTED and any(one.asset_id == report.asset_id for one in proposed):
        step = enter(tools, state, EnterReading(incident.incident_id, report.asset_id, report.pressure_kpa), crew, report.at)
        return _with_step(step, incident, report)
    after = replace(incident, field_reports=(*incident.field_reports, report))
    return recorded(incident, after, "crew_gauge", note)


def _correction(state: DeskState, incident: Incident, report: FieldReport) -> ChangeSet:
    """A proposal for the data clerk; the case keeps the report."""
    made = Correction(
        provisional_id(CORRECTION), Layer(report.layer), report.asset_id, Fault(report.fault), report.at, report.crew_id,
        incident.incident_id, report.report_id, report.text, report.x, report.y,
    )  # fmt: skip
    after = replace(incident, field_reports=(*incident.field_reports, report))
    note = Note("field_report.kept", crew=report.crew_id, kind=Code("field_report_kind", report.kind))
    return merged(recorded(incident, after, "crew_report", note), proposed(state, made))


def _with_step(step: ChangeSet, incident: Incident, report: FieldReport) -> ChangeSet:
    """A step of the desk's own, with the report kept apart, so that undoing the step keeps it."""
    (between,) = step.incidents
    after = replace(between, field_reports=(*between.field_reports, report))
    crew = Code("field_report_kind", report.kind)
    kept = recorded(between, after, "crew_report", Note("field_report.kept", crew=report.crew_id, kind=crew))
    return merged(step, kept)


def _said(report: FieldReport) -> Note:
    """What the crew wrote to it, after the valve's number where it shows one."""
    text = " ".join(part for part in (report.asset_id, report.text) if part)
    return Note("field_report.said", text=text) if text else NO_NOTE


def _order_of(state: DeskState, report: FieldReport) -> tuple[Incident, WorkOrder] | None:
    orders = ((incident, order) for incident in state.incidents.values() for order in incident.orders)
    return next(((i, o) for i, o in orders if o.order_id == report.order_id and o.crew_id == report.crew_id), None)


def _unused(state: DeskState, incident: Incident, report: FieldReport, why: Note) -> ChangeSet:
    """Log the report and why it changes nothing, once."""
    said = Code("field_report_kind", report.kind)
    note = Note("field_report.unused", crew=report.crew_id, kind=said, order=report.order_id, why=why)
    text = as_written(note)
    history = state.history.get(subject_of(incident), ())
    if any(change.kind == "crew_report_unused" and as_written(change.note) == text for change in history):
        return NOTHING
    log.warning("crew %s: report %s of order %s changes nothing: %s", report.crew_id, report.kind, report.order_id, why.key)
    return recorded(incident, incident, "crew_report_unused", note)
