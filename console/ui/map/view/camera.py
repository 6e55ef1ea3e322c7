"""Camera: the part of the world that the map shows, and its scale. Frozen; every move gives a new one."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

MIN_M_PER_PX = 0.02
INCHES_PER_METRE = 39.3701


@dataclass(frozen=True, slots=True)
class Camera:
    """``x``/``y``: the world point in the middle (network's CRS, m); ``m_per_px``: metres in one logical pixel.

    Screen: logical pixels, origin top left, y downwards. World: y northwards.
    """

    x: float
    y: float
    m_per_px: float
    width: int
    height: int
    max_m_per_px: float = 1000.0

    def to_screen(self, x: float, y: float) -> tuple[float, float]:
        """Screen position of a world point."""
        return (x - self.x) / self.m_per_px + self.width / 2, (self.y - y) / self.m_per_px + self.height / 2

    def to_world(self, px: float, py: float) -> tuple[float, float]:
        """World point at a screen position."""
        return self.x + (px - self.width / 2) * self.m_per_px, self.y - (py - self.height / 2) * self.m_per_px

    def project(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Screen positions of many world points, each (n,)."""
        return (x - self.x) / self.m_per_px + self.width / 2, (self.y - y) / self.m_per_px + self.height / 2

    def view(self) -> tuple[float, float, float, float]:
        """The world rectangle in view: (min x, min y, max x, max y), m."""
        half_w, half_h = self.width * self.m_per_px / 2, self.height * self.m_per_px / 2
        return self.x - half_w, self.y - half_h, self.x + half_w, self.y + half_h

    def resized(self, width: int, height: int) -> Camera:
        """The same middle and scale on another size of window."""
        return replace(self, width=max(width, 1), height=max(height, 1))

    def panned(self, dx: float, dy: float) -> Camera:
        """Moved so that the world follows a drag by (dx, dy) pixels."""
        return replace(self, x=self.x - dx * self.m_per_px, y=self.y + dy * self.m_per_px)

    def zoomed(self, factor: float, px: float, py: float) -> Camera:
        """Magnified by ``factor`` about a screen position, which keeps its world point."""
        m_per_px = min(max(self.m_per_px / factor, MIN_M_PER_PX), self.max_m_per_px)
        x, y = self.to_world(px, py)
        return replace(
            self,
            x=x - (px - self.width / 2) * m_per_px,
            y=y + (py - self.height / 2) * m_per_px,
            m_per_px=m_per_px,
        )

    def centred(self, x: float, y: float, m_per_px: float | None = None) -> Camera:
        """Looking at a world point."""
        return replace(self, x=x, y=y, m_per_px=self.m_per_px if m_per_px is None else m_per_px)

    def fitted(self, bounds: tuple[float, float, float, float], margin: float = 0.06) -> Camera:
        """All of ``bounds`` (min x, min y, max x, max y) in view, with a margin (share of the size)."""
        width, height = max(bounds[2] - bounds[0], 1.0), max(bounds[3] - bounds[1], 1.0)
        m_per_px = max(width / self.width, height / self.height) * (1 + 2 * margin)
        return replace(
            self,
            x=(bounds[0] + bounds[2]) / 2,
            y=(bounds[1] + bounds[3]) / 2,
            m_per_px=m_per_px,
            max_m_per_px=max(self.max_m_per_px, m_per_px) if self.max_m_per_px < math.inf else m_per_px,
        )

    def scale_denominator(self, dots_per_inch: float) -> float:
        """Map scale 1 : n on a screen of that density."""
        return self.m_per_px * dots_per_inch * INCHES_PER_METRE


def scale_bar(m_per_px: float, longest_px: float = 140.0) -> tuple[float, float]:
    """(metres, pixels) of the longest bar of 1, 2 or 5 times a power of ten that fits."""
    longest_m = longest_px * m_per_px
    power = 10.0 ** math.floor(math.log10(longest_m))
    metres = next(step * power for step in (5, 2, 1) if step * power <= longest_m)
    return metres, metres / m_per_px
