"""Readings of a recording: true values at all stations, with noise and glitches."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from console.bench.pumped.recording import DAY_STEPS, RecordingOptions
from console.domain.readings import Channel
from maps.city import City
from maps.columns import Floats
from maps.hydraulics.state import HydraulicState, LinkStatus
from maps.units import KPA_PER_METRE

_ON_M3H = 0.01


class Sensors:
    """Collects the true values tick by tick; ``readings`` adds what instruments add."""

    def __init__(self, city: City, options: RecordingOptions) -> None:
        stations, network = city.stations, city.network
        self._options = options
        self._node = stations.node.astype(np.int64)
        self._elevation_m = np.where(self._node >= 0, np.nan_to_num(network.nodes.elevation_m)[self._node], np.nan)
        self._measures = {
            channel: np.array([channel.name.lower() in str(names).split(",") for names in stations.channels])
            for channel in (Channel.PRESSURE, Channel.LEVEL, Channel.FLOW, Channel.PUMP_ON, Channel.VALVE_POSITION)
        }
        tables = (network.pipes, network.pumps, network.valves)
        self._links = [
            np.array([table.row(str(link)) if link and table.has(str(link)) else -1 for link in stations.link], dtype=np.int64)
            for table in tables
        ]
        self._head_m: list[Floats] = []
        self._flow_m3h: list[Floats] = []
        self._open: list[Floats] = []
        self.unsolved = 0

    def heads(self, state: HydraulicState) -> Floats:
        """True heads, (stations,), m; NaN at stations on links."""
        return np.where(self._node >= 0, state.head_m[self._node], np.nan)

    def take(self, state: HydraulicState) -> None:
        """Keep one tick; a moment that EPANET does not solve is not measured."""
        solved = 1.0 if state.converged else np.nan
        self.unsolved += not state.converged
        pipe, pump, valve = self._links
        flow = np.where(pipe >= 0, np.append(state.pipe_flow_m3h, np.nan)[pipe], np.nan)
        flow = np.where(pump >= 0, np.append(state.pump_flow_m3h, np.nan)[pump], flow)
        flow = np.where(valve >= 0, np.append(state.valve_flow_m3h, np.nan)[valve], flow)
        shut = np.append(state.valve_status == LinkStatus.CLOSED, False)[valve]
        is_open = np.where(pipe >= 0, np.append(state.pipe_open, False)[pipe], ~shut)
        self._head_m.append(self.heads(state) * solved)
        self._flow_m3h.append(flow * solved)
        self._open.append(is_open * solved)

    def readings(self) -> dict[Channel, NDArray[np.float32]]:
        """Channel -> (ticks, stations), internal units, with noise and glitches; NaN where not measured."""
        options, random = self._options, np.random.default_rng((self._options.seed, 4))
        height, flow, is_open = np.array(self._head_m) - self._elevation_m, np.array(self._flow_m3h), np.array(self._open)
        scatter = random.standard_normal((3, *height.shape))
        values = {
            Channel.PRESSURE: (height + options.pressure_sigma_m * scatter[0]) * KPA_PER_METRE,
            Channel.LEVEL: height + options.level_sigma_m * scatter[1],
            Channel.FLOW: flow * (1.0 + options.flow_sigma * scatter[2]),
        }
        glitch = random.random(height.shape) < options.glitches_a_week / (7 * DAY_STEPS)
        wrong = random.uniform(0.4, 1.6, height.shape)
        found = {channel: np.where(glitch, value * wrong, value) for channel, value in values.items()}
        found[Channel.PUMP_ON] = np.where(np.isfinite(flow), np.abs(flow) > _ON_M3H, np.nan)
        found[Channel.VALVE_POSITION] = 100.0 * is_open
        return {channel: np.where(self._measures[channel], value, np.nan).astype(np.float32) for channel, value in found.items()}
