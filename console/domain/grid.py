"""TickGrid: when detection looks at the picture — on the city's grid, once the stations have spoken."""

from __future__ import annotations

import numpy as np

from console.domain.live import LivePicture

_COMPLETE = 0.98
"""Share of the living channels that must have spoken for a tick to go ahead before its settling time is over."""


class TickGrid:
    """Ticks at whole multiples of ``interval_s`` since 1970; a tick waits for its samples, at most ``settle_s``.

    Waiting matters: half the stations before and half after a burst would look like neither.
    """

    def __init__(self, interval_s: float, settle_s: float) -> None:
        self.interval_us = int(interval_s * 1e6)
        self._settle_us = int(settle_s * 1e6)
        self._next_us = 0

    def due(self, now_us: int, live: LivePicture) -> int | None:
        """The tick time to evaluate now, None while there is none; each tick is given once, in order."""
        ahead_us = self._next_us - now_us
        if self._next_us == 0 or not -10 * self.interval_us <= ahead_us <= self.interval_us:
            # At the start, or after a clock jump either way: missed ticks are not made up from the latest values.
            self._next_us = now_us - now_us % self.interval_us + self.interval_us
        tick_us = self._next_us
        if now_us < tick_us:
            return None
        if now_us < tick_us + self._settle_us and not self._complete(tick_us, now_us, live):
            return None
        self._next_us = tick_us + self.interval_us
        return tick_us

    def _complete(self, tick_us: int, now_us: int, live: LivePicture) -> bool:
        alive = (live.at_us > 0) & ~live.stale(now_us) & (live.interval_s * 1e6 <= self.interval_us * 1.01)
        living = int(np.count_nonzero(alive))
        if living == 0:
            return False
        spoken = np.count_nonzero(alive & (live.at_us >= tick_us - np.minimum(live.interval_s * 1e6, self.interval_us) / 2))
        return bool(spoken >= _COMPLETE * living)
