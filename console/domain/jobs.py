"""Jobs: slow work that follows from records, kept in the store with its attempts until it is done or no longer needed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class JobKind(StrEnum):
    """What a job makes."""

    IMPACT = "impact"
    """Pressures after closing the valves of a plan."""
    REOPENING = "reopening"
    """Supply of dry pockets after opening the candidates of a plan."""
    OUTLOOK = "outlook"
    """Forecast of a suspected burst, and where to read next."""
    FILES = "files"
    """Files of a notice in one version."""
    ROLLUP = "rollup"
    """Readings rolled up to minutes and quarters of an hour; it never ends."""


class JobState(StrEnum):
    """State of a job."""

    WAITING = "waiting"
    RUNNING = "running"
    """Begun by the process that wrote it; its result is not on disk yet."""
    FAILED = "failed"
    """The last attempt failed; it is tried again."""
    DONE = "done"
    SUPERSEDED = "superseded"
    """No longer needed: another plan, another location, a lifted notice, a closed case."""


ENDED = (JobState.DONE, JobState.SUPERSEDED)


@dataclass(frozen=True, slots=True)
class JobKey:
    """``subject``: id of a case or notice. ``basis``: what it is made from; another basis is another job.

    The basis is a fingerprint of the plan or location, or the name of a notice's version.
    """

    kind: JobKind
    subject: str
    basis: str = ""


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job as the store has it. ``attempts``: how many were begun.

    ``wait_s``: until the next attempt, from now, by the store's clock. ``reason``: of the last failure, or why it is no longer
    needed. ``at_us``: last change by the store's clock, µs UTC.
    """

    key: JobKey
    state: JobState = JobState.WAITING
    attempts: int = 0
    wait_s: float = 0.0
    reason: str = ""
    at_us: int = 0
