"""Outreach: which customers of a case were told, and the care of those who need water most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.records import AT_HAND, RecordKind


class Way(StrEnum):
    """How customers were told."""

    PHONE = "phone"
    MESSAGE = "message"
    VISIT = "visit"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Telling:
    """``by`` told some customers of a case (asset ids). ``asked_first``: they had called before they were told.

    ``withdrawn_at``: entered by mistake.
    """

    telling_id: str
    incident_id: str
    customers: tuple[str, ...]
    way: Way
    at: datetime
    by: str
    actor_id: str
    asked_first: bool = False
    remark: str = ""
    withdrawn_at: datetime | None = None
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[Telling]:
        """Who was told."""
        return TELLING


class Need(StrEnum):
    """Why somebody needs water more than others, the most urgent first."""

    DIALYSIS = "dialysis"
    HOSPITAL = "hospital"
    BEDRIDDEN = "bedridden"
    CARE_HOME = "care_home"
    INFANT = "infant"
    DISABLED = "disabled"
    SCHOOL = "school"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class CareNeed:
    """An entry of the utility's own register: personal data. ``customer_id``: asset id of the customer it lives or works at."""

    need_id: str
    customer_id: str
    need: Need
    name: str
    phones: tuple[str, ...]
    added_at: datetime
    hours: str = ""
    remark: str = ""
    removed_at: datetime | None = None
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[CareNeed]:
        """The register of people and institutions with a need."""
        return CARE_NEED


class CareKind(StrEnum):
    """What was done for somebody."""

    REACHED = "reached"
    NOT_REACHED = "not_reached"
    WATER = "water"
    NO_HELP_NEEDED = "no_help_needed"


@dataclass(frozen=True, slots=True)
class CareStep:
    """One step for a customer of a case. ``litres``: of water delivered. Names and numbers stand in the register alone."""

    step_id: str
    incident_id: str
    customer_id: str
    kind: CareKind
    at: datetime
    by: str
    actor_id: str
    litres: float = 0.0
    said: str = ""
    need_id: str = ""
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[CareStep]:
        """Steps of care."""
        return CARE_STEP


TELLING = RecordKind(
    "telling",
    Telling,
    "telling_id",
    number=lambda _, serial: f"N-{serial:06d}",
    state=lambda telling: "told" if telling.withdrawn_at is None else "withdrawn",
    opened_at=lambda telling: telling.at,
    closed_at=lambda telling: telling.at + AT_HAND,
    in_package=lambda telling, incident_id: telling.incident_id == incident_id,
)
CARE_NEED = RecordKind(
    "care_need",
    CareNeed,
    "need_id",
    number=lambda _, serial: f"V-{serial:05d}",
    state=lambda need: "listed" if need.removed_at is None else "removed",
    opened_at=lambda need: need.added_at,
    closed_at=lambda need: need.removed_at,
)
"""Personal data: in no package."""
CARE_STEP = RecordKind(
    "care_step",
    CareStep,
    "step_id",
    number=lambda _, serial: f"S-{serial:06d}",
    state=lambda step: step.kind.value,
    opened_at=lambda step: step.at,
    closed_at=lambda step: step.at + AT_HAND,
)
"""Who was called and given water tells who is ill: in no package either."""
