"""Reviewers' additions to a case: bookmarks, findings, actions. Stored in a copy of the package, never in the case itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Remark:
    """A bookmark on the time axis, with words or without. ``at`` (aware): the moment of the case it belongs to."""

    at: datetime
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class Action:
    """An improvement action: what, by whom and until when."""

    what: str
    owner: str
    due: date | None = None
    done: bool = False


@dataclass(frozen=True, slots=True)
class Findings:
    """Facts entered after the case; "" or None: unknown. ``excavated_pipe``: the pipe found broken when excavated.

    ``restored_at`` (aware): when customers had water again; satisfaction 1 to 5, with the process and with the result.
    ``reports``: (name such as 初报, when it was made); ``calls``: references of the customers' calls.
    """

    cause: str = ""
    frost: bool | None = None
    excavated_pipe: str = ""
    restored_at: datetime | None = None
    customers: int | None = None
    calls: tuple[str, ...] = ()
    reports: tuple[tuple[str, datetime], ...] = ()
    satisfaction_process: float | None = None
    satisfaction_result: float | None = None
    water_lost_m3: float | None = None


@dataclass(frozen=True, slots=True)
class ReviewNotes:
    """All additions of a review."""

    remarks: tuple[Remark, ...] = ()
    actions: tuple[Action, ...] = ()
    findings: Findings = field(default_factory=Findings)
