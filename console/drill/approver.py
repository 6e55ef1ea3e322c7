"""The second person of a drill at one seat, who approves notices by password."""

from __future__ import annotations

from datetime import datetime

from console.domain.actors import SYSTEM, Role
from console.store import SqlStore

APPROVER = ("演练主管", "drill-1234")
"""Name and password; both are shown in the notice window, as nothing of a drill leaves the house."""


def add_approver(store: SqlStore, now: datetime) -> None:
    """Make the approver a user of a drill's store. Supervisors alone make nobody sign in at the seat."""
    store.users.add(APPROVER[0], Role.SUPERVISOR, (), APPROVER[1], SYSTEM, now)
