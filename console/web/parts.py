"""Parts: what the crew's page is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from console.domain.clock import Clock
from console.domain.crew_links import Answered
from console.web.channel import WebChannel
from console.web.feed import WebFeed
from console.web.orders import Kept
from maps.city import City

PATIENCE_S = 3.0
"""Longest wait for the disk in one request; then the phone asks again."""


class Links(Protocol):
    """What is used of the store's links (``store/crew_links.py``)."""

    def crew_of(self, token: str) -> str | None:
        """As of the store."""
        ...

    def answered(self, crew_id: str, answer_id: str) -> Answered | None:
        """As of the store."""
        ...

    def settle(self, crew_id: str, answer_id: str, outcome: Answered) -> None:
        """As of the store."""
        ...


@dataclass(frozen=True, eq=False)
class Parts:
    """``is_secure``: reached over HTTPS, so that cookies are sent over nothing else."""

    city: City
    clock: Clock
    store: Kept
    links: Links
    feed: WebFeed
    channel: WebChannel
    is_secure: bool = False
    patience_s: float = PATIENCE_S
