"""Expected values, stored tick by tick and kept for a number of days."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

EXPECTED_DAYS = 35
"""A case is reviewed within the month after it; its package keeps its own for good."""

_HOUR_US, _DAY_US = 3_600_000_000, 86_400_000_000


class ExpectedStore(Protocol):
    """The store's methods for expected values; as in ``console.services.ports.Store``."""

    def append_expected(self, tick_us: int, expected: NDArray[np.float64], sigma_kpa: NDArray[np.float64] | None = None) -> None:
        """Store the expected values of a tick."""
        ...

    def drop_expected(self, before_us: int) -> None:
        """Delete the expected values of ticks before a time."""
        ...


class ExpectedLog:
    """Writes to the store; ticks older than ``days`` are dropped once a day. Times in µs UTC."""

    def __init__(self, store: ExpectedStore, days: int = EXPECTED_DAYS) -> None:
        self._store, self._days = store, days
        self._known, self._told_us, self._dropped_us = b"", 0, 0

    def keep(self, tick_us: int, expected: NDArray[np.float64], sigma_kpa: NDArray[np.float64]) -> None:
        """Store a tick: expected values (stations, channels); scatter (stations,), written hourly and when first known."""
        self._told_us = min(self._told_us, tick_us)  # the clock may have been set back
        self._dropped_us = min(self._dropped_us, tick_us)
        known = np.isfinite(sigma_kpa).tobytes()
        due = tick_us - self._told_us >= _HOUR_US or known != self._known
        self._store.append_expected(tick_us, expected, sigma_kpa if due else None)
        if due:
            self._told_us, self._known = tick_us, known
        if tick_us - self._dropped_us >= _DAY_US:
            self._store.drop_expected(tick_us - self._days * _DAY_US)
            self._dropped_us = tick_us
