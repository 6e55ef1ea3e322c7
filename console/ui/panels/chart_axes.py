"""Axes of a chart: clock times of the city's zone, and values with the decimals of their channel."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg

from console.domain.clock import moment
from console.ui.words import Words

_STEPS_S = (60.0, 120.0, 300.0, 600.0, 900.0, 1800.0, 3600.0, 7200.0, 10_800.0, 21_600.0, 43_200.0, 86_400.0)
_TICK_PX = 64.0
_DATED_FROM_S = 10_800.0
"""Ticks this far apart have the date at midnight."""


class TimeAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph carries no types
    """Seconds since 1970 as clock times in the city's zone, at round ones."""

    words: Words | None = None

    def tickSpacing(self, first: float, last: float, size: float) -> list[tuple[float, float]]:
        """Pyqtgraph asks how far apart ticks are, and from where: (spacing, offset) in seconds."""
        span = max(last - first, 1.0)
        step = next((step for step in _STEPS_S if size * step / span >= _TICK_PX), _STEPS_S[-1])
        offset = self.words.local(moment(int(first * 1e6))).utcoffset() if self.words is not None else None
        return [(step, -(offset.total_seconds() if offset is not None else 0.0) % step)]

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Texts of the ticks, called by pyqtgraph."""
        if self.words is None:
            return ["" for _ in values]
        local = [self.words.local(moment(int(value * 1e6))) for value in values]
        dated = spacing >= _DATED_FROM_S
        return [f"{one:%m-%d}" if dated and one.hour == one.minute == 0 else f"{one:%H:%M}" for one in local]


class ValueAxis(pg.AxisItem):  # type: ignore[misc]  # pyqtgraph carries no types
    """Values with the decimals of their channel, as everywhere on the screen."""

    decimals = 0

    def tickStrings(self, values: list[float], scale: float, spacing: float) -> list[str]:
        """Pyqtgraph asks for the texts of the ticks; ones closer than the channel's decimals get as many as tell them apart."""
        places = max(self.decimals, int(np.ceil(-np.log10(spacing)))) if spacing > 0 else self.decimals
        return [f"{value + 0.0:.{places}f}".replace("-", "−") for value in values]
