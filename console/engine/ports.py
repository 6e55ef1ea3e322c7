"""The engine's dependencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from console.channels.port import DeliveryChannel
from console.domain.clock import Clock
from console.feeds.inbox import Inbox
from console.feeds.port import Feed
from console.services.analysis.retention import RetentionRules
from console.services.ports import Documents, Forecasts, Hydraulics, Store


@dataclass(frozen=True, eq=False)
class Ports:
    """Clock, feeds, channels, store, and the ports that compute or write for the engine."""

    clock: Clock
    inbox: Inbox
    store: Store
    documents: Documents
    notices_folder: Path
    feeds: Sequence[Feed] = ()
    channels: Sequence[DeliveryChannel] = ()
    hydraulics: Hydraulics | None = None
    forecasts: Forecasts | None = None
    retention: RetentionRules = field(default_factory=RetentionRules)
