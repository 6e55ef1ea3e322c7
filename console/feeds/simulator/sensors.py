"""Sensors: station readings of a hydraulic state with noise and outliers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import CHANNEL_BY_NAME, Channel, Quality
from console.feeds.simulator.options import SimulatorOptions
from maps.city import City
from maps.columns import Floats
from maps.hydraulics.state import HydraulicState
from maps.units import kpa_from_head_m

_DAY_S = 86_400.0
_STEADY = {
    # EPANET's hydraulics know nothing of these: believable values that only scatter. (mean, sigma)
    Channel.TURBIDITY: (0.2, 0.02),
    Channel.CHLORINE: (0.35, 0.02),
    Channel.PH: (7.4, 0.03),
    Channel.TEMPERATURE: (9.0, 0.1),
    Channel.FREQUENCY: (45.0, 0.05),
    Channel.BATTERY: (3.6, 0.01),
}
_SPIKE, _FROZEN, _SILENT, _BAD = range(4)
_LASTS_S = {_SPIKE: 1.0, _FROZEN: 1800.0, _SILENT: 900.0, _BAD: 600.0}


@dataclass(frozen=True, eq=False)
class Sample:
    """One round of measuring, by sensor: station row, channel, value in inside units (NaN: silent), Quality."""

    station: NDArray[np.int32]
    channel: NDArray[np.uint8]
    value: Floats
    quality: NDArray[np.uint8]


class Sensors:
    """All sensors of a city. An outlier affects one station at a time and ends by itself."""

    def __init__(self, city: City, options: SimulatorOptions, *, stream: int = 0) -> None:
        self._options, self._rng = options, np.random.default_rng((options.seed, 2, stream))
        stations, network = city.stations, city.network
        self._elevation_m = np.nan_to_num(network.nodes.elevation_m)
        station, channel, node, table, row = [], [], [], [], []
        for place in range(len(stations)):
            kind, link = _link_of(city, str(stations.link[place]))
            for name in str(stations.channels[place]).replace(" ", "").split(","):
                if name in CHANNEL_BY_NAME and self._measurable(CHANNEL_BY_NAME[name], int(stations.node[place]), kind):
                    station.append(place)
                    channel.append(CHANNEL_BY_NAME[name])
                    node.append(int(stations.node[place]))
                    table.append(kind)
                    row.append(link)
        self.station = np.array(station, dtype=np.int32)
        self.channel = np.array(channel, dtype=np.uint8)
        self._node, self._table = np.array(node, dtype=np.int64), np.array(table, dtype=np.int64)
        self._row = np.array(row, dtype=np.int64)
        self._glitch = np.full(len(stations), -1, dtype=np.int64)
        self._until_s = np.zeros(len(stations))
        self._frozen = np.full(len(station), np.nan)
        self._last_s: float | None = None

    @staticmethod
    def _measurable(channel: Channel, node: int, kind: int) -> bool:
        if channel in (Channel.PRESSURE, Channel.LEVEL):
            return node >= 0
        if channel is Channel.FLOW:
            return kind >= 0
        return channel in _STEADY or (channel is Channel.PUMP_ON and kind == _PUMP)

    def truth(self, state: HydraulicState) -> Floats:
        """Readings of ideal sensors, internal units, (sensors,)."""
        values = np.full(len(self.station), np.nan)
        head = state.head_m[self._node] - self._elevation_m[self._node] if len(self._node) else values
        values = np.where(self.channel == Channel.PRESSURE, kpa_from_head_m(head), values)
        values = np.where(self.channel == Channel.LEVEL, head, values)
        flow = np.full(len(values), np.nan)
        for kind, flows in enumerate((state.pipe_flow_m3h, state.pump_flow_m3h, state.valve_flow_m3h)):
            at = self._table == kind
            flow[at] = flows[self._row[at]]
        values = np.where(self.channel == Channel.FLOW, flow, values)
        values = np.where(self.channel == Channel.PUMP_ON, flow > 0.01, values)
        for channel, (mean, _) in _STEADY.items():
            values = np.where(self.channel == channel, mean, values)
        return np.asarray(values)

    def noisy(self, truth: Floats) -> Floats:
        """``truth`` with each sensor's own scatter, (sensors,)."""
        rng, options = self._rng, self._options
        chance = rng.normal(0.0, 1.0, len(truth))
        sigma = np.zeros(len(truth))
        sigma = np.where(self.channel == Channel.PRESSURE, kpa_from_head_m(options.pressure_sigma_m), sigma)
        sigma = np.where(self.channel == Channel.FLOW, options.flow_sigma * np.abs(truth), sigma)
        sigma = np.where(self.channel == Channel.LEVEL, 0.01, sigma)
        for channel, (_, spread) in _STEADY.items():
            sigma = np.where(self.channel == channel, spread, sigma)
        return np.asarray(truth + chance * sigma)

    def measure(self, state: HydraulicState, at_s: float) -> Sample:
        """One round at ``at_s`` (seconds on any steady scale), glitches included."""
        value = self.noisy(self.truth(state))
        quality = np.full(len(value), Quality.GOOD, dtype=np.uint8)
        self._befall(at_s)
        glitch = self._glitch[self.station] if len(self.station) else np.empty(0, dtype=np.int64)
        value = np.where(glitch == _SPIKE, value * self._rng.uniform(0.4, 1.6, len(value)), value)
        value = np.where((glitch == _FROZEN) & np.isfinite(self._frozen), self._frozen, value)
        self._frozen = value
        value = np.where(glitch == _SILENT, np.nan, value)
        quality[glitch == _BAD] = Quality.BAD
        return Sample(self.station, self.channel, value, quality)

    def _befall(self, at_s: float) -> None:
        after = 0.0 if self._last_s is None else max(at_s - self._last_s, 0.0)
        self._last_s = at_s
        self._glitch[self._until_s <= at_s] = -1
        hit = (self._rng.random(len(self._glitch)) < self._options.glitches_a_day * after / _DAY_S) & (self._glitch < 0)
        for place in np.flatnonzero(hit):
            kind = int(self._rng.integers(0, 4))
            self._glitch[place], self._until_s[place] = kind, at_s + _LASTS_S[kind]


_PIPE, _PUMP, _VALVE = range(3)


def _link_of(city: City, asset_id: str) -> tuple[int, int]:
    """(which table, row) of a link; (-1, -1) for none."""
    network = city.network
    for kind, table in ((_PIPE, network.pipes), (_PUMP, network.pumps), (_VALVE, network.valves)):
        if asset_id and table.has(asset_id):
            return kind, table.row(asset_id)
    return -1, -1
