"""How densely people live: the middle of the city against its edge."""

from __future__ import annotations

import numpy as np

from maps.synthetic.streets import Array


def density(x: Array, y: Array) -> Array:
    """0.75 at the edge of the city, 1.75 in its middle; same shape."""
    cx, cy = float(np.median(x)), float(np.median(y))
    across, along = float(np.ptp(y)) / 2 + 1.0, float(np.ptp(x)) / 2 + 1.0
    return np.asarray(0.75 + 1.0 * np.exp(-2.2 * (((x - cx) / along) ** 2 + ((y - cy) / across) ** 2)))
