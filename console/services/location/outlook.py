"""Forecast of a burst location: pressure drop at the deviating stations, and where to read next."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from console.detection.signature_cache import SMALLEST_FLOW_M3H
from console.domain.alarms import Evidence
from console.domain.incidents import Outlook, Prediction
from console.domain.readings import Channel
from maps.city import City
from maps.columns import Floats
from maps.hydraulics.state import HydraulicState
from maps.locate.linear import LinearNetwork
from maps.locate.next_reading import MOST_CANDIDATES, Places, next_readings, predicted_falls_m
from maps.locate.pumps import PumpCurves
from maps.locate.result import Location
from maps.network import NodeKind
from maps.units import KPA_PER_METRE

_PROPOSED = 5
_PREDICTED = 3
_NEIGHBOURS = 4
_GAUGE_M = 0.25
"""A digital gauge of class 0.25 to 1 MPa on a hydrant."""
_MODEL_ALONE_M = 3.0
_DAY_S = 86_400.0


@dataclass(frozen=True, eq=False)
class Known:
    """Input beside the finding, each (stations,).

    ``usual_kpa``: pressure expected without a burst, NaN unknown. ``heard``: stations that report pressure now, so need no gauge
    reading. ``read``: places already read.
    """

    usual_kpa: Floats
    heard: NDArray[np.bool_]
    read: Collection[str] = ()

    @classmethod
    def of(cls, expected: Floats, heard: NDArray[np.bool_], read: Collection[str] = ()) -> Known:
        """From the (stations, channels) arrays of a picture or tick."""
        return cls(expected[:, Channel.PRESSURE], heard[:, Channel.PRESSURE], read)


class Forecaster:
    """Predicts with the model's states over the day; caches the linearised network of the last state used."""

    def __init__(self, city: City, states: Sequence[HydraulicState]) -> None:
        self._city = city
        self._zone = ZoneInfo(city.info.time_zone)
        self._states: tuple[HydraulicState, ...] = ()
        self._pumps: PumpCurves | None = None
        self._kept: tuple[int, LinearNetwork] | None = None
        self.adopt(states)

    def adopt(self, states: Sequence[HydraulicState]) -> None:
        """Set the states to predict with; from any thread, once."""
        converged = tuple(state for state in states if state.converged)
        self._pumps = PumpCurves.of(self._city) if converged else None
        self._states = converged

    def outlook(self, location: Location, evidence: Sequence[Evidence], at: datetime, known: Known) -> Outlook:
        """Forecast of one finding; empty without a model, or when no deviating station is on a node."""
        stations = self._city.stations
        moved = [one for one in evidence if one.channel == "pressure" and stations.has(one.station_id)]
        moved = [one for one in moved if stations.node[stations.row(one.station_id)] >= 0]
        pipes = self._city.network.pipes
        first = [c for c in location.candidates[:MOST_CANDIDATES] if pipes.has(c.pipe_id)]
        if not self._states or not moved or not first:
            return Outlook()
        rows = np.array([pipes.row(candidate.pipe_id) for candidate in first], dtype=np.int64)
        nodes = stations.node[[stations.row(one.station_id) for one in moved]].astype(np.int64)
        fall_m = np.array([-one.deviation / KPA_PER_METRE for one in moved])
        state = self._nearest(at)
        falls = predicted_falls_m(self._linear(state), rows, nodes, fall_m)
        predictions = tuple(
            Prediction(candidate.pipe_id, tuple(_rounded(-falls[index, nodes] * KPA_PER_METRE)))
            for index, candidate in enumerate(first[:_PREDICTED])
        )
        places = self._places(self._states[state], known)
        named = tuple(one.station_id for one in moved)
        return Outlook(named, predictions, next_readings(location, falls, places, _PROPOSED))

    def _nearest(self, at: datetime) -> int:
        local = at.astimezone(self._zone)
        second = local.hour * 3600 + local.minute * 60 + local.second
        apart = np.abs(np.array([state.at_s % _DAY_S for state in self._states]) - second)
        return int(np.argmin(np.minimum(apart, _DAY_S - apart)))

    def _linear(self, index: int) -> LinearNetwork:
        if self._kept is None or self._kept[0] != index:
            slopes = self._pumps.slopes(self._states[index]) if self._pumps is not None else None
            self._kept = index, LinearNetwork(self._city.network, self._states[index], slopes, SMALLEST_FLOW_M3H)
        return self._kept[1]

    def _places(self, state: HydraulicState, known: Known) -> Places:
        """Places to read: hydrants and silent stations; any junction in a city without hydrants."""
        ids, kinds, node, x, y = self._where(known)
        model_kpa = KPA_PER_METRE * state.pressure_m[node].mean(axis=1)
        expected, sigma_m = self._corrected(state, known, model_kpa, x, y)
        usable = np.isfinite(expected) & (expected > 0.0)
        kept = np.flatnonzero(usable & ~np.isin(ids, list(known.read)))
        sigma = np.full(len(kept), KPA_PER_METRE * float(np.hypot(_GAUGE_M, sigma_m)))
        return Places(ids[kept], kinds[kept], node[kept], x[kept], y[kept], expected[kept], sigma)

    def _where(self, known: Known) -> tuple[NDArray[np.object_], NDArray[np.object_], NDArray[np.int64], Floats, Floats]:
        network, hydrants, stations = self._city.network, self._city.hydrants, self._city.stations
        placed = np.flatnonzero(hydrants.pieces == "")  # the position of a station on an unknown piece is not known
        pipe = np.maximum(hydrants.pipe[placed], 0)
        ends = np.column_stack([network.pipes.from_node[pipe], network.pipes.to_node[pipe]]).astype(np.int64)
        node = hydrants.node[placed, None]
        at = np.where(node >= 0, node, ends).astype(np.int64)
        silent = np.flatnonzero(~known.heard & (stations.node >= 0))
        parts = [
            (hydrants.asset_id[placed], "hydrant", at, hydrants.x[placed], hydrants.y[placed]),
            (
                stations.asset_id[silent],
                "station",
                np.tile(stations.node[silent, None], 2),
                stations.x[silent],
                stations.y[silent],
            ),
        ]
        if not len(hydrants):
            free = np.flatnonzero(
                (network.nodes.kind == NodeKind.JUNCTION) & ~np.isin(np.arange(len(network.nodes)), stations.node)
            )
            parts.append(
                (network.nodes.asset_id[free], "node", np.tile(free[:, None], 2), network.nodes.x[free], network.nodes.y[free])
            )
        return (
            np.concatenate([part[0] for part in parts]),
            np.concatenate([np.full(len(part[0]), part[1], dtype=object) for part in parts]),
            np.concatenate([part[2] for part in parts]).astype(np.int64),
            np.concatenate([part[3] for part in parts]),
            np.concatenate([part[4] for part in parts]),
        )

    def _corrected(self, state: HydraulicState, known: Known, model_kpa: Floats, x: Floats, y: Floats) -> tuple[Floats, float]:
        """(pressure expected at places (n,), kPa; error, m): the model corrected by the stations around.

        The error is the cross-validation error of the stations: each predicted from its neighbours.
        """
        stations, nodes = self._city.stations, self._city.network.nodes
        used = np.flatnonzero((stations.node >= 0) & np.isfinite(known.usual_kpa))
        if len(used) < 2:
            return model_kpa, _MODEL_ALONE_M
        at = stations.node[used]
        off = known.usual_kpa[used] - KPA_PER_METRE * state.pressure_m[at]
        own = np.column_stack([nodes.x[at], nodes.y[at]])
        wrong = off - _interpolated(own, off, own, itself=False)
        sigma_m = float(np.sqrt(np.nanmean(wrong**2))) / KPA_PER_METRE
        return model_kpa + _interpolated(own, off, np.column_stack([x, y])), min(sigma_m, _MODEL_ALONE_M)


def _interpolated(known_at: Floats, value: Floats, wanted_at: Floats, itself: bool = True) -> Floats:
    """Mean of the nearest few by inverse squared distance, (n,); ``itself`` False leaves out a point at the same place."""
    from scipy.spatial import cKDTree

    count = min(_NEIGHBOURS, len(value))
    ranks = np.arange(1, count + 1) if itself else np.arange(2, min(count + 1, len(value)) + 1)
    distance, nearest = cKDTree(known_at).query(wanted_at, k=ranks)
    weight = 1.0 / np.maximum(distance, 1.0) ** 2
    return np.asarray((weight * value[nearest]).sum(axis=1) / weight.sum(axis=1))


def _rounded(values: NDArray[np.floating]) -> list[float]:
    return [round(float(value), 3) for value in values]
