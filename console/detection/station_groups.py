"""Divides pressure stations into groups of at most a hundred and selects the burst nodes that each group can distinguish."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from maps.city import City, StationTable

POOL = 2400
"""Size of the even sample of nodes to which a group responds."""


def pressure_stations(stations: StationTable) -> NDArray[np.int64]:
    """Rows of stations that measure pressure at a node."""
    pressure = np.array(["pressure" in str(channels).split(",") for channels in stations.channels], dtype=bool)
    return np.flatnonzero(pressure & (stations.node >= 0)) if len(stations) else np.empty(0, dtype=np.int64)


def station_groups(city: City, limit: int) -> list[NDArray[np.int64]]:
    """Rows of the pressure stations in the fewest groups of at most ``limit`` neighbouring stations.

    Divided recursively along the longer side; few groups, because the cost of a tick grows with their number.
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
    """Columns of ``heads`` (n, nodes) to which some station responds; an even sample of ``most`` where there are more."""
    strength = np.maximum(heads.max(axis=0, initial=0.0), -heads.min(axis=0, initial=0.0))
    felt = np.flatnonzero(strength > 1e-4 * max(float(strength.max(initial=0.0)), 1e-9))
    return felt[np.linspace(0, len(felt) - 1, min(len(felt), most)).astype(np.int64)] if len(felt) else felt


def representatives(heads: NDArray[np.float32], scale_m: NDArray[np.float64], count: int) -> NDArray[np.int64]:
    """Up to ``count`` columns of ``heads`` (n, nodes) whose signatures differ most in direction.

    Farthest-point selection on the sphere of signatures in units of each station's noise ``scale_m`` (n,). Nodes without a
    response at any station of the group are left out; where many respond, an even sample of them is used.
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
