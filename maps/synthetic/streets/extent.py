"""Extent and population density of the city."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.synthetic.streets.graph import Array


@dataclass(frozen=True, slots=True)
class Extent:
    """The built-up rectangle, m: without the few roads that run far out of a city."""

    west: float
    east: float
    south: float
    north: float

    @classmethod
    def of(cls, x: Array, y: Array) -> Extent:
        """Extent of points: from their 3rd to their 97th percentile, a tenth wider."""
        (west, east), (south, north) = np.percentile(x, [3, 97]), np.percentile(y, [3, 97])
        wide, high = 0.05 * (east - west) + 1.0, 0.05 * (north - south) + 1.0
        return cls(float(west - wide), float(east + wide), float(south - high), float(north + high))

    def relative(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Across (-1 west … 1 east) and south (0 north … 1 south) of points; beyond for points outside."""
        across = (x - self.west) / (self.east - self.west) * 2 - 1
        return np.asarray(across), np.asarray((self.north - y) / (self.north - self.south))


def density(x: Array, y: Array) -> Array:
    """0.75 at the edge of the city, 1.75 in its middle; same shape."""
    across, south = Extent.of(x, y).relative(x, y)
    return np.asarray(0.75 + 1.0 * np.exp(-2.2 * ((across - np.median(across)) ** 2 + 4 * (south - np.median(south)) ** 2)))
