"""Keys of other programs that send and read tickets (Open311). The store keeps only the hash of a key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key of one client. ``key_id``: to name it by; it opens nothing. ``revoked_at``: None while it is accepted."""

    key_id: str
    client: str
    made_at: datetime
    revoked_at: datetime | None = None
