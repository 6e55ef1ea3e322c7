"""The desk's state and its changes: each change set is on disk before it is shown."""

from __future__ import annotations

from collections.abc import Callable

from console.domain.changes import ChangeSet
from console.domain.clock import Clock
from console.domain.picture import FeedHealth
from console.services.ports import Store
from console.services.state import DeskState

SYSTEM_USER = "quanmai"


class Decisions:
    """Owns the desk's state; used on the engine's thread alone. ``fault``: what failed last, until a commit succeeds."""

    def __init__(self, store: Store, clock: Clock, state: DeskState) -> None:
        self.state = state
        self.fault: FeedHealth | None = None
        self._store, self._clock = store, clock
        self._observers: list[Callable[[ChangeSet], None]] = []

    def observe(self, observer: Callable[[ChangeSet], None]) -> None:
        """Call ``observer`` with each change set after it was committed and applied."""
        self._observers.append(observer)

    def commit(self, changes: ChangeSet, user: str) -> None:
        """On disk first, then shown. Raises StoreUnavailable, StaleState."""
        if not (changes.drafts or changes.incidents or changes.alarms or changes.outgoing):
            return
        committed = self._store.commit(changes, user, self._clock.now())
        self.fault = None
        self.state = self.state.applied(changes, committed)
        for observer in self._observers:
            observer(changes)
