"""Reports of crews from the field, apart from replies to orders and reports on valves; and which crews are on duty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.attachments import Attachment, PictureRef
from console.domain.records import RecordKind


class ReportKind(StrEnum):
    """What a crew reports."""

    ON_DUTY = "on_duty"
    OFF_DUTY = "off_duty"
    FOUND = "found"
    """The pipe that is broken."""
    PHOTO = "photo"
    GAUGE = "gauge"
    """A pressure read on a gauge."""
    SAMPLE = "sample"
    """Turbidity and chlorine before service resumes."""
    WATER = "water"
    """Water that a tanker brought to a point of emergency water."""
    CORRECTION = "correction"
    """Something is otherwise than the dataset says."""


OF_DUTY = (ReportKind.ON_DUTY, ReportKind.OFF_DUTY)
"""Reports that belong to no order."""


@dataclass(frozen=True, slots=True)
class FieldReport:
    """One report. ``report_id``: given by the crew's phone; the same id is the same report. ``at``: time of the tap.

    ``asset_id``: the pipe found, the station or hydrant of a gauge, or what is corrected; ``place``: the gauge's place in words,
    where it is none of these. ``layer``, ``fault``, ``x``, ``y``: of a correction, as in ``corrections.py``. ``pressure_kpa``,
    ``turbidity_ntu``, ``chlorine_mgl``: what was measured, ``litres``: what was brought, None where not asked.
    """

    report_id: str
    crew_id: str
    kind: ReportKind
    at: datetime
    order_id: str = ""
    asset_id: str = ""
    place: str = ""
    pressure_kpa: float | None = None
    turbidity_ntu: float | None = None
    chlorine_mgl: float | None = None
    text: str = ""
    picture: PictureRef | None = None
    layer: str = ""
    fault: str = ""
    x: float | None = None
    y: float | None = None
    litres: float | None = None


@dataclass(frozen=True, slots=True)
class Reported:
    """A report as it arrives, with the bytes of its photo."""

    report: FieldReport
    photo: Attachment | None = None

    @property
    def crew_id(self) -> str:
        """Whose it is."""
        return self.report.crew_id


@dataclass(frozen=True, slots=True)
class CrewDuty:
    """Whether a crew is on duty, as it said last. ``report_id``: of that report."""

    duty_id: str
    crew_id: str
    is_on: bool
    at: datetime
    report_id: str = ""
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[CrewDuty]:
        """Crews' duty."""
        return CREW_DUTY


CREW_DUTY = RecordKind(
    "crew_duty",
    CrewDuty,
    "duty_id",
    number=lambda _, serial: f"CD-{serial:05d}",
    state=lambda duty: "on_duty" if duty.is_on else "off_duty",
    opened_at=lambda duty: duty.at,
    closed_at=lambda _: None,
)
"""One record a crew, never closed: its state is always needed."""
