"""Diameters by accumulated demand along the trees; heads and flows the trees expect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.synthetic.forest import Forest, Links
from maps.synthetic.plumbing import Plumbing
from maps.synthetic.streets import Array, Mask

DN_MM = np.array([100, 150, 200, 300, 400, 500, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000], dtype=np.float64)
"""Standard sizes; those over DN1400 occur only beside the plants of large cities."""
PEAK = 1.5
"""Highest hour over mean hour of the demand pattern."""

_FAVOUR = np.array([0.4, 0.8, 1.6])
"""Weight of a metre by class of street in the trees: water goes along arterials."""

_LEAST_DN = np.array([300.0, 200.0, 100.0])
_DESIGN_C = 105.0
_LOSS_BUDGET_M = 12.0
"""Head a zone may lose at the peak between its inlet and its last node."""


@dataclass(frozen=True, eq=False)
class Sizing:
    """``diameter_mm``: (m,); ``through_m3h``: (n,) mean flow that passes into each node from its source; ``loss_m``: (n,)
    head lost at the peak from the zone's inlet, along the tree (the loops lose less); ``feed_m3h``: mean flow of each feed."""

    diameter_mm: Array
    through_m3h: Array
    loss_m: Array
    feed_m3h: Array


def size(plumbing: Plumbing, closed: Mask, demand_m3h: Array, rng: np.random.Generator) -> Sizing:
    """Diameters of all pipes for the mean demands of the nodes, (n,)."""
    streets = plumbing.streets
    rows = np.flatnonzero(~closed)
    feeds = plumbing.feeds
    inlets = np.array([feed.inlet for feed in feeds], dtype=np.int64)
    outlets = np.array([feed.outlet for feed in feeds], dtype=np.int64)
    # Two feeds of a zone share it by distance: each path starts at 1 m at its own outlet.
    links = Links(
        np.concatenate([streets.u[rows], inlets]),
        np.concatenate([streets.v[rows], outlets]),
        np.concatenate([(streets.length_m * _FAVOUR[streets.rank.astype(np.int64)])[rows], np.ones(len(feeds))]),
        np.concatenate([np.ones(len(rows), dtype=bool), np.zeros(len(feeds), dtype=bool)]),
    )
    sources = np.array([feed.inlet for feed in feeds if feed.kind == 0], dtype=np.int64)
    forest = Forest.grow(streets.nodes, links, sources)
    through = forest.below(demand_m3h)
    edge = np.full(streets.nodes, -1, dtype=np.int64)
    by_pipe = (forest.link >= 0) & (forest.link < len(rows))
    edge[by_pipe] = rows[forest.link[by_pipe]]
    restart = np.zeros(streets.nodes, dtype=bool)
    restart[outlets] = True
    step = np.where(by_pipe, streets.length_m[np.maximum(edge, 0)], 0.0)
    distance = forest.along(step, restart)
    flow = np.zeros(streets.edges)
    flow[edge[by_pipe]] = through[by_pipe] * PEAK
    reach = np.zeros(streets.edges)
    reach[edge[by_pipe]] = forest.beyond(distance, by_pipe)[by_pipe]
    diameter = _diameters(plumbing, flow, reach, rng)
    per_metre = unit_loss(flow, diameter, _DESIGN_C)
    loss = forest.along(np.where(by_pipe, step * per_metre[np.maximum(edge, 0)], 0.0), restart)
    return Sizing(diameter, through, loss, through[outlets])


def unit_loss(flow_m3h: Array, diameter_mm: Array, c: Array | float) -> Array:
    """Head loss per metre, Hazen-Williams: 10.67 Q^1.852 / (C^1.852 D^4.8704), Q in m³/s, D in m."""
    return np.asarray(10.67 * (flow_m3h / 3600.0) ** 1.852 / (np.asarray(c) ** 1.852 * (diameter_mm / 1000.0) ** 4.8704))


def _diameters(plumbing: Plumbing, flow_m3h: Array, reach: Array, rng: np.random.Generator) -> Array:
    """The smallest standard size within velocity and affordable slope; never below the street's class.

    ``reach``: (m,) distance from the zone's inlet to the farthest node behind the pipe. Every path then loses at most the
    budget: each of its pipes has a reach of at least the path's own length.
    """
    streets = plumbing.streets
    slope = np.clip(_LOSS_BUDGET_M / np.maximum(reach, 1.0), 0.0001, 0.004)
    by_slope = (10.67 * (flow_m3h / 3600.0) ** 1.852 / (_DESIGN_C**1.852 * slope)) ** (1 / 4.8704) * 1000.0
    velocity = np.clip(0.6 + flow_m3h / 4000.0, 0.6, 1.3)
    by_velocity = np.sqrt(flow_m3h / 3600.0 / velocity * 4 / np.pi) * 1000.0
    least = _LEAST_DN[streets.rank.astype(np.int64)].copy()
    least[(streets.rank == 2) & (rng.random(streets.edges) < 0.55)] = 150.0
    wanted = np.maximum(np.maximum(by_slope, by_velocity), least)
    # 4 % below the next size is still that size: no designer doubles a pipe for so little.
    return np.asarray(DN_MM[np.minimum(np.searchsorted(DN_MM * 1.04, wanted), len(DN_MM) - 1)])
