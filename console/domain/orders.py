"""Replies of crews to work orders."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

VALVE_STATES = ("valve_closed", "valve_unable", "valve_restored")


@dataclass(frozen=True, slots=True)
class OrderReply:
    """A crew's reply to an order, or its report on a valve.

    ``state``: acknowledged, refused, on_site, done, or of ``VALVE_STATES``; ``at``: None when the reply has no time.
    ``burst_pipe``: the pipe that the crew found broken, "" if not stated. A report on a valve has ``valve_id``, for
    valve_unable ``unable`` (the reason), and its case by ``order_id`` or, from a valve card, ``incident_id``.
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
