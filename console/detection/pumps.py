"""What pumps' own channels say: which have just been switched, and which have not."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import Channel
from maps.city import City

_HELD_TICKS = 3
_OF_USUAL = 0.35
"""A pump's flow that moves by this share of what it was, was switched (or throttled)."""


class PumpChannels:
    """Follows pump_on, frequency and flow of stations that sit on pumps."""

    def __init__(self, city: City) -> None:
        pumps = city.network.pumps
        links = [(row, pumps.row(str(link))) for row, link in enumerate(city.stations.link) if link and pumps.has(str(link))]
        self._station = np.array([row for row, _ in links], dtype=np.int64)
        self._pump = np.array([pump for _, pump in links], dtype=np.int64)
        self._last = np.full((len(links), len(Channel)), np.nan)
        self._since = np.full(len(links), _HELD_TICKS + 1, dtype=np.int64)

    def read(self, value: NDArray[np.float64], usable: NDArray[np.bool_]) -> tuple[frozenset[int], frozenset[int]]:
        """(pump rows switched within the last ticks, pump rows heard and not switched); arrays (stations, channels)."""
        if not len(self._station):
            return frozenset(), frozenset()
        seen = np.where(usable[self._station], value[self._station], np.nan)
        before = self._last
        on, flow = Channel.PUMP_ON, Channel.FLOW
        switched = np.isfinite(seen[:, on]) & np.isfinite(before[:, on]) & ((seen[:, on] > 0.5) != (before[:, on] > 0.5))
        change = np.abs(seen[:, flow] - before[:, flow])
        switched |= change > _OF_USUAL * np.maximum(np.abs(seen[:, flow]), np.abs(before[:, flow])) + 1.0
        self._since = np.where(switched, 0, self._since + 1)
        heard = np.isfinite(seen[:, on]) | np.isfinite(seen[:, flow])
        self._last = np.where(np.isfinite(seen), seen, before)
        recent = self._since < _HELD_TICKS
        return frozenset(self._pump[recent].tolist()), frozenset(self._pump[heard & ~recent].tolist())
