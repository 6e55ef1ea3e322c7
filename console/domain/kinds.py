"""The kinds of records of this program; a new one is added here."""

from __future__ import annotations

from typing import Any

from console.domain.alarms import ALARM
from console.domain.contacts import CALL, CONTACT
from console.domain.corrections import CORRECTION
from console.domain.field_reports import CREW_DUTY
from console.domain.incidents import INCIDENT
from console.domain.records import RecordKind
from console.domain.shift import DUTY, HANDOVER, LOG_ENTRY

KINDS: tuple[RecordKind[Any], ...] = (INCIDENT, ALARM, DUTY, LOG_ENTRY, HANDOVER, CONTACT, CALL, CREW_DUTY, CORRECTION)
