"""Expected values, stored tick by tick; ``retention`` says for how long."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

_HOUR_US = 3_600_000_000


class ExpectedStore(Protocol):
    """The store's methods for expected values; as in ``console.services.ports.Store``."""

    def append_expected(self, tick_us: int, expected: NDArray[np.float64], sigma_kpa: NDArray[np.float64] | None = None) -> None:
        """Store the expected values of a tick."""
        ...


class ExpectedLog:
    """Writes to the store. Times in µs UTC."""

    def __init__(self, store: ExpectedStore) -> None:
        self._store = store
        self._known, self._told_us = b"", 0

    def keep(self, tick_us: int, expected: NDArray[np.float64], sigma_kpa: NDArray[np.float64]) -> None:
        """Store a tick: expected values (stations, channels); scatter (stations,), written hourly and when first known."""
        self._told_us = min(self._told_us, tick_us)  # the clock may have been set back
        known = np.isfinite(sigma_kpa).tobytes()
        due = tick_us - self._told_us >= _HOUR_US or known != self._known
        self._store.append_expected(tick_us, expected, sigma_kpa if due else None)
        if due:
            self._told_us, self._known = tick_us, known
