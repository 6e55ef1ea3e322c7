"""Driven location: where a burst of the driven watch lies, by pressures, metered flows and the tanks' inflows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from console.detection.driven.boundary import LARGEST_FACTOR, LEAST_FACTOR
from console.detection.driven.driven_expectation import DrivenTicks
from console.detection.driven.window_differences import Stretch, differences
from maps.city import City
from maps.columns import Bools, Floats
from maps.hydraulics.boundary import BoundaryMeters, BoundaryReadings, DrivenSolver
from maps.locate.centre import centre_of
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
    drives the model. The city's balance is no channel of its own here: it is the sum of flows and inflows. It gives the demand
    under which candidates are solved: what the city drew in the hour before, where the watch itself has the usual of that hour.
    """

    def __init__(self, city: City, meters: BoundaryMeters, solver: DrivenSolver) -> None:
        self._city, self._solver = city, solver
        self._linear = len(meters.pressure_station) + len(meters.flow_station)
        self._heard = np.zeros(self._linear + len(meters.tank_station), dtype=bool)
        self._covariance: dict[tuple[int, bool], Floats] = {}
        self._reference: Callable[[int], int] = int
        self._balanced = meters.balanced
        self._shortest = self._kept = 0
        self._drawn: Floats = np.empty((0, 2))

    def learn(
        self, clean: Stretch, windows: tuple[int, ...], reference: Callable[[int], int], usable: Bools | None = None
    ) -> None:
        """Learn from the residuals of burst-free ticks. ``windows``: in ticks; ``reference``: of a window, likewise.

        ``usable``: (ticks,) False where nothing was read, or during cases.
        """
        self._reference, self._covariance = reference, {}
        self._shortest, self._kept = min(windows), max(windows) + reference(min(windows))
        values = clean.values[:, : len(self._heard)]
        self._heard = values.std(axis=0) > 0.0  # a channel that never spoke would be exact evidence
        for window in windows:
            difference = differences(values[:, self._heard], window, reference(window), usable)
            mixed = _changed_within(clean.changed, window + reference(window))
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

    def follow(self, ticks: DrivenTicks) -> None:
        """Take the next ticks: what the city drew, and what the model has for it."""
        if self._balanced:
            drawn = np.column_stack([ticks.observed[:, -1], ticks.values.demand_m3h])
            self._drawn = np.concatenate([self._drawn, drawn])[-self._kept :]

    def forget(self) -> None:
        """After a gap in the readings."""
        self._drawn = np.empty((0, 2))

    def drawn_before(self, window: int) -> float:
        """What the city drew in the hour before the last ``window`` ticks, over what the model has for then; 1 where unknown."""
        before = self._drawn[: max(len(self._drawn) - window, 0)][-self._reference(self._shortest) :]
        before = before[np.isfinite(before).all(axis=1)]
        measured, modelled = before.sum(axis=0)
        return float(np.clip(measured / modelled, LEAST_FACTOR, LARGEST_FACTOR)) if modelled > 0.0 else 1.0

    def located(
        self,
        window: int,
        clean: Stretch,
        linear: NDArray[np.float32],
        readings: BoundaryReadings,
        shut: Bools,
        moved: tuple[str, ...],
    ) -> Location:
        """Where the burst of the last ``window`` ticks lies.

        ``clean``: residuals of the last ticks, ``linear``: (channels, pipes) signatures per m³/h, both with pressures, flows and
        what tanks take first. ``readings``: the last tick's; ``shut``: (tanks,). The first candidate is the pipe with the most
        probability around it, all others follow by their own.
        """
        network = self._city.network
        seen = self._difference(window, clean, linear)
        before = replace(readings, demand_factor=readings.demand_factor * self.drawn_before(window))

        def changes(leaks: Sequence[Mapping[int, float]]) -> Floats:
            return self._solver.changes(before, shut, leaks)[:, self._heard]

        found = located_in_stages(network, seen, changes)
        order = np.argsort(-found.probability, kind="stable")
        inside = int(np.searchsorted(np.cumsum(found.probability[order]), 0.9) + 1)
        centre = centre_of(network, found.probability, order[:inside])
        order = np.concatenate([[centre], order[order != centre]])
        ids = network.pipes.asset_id
        listed = order[: max(inside, _LISTED)]
        candidates = tuple(Candidate(str(ids[row]), float(found.probability[row])) for row in listed)
        model = self._city.epanet.word if self._city.epanet is not None else "imported"
        return Location(candidates, tuple(one.pipe_id for one in candidates[:inside]), model, moved, found.score)

    def _difference(self, window: int, clean: Stretch, linear: NDArray[np.float32]) -> Difference:
        heard = np.flatnonzero(self._heard)
        lately = clean.of(heard).last(window + self._reference(window))
        value = differences(lately.values, window, self._reference(window))[-1]
        scale = lately.scale[-1]
        mixed = bool(lately.changed[1:].any())
        # Linear signatures of tanks mislead more than they tell: those count once they are solved.
        return Difference(value, self._covariance[window, mixed], scale, linear[heard] / scale[:, None], heard < self._linear)


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
