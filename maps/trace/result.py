"""What a trace found. Rows, not ids: views select by row."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from maps.columns import Ints

_NONE = np.empty(0, dtype=np.int32)


@dataclass(frozen=True, eq=False)
class Trace:
    """Node rows and pipe rows reached (in order along a path), total length m, and why it stopped where it did.

    ``basis``: what directions rest on — ``connectivity``, ``flow`` (solved) or ``shortest path`` (assumed, to be
    named where shown). ``stops``: asset id -> closed valve, source, end of data.
    """

    nodes: Ints = field(default_factory=lambda: _NONE)
    pipes: Ints = field(default_factory=lambda: _NONE)
    length_m: float = 0.0
    basis: str = "connectivity"
    stops: dict[str, str] = field(default_factory=dict)
    unknown_direction: NDArray[np.int32] = field(default_factory=lambda: _NONE)
