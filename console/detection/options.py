"""Detection settings of a utility."""

from __future__ import annotations

from dataclasses import dataclass, field

from console.domain.limits import Limits
from maps.locate.locator import LocateOptions

LANES = (
    "step",
    "step_several",
    "level",
    "level_several",
    "slow",
    "inflow",
    "driven",
    "driven_flows",
    "driven_no_flows",
    "driven_modes",
    "driven_extrapolation",
    "driven_hours",
    "driven_mixed",
    "driven_again",
)
"""Tests and special cases that can be switched off, to measure what each adds. ``_several``: of several ticks together.

``driven_flows``, ``driven_no_flows``: the test over all channels, and over those without the single flows; ``driven_modes``: a
tank in its other mode as noise; ``driven_extrapolation``: levels and states that history has not seen; ``driven_hours``:
restless half hours; ``driven_mixed``: windows with a change of state have covariances and a scale of their own;
``driven_again``: learning anew from live ticks after four weeks.
"""


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """Settings of a ``Detector``.

    ``tick_s``: interval of the tick grid (a recording's own interval). ``false_alarm_days``: mean days between two false burst
    alarms in the whole network. ``level_s``: time constant of the trailing level. ``hold_s``: for this time after a detection the
    same group raises no second one. ``warm_up_ticks``: ticks before a station without history enters the burst test.
    ``learning_caution``: factor on thresholds while the noise is assumed, not estimated. ``time_zone``: of the daily profile.
    ``step_sigma_m``, ``step_demand_share``: assumed change of a station, and of a node's demand, from tick to tick.
    ``deferred``: signatures are computed by ``Detector.prepare`` between ticks; groups without any are not tested.
    ``limits``: of pressure and water quality per station, None for no limits. ``without``: lanes that are switched off, for
    measurements only.
    """

    tick_s: float = 60.0
    time_zone: str = "Asia/Shanghai"
    false_alarm_days: float = 30.0
    level_s: float = 7200.0
    hold_s: float = 3600.0
    warm_up_ticks: int = 10
    learning_caution: float = 1.3
    reading_sigma_m: float = 0.05
    demand_sigma: float = 0.12
    step_sigma_m: float = 0.04
    step_demand_share: float = 0.05
    group_size: int = 100
    representatives: int = 300
    deferred: bool = False
    limits: Limits | None = None
    without: frozenset[str] = frozenset()
    locate: LocateOptions = field(default_factory=LocateOptions)
