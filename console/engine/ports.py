"""What the engine runs on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from console.channels.port import DeliveryChannel
from console.domain.clock import Clock
from console.feeds.inbox import Inbox
from console.feeds.port import Feed
from console.services.analysis.expected_log import EXPECTED_DAYS
from console.services.ports import Documents, Forecasts, Hydraulics, Store


@dataclass(frozen=True, eq=False)
class Ports:
    """Clock, ways in and out, store and what computes or writes for the engine."""

    clock: Clock
    inbox: Inbox
    store: Store
    documents: Documents
    notices_folder: Path
    feeds: Sequence[Feed] = ()
    channels: Sequence[DeliveryChannel] = ()
    hydraulics: Hydraulics | None = None
    forecasts: Forecasts | None = None
    expected_days: int = EXPECTED_DAYS
