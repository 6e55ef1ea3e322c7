"""The kinds of records of this program; a new one is added here."""

from __future__ import annotations

from typing import Any

from console.domain.alarms import ALARM
from console.domain.incidents import INCIDENT
from console.domain.records import RecordKind

KINDS: tuple[RecordKind[Any], ...] = (INCIDENT, ALARM)
