"""Station groups of at most a hundred, and the distinguishable places a burst can be as each group sees it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maps.city import City, StationTable

POOL = 2400
"""So many nodes, evenly taken, stand for all that a group feels."""


def pressure_stations(stations: StationTable) -> NDArray[np.int64]:
    """Rows of stations that measure pressure at a node."""
    pressure = np.array(["pressure" in str(channels).split(",") for channels in stations.channels], dtype=bool)
    return np.flatnonzero(pressure & (stations.node >= 0)) if len(stations) else np.empty(0, dtype=np.int64)


def station_groups(city: City, limit: int) -> list[NDArray[np.int64]]:
    """Rows of the pressure stations in as few groups of at most ``limit`` near each other as will do.

    Divided along the longer side, again and again: a tick's cost goes by the number of groups.
    """
    rows = pressure_stations(city.stations)
    x, y = np.nan_to_num(city.stations.x), np.nan_to_num(city.stations.y)
    waiting, groups = [rows], []
    while waiting:
        members = waiting.pop()
        parts = -(-len(members) // limit)
        if parts <= 1:
            if len(members):
                groups.append(np.sort(members))
            continue
        wide = np.ptp(x[members]) >= np.ptp(y[members])
        order = members[np.argsort((x if wide else y)[members], kind="stable")]
        first = len(order) * (parts // 2) // parts
        waiting += [order[:first], order[first:]]
    return groups


def felt_nodes(heads: NDArray[np.float32], most: int = POOL) -> NDArray[np.int64]:
    """Columns of ``heads`` (n, nodes) that some station feels; an even sample of ``most`` where there are more."""
    strength = np.maximum(heads.max(axis=0, initial=0.0), -heads.min(axis=0, initial=0.0))
    felt = np.flatnonzero(strength > 1e-4 * max(float(strength.max(initial=0.0)), 1e-9))
    return felt[np.linspace(0, len(felt) - 1, min(len(felt), most)).astype(np.int64)] if len(felt) else felt


def representatives(heads: NDArray[np.float32], scale_m: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Up to ``count`` columns of ``heads`` (n, nodes) whose signatures differ most in direction.

    Farthest-point choice on the sphere of signatures in units of each station's noise ``scale_m`` (n,); nodes that no
    station of the group feels are left out. Where many nodes are felt, an even sample of them is the pool.
    """
    pool = felt_nodes(heads)
    if not len(pool):
        return pool
    shape = heads[:, pool] / scale_m[:, None].astype(np.float32)
    length = np.linalg.norm(shape, axis=0)
    unit = shape / np.maximum(length, 1e-12)
    chosen = [int(np.argmax(length))]
    nearest = unit[:, chosen[0]] @ unit
    while len(chosen) < min(count, len(pool)):
        candidate = int(np.argmin(nearest))
        if nearest[candidate] > 0.9995:
            break
        chosen.append(candidate)
        nearest = np.maximum(nearest, unit[:, candidate] @ unit)
    return pool[np.array(chosen, dtype=np.int64)]
