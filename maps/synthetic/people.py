"""Generates customers along the streets with their communities and demand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.synthetic.density import density
from maps.synthetic.plumbing import Plumbing
from maps.synthetic.streets import ARTERIAL, Array, Rows

PEOPLE_A_HOUSEHOLD = 2.7
LITRES_A_DAY = 135.0
"""Domestic use per head and day."""
LEAKAGE = 0.12
"""Share of the demand that is lost evenly along the pipes."""

CATEGORIES = ("residential", "commercial", "office", "industrial", "public")
_DAILY_M3 = np.array([0.0, 22.0, 16.0, 70.0, 28.0])
CRITICAL = ("", "hospital", "dialysis", "school")
_DAILY_M3_CRITICAL = np.array([0.0, 210.0, 30.0, 65.0])


@dataclass(frozen=True, eq=False)
class People:
    """Customers as columns, (c,). ``edge``: street row; ``category``/``critical``: codes of the tuples above."""

    edge: Rows
    share: Array
    category: Rows
    critical: Rows
    households: Rows
    demand_m3h: Array


def settle(plumbing: Plumbing, rng: np.random.Generator) -> People:
    """Customers along every street but the plants' own mains; denser in the middle of the city."""
    streets = plumbing.streets
    mx, my = streets.middle()
    inhabited = _inhabited(plumbing)
    edge = np.concatenate([inhabited, inhabited[rng.random(len(inhabited)) < 0.35]])
    edge.sort()
    core = density(mx, my)[edge]
    arterial = streets.rank[edge] == ARTERIAL
    category = np.zeros(len(edge), dtype=np.int64)
    draw = rng.random(len(edge))
    category[draw < np.where(arterial, 0.42, 0.16)] = 1
    category[draw < np.where(arterial, 0.22, 0.07)] = 2
    category[draw < np.where(arterial, 0.07, 0.03)] = 3
    category[draw < 0.012] = 4
    critical = _critical(len(edge), rng)
    category[critical > 0] = 4
    homes = np.minimum(streets.length_m[edge], 260.0) * 0.26 * core * rng.lognormal(-0.12, 0.5, len(edge))
    households = np.where(category == 0, np.maximum(np.round(homes), 3), 0).astype(np.int64)
    daily = households * PEOPLE_A_HOUSEHOLD * LITRES_A_DAY / 1000.0
    daily += (_DAILY_M3[category] * (critical == 0) + _DAILY_M3_CRITICAL[critical]) * rng.lognormal(-0.1, 0.45, len(edge))
    return People(
        edge, rng.uniform(0.15, 0.85, len(edge)), category, critical, households, np.asarray(daily / 24.0, dtype=np.float64)
    )


def node_demand_m3h(plumbing: Plumbing, people: People) -> Array:
    """Mean demand of each node: half the demand of each of its streets, with leakage, (n,)."""
    streets = plumbing.streets
    of_edge = np.bincount(people.edge, weights=people.demand_m3h, minlength=streets.edges)
    of_edge += LEAKAGE / (1 - LEAKAGE) * of_edge.sum() * streets.length_m / streets.length_m.sum()
    demand = np.zeros(streets.nodes)
    np.add.at(demand, streets.u, of_edge / 2)
    np.add.at(demand, streets.v, of_edge / 2)
    for feed in plumbing.feeds:
        demand[[feed.inlet, feed.outlet]] = 0.0
    return np.asarray(np.round(demand, 4))


def _inhabited(plumbing: Plumbing) -> Rows:
    streets = plumbing.streets
    own = np.zeros(streets.nodes, dtype=bool)
    for feed in plumbing.feeds:
        own[[feed.inlet, feed.outlet]] = True
    return np.flatnonzero(~(own[streets.u] | own[streets.v]) & (streets.length_m > 22.0))


def _critical(count: int, rng: np.random.Generator) -> Rows:
    """Codes of critical customers: hospitals, dialysis centres, schools; at least one of each."""
    critical = np.zeros(count, dtype=np.int64)
    hospitals, dialysis, schools = (max(1, round(count * share)) for share in (0.0022, 0.0014, 0.009))
    chosen = rng.permutation(count)[: hospitals + dialysis + schools]
    critical[chosen] = 3
    critical[chosen[:hospitals]] = 1
    critical[chosen[hospitals : hospitals + dialysis]] = 2
    return critical
