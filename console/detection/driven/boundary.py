"""Boundary readings: tank levels, link states and demand of each tick out of station readings, ready to drive the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from console.domain.readings import Channel
from maps.columns import Bools, Floats
from maps.hydraulics.boundary import BoundaryMeters, BoundaryReadings
from maps.hydraulics.state import HydraulicState
from maps.network import NodeKind, NodeTable
from maps.units import KPA_PER_METRE

_HELD_TICKS = 3
_RATE_MARGIN_M = 0.05
_RATE_QUANTILE = 0.998
_USUAL_RATE_M = 0.5
LEAST_FACTOR, LARGEST_FACTOR = 0.2, 5.0
_MEDIAN = 3
_FAR = 9.0
_KERNEL = ((-2, 1.0), (-1, 2.0), (0, 3.0), (1, 2.0), (2, 1.0))
HOURS = 24
DAY_S = 86_400.0
SLOTS = 48


@dataclass(frozen=True, eq=False)
class TickReadings:
    """Readings of some ticks: (ticks, …), NaN where missing; ``pressure_m`` by pressure station.

    ``flow_m3h``: by flow station on a link. ``balance_m3h``: what the city takes, inflow from sources less the change of all
    tanks; NaN unless everything is metered. ``supply_m3h``: (ticks,) inflow from metered sources without glitches, a tick late.
    ``stored_m3h``: (ticks, tanks) what each tank took since the tick before. ``slot``: (ticks,) hour of the day, 24 more on days
    of the weekend.
    """

    second_of_day: Floats
    slot: NDArray[np.int64]
    pressure_m: Floats
    level_m: Floats
    is_open: Floats
    flow_m3h: Floats
    balance_m3h: Floats
    supply_m3h: Floats
    stored_m3h: Floats

    def part(self, rows: NDArray[np.int64]) -> TickReadings:
        """Some of the ticks."""
        return TickReadings(**{one.name: getattr(self, one.name)[rows] for one in fields(self)})

    @property
    def read(self) -> Bools:
        """(ticks,) whether anything was read at all: pressures, levels or flows."""
        return np.asarray(np.isfinite(np.hstack([self.pressure_m, self.level_m, self.flow_m3h])).any(axis=1))

    def driving(self, demand: DemandProfile) -> BoundaryReadings:
        """Boundary conditions of the model."""
        factor = demand.at(self.second_of_day, self.slot >= HOURS)
        return BoundaryReadings(self.second_of_day, self.level_m, self.is_open, factor, self.pressure_m, demand.is_smooth)


class BoundaryFilter:
    """Takes boundary readings from station values; tank levels that jump further than water can flow are held for three ticks."""

    def __init__(self, meters: BoundaryMeters, tick_s: float) -> None:
        self._meters, self._tick_s = meters, tick_s
        tanks, states = len(meters.tank_node), len(meters.state_link)
        self._rate_m = np.full(tanks, _USUAL_RATE_M)
        self._level, self._held = np.full(tanks, np.nan), np.zeros(tanks, dtype=np.int64)
        self._is_open = np.full(states, np.nan)
        self._supply = np.flatnonzero(meters.supply_sign)
        self._supplied = np.full((_MEDIAN - 1, len(self._supply)), np.nan)

    def forget(self) -> None:
        """After a gap in the readings: a change of level since then is no flow of one tick."""
        self._level = np.full(len(self._level), np.nan)
        self._supplied = np.full_like(self._supplied, np.nan)

    def learn_rates(self, level_m: Floats) -> None:
        """The largest usual change of a level from tick to tick; ``level_m``: (ticks, tanks), NaN where unknown."""
        change = np.abs(np.diff(level_m, axis=0))
        for tank in range(level_m.shape[1]):
            known = change[np.isfinite(change[:, tank]), tank]
            if len(known):
                self._rate_m[tank] = 2.0 * float(np.quantile(known, _RATE_QUANTILE)) + _RATE_MARGIN_M

    def levels(self, value: dict[int, Floats]) -> Floats:
        """(ticks, tanks) levels as read."""
        return _of(value, Channel.LEVEL, self._meters.tank_station)

    def take(self, value: dict[int, Floats], second_of_day: Floats, weekend: Bools) -> TickReadings:
        """Readings of the ticks after the last ones. ``value``: channel -> (ticks, stations), NaN where missing."""
        meters = self._meters
        before = self._level.copy()
        level, is_open = self.levels(value), self._states(value)
        pressure = _of(value, Channel.PRESSURE, meters.pressure_station) / KPA_PER_METRE
        flow = _of(value, Channel.FLOW, meters.flow_station)
        unread = ~np.asarray(np.isfinite(np.hstack([pressure, level, flow])).any(axis=1))
        for tick in range(len(level)):
            if unread[tick]:
                self.forget()
            level[tick] = self._followed(level[tick])
            is_open[tick] = self._is_open = np.where(np.isfinite(is_open[tick]), is_open[tick], self._is_open)
        slot = (second_of_day // 3600.0).astype(np.int64) + HOURS * weekend
        stored = np.diff(np.vstack([before[None, :], level]), axis=0) * meters.tank_area_m2 * (3600.0 / self._tick_s)
        balance = flow[:, self._supply] @ meters.supply_sign[self._supply] - stored.sum(axis=1)
        balance = np.where(meters.balanced, balance, np.nan)
        return TickReadings(second_of_day, slot, pressure, level, is_open, flow, balance, self._supply_m3h(flow), stored)

    def _states(self, value: dict[int, Floats]) -> Floats:
        on = _of(value, Channel.PUMP_ON, self._meters.state_station)
        position = _of(value, Channel.VALVE_POSITION, self._meters.state_station)
        opened = np.where(np.isfinite(on), on > 0.5, position > 0.0).astype(np.float64)
        return np.where(np.isfinite(on) | np.isfinite(position), opened, np.nan)

    def _followed(self, level_m: Floats) -> Floats:
        jumps = ~np.isfinite(level_m) | (np.abs(level_m - self._level) > self._rate_m)
        held = jumps & np.isfinite(self._level) & ((self._held < _HELD_TICKS) | ~np.isfinite(level_m))
        self._held = np.where(held, self._held + 1, 0)
        self._level = np.where(held, self._level, level_m)
        return self._level

    def _supply_m3h(self, flow_m3h: Floats) -> Floats:
        """(ticks,) inflow from sources, each flow as the median of three ticks."""
        flow = np.vstack([self._supplied, flow_m3h[:, self._supply]])
        self._supplied = flow[len(flow) - _MEDIAN + 1 :]
        around = np.lib.stride_tricks.sliding_window_view(flow, _MEDIAN, axis=0)
        known = np.isfinite(around).any(axis=-1)
        median = np.nanmedian(np.where(known[..., None], around, 0.0), axis=-1)
        return np.asarray(np.where(known, median, np.nan) @ self._meters.supply_sign[self._supply])


def consumption_m3h(nodes: NodeTable, states: Sequence[HydraulicState]) -> Floats:
    """(states,) what the junctions draw together, inflows at junctions subtracted: what the city's balance measures.

    What a tank takes is no consumption: counted, it would make the nominal demand several times too large at night.
    """
    junction = nodes.kind == NodeKind.JUNCTION
    return np.array([np.nansum(state.demand_m3h[junction]) for state in states])


@dataclass(frozen=True, eq=False)
class DemandProfile:
    """Measured over nominal demand: ``factor`` (2, slots) by half hour of the day, of working days and of weekends.

    ``is_smooth``: the model's demand patterns are interpolated between their periods.
    """

    factor: Floats
    is_smooth: bool

    @classmethod
    def unknown(cls) -> DemandProfile:
        """Nothing was measured: as in the model."""
        return cls(np.ones((2, SLOTS)), False)

    @classmethod
    def of(cls, readings: TickReadings, stepped_m3h: Floats, smooth_m3h: Floats) -> DemandProfile:
        """From the measured balance; patterns are taken as stepped or smooth, whichever fits it better.

        ``stepped_m3h``, ``smooth_m3h``: (slots,) consumption of the model in the middle of each slot by both, without what tanks
        take. Factors are averaged with the neighbouring half hours; 1 where nothing is known.
        """
        measured = _measured(readings)
        found = []
        for nominal, is_smooth in ((smooth_m3h, True), (stepped_m3h, False)):
            factor = _smoothed(measured) / np.where(nominal > 0, _smoothed(nominal), np.nan)
            off = np.abs(measured - factor * nominal)
            found.append((float(off[np.isfinite(off)].sum()), is_smooth, factor))
        _, is_smooth, factor = min(found, key=lambda one: one[0])
        # A history without weekends: as on working days, and the other way round.
        factor = np.where(np.isfinite(factor), factor, factor[::-1])
        factor = np.where(np.isfinite(factor), factor, 1.0)
        return cls(np.asarray(np.clip(factor, LEAST_FACTOR, LARGEST_FACTOR)), is_smooth)

    def differs(self, other: DemandProfile) -> float:
        """Mean relative difference from another one; infinite where the patterns are taken otherwise."""
        return float(np.abs(self.factor / other.factor - 1.0).mean()) if self.is_smooth == other.is_smooth else np.inf

    def at(self, second_of_day: Floats, weekend: Bools) -> Floats:
        """(ticks,) factors, linear from the middle of one slot to the next: a jump would look like an event in the whole city."""
        slots = self.factor.shape[1]
        place = second_of_day * (slots / DAY_S) - 0.5
        before = np.floor(place).astype(np.int64)
        share, kind = place - before, weekend.astype(np.int64)
        return np.asarray((1.0 - share) * self.factor[kind, before % slots] + share * self.factor[kind, (before + 1) % slots])


def _measured(readings: TickReadings) -> Floats:
    """(2, slots) m³/h: of each day the mean of the half hour, in which the noise of levels cancels; of all days the median.

    Without single values far from the others of the half hour: a level that jumps is no flow.
    """
    slot = (readings.second_of_day * (SLOTS / DAY_S)).astype(np.int64)
    kind = (readings.slot >= HOURS).astype(np.int64)
    day = np.cumsum(np.diff(readings.second_of_day, prepend=readings.second_of_day[:1]) < 0)
    known = np.isfinite(readings.balance_m3h)
    off = np.full(len(known), np.inf)
    for one in range(2 * SLOTS):
        here = known & (kind * SLOTS + slot == one)
        if here.any():
            off[here] = np.abs(readings.balance_m3h[here] - np.median(readings.balance_m3h[here]))
    if known.any():
        known &= off <= _FAR * np.median(off[known]) + 1e-9
    size = (int(day[-1]) + 1, 2, SLOTS)
    cell = np.ravel_multi_index((day, kind, slot), size)[known]
    count = np.bincount(cell, minlength=int(np.prod(size)))
    total = np.bincount(cell, weights=readings.balance_m3h[known], minlength=len(count))
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan).reshape(size)
    found = np.full(size[1:], np.nan)
    seen = np.isfinite(mean).any(axis=0)
    found[seen] = np.nanmedian(mean[:, seen], axis=0)
    return found


def _smoothed(value: Floats) -> Floats:
    """Weighted means with the neighbouring slots, around midnight too: (…, slots), NaN where nothing is known around."""
    weight = np.where(np.isfinite(value), 1.0, 0.0)
    total = sum(share * np.roll(np.nan_to_num(value), step, axis=-1) for step, share in _KERNEL)
    weights = sum(share * np.roll(weight, step, axis=-1) for step, share in _KERNEL)
    return np.where(weights > 0, total / np.maximum(weights, 1e-9), np.nan)


def _of(value: dict[int, Floats], channel: Channel, rows: NDArray[np.int64]) -> Floats:
    table = value.get(int(channel))
    if table is None:
        some = next(iter(value.values()), np.empty((0, 0)))
        return np.full((len(some), len(rows)), np.nan)
    return np.array(table[:, rows], dtype=np.float64)
