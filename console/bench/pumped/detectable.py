"""What of each burst was detectable at all: its signal against the scatter that the best expected value would leave."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from console.bench.pumped.networks import source_meters
from console.bench.pumped.recording import STEP_S, WINDOW_TICKS, Recording, RecordingOptions
from console.domain.readings import Channel
from maps.city import City
from maps.columns import Floats
from maps.network import NodeKind

CLEAR = 5.0
"""Signal in sigmas that stands out of a month of ticks, matched over all pipes: the 8,640 ticks times some tens of distinct

places have one value above 4.9 in a normal distribution.
"""
TICKS = {15: 4, 60: WINDOW_TICKS}
"""Minutes after the start -> ticks averaged."""


@dataclass(frozen=True, eq=False)
class Detectable:
    """``sigmas``: minutes -> (bursts,) signal to scatter after so many minutes. ``scatter_m``: (stations,) of one reading."""

    size: Floats
    sigmas: dict[int, Floats]
    scatter_m: Floats


def detectable(city: City, recording: Recording, options: RecordingOptions, *, balance: bool) -> Detectable:
    """Best expected value: the true model with tank levels, pump states and total demand known at every tick.

    It leaves the reading noise and the demand noise of nodes and zones, whose covariance at the stations is measured by solving
    the true model with and without it (``Recording.unknown_m``), pooled over the windows. The signal is the change of head at
    the moment the burst begins. ``balance``: also the city's mass balance, whose outflow stands against the AR(1) noise of the
    city's demand and the noise of meters and levels. No method can do better without knowing the future; real ones do worse.
    """
    rows = np.flatnonzero(city.stations.channels == "pressure")
    unknown, signal = recording.unknown_m[:, :, rows], recording.signal_m[:, rows]
    sigmas = {}
    for minutes, ticks in TICKS.items():
        means = unknown[:, :ticks].mean(axis=1)
        left = shrunk_covariance(means) + np.eye(len(rows)) * options.pressure_sigma_m**2 / ticks
        squared = np.einsum("bs,bs->b", signal, np.linalg.solve(left, signal.T).T)
        if balance:
            squared = squared + np.array([one.flow_m3h for one in recording.bursts]) ** 2 / _balance_variance(
                city, recording, options, ticks
            )
        sigmas[minutes] = np.sqrt(squared)
    one = np.sqrt(np.nanvar(unknown, axis=(0, 1)) + options.pressure_sigma_m**2)
    return Detectable(np.array([burst.size for burst in recording.bursts]), sigmas, one)


def shrunk_covariance(samples: Floats) -> Floats:
    """Of samples (n, stations), shrunk towards its diagonal as stations are many for the samples."""
    covariance = np.atleast_2d(np.cov(samples, rowvar=False))
    share = min(samples.shape[1] / len(samples), 1.0) / 2.0
    return np.asarray((1.0 - share) * covariance + share * np.diag(np.diag(covariance)))


def _balance_variance(city: City, recording: Recording, options: RecordingOptions, ticks: int) -> float:
    """(m³/h)² of the mean balance over ``ticks``: demand, meters at sources, levels at both ends of the window."""
    nodes = city.network.nodes
    tank = np.flatnonzero(nodes.kind == NodeKind.TANK)
    area_m2 = np.pi / 4.0 * np.nan_to_num(nodes.tank_diameter_m[tank]) ** 2
    levels = (area_m2 * options.level_sigma_m * np.sqrt(2.0) * 3600.0 / (ticks * STEP_S)) ** 2
    metered = np.nanmean(recording.value[Channel.FLOW][:, source_meters(city)[0]], axis=0)
    demand = recording.inflow_m3h * np.hypot(options.city_sigma, options.zone_sigma / np.sqrt(6.0))
    return float(demand**2 + ((options.flow_sigma * metered) ** 2).sum() / ticks + levels.sum())
