"""What a utility sets about detection."""

from __future__ import annotations

from dataclasses import dataclass, field

from console.domain.limits import Limits
from maps.locate.locator import LocateOptions


@dataclass(frozen=True, slots=True)
class DetectorOptions:
    """``tick_s``: the city's grid (a recording's own interval). ``false_alarm_days``: one false burst alarm of the whole

    network in so many days. ``level_s``: time constant of the trailing level. ``hold_s``: after a detection no second one
    of the same group. ``warm_up_ticks``: before that a station without history stays out of the burst test.
    ``learning_caution``: factor on thresholds while the noise is assumed rather than learned. ``time_zone``: of the day.
    ``step_sigma_m``, ``step_demand_share``: what a station and a node's demand change by from tick to tick, until learned.
    ``deferred``: signatures are made by ``Detector.prepare`` between ticks; a group without any waits for its own.
    ``limits``: of pressure and water quality per station, None for no limits.
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
    locate: LocateOptions = field(default_factory=LocateOptions)
