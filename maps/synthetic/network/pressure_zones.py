"""Divides the city into pressure zones by elevation, each connected, fed by pumps (upward) or PRVs (downward)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
from scipy.sparse.csgraph import connected_components

from maps.synthetic.streets.graph import Array, Rows, Streets, adjacency

BAND_M = 22.0
"""Height of a band: with it a zone's service pressures fit 0.14–0.6 MPa and leave 25 m for losses and the day's swing."""

LOWEST_M = 22.0
"""Foot of the lowest band, m above sea: just below the plain."""


@dataclass(frozen=True, eq=False)
class PressureZones:
    """``zone``: (n,) zone of each node, 0 the plain; ``band``: (z,) its band; ``parent``: (z,) zone it is fed from, -1 for 0.

    ``elevation_m``: (n,) of the nodes, held within the zone's band: where small pieces were joined to a neighbour the
    land is made to fit (it is invented anyway).
    """

    zone: Rows
    band: Rows
    parent: Rows
    elevation_m: Array

    @property
    def count(self) -> int:
        """Number of zones."""
        return len(self.band)


def divide(streets: Streets, elevation_m: Array) -> PressureZones:
    """Zones of a street graph over its elevations."""
    band = np.clip(np.floor((elevation_m - LOWEST_M) / BAND_M), 0, 8).astype(np.int64)
    label, band = _without_crumbs(streets, band)
    first = np.unique(label, return_index=True)[1]
    of_label = band[first]
    plain = np.bincount(label, weights=band == 0).argmax()
    rank = np.argsort(np.where(np.arange(len(of_label)) == plain, -1, np.arange(len(of_label))), kind="stable")
    renumber = np.empty(len(rank), dtype=np.int64)
    renumber[rank] = np.arange(len(rank))
    zone, zone_band = renumber[label], of_label[rank]
    low = LOWEST_M + BAND_M * zone_band[zone]
    return PressureZones(zone, zone_band, _parents(streets, zone, zone_band), np.clip(elevation_m, low, low + BAND_M))


def _without_crumbs(streets: Streets, band: Rows) -> tuple[Rows, Rows]:
    """Connected pieces of one band; pieces too small for a zone take the band of the neighbour they touch most."""
    smallest = max(24, streets.nodes // 300)
    for _ in range(40):
        same = band[streets.u] == band[streets.v]
        count, label = connected_components(adjacency(streets.nodes, streets.u[same], streets.v[same]), directed=False)
        size = np.bincount(label, minlength=count)
        if count == 1 or size.min() >= smallest:
            break
        cross_from = np.concatenate([streets.u[~same], streets.v[~same]])
        cross_to = np.concatenate([streets.v[~same], streets.u[~same]])
        crumb = size[label] < smallest
        rows = crumb[cross_from] & (size[label[cross_to]] > size[label[cross_from]])
        votes = np.zeros((count, int(band.max()) + 1), dtype=np.int64)
        np.add.at(votes, (label[cross_from[rows]], band[cross_to[rows]]), 1)
        moved = votes.sum(axis=1) > 0
        if not moved.any():
            break
        band = np.where(moved[label], votes.argmax(axis=1)[label], band)
    return label.astype(np.int64), band


def _parents(streets: Streets, zone: Rows, band: Rows) -> Rows:
    """Zone each zone is fed from: breadth first from the plain, best-connected neighbour first."""
    cross = zone[streets.u] != zone[streets.v]
    shared: dict[tuple[int, int], int] = {}
    for a, b in zip(zone[streets.u[cross]].tolist(), zone[streets.v[cross]].tolist(), strict=True):
        shared[a, b] = shared.get((a, b), 0) + 1
        shared[b, a] = shared.get((b, a), 0) + 1
    near: dict[int, list[int]] = {}
    for (a, b), _ in sorted(shared.items(), key=lambda item: (-item[1], item[0])):
        near.setdefault(a, []).append(b)
    parent = np.full(len(band), -1, dtype=np.int64)
    seen, queue = {0}, deque([0])
    while queue:
        at = queue.popleft()
        for neighbour in near.get(at, []):
            if neighbour not in seen:
                seen.add(neighbour)
                parent[neighbour] = at
                queue.append(neighbour)
    return parent
