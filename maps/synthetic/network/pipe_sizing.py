"""Sizes pipes by demand accumulated along supply trees, and estimates heads and flows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.synthetic.network.feeds import PLANT, Plumbing
from maps.synthetic.streets.graph import Array, Mask
from maps.synthetic.streets.shortest_path_trees import Forest, Links

DN_MM = np.array([100, 150, 200, 300, 400, 500, 600, 800, 1000, 1200, 1400, 1600, 1800, 2000], dtype=np.float64)
"""Standard sizes; those over DN1400 occur only beside the plants of large cities."""
PEAK = 1.5
"""Highest hour over mean hour of the demand pattern."""

_FAVOUR = np.array([0.4, 0.8, 1.6])
"""Weight of a metre by class of street in the trees, so that supply paths follow arterials."""

_LEAST_DN = np.array([300.0, 200.0, 100.0])
_DESIGN_C = 105.0
_LOSS_BUDGET_M = 12.0
"""Head a zone may lose at the peak between its inlet and its last node."""


@dataclass(frozen=True, eq=False)
class Sizing:
    """Diameters, flows and losses.

    ``diameter_mm``: (m,). ``through_m3h``: mean flow into each node from its source, (n,). ``loss_m``: head lost at the peak from
    the zone's inlet along the tree, (n,); with loops it is less. ``feed_m3h``: mean flow of each feed.
    """

    diameter_mm: Array
    through_m3h: Array
    loss_m: Array
    feed_m3h: Array


def size(plumbing: Plumbing, closed: Mask, demand_m3h: Array, rng: np.random.Generator) -> Sizing:
    """Diameters of all pipes for the mean demands of the nodes, (n,)."""
    streets = plumbing.streets
    rows = np.flatnonzero(~closed)
    weight = (streets.length_m * _FAVOUR[streets.rank.astype(np.int64)])[rows]
    outlets = np.array([feed.outlet for feed in plumbing.feeds], dtype=np.int64)
    # One tree per feed: a zone's feeds share it by distance, however far each lies from the plants.
    links = Links(streets.u[rows], streets.v[rows], weight, np.ones(len(rows), dtype=bool))
    forest = Forest.grow(streets.nodes, links, outlets)
    through = _through(plumbing, forest, demand_m3h)
    inner = forest.link >= 0
    edge = rows[forest.link[inner]]
    step = np.zeros(streets.nodes)
    step[inner] = streets.length_m[edge]
    distance = forest.along(step)
    flow, reach = np.zeros(streets.edges), np.zeros(streets.edges)
    flow[edge] = through[inner] * PEAK
    reach[edge] = forest.beyond(distance)[inner]
    diameter = _diameters(plumbing, flow, reach, rng)
    step[inner] *= unit_loss(flow, diameter, _DESIGN_C)[edge]
    return Sizing(diameter, through, forest.along(step), through[outlets])


def _through(plumbing: Plumbing, forest: Forest, demand_m3h: Array) -> Array:
    """Mean flow into each node; what a feed passes on is drawn from the zone before it, zone behind zone."""
    load = demand_m3h.copy()
    through = forest.below(load)
    onward = [feed for feed in plumbing.feeds if feed.kind != PLANT]
    for _ in range(len(plumbing.band)):
        drawn = demand_m3h.copy()
        for feed in onward:
            drawn[feed.inlet] += through[feed.outlet]
        if np.allclose(drawn, load):
            break
        load = drawn
        through = forest.below(load)
    return through


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
    # Up to 4 % above a size that size is kept, as in design practice.
    return np.asarray(DN_MM[np.minimum(np.searchsorted(DN_MM * 1.04, wanted), len(DN_MM) - 1)])
