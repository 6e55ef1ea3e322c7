"""Surge crossings: turns a sudden rise of a metered zone's inflow into a crossing, located within the zone with pressures."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from console.detection.crossing import Crossing
from console.detection.finding import BurstFinding
from console.detection.flow.inflow_surges import BEFORE, SAMPLES
from console.detection.localisation import Group, Tick
from console.detection.medians import known_median
from maps.city import City
from maps.columns import Floats


class SurgeCrossings:
    """Keeps the pressures of the last ticks; call ``crossing`` where needed, then ``follow``, once a tick."""

    def __init__(self, city: City) -> None:
        self._pipes = city.network.pipes
        self._node = city.stations.node.astype(np.int64)
        self._past_m: deque[Floats] = deque(maxlen=BEFORE + SAMPLES)

    def follow(self, tick: Tick) -> None:
        """Add a tick."""
        self._past_m.append(tick.pressure_m)

    def crossing(
        self, groups: Sequence[Group], tick: Tick, known: Sequence[BurstFinding]
    ) -> tuple[Group, Crossing, NDArray[np.bool_], int] | None:
        """(group with most stations in the zone, crossing, candidate pipes (pipes,), start µs) of a surge not ``known`` yet."""
        surge, pipes = tick.surge, self._pipes
        if surge is None or not groups:
            return None
        within = (surge.nodes[pipes.from_node] == surge.part) | (surge.nodes[pipes.to_node] == surge.part)
        inside = set(pipes.asset_id[within].tolist())
        if not inside or any(inside & set(one.location.set_90) for one in known):
            return None
        held = [np.count_nonzero(surge.nodes[self._node[group.rows]] == surge.part) for group in groups]
        group = groups[int(np.argmax(held))]
        samples = np.stack([*self._past_m, tick.pressure_m])[:, group.rows]
        crossing = Crossing(
            path="B",
            window=1,  # demand drift is correlated from tick to tick: three samples have hardly less noise than one
            statistic=surge.size_m3h,
            threshold=surge.threshold_m3h,
            residual_m=_mean(samples[-SAMPLES:]) - known_median(samples[:-SAMPLES]),
            covariance=group.steps.covariance(tick.second_of_day),
            lane="inflow",
            drift_known=group.steps.learned,
            against="step",
        )
        return group, crossing, within, surge.began_us


def _mean(samples: Floats) -> Floats:
    """Mean along the first axis of the finite values, NaN where there are none."""
    heard = np.isfinite(samples)
    count = heard.sum(axis=0)
    return np.asarray(np.where(count > 0, np.where(heard, samples, 0.0).sum(axis=0) / np.maximum(count, 1), np.nan))
