"""Replies of crews to work orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class OrderReply:
    """A crew's reply. ``state``: acknowledged, refused, on_site, done; ``at`` None when it bears no time.

    ``burst_pipe``: the pipe the crew found broken, "" when it says nothing of it.
    """

    order_id: str
    crew_id: str
    state: str
    at: datetime | None
    text: str = ""
    burst_pipe: str = ""
