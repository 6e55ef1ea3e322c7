"""Corrections: what crews found otherwise than the dataset says. The dataset is never changed: accepted ones lie over it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from console.domain.records import RecordKind


class Layer(StrEnum):
    """Layer of the dataset."""

    VALVE = "valve"
    HYDRANT = "hydrant"


class Fault(StrEnum):
    """What is otherwise than the dataset says."""

    SEIZED = "seized"
    NOT_TIGHT = "not_tight"
    MISSING = "missing"
    ELSEWHERE = "elsewhere"
    """At another place; what it is connected to is the same."""


FAULTS = {Layer.VALVE: tuple(Fault), Layer.HYDRANT: (Fault.MISSING, Fault.ELSEWHERE)}
"""What can be reported of each layer."""

USELESS = (Fault.SEIZED, Fault.NOT_TIGHT, Fault.MISSING)
"""A valve with one of these closes nothing."""


class CorrectionState(StrEnum):
    """Life of a correction."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    ENDED = "ended"
    """It was accepted and is over: the valve was mended, or the dataset says it now."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One correction. ``x``, ``y``: the place reported, network's CRS, None where none was; ``by``: the crew.

    ``report_id``: of the crew's phone, "" from a report on a valve. ``decided_by`` with ``reason``: who accepted or refused it,
    or ended it.
    """

    correction_id: str
    layer: Layer
    asset_id: str
    fault: Fault
    at: datetime
    by: str
    incident_id: str = ""
    report_id: str = ""
    text: str = ""
    x: float | None = None
    y: float | None = None
    state: CorrectionState = CorrectionState.PROPOSED
    decided_at: datetime | None = None
    decided_by: str = ""
    reason: str = ""
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[Correction]:
        """Corrections."""
        return CORRECTION

    @property
    def is_open(self) -> bool:
        """To be decided, or in force."""
        return self.state in (CorrectionState.PROPOSED, CorrectionState.ACCEPTED)

    @property
    def place(self) -> tuple[float, float] | None:
        """The place reported."""
        return None if self.x is None or self.y is None else (self.x, self.y)


@dataclass(frozen=True, slots=True)
class Overlay:
    """What accepted corrections say, over the dataset. ``moved``: places in the network's CRS."""

    useless_valves: frozenset[str] = frozenset()
    missing_hydrants: frozenset[str] = frozenset()
    moved: tuple[tuple[str, tuple[float, float]], ...] = ()

    def place_of(self, asset_id: str) -> tuple[float, float] | None:
        """Where a valve or hydrant was found; None where nobody found it elsewhere."""
        return dict(self.moved).get(asset_id)


def overlay(corrections: Iterable[Correction]) -> Overlay:
    """The overlay of all accepted ones; of two places of one asset the later report counts."""
    accepted = sorted((one for one in corrections if one.state is CorrectionState.ACCEPTED), key=lambda one: one.at)
    moved = {one.asset_id: one.place for one in accepted if one.fault is Fault.ELSEWHERE and one.place is not None}
    return Overlay(
        frozenset(one.asset_id for one in accepted if one.layer is Layer.VALVE and one.fault in USELESS),
        frozenset(one.asset_id for one in accepted if one.layer is Layer.HYDRANT and one.fault is Fault.MISSING),
        tuple(sorted(moved.items())),
    )


CORRECTION = RecordKind(
    "correction",
    Correction,
    "correction_id",
    number=lambda _, serial: f"K-{serial:05d}",
    state=lambda one: one.state.value,
    opened_at=lambda one: one.at,
    closed_at=lambda one: None if one.is_open else one.decided_at or one.at,
    in_package=lambda one, incident_id: one.incident_id == incident_id,
)
