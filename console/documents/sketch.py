"""What the public sketch of a notice holds: communities affected and the streets around them; never a pipe or a valve.

Without numpy or shapely: the process that sets a PDF imports this and has to be quick.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

_METRES_PER_DEGREE = 111_320.0
Line = tuple[tuple[float, float], ...]
"""Points (x, y): metres east and north of the sketch's middle."""


@dataclass(frozen=True, slots=True)
class SketchArea:
    """A community. ``effect``: ``no_water`` or ``low_pressure``; ``name`` stands on the first of its outlines."""

    name: str
    effect: str
    ring: Line


@dataclass(frozen=True, slots=True)
class SketchStreet:
    """A street. ``is_told``: the notice names it."""

    name: str
    is_told: bool
    line: Line


@dataclass(frozen=True, slots=True)
class Sketch:
    """What is drawn."""

    areas: tuple[SketchArea, ...] = ()
    streets: tuple[SketchStreet, ...] = ()


def sketch_of_rings(rings: Sequence[Sequence[tuple[float, float]]]) -> Sketch:
    """Outlines alone, of rings (lat, lon): equirectangular around their middle, sufficient for a few kilometres."""
    if not rings:
        return Sketch()
    lats, lons = [lat for ring in rings for lat, _ in ring], [lon for ring in rings for _, lon in ring]
    lat0, lon0 = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
    east = _METRES_PER_DEGREE * math.cos(math.radians(lat0))
    lines = (tuple(((lon - lon0) * east, (lat - lat0) * _METRES_PER_DEGREE) for lat, lon in ring) for ring in rings)
    return Sketch(tuple(SketchArea("", "no_water", line) for line in lines))
