"""Driven location: where a burst of the driven watch lies, by pressures, metered flows and the tanks' inflows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from console.detection.driven.driven_expectation import DrivenExpectation, DrivenTicks
from console.detection.driven.window_statistics import Stretch, cleaned, differences
from maps.city import City
from maps.columns import Bools, Floats
from maps.hydraulics.boundary import BoundaryMeters, BoundaryReadings, DrivenSolver
from maps.locate.result import Candidate, Location
from maps.locate.staged import Difference, located_in_stages

_LISTED = 20
_OWN_TICKS = 50
_POOLED_TICKS = 20.0
_CLIP = 5.0
_LEAST_SIGMA = 0.02


class DrivenLocator:
    """Locates from the mean of a window against the time before, over the channels that say where water goes.

    Of a tank only its inflow is used, the change of its level: its share of a burst depends on where that is. The level itself
    drives the model. The city's balance is no channel of its own here: it is the sum of flows and inflows.
    """

    def __init__(self, city: City, meters: BoundaryMeters, solver: DrivenSolver) -> None:
        self._city, self._meters, self._solver = city, meters, solver
        self._metered = len(meters.pressure_station) + len(meters.flow_station)
        self._expectation: DrivenExpectation | None = None
        self._covariance: dict[tuple[int, bool], Floats] = {}
        self._reference: Callable[[int], int] = int
        self._tick_s = 0.0
        self._before: tuple[Floats, Floats] | None = None
        self._inflow = np.empty((0, len(meters.tank_node)))
        self._sigma = np.ones(len(meters.tank_node))

    def learn(
        self,
        ticks: DrivenTicks,
        metered: Stretch,
        windows: tuple[int, ...],
        reference: Callable[[int], int],
        tick_s: float,
        inflow_m3h: float,
    ) -> None:
        """Learn from burst-free ticks.

        ``metered``: their residuals, pressures and flows first. ``windows``: in ticks; ``reference``: of a window, likewise.
        ``inflow_m3h``: usual.
        """
        self._reference, self._tick_s = reference, tick_s
        self._before = None
        own = self._of_tanks(ticks)
        self._expectation = DrivenExpectation(own, len(self._meters.state_link), inflow_m3h)
        regime = self._expectation.regime(ticks.state)
        self._inflow = self._expectation.remains / self._expectation.sigma[regime]
        joint = np.hstack([cleaned(metered.values, metered.changed)[:, : self._metered], np.nan_to_num(self._inflow)])
        self._covariance = {}
        for window in windows:
            difference = differences(joint, window, reference(window))
            mixed = _changed_within(metered.changed, window + reference(window))
            known = np.isfinite(difference).all(axis=1)
            pooled = _covariance(difference[known])
            for is_mixed in (False, True):
                chosen = known & (mixed == is_mixed)
                own_share = chosen.sum() / (window + 3.0)
                self._covariance[window, is_mixed] = (
                    (own_share * _covariance(difference[chosen]) + _POOLED_TICKS * pooled) / (own_share + _POOLED_TICKS)
                    if chosen.sum() >= _OWN_TICKS
                    else pooled
                )

    def forget(self) -> None:
        """After a gap in the readings: the next tick has no neighbour."""
        self._before = None
        self._inflow = np.empty((0, len(self._meters.tank_node)))

    def take(self, ticks: DrivenTicks, kept: int) -> None:
        """The next tick; the last ``kept`` ones are remembered."""
        assert self._expectation is not None
        own = self._of_tanks(ticks)
        self._sigma = self._expectation.sigma[self._expectation.regime(ticks.state)][-1]
        rest = self._expectation.residual(own) / self._sigma
        self._inflow = np.concatenate([self._inflow, rest])[-kept:]

    def located(
        self,
        window: int,
        metered: Stretch,
        linear: NDArray[np.float32],
        readings: BoundaryReadings,
        shut: Bools,
        moved: tuple[str, ...],
    ) -> Location:
        """Where the burst of the last ``window`` ticks lies.

        ``metered``: cleaned residuals of the last ticks, ``linear``: (channels, pipes) signatures per m³/h, in both pressures
        and flows first. ``readings``: the last tick's; ``shut``: (tanks,).
        """
        network = self._city.network
        seen = self._difference(window, metered, linear)

        known = np.isfinite(seen.value)

        def changes(leaks: Sequence[Mapping[int, float]]) -> Floats:
            return self._solver.changes(readings, shut, leaks)[:, known]

        found = located_in_stages(network, seen.of(known), changes)
        order = np.argsort(-found.probability, kind="stable")
        inside = int(np.searchsorted(np.cumsum(found.probability[order]), 0.9) + 1)
        ids = network.pipes.asset_id
        listed = order[: max(inside, _LISTED)]
        candidates = tuple(Candidate(str(ids[row]), float(found.probability[row])) for row in listed)
        model = self._city.epanet.word if self._city.epanet is not None else "imported"
        return Location(candidates, tuple(one.pipe_id for one in candidates[:inside]), model, moved, found.score)

    def _difference(self, window: int, metered: Stretch, linear: NDArray[np.float32]) -> Difference:
        need = min(window + self._reference(window), len(metered.values))
        tanks = self._meters.tank_node
        inflow = np.full((need, len(tanks)), np.nan)
        lately = self._inflow[-need:]
        inflow[need - len(lately) :] = lately
        joint = np.hstack([metered.values[-need:, : self._metered], inflow])
        value = differences(joint, window, need - window)[-1]
        mixed = bool(metered.changed[-need + 1 :].any())
        scale = np.concatenate([metered.scale[-1, : self._metered], self._sigma])
        shapes = np.zeros((len(scale), linear.shape[1]))
        shapes[: self._metered] = linear[: self._metered] / scale[: self._metered, None]
        return Difference(value, self._covariance[window, mixed], scale, shapes, np.arange(len(scale)) < self._metered)

    def _of_tanks(self, ticks: DrivenTicks) -> DrivenTicks:
        """The same ticks with the tanks' inflows as measured and as modelled, m³/h, means from tick to tick."""
        level, inflow = ticks.readings.level_m, ticks.values.inflow_m3h
        before = self._before or (level[0], inflow[0])
        level, inflow = np.vstack([before[0], level]), np.vstack([before[1], inflow])
        self._before = level[-1], inflow[-1]
        observed = np.diff(level, axis=0) * self._meters.tank_area_m2 * (3600.0 / self._tick_s)
        return replace(ticks, observed=observed, modelled=(inflow[1:] + inflow[:-1]) / 2.0)


def _changed_within(changed: Bools, ticks: int) -> Bools:
    """Whether a state changed within the last ``ticks``, (ticks,)."""
    count = np.concatenate([[0], np.cumsum(changed)])
    tick = np.arange(len(changed))
    return np.asarray(count[tick + 1] > count[np.maximum(tick - ticks + 2, 0)])


def _covariance(values: Floats) -> Floats:
    """Second moments of clipped values, (channels, channels)."""
    limit = _CLIP * np.maximum(1.4826 * np.median(np.abs(values), axis=0), _LEAST_SIGMA)
    clipped = np.clip(values, -limit, limit)
    return np.asarray(clipped.T @ clipped / len(clipped)) + 1e-6 * np.eye(values.shape[1])
