"""Crews: where they were last seen; movement between fixes is never invented."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class CrewState(StrEnum):
    """What a crew is doing."""

    FREE = "free"
    ASSIGNED = "assigned"
    EN_ROUTE = "en_route"
    ON_SITE = "on_site"
    OFF_DUTY = "off_duty"
    SILENT = "silent"
    """Without an order, and nothing was heard of it for a long time: it counts as none that can be sent unasked."""


class CrewKind(StrEnum):
    """What a crew, a vehicle or one of the staff is for. Only repair crews are sent to bursts unasked."""

    REPAIR = "repair"
    PATROL = "patrol"
    COMMUNITY = "community"
    """Community service: people at the customers' doors."""
    SAMPLING = "sampling"
    TANKER = "tanker"
    """Brings emergency water."""
    VEHICLE = "vehicle"
    """Another vehicle that no crew is named for, such as a digger."""


@dataclass(frozen=True, slots=True)
class CrewFix:
    """Last fix of a crew. ``x``/``y``: the network's CRS; ``at_us``: source time; heading in degrees from north.

    ``trouble``: why what came since could not be used (encrypted, future, position …), or ``shifted``: taken, but it looks like
    GCJ-02; "" when nothing stands against it.
    ``heard_us``: our time of the last sign of life other than a source's time, 0 for none.
    """

    crew_id: str
    name: str
    x: float
    y: float
    at_us: int
    state: CrewState = CrewState.FREE
    heading_deg: float | None = None
    speed_mps: float | None = None
    trouble: str = ""
    heard_us: int = 0
    kind: CrewKind = CrewKind.REPAIR


def crew_kind(text: str) -> CrewKind:
    """The kind in a dataset; what is unknown there is a repair crew."""
    return CrewKind(text) if text in tuple(CrewKind) else CrewKind.REPAIR
