"""Column medians that ignore missing values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maps.columns import Floats


def known_median(values: NDArray[np.floating]) -> Floats:
    """Median along the first axis of the finite values; NaN where there are none. Much faster than numpy's on small tables."""
    ordered = np.sort(np.where(np.isfinite(values), values, np.nan), axis=0)  # NaN sorts last
    count = np.isfinite(ordered).sum(axis=0)[None]
    low = np.take_along_axis(ordered, np.maximum(count - 1, 0) // 2, axis=0)[0]
    high = np.take_along_axis(ordered, np.minimum(count // 2, len(values) - 1), axis=0)[0]
    # Halved before adding: the sum of two large numbers may overflow.
    return np.asarray(low / 2.0 + high / 2.0, dtype=np.float64)
