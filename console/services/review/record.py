"""CaseRecord: all data of one incident as one value, for the package, the report and the replay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import Alarm
from console.domain.attachments import Attachment
from console.domain.changes import Change
from console.domain.expected import ExpectedValues
from console.domain.incidents import Incident
from console.domain.readings import ReadingBatch
from console.domain.records import Record
from console.domain.targets import Targets
from console.services.review.notes import ReviewNotes
from console.services.review.past_case import PastCase
from console.services.review.states import Known, alarms_over_time, incident_over_time
from maps.city import City


@dataclass(frozen=True, eq=False)
class Tracks:
    """Fixes of crews as columns, each (n,), by crew and then time: id, source time (µs UTC), x/y in the network's CRS."""

    crew_id: NDArray[np.object_]
    at_us: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    @classmethod
    def empty(cls) -> Tracks:
        """Columns without any fix."""
        return cls(np.empty(0, object), np.empty(0, np.int64), np.empty(0), np.empty(0))

    def __len__(self) -> int:
        return len(self.at_us)


@dataclass(frozen=True, slots=True)
class Sent:
    """A message sent with a change (``change_seq``)."""

    change_seq: int
    topic: str
    content_type: str
    payload: bytes


@dataclass(frozen=True, eq=False)
class CaseRecord:
    """One incident from ``since`` to ``until`` (aware).

    ``city``: the network around it with its state at the opening of the case. ``changes``: of the incident and of the
    alarms of the window, by seq; ``links``: (seq, hash) of the changes of others in between, which hold the chain
    together. ``readings``, ``expected``: rows of ``city.stations``. ``past``: earlier cases, oldest first.
    ``files``: the notices' files as issued, by name. ``others``: records of other kinds that belong to the case.
    ``targets``: the utility's, None where they were not kept. ``pictures``: of entries of the shift log, by SHA-256.
    ``redacted``: personal data were left out, so the chain's hashes no longer fit. ``program``: version that wrote it.
    """

    incident: Incident
    city: City
    changes: tuple[Change, ...]
    links: tuple[tuple[int, str], ...]
    alarms: tuple[Alarm, ...]
    readings: ReadingBatch
    tracks: Tracks
    since: datetime
    until: datetime
    sent: tuple[Sent, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict)
    notes: ReviewNotes = field(default_factory=ReviewNotes)
    program: str = ""
    clipped: bool = False
    redacted: bool = False
    expected: ExpectedValues = field(default_factory=ExpectedValues.empty)
    past: tuple[PastCase, ...] = ()
    targets: Targets | None = None
    pictures: Mapping[str, Attachment] = field(default_factory=dict)
    others: tuple[Record, ...] = ()

    @cached_property
    def incident_states(self) -> tuple[Known[Incident], ...]:
        """The incident after each of its changes, oldest first."""
        return incident_over_time(self.changes, self.incident.incident_id)

    @cached_property
    def alarm_states(self) -> Mapping[str, tuple[Known[Alarm], ...]]:
        """Each alarm after each of its changes, oldest first."""
        return alarms_over_time(self.changes)

    @cached_property
    def case_changes(self) -> tuple[Change, ...]:
        """The log of actions: the changes of the incident itself."""
        subject = f"incident/{self.incident.incident_id}"
        return tuple(change for change in self.changes if change.subject == subject)
