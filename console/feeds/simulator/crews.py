"""Crews on their rounds: from their base to places in the network and back, in straight lines at street speed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.city import City
from maps.columns import Floats
from maps.crs import to_wgs84

_SPEED_MPS = 8.0
_REST_S = (300.0, 1800.0)
_ROUND_M = 2500.0
"""Crews stay this near to their base."""


@dataclass(frozen=True, eq=False)
class Tracks:
    """Positions of the crews, (crews,): network CRS, and WGS84 degrees (None where the city is not georeferenced)."""

    x: Floats
    y: Floats
    lon: Floats | None
    lat: Floats | None
    speed_kmh: Floats
    course_deg: Floats


class Rounds:
    """All crews' movements, by chance of ``seed``."""

    def __init__(self, city: City, seed: int) -> None:
        self._rng = np.random.default_rng((seed, 3))
        self._network = city.network
        nodes = city.network.nodes
        self._places = np.column_stack([nodes.x, nodes.y])
        self._places = self._places[np.isfinite(self._places).all(axis=1)]
        base = np.column_stack([city.crews.base_x, city.crews.base_y])
        middle = self._places.mean(axis=0) if len(self._places) else np.zeros(2)
        self._base = np.where(np.isfinite(base), base, middle)
        self._at, self._goal = self._base.copy(), self._base.copy()
        self._rest_s = self._rng.uniform(0.0, _REST_S[1], len(base))
        self._speed, self._course = np.zeros(len(base)), np.zeros(len(base))
        self._pace_mps = np.full(len(base), _SPEED_MPS)
        self._sent = np.zeros(len(base), dtype=bool)

    def send(self, crew: int, to: tuple[float, float] | None, speed_kmh: float) -> None:
        """A crew leaves its rounds for a point (network's CRS) and stays there; with None it goes on with them."""
        self._sent[crew] = to is not None
        self._goal[crew] = self._base[crew] if to is None else to
        self._pace_mps[crew] = _SPEED_MPS if to is None else speed_kmh / 3.6

    def advance(self, after_s: float) -> Tracks:
        """Everyone moves on by ``after_s`` seconds."""
        for crew in range(len(self._base)):
            self._move(crew, after_s)
        lon = lat = None
        if self._network.georeferenced and len(self._at):
            lon, lat = (np.atleast_1d(value) for value in to_wgs84(self._at[:, 0], self._at[:, 1], self._network.crs))
        return Tracks(self._at[:, 0], self._at[:, 1], lon, lat, self._speed * 3.6, self._course)

    def _move(self, crew: int, after_s: float) -> None:
        way = self._goal[crew] - self._at[crew]
        left = float(np.hypot(*way))
        if left < 1.0:
            self._speed[crew] = 0.0
            if self._sent[crew]:
                return
            self._rest_s[crew] -= after_s
            if self._rest_s[crew] <= 0:
                self._goal[crew] = self._next_goal(crew)
                self._rest_s[crew] = self._rng.uniform(*_REST_S)
            return
        step = min(self._pace_mps[crew] * after_s, left)
        self._at[crew] += way / left * step
        self._speed[crew] = self._pace_mps[crew]
        self._course[crew] = float(np.degrees(np.arctan2(way[0], way[1]))) % 360.0

    def _next_goal(self, crew: int) -> Floats:
        near = self._places[np.hypot(*(self._places - self._base[crew]).T) < _ROUND_M]
        if not len(near) or self._rng.random() < 0.4:
            return np.asarray(self._base[crew])
        return np.asarray(near[self._rng.integers(len(near))])
