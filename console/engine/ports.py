"""What the engine runs on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from console.domain.clock import Clock
from console.feeds.inbox import Inbox
from console.services.analysis.expected_log import EXPECTED_DAYS
from console.services.ports import Documents, Forecasts, Hydraulics, Link, Store


@dataclass(frozen=True, eq=False)
class Ports:
    """Clock, feeds, store and what computes or writes for the engine."""

    clock: Clock
    inbox: Inbox
    store: Store
    link: Link
    documents: Documents
    notices_folder: Path
    hydraulics: Hydraulics | None = None
    forecasts: Forecasts | None = None
    expected_days: int = EXPECTED_DAYS
