"""Replies of crews to work orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

VALVE_STATES = ("valve_closed", "valve_unable")


@dataclass(frozen=True, slots=True)
class OrderReply:
    """A crew's reply. ``state``: acknowledged, refused, on_site, done, or valve_closed, valve_unable; ``at`` None when it

    bears no time. ``burst_pipe``: the pipe the crew found broken, "" when it says nothing of it. A report on a valve names it
    (``valve_id``), for valve_unable why (``unable``), and its case by ``order_id`` or, from a valve card, ``incident_id``.
    """

    order_id: str
    crew_id: str
    state: str
    at: datetime | None
    text: str = ""
    burst_pipe: str = ""
    valve_id: str = ""
    unable: str = ""
    incident_id: str = ""

    @property
    def is_on_valve(self) -> bool:
        """Whether it reports a valve, not the order's state."""
        return self.state in VALVE_STATES
