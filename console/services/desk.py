"""Desk: what dispatchers do, and what the world does to a case. (state, intent, now) -> ChangeSet; nothing is mutated."""

from __future__ import annotations

from datetime import datetime

from console.detection.finding import BurstFinding, StationFinding
from console.domain.changes import ChangeSet
from console.domain.incidents import PressureImpact
from console.domain.intents import Intent
from console.domain.orders import OrderReply
from console.services.ports import Documents, Planner
from console.services.settings import DeskSettings
from console.services.state import DeskState
from maps.city import City
from maps.errors import QuanmaiError

__all__ = ["Desk", "DeskSettings", "DeskState", "Refused"]


class Refused(QuanmaiError):
    """An intent that does not fit the state; the message says why and what can be done."""


class Desk:
    """One city's desk. An empty ChangeSet means nothing to record. Every method is pure."""

    def __init__(self, city: City, isolator: Planner, documents: Documents, settings: DeskSettings) -> None: ...

    def carry_out(self, state: DeskState, intent: Intent, user: str, now: datetime) -> ChangeSet:
        """What ``user`` asks for. Raises Refused and UnknownAsset."""
        ...

    def on_burst(self, state: DeskState, finding: BurstFinding, now: datetime) -> ChangeSet:
        """A burst finding: a new alarm and incident, or an open one's location revised (until judged)."""
        ...

    def on_station(self, state: DeskState, finding: StationFinding, now: datetime) -> ChangeSet:
        """A station's fault or limit raised or ended: one alarm per station and code."""
        ...

    def on_order_reply(self, state: DeskState, reply: OrderReply, now: datetime) -> ChangeSet:
        """A crew answered; after a refusal the note names the next nearest free crew."""
        ...

    def on_impact(self, state: DeskState, incident_id: str, impact: PressureImpact, now: datetime) -> ChangeSet:
        """Pressures after closing came back from the hydraulics."""
        ...

    def on_files(self, state: DeskState, incident_id: str, notice_id: str, files: tuple[str, ...], now: datetime) -> ChangeSet:
        """The files of a notice were written (Documents.files, after the commit)."""
        ...

    def on_time(self, state: DeskState, now: datetime) -> ChangeSet:
        """Shelving that has run out ends; call it every few seconds."""
        ...
