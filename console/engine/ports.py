"""What the engine runs on."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from console.domain.clock import Clock
from console.feeds.inbox import Inbox
from console.services.analysis.retention import RetentionRules
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
    retention: RetentionRules = field(default_factory=RetentionRules)
