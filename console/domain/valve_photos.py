"""Photos of valves that crews sent: the last one of each valve, shown on its card the next time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from console.domain.attachments import PictureRef
from console.domain.records import RecordKind


@dataclass(frozen=True, slots=True)
class ValvePhoto:
    """The last photo of a valve; ``at``: when it was taken, ``by``: the crew; ``incident_id``: the case it was sent in."""

    photo_id: str
    valve_id: str
    picture: PictureRef
    at: datetime
    by: str
    incident_id: str = ""
    text: str = ""
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[ValvePhoto]:
        """Photos of valves."""
        return VALVE_PHOTO


VALVE_PHOTO = RecordKind(
    "valve_photo",
    ValvePhoto,
    "photo_id",
    number=lambda _, serial: f"VP-{serial:05d}",
    state=lambda _: "kept",
    opened_at=lambda photo: photo.at,
    closed_at=lambda _: None,
)
"""One record a valve, never closed: a valve is needed again after years."""
