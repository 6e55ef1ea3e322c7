"""Driven expectation: what the driven model leaves, regressed on levels, states, demand, head losses and hour (a slow bias)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.driven.boundary import HOURS, TickReadings
from console.detection.driven.operating_modes import OperatingModes
from console.detection.driven.ridge_fit import leverage_root, memory_ticks, ridge
from maps.columns import Bools, Floats
from maps.hydraulics.boundary import DrivenValues

_OWN_RIDGE = 3.0
_FREQUENT = 0.02
_LEAST_TICKS = 30
_CLIP_SIGMAS = 6.0
_FOLDS = 7
_LOSS_EXPONENT = 1.85
_LARGEST_LOSS = 5.0
_FARTHEST = 3.0
"""Standard deviations."""

_LEAST_SIGMA_M = 0.02
_LEAST_FLOW_SHARE = 0.002


@dataclass(frozen=True, eq=False)
class DrivenTicks:
    """Readings of some ticks beside the model's values for them.

    ``observed``, ``modelled``: (ticks, channels): pressures (m), metered flows (m³/h), what each tank takes (m³/h), then
    the city's balance (m³/h) where it is metered as a whole. ``state``: (ticks, n) links that are open and tanks shut off at a
    limit.
    """

    readings: TickReadings
    values: DrivenValues
    observed: Floats
    modelled: Floats
    state: Bools

    @classmethod
    def of(cls, readings: TickReadings, values: DrivenValues, *, balanced: bool, before_m3h: Floats | None = None) -> DrivenTicks:
        """Readings and model values of the same ticks; ``before_m3h``: (tanks,) modelled inflow at the tick before."""
        inflow = values.inflow_m3h
        earlier = np.vstack([inflow[:1] if before_m3h is None else before_m3h[None, :], inflow[:-1]])
        observed = np.column_stack([readings.pressure_m, readings.flow_m3h, readings.stored_m3h])
        modelled = np.column_stack([values.pressure_m, values.flow_m3h, (inflow + earlier) / 2.0])
        if balanced:
            # The tanks' part without a median: over a window the noise of levels is that of its two ends, the rest cancels.
            observed = np.column_stack([observed, readings.supply_m3h - readings.stored_m3h.sum(axis=1)])
            modelled = np.column_stack([modelled, values.demand_m3h])
        state = np.hstack([readings.is_open > 0.5, values.shut])
        return cls(readings, values, observed, modelled, state)

    def part(self, rows: NDArray[np.int64]) -> DrivenTicks:
        """Some of the ticks, in any order, for their features: without the values in other modes."""
        names = ("pressure_m", "flow_m3h", "inflow_m3h", "demand_m3h", "shut")
        values = replace(self.values, **{name: getattr(self.values, name)[rows] for name in names})
        return DrivenTicks(self.readings.part(rows), values, self.observed[rows], self.modelled[rows], self.state[rows])


class _Features:
    """Explanatory columns of each tick, scaled as in history."""

    def __init__(self, ticks: DrivenTicks) -> None:
        level, demand = ticks.readings.level_m, ticks.values.demand_m3h
        self._level = np.nanmean(level, axis=0), np.maximum(np.nanstd(level, axis=0), 0.05)
        self._demand = float(np.nanmean(demand)), max(float(np.nanstd(demand)), 1e-6)
        pressure = ticks.values.pressure_m
        self._pressure = np.nanmean(pressure, axis=0), np.maximum(np.nanstd(pressure, axis=0), 0.05)
        flows = self._flows(ticks)
        self._usual_m3h = np.maximum(np.nanmean(np.abs(flows), axis=0), 1e-3 * abs(self._demand[0]) + 1e-9)
        self._share = ticks.state.mean(axis=0)
        combination, count = np.unique(ticks.state, axis=0, return_counts=True)
        self._combination = combination[count >= max(_FREQUENT * len(ticks.state), _LEAST_TICKS)]

    @staticmethod
    def _flows(ticks: DrivenTicks) -> Floats:
        return np.hstack([ticks.values.flow_m3h, ticks.values.inflow_m3h])

    def of(self, ticks: DrivenTicks, farthest: float = _FARTHEST) -> tuple[Floats, Floats]:
        """(columns (ticks, n), ridge penalty (n,)).

        Beyond ``farthest`` standard deviations (a tank that always stood at its limit and now fills) values are held.
        """
        readings = ticks.readings
        level = np.clip((readings.level_m - self._level[0]) / self._level[1], -farthest, farthest)
        demand = np.clip((ticks.values.demand_m3h - self._demand[0]) / self._demand[1], -farthest, farthest)[:, None]
        angle = 2.0 * np.pi * readings.second_of_day / 86_400.0
        waves = np.column_stack([wave(turn * angle) for turn in (1, 2, 3) for wave in (np.sin, np.cos)])
        hour = _hats(readings.second_of_day)
        weekend = hour * (readings.slot >= HOURS)[:, None]
        # A wrong roughness makes an error in proportion to the head losses that the model gives.
        pressure = np.clip((ticks.values.pressure_m - self._pressure[0]) / self._pressure[1], -farthest, farthest)
        ratio = self._flows(ticks) / self._usual_m3h
        losses = np.sign(ratio) * np.minimum(np.abs(ratio), _LARGEST_LOSS) ** _LOSS_EXPONENT
        common = [level, level**2, waves, demand, demand**2, hour, weekend, pressure, losses, ticks.state - self._share]
        columns = [np.ones((len(level), 1)), *common]
        penalty = [np.zeros(1), *(np.ones(part.shape[1]) for part in common)]
        own = np.hstack([level, waves[:, :4], demand])
        for combination in self._combination:
            here = (ticks.state == combination).all(axis=1)[:, None]
            columns += [here, here * own]
            penalty += [np.ones(1), np.full(own.shape[1], _OWN_RIDGE)]
        return np.nan_to_num(np.hstack(columns).astype(np.float64)), np.concatenate(penalty)


class DrivenExpectation:
    """Expected values and the scale of what remains, by combination of link states. Learned from burst-free ticks."""

    def __init__(self, ticks: DrivenTicks, open_states: int, inflow_m3h: float) -> None:
        """``open_states``: number of link states among the states of ticks."""
        self._features, self._links = _Features(ticks), open_states
        self.modes = OperatingModes(ticks.state[:, :open_states])
        regime = self.modes.of(ticks.state[:, :open_states])
        count = np.bincount(regime, minlength=len(self.modes))[: len(self.modes)]
        columns, penalty = self._features.of(ticks)
        rest = ticks.observed - ticks.modelled
        channels = rest.shape[1]
        self.floor = np.full(channels, _LEAST_SIGMA_M)
        self.floor[ticks.values.pressure_m.shape[1] :] = _LEAST_FLOW_SHARE * inflow_m3h
        known = np.isfinite(rest)
        rest = np.where(known, rest, 0.0)
        fit = rest
        for _ in range(3):
            self._factors = ridge(columns, penalty, fit)
            modelled = columns @ self._factors
            sigma = self._scales(rest - modelled, regime, count)[regime]
            fit = np.where(known, modelled + np.clip(rest - modelled, -_CLIP_SIGMAS * sigma, _CLIP_SIGMAS * sigma), modelled)
        # What remains of each day by a fit to the other days: a fit is better on its own days than it will be on later ones.
        remains = np.empty_like(rest)
        fold = np.arange(len(rest)) * _FOLDS * 4 // max(len(rest), 1) % _FOLDS
        for part in range(_FOLDS):
            here, others = fold == part, fold != part
            remains[here] = rest[here] - columns[here] @ ridge(columns[others], penalty, fit[others])
        self.sigma = self._scales(remains, regime, count)
        self.remains = np.where(known, remains, np.nan)
        # The fit is held where history never was; how wrong it may be there grows with the distance.
        far, memory = self._features.of(ticks, np.inf)[0], memory_ticks(remains)
        self._root = leverage_root(far, penalty, memory)
        self.leverage_rows: NDArray[np.float32] = np.empty(far.shape, dtype=np.float32)
        for part in range(_FOLDS):
            self.leverage_rows[fold == part] = far[fold == part] @ leverage_root(far[fold != part], penalty, memory)

    def _scales(self, remains: Floats, regime: NDArray[np.int64], count: NDArray[np.int64]) -> Floats:
        """(regimes + 1, channels): of each frequent combination of states; the last row for all others."""
        pooled = np.maximum(_robust(remains), remains.std(axis=0))
        rows = [_robust(remains[regime == number]) if n >= _LEAST_TICKS else pooled for number, n in enumerate(count)]
        return np.asarray(np.maximum(np.vstack([*rows, pooled]), self.floor))

    def regime(self, state: Bools) -> NDArray[np.int64]:
        """Operating mode of each tick by its link states, the last row for combinations far from all of them."""
        return self.modes.of(state[:, : self._links])

    def judged(self, ticks: DrivenTicks) -> tuple[Floats, NDArray[np.float32]]:
        """(observed minus expected, channel units, NaN where unknown; leverage rows) of ticks.

        As ``remains`` and ``leverage_rows`` are those of history.
        """
        columns, _ = self._features.of(ticks)
        rest = ticks.observed - ticks.modelled - columns @ self._factors
        far, _ = self._features.of(ticks, np.inf)
        return np.asarray(rest), np.asarray(far @ self._root, dtype=np.float32)

    def mode_changes(self, ticks: DrivenTicks) -> NDArray[np.float32]:
        """(ticks, tanks, channels) what a tank in its other mode would change of the residuals; 0 where it can be in one only."""
        other, main = ticks.values.others, ticks.values
        found = np.zeros((len(ticks.state), main.shut.shape[1], ticks.observed.shape[1]), dtype=np.float32)
        if not len(other.tick):
            return found
        here = ticks.part(other.tick)
        state = here.state.copy()
        state[np.arange(len(state)), self._links + other.tank] ^= True
        flipped = replace(
            here,
            values=replace(here.values, pressure_m=other.pressure_m, flow_m3h=other.flow_m3h, inflow_m3h=other.inflow_m3h),
            state=state,
        )
        columns = self._features.of(flipped)[0] - self._features.of(here)[0]
        change = columns @ self._factors
        parts = ("pressure_m", "flow_m3h", "inflow_m3h")
        modelled = np.hstack([getattr(other, name) - getattr(here.values, name) for name in parts])
        change[:, : modelled.shape[1]] += modelled
        found[other.tick, other.tank] = -np.nan_to_num(change)
        return found


def _hats(second_of_day: Floats) -> Floats:
    """(ticks, 24) linear interpolation between the hours: a value of each hour would jump from one to the next."""
    off = np.abs(second_of_day[:, None] / 3600.0 - np.arange(HOURS))
    return np.asarray(np.maximum(1.0 - np.minimum(off, HOURS - off), 0.0))


def _robust(values: Floats) -> Floats:
    """1.4826 times the median absolute deviation of each column."""
    return np.asarray(1.4826 * np.median(np.abs(values - np.median(values, axis=0)), axis=0))
