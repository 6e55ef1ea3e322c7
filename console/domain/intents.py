"""What users ask for, as data: a view (or the scripted dispatcher) emits one, the desk service carries it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.incidents import Phase, Unable


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarm:
    """确认."""

    alarm_id: str


@dataclass(frozen=True, slots=True)
class AcknowledgeAlarms:
    """确认 of several that were chosen together, as a flood needs; each keeps its own line in the log."""

    alarm_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShelveAlarm:
    """搁置 until a time, or (``until`` None, one-shot) until it returns; with a reason."""

    alarm_id: str
    until: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class TakeOutOfService:
    """停用, until a person restores it; with a reason."""

    alarm_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class RestoreAlarm:
    """A shelved alarm, or one out of service, back among the others."""

    alarm_id: str


@dataclass(frozen=True, slots=True)
class JudgeBurst:
    """The dispatcher judges it a burst on these pipes (first candidate or picked by hand); a site check goes out."""

    incident_id: str
    pipe_ids: tuple[str, ...]
    ground: str = "judgement"


@dataclass(frozen=True, slots=True)
class DismissIncident:
    """Not a burst, with the reason."""

    incident_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """A burst reported by hand (a call) on a pipe."""

    pipe_id: str
    ground: str = "call"


@dataclass(frozen=True, slots=True)
class MarkValveClosed:
    """A valve of the plan is reported closed."""

    incident_id: str
    valve_id: str


@dataclass(frozen=True, slots=True)
class MarkValveUnable:
    """A valve of the plan cannot be closed; the plan follows."""

    incident_id: str
    valve_id: str
    unable: Unable


@dataclass(frozen=True, slots=True)
class SendCrew:
    """Send a crew with a repair order; ``crew_id`` empty means the nearest free one."""

    incident_id: str
    crew_id: str = ""


@dataclass(frozen=True, slots=True)
class SetRestoration:
    """Correct the estimated time of restoration by hand (aware UTC)."""

    incident_id: str
    at: datetime


@dataclass(frozen=True, slots=True)
class AdvancePhase:
    """Move the case to a later phase, with the evidence for it ("isolated" needs some)."""

    incident_id: str
    phase: Phase
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class DraftNotice:
    """Fill a notice from the facts."""

    incident_id: str


@dataclass(frozen=True, slots=True)
class EditNotice:
    """Correct a draft's texts by hand."""

    incident_id: str
    notice_id: str
    text_zh: str
    text_en: str


@dataclass(frozen=True, slots=True)
class SubmitNotice:
    """Hand a draft to the supervisor. ``contradiction_reason``: why, although the notice contradicts the case."""

    incident_id: str
    notice_id: str
    contradiction_reason: str = ""


@dataclass(frozen=True, slots=True)
class ApproveNotice:
    """Approve as a second person, or override with a reason. ``contradiction_reason`` as in ``SubmitNotice``."""

    incident_id: str
    notice_id: str
    override_reason: str = ""
    contradiction_reason: str = ""


@dataclass(frozen=True, slots=True)
class IssueNotice:
    """Send the approved notice out: text, PDF, CAP, JSON. ``contradiction_reason`` as in ``SubmitNotice``."""

    incident_id: str
    notice_id: str
    contradiction_reason: str = ""


@dataclass(frozen=True, slots=True)
class LiftNotice:
    """Withdraw an issued notice (CAP Cancel), with the reason."""

    incident_id: str
    notice_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class UndoLast:
    """Undo the incident's last undoable change. ``reason``: why, where that withdraws a public notice."""

    incident_id: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class MarkValveRestored:
    """An operated valve is reported back in its normal state."""

    incident_id: str
    valve_id: str


@dataclass(frozen=True, slots=True)
class RecordSample:
    """The sample before service resumes; ``waived_by`` with a reason stands for a sample that was not taken."""

    incident_id: str
    turbidity_ntu: float | None = None
    chlorine_mgl: float | None = None
    waived_by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SendValveCards:
    """The crews are told which valves to close, in which order, with their cards."""

    incident_id: str


@dataclass(frozen=True, slots=True)
class EnterReading:
    """What a crew read on a gauge at one of the places proposed (``place_id``); the candidates are weighed anew."""

    incident_id: str
    place_id: str
    pressure_kpa: float


@dataclass(frozen=True, slots=True)
class EnterOperation:
    """Planned works or an operation, known at the desk: what (``code``), on which asset ("" for the whole network), when."""

    code: str
    asset_id: str
    starts_at: datetime
    ends_at: datetime
    note: str = ""


@dataclass(frozen=True, slots=True)
class EndOperation:
    """An operation is over, or will not take place."""

    alarm_id: str


Intent = (
    AcknowledgeAlarm
    | AcknowledgeAlarms
    | ShelveAlarm
    | TakeOutOfService
    | RestoreAlarm
    | JudgeBurst
    | DismissIncident
    | OpenIncident
    | MarkValveClosed
    | MarkValveUnable
    | SendCrew
    | SetRestoration
    | AdvancePhase
    | DraftNotice
    | EditNotice
    | SubmitNotice
    | ApproveNotice
    | IssueNotice
    | LiftNotice
    | UndoLast
    | MarkValveRestored
    | RecordSample
    | SendValveCards
    | EnterReading
    | EnterOperation
    | EndOperation
)
