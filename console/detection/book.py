"""Signatures through the day: one set per hydraulic state, made when first needed, few kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from maps.city import City
from maps.hydraulics.state import HydraulicState
from maps.locate.interpolated import interpolated_signatures
from maps.locate.pumps import PumpCurves
from maps.locate.signatures import Signatures, build_signatures
from maps.units import KPA_PER_METRE

_KEPT_BYTES = 150_000_000
_DAY_S = 86_400.0
_RUNNING_M3H = 0.1
_OTHER_MODES, _LEAST_MODE = 2, 0.05
SMALLEST_FLOW_M3H = 3.0
"""A burst of tens of m³/h is no small change: pipes nearly at rest carry part of it, and resist as they will then."""


class SignatureBook:
    """States evenly over the day (or none), and their signatures. ``model``: the word for where they come from."""

    def __init__(
        self, city: City, states: Sequence[HydraulicState] | None, model: str, pump_curves: PumpCurves | None = None
    ) -> None:
        """``pump_curves``: read from the city's model here when not given; EPANET may crash on a model from outside."""
        self._city = city
        self.states = tuple(state for state in states or () if state.converged)
        self.model = model if self.states else "interpolated"
        self._times_s = np.array([state.at_s % _DAY_S for state in self.states])
        self._pumps = None
        if self.states:
            self._pumps = pump_curves if pump_curves is not None else PumpCurves.of(city)
        self._pages: OrderedDict[int, Signatures] = OrderedDict()
        pumps = city.network.pumps
        self.pump_rows: NDArray[np.int64] = np.flatnonzero((pumps.from_node >= 0) & (pumps.to_node >= 0))
        self._other_demand = _other_demand(self.states)
        self.usual_pump_flow_m3h = self._usual_pump_flows()
        self.switching_pumps = self._switching_pumps()
        size = 4 * len(city.stations) * len(city.network.nodes)
        self._kept = int(np.clip(_KEPT_BYTES // max(size, 1), 2, max(len(self.states), 2)))

    def page(self, second_of_day: float) -> int:
        """Which state stands for a time of day: the nearest."""
        if not self.states:
            return 0
        apart = np.abs(self._times_s - second_of_day)
        return int(np.argmin(np.minimum(apart, _DAY_S - apart)))

    def signatures(self, page: int) -> Signatures:
        """Signatures of one state; the two last used stay at hand, more where they are small."""
        held = self._pages.get(page)
        if held is None:
            held = self._build(page)
            self._pages[page] = held
            while len(self._pages) > self._kept:
                self._pages.popitem(last=False)
        self._pages.move_to_end(page)
        return held

    def _build(self, page: int) -> Signatures:
        if not self.states or self._pumps is None:
            return interpolated_signatures(self._city)
        state = self.states[page]
        slopes = self._pumps.slopes(state)
        built = build_signatures(self._city, state, pump_slope_m_per_m3h=slopes, smallest_flow_m3h=SMALLEST_FLOW_M3H, flows=False)
        return replace(built, other_demand_m3h=self._other_demand)

    def pump_modes(self, heads: NDArray[np.float32]) -> NDArray[np.float32]:
        """(n, link pumps) what stations with responses ``heads`` (n, nodes) show when a pump stops, m per m³/h lost.

        A link that leaves a linear network changes it along one direction: what it delivered is missing at its end and
        stays at its start.
        """
        pumps = self._city.network.pumps
        return np.asarray(heads[:, pumps.to_node[self.pump_rows]] - heads[:, pumps.from_node[self.pump_rows]])

    @property
    def running_pumps(self) -> NDArray[np.bool_]:
        """(pumps,) those that run at some time of the model's day."""
        flows = [np.abs(np.nan_to_num(state.pump_flow_m3h)) for state in self.states]
        idle = np.zeros(len(self._city.network.pumps), dtype=bool)
        return np.asarray(np.max(flows, axis=0) > _RUNNING_M3H) if flows and len(idle) else idle

    def _switching_pumps(self) -> NDArray[np.bool_]:
        """(link pumps,) whether the model itself switches them through the day."""
        if not self.states or not len(self.pump_rows):
            return np.zeros(len(self.pump_rows), dtype=bool)
        running = np.stack([np.abs(np.nan_to_num(state.pump_flow_m3h[self.pump_rows])) > _RUNNING_M3H for state in self.states])
        return np.asarray(running.any(axis=0) & ~running.all(axis=0))

    def _usual_pump_flows(self) -> NDArray[np.float64]:
        """(link pumps,) m³/h: the model's largest of the day; a pump that rests all day is taken for a middling one."""
        if not self.states or not len(self.pump_rows):
            return np.zeros(len(self.pump_rows))
        flows = np.stack([np.abs(np.nan_to_num(state.pump_flow_m3h[self.pump_rows])) for state in self.states]).max(axis=0)
        running = flows[flows > 0]
        return np.asarray(np.where(flows > 0, flows, np.median(running) if len(running) else 0.0))

    def pressures_kpa(self) -> NDArray[np.float64] | None:
        """Pressures (24, stations), kPa, of the model at the stations' nodes by the hour, NaN off nodes."""
        if not self.states:
            return None
        node = self._city.stations.node.astype(np.int64)
        times = self._times_s
        values = np.array([np.where(node >= 0, state.pressure_m[node], np.nan) for state in self.states]) * KPA_PER_METRE
        order = np.argsort(times)
        times, values = times[order], values[order]
        hours = np.arange(24, dtype=np.float64) * 3600.0
        even = np.column_stack([np.interp(hours, times, values[:, row], period=_DAY_S) for row in range(values.shape[1])])
        return np.asarray(even.reshape(24, -1), dtype=np.float64)


def _other_demand(states: Sequence[HydraulicState]) -> NDArray[np.float64] | None:
    """(nodes, k) how the model's demands drift apart over its day (offices by day, homes by night); None when they do not.

    Principal modes of demand over the states, the first of which is the whole: a holiday or a cold morning moves the others
    too, and is no burst.
    """
    if len(states) < _OTHER_MODES + 2:
        return None
    table = np.maximum(np.nan_to_num(np.stack([state.demand_m3h for state in states])), 0.0)
    _, size, modes = np.linalg.svd(table, full_matrices=False)
    told = np.flatnonzero(size[1 : 1 + _OTHER_MODES] > _LEAST_MODE * max(float(size[0]), 1e-9)) + 1
    return np.asarray(modes[told].T * size[told]) if len(told) else None
