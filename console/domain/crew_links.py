"""Links of crews: what opens the crew's page. The store keeps only the hash of a link's token."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import datetime

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True)
class CrewLink:
    """A link of a crew. ``revoked_at``: None while it opens the page. ``link_id``: to name it by; it opens nothing."""

    link_id: str
    crew_id: str
    made_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of an answer of a crew's page: ``state`` taken or refused; ``why``: key of the reason with its parameters."""

    state: str
    why: str = ""
    by: str = ""
    at: datetime | None = None


def fresh_token() -> str:
    """A new random token of 256 bits, for an address."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def token_hash(token: str) -> str:
    """SHA-256 of a token, as the store keeps it; "" for a text that can be none. A random token needs no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest() if _TOKEN.fullmatch(token) else ""
