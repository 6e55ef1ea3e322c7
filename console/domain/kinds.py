"""The kinds of records of this program; a new one is added here."""

from __future__ import annotations

from typing import Any

from console.domain.alarms import ALARM
from console.domain.contacts import CALL, CONTACT
from console.domain.corrections import CORRECTION
from console.domain.dispatch_orders import DISPATCH_ORDER
from console.domain.field_reports import CREW_DUTY
from console.domain.incidents import INCIDENT
from console.domain.outages import OUTAGE
from console.domain.outreach import CARE_NEED, CARE_STEP, TELLING
from console.domain.records import RecordKind
from console.domain.reports import REPORT
from console.domain.shift import DUTY, HANDOVER, LOG_ENTRY
from console.domain.tickets import TICKET
from console.domain.valve_photos import VALVE_PHOTO
from console.domain.water_points import WATER_POINT

KINDS: tuple[RecordKind[Any], ...] = (
    INCIDENT,
    ALARM,
    DUTY,
    LOG_ENTRY,
    HANDOVER,
    CONTACT,
    CALL,
    CREW_DUTY,
    TICKET,
    OUTAGE,
    REPORT,
    DISPATCH_ORDER,
    TELLING,
    CARE_NEED,
    CARE_STEP,
    WATER_POINT,
    CORRECTION,
    VALVE_PHOTO,
)
