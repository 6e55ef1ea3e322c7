"""A recording of a pumped city: readings on a grid, the bursts in it, and what of each was to be seen at all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import Channel
from maps.columns import Floats

STEP_S = 300
DAY_STEPS = 288
START_US = 1_704_067_200_000_000
"""Monday, 2024-01-01 00:00 UTC."""
WINDOW_TICKS = 12


@dataclass(frozen=True, slots=True)
class RecordingOptions:
    """What a recording is made of; equal options and networks give equal recordings.

    ``history_days``: burst-free, to learn from. ``quiet_days``: burst-free among the test days, one half before the bursts, one
    amid them. ``bursts``: of each of ``sizes`` (share of the mean inflow). ``burst_h``: how long each runs; ``slot_h``: one
    burst in each slot, at a random time in its first half. Sigmas: ``demand_sigma`` lognormal of each node's mean demand,
    ``roughness_sigma``; of demand in time (AR(1)): ``node_sigma`` (memory 30 min), ``zone_sigma`` and ``city_sigma`` (2 h),
    ``day_sigma`` (2 days). Readings: ``pressure_sigma_m``, ``level_sigma_m``, ``flow_sigma`` (share of the flow), and
    ``glitches_a_week`` a station.
    """

    seed: int = 1
    history_days: int = 28
    quiet_days: int = 28
    bursts: int = 8
    sizes: tuple[float, ...] = (0.20, 0.08, 0.04)
    burst_h: float = 7.0
    slot_h: float = 18.0
    nodes_per_station: int = 40
    demand_sigma: float = 0.3
    roughness_sigma: float = 0.1
    node_sigma: float = 0.1
    zone_sigma: float = 0.03
    city_sigma: float = 0.02
    day_sigma: float = 0.02
    pressure_sigma_m: float = 0.03
    level_sigma_m: float = 0.01
    flow_sigma: float = 0.01
    glitches_a_week: float = 1.0

    def noisier(self, factor: float) -> RecordingOptions:
        """The same with all noise in time, of demands and of readings, times ``factor``."""
        return replace(self, **{name: getattr(self, name) * factor for name in _NOISE})


_NOISE = ("node_sigma", "zone_sigma", "city_sigma", "day_sigma", "pressure_sigma_m", "level_sigma_m", "flow_sigma")


@dataclass(frozen=True, slots=True)
class Burst:
    """``start``: its first tick with the leak, ``end``: the first one without. ``share``: of the outflow at the pipe's end node.

    ``size``: nominal, share of the mean inflow. ``flow_m3h``: mean outflow while it ran.
    """

    pipe: str
    start: int
    end: int
    size: float
    share: float
    flow_m3h: float


@dataclass(frozen=True, eq=False)
class Recording:
    """``value``: channel -> (ticks, stations), internal units, NaN where not measured; ticks ``STEP_S`` apart from ``START_US``.

    The first ``history_ticks`` are burst-free history. Of the true city, for ``detectable`` only and never shown to a detector:
    ``signal_m``: (bursts, stations) change of head in the moment a burst begins, all else equal; ``unknown_m``: (windows,
    WINDOW_TICKS, stations) head moved by what no meter shows: demand of nodes and zones, the city's total unchanged.
    ``inflow_m3h``: mean inflow of the nominal city. ``unsolved_ticks``: moments without a solution, not measured.
    """

    bursts: tuple[Burst, ...]
    history_ticks: int
    value: dict[Channel, NDArray[np.float32]]
    signal_m: Floats
    unknown_m: Floats
    inflow_m3h: float
    unsolved_ticks: int

    @property
    def ticks(self) -> int:
        """Number of ticks."""
        return len(self.value[Channel.PRESSURE])

    @property
    def at_us(self) -> NDArray[np.int64]:
        """(ticks,) µs UTC."""
        return START_US + np.arange(self.ticks, dtype=np.int64) * (STEP_S * 1_000_000)
