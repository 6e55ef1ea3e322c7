"""Result types of one group's test at one tick: a threshold crossing, an operation, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from console.detection.operations import OperationFit
from maps.columns import Floats

Lane = Literal["level", "step", "slow", "inflow"]
"""Baseline that a crossing is measured from.

level: profile plus trailing level of hours; step: the last minutes; slow: earlier nights; inflow: the metered inflow of a zone,
not pressures.
"""


@dataclass(frozen=True, eq=False)
class Crossing:
    """A burst suspected in a group by ``lane``.

    ``residual_m`` (n,): residuals to locate, mean of ``window`` ticks, NaN where unknown. ``covariance`` (n, n), m²: noise of one
    tick; ``drift_known``: estimated from weeks of history. ``against``: lane whose baseline the residuals are measured from.
    ``reference_m`` (n,): pressures before the event, m. ``instead``: an operation that fits about as well but was never observed.
    """

    path: str
    window: int
    statistic: float
    threshold: float
    residual_m: Floats
    covariance: Floats
    lane: Lane = "level"
    reference_m: Floats | None = None
    instead: OperationFit | None = None
    drift_known: bool = False
    against: Lane = "level"


@dataclass(frozen=True, eq=False)
class Step:
    """Result of the step test at one tick: at most one of ``crossing`` and ``operation``.

    ``step_m`` (n,), NaN where unknown: the mean of the last ``window`` ticks.
    """

    crossing: Crossing | None
    operation: OperationFit | None
    step_m: Floats
    suspicious: bool
    window: int = 1
