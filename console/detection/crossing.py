"""What a watch tells of one tick: a burst suspected, an operation, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.detection.operations import Explanation
from maps.columns import Floats

Lane = Literal["level", "step", "slow", "inflow"]
"""Against the profile and the trailing level of hours, against the last minutes, or nights against nights before; or told by

a metered zone that takes more, not by pressures."""


@dataclass(frozen=True, eq=False)
class Crossing:
    """A burst suspected in a group by ``lane``. ``residual_m`` (n,): what to locate, averaged over ``window`` ticks, NaN where

    unknown; ``covariance`` (n, n), m², of one tick's noise, ``drift_known`` when weeks of history made it; ``against``: which
    lane's normal they are measured from. ``reference_m`` (n,): what stations showed before, m. ``instead``: an
    operation that might do as well, though never seen.
    """

    path: str
    window: int
    statistic: float
    threshold: float
    residual_m: Floats
    covariance: Floats
    lane: Lane = "level"
    reference_m: Floats | None = None
    instead: Explanation | None = None
    drift_known: bool = False
    against: Lane = "level"


@dataclass(frozen=True, eq=False)
class Step:
    """One tick of a step watch: at most one of ``crossing`` and ``operation``.

    ``step_m`` (n,), NaN where unknown: the mean of the last ``window`` ticks.
    """

    crossing: Crossing | None
    operation: Explanation | None
    step_m: Floats
    suspicious: bool
    window: int = 1
