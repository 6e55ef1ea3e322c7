"""Customers of a synthetic city: how many live and work along each street, their demand, and their table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from maps.city import CustomerTable
from maps.columns import Texts
from maps.synthetic import names
from maps.synthetic.network.feeds import Plumbing
from maps.synthetic.streets.extent import density
from maps.synthetic.streets.graph import ARTERIAL, Array, Rows
from maps.synthetic.zones import Territory

PEOPLE_A_HOUSEHOLD = 2.7
LITRES_A_DAY = 135.0
"""Domestic use per head and day."""
LEAKAGE = 0.12
"""Share of the demand that is lost evenly along the pipes."""

CATEGORIES = ("residential", "commercial", "office", "industrial", "public")
_DAILY_M3 = np.array([0.0, 22.0, 16.0, 70.0, 28.0])
CRITICAL = ("", "hospital", "dialysis", "school")
_DAILY_M3_CRITICAL = np.array([0.0, 210.0, 30.0, 65.0])

_KINDS = {
    "commercial": ("商场", "酒店", "菜市场", "超市", "餐饮城"),
    "office": ("大厦", "写字楼", "办公楼"),
    "industrial": ("机械厂", "食品厂", "纺织厂", "物流园", "药厂"),
    "public": ("文化馆", "体育馆", "公园管理处", "养老院"),
}
_CRITICAL_KINDS = {"hospital": "医院", "dialysis": "透析中心", "school": "学校"}
_HOURS = {"": "", "hospital": "00:00-24:00", "dialysis": "07:00-21:00", "school": "07:30-18:00"}


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


def customer_table(
    plumbing: Plumbing, people: People, territory: Territory, road_name: Texts, rng: np.random.Generator
) -> CustomerTable:
    """One row per customer of ``people``; tall buildings are boosted or fed from a roof tank, with a pump house."""
    streets, count = plumbing.streets, len(people.edge)
    community = names.look_up(territory.community_names, territory.community[streets.u[people.edge]])
    home = people.category == 0
    draw = rng.random(count)
    supply = np.where(home & (draw < 0.20), 2, np.where(home & (draw < 0.34), 1, 0))
    block = rng.integers(1, 60, count)
    x, y = streets.at(people.edge, people.share * streets.length_m[people.edge])
    off = rng.choice([-1.0, 1.0], count) * rng.uniform(14, 34, count)
    critical = np.array(CRITICAL, dtype=object)[people.critical]
    category = np.array(CATEGORIES, dtype=object)[people.category]
    roads = road_name[people.edge]
    numbers = (2 * block + (off > 0)).tolist()
    address = np.empty(count, dtype=object)
    address[:] = [f"{road}{number}号" for road, number in zip(roads, numbers, strict=True)]
    pump_house = np.full(count, "", dtype=object)
    lifted = supply > 0
    pump_house[lifted] = community[lifted] + "泵房"
    return CustomerTable.of(
        names.numbered("U", count),
        pipe=people.edge,
        name=_names(category, critical, community, block.tolist()),
        category=category,
        critical=critical,
        critical_hours=np.array([_HOURS[kind] for kind in CRITICAL], dtype=object)[people.critical],
        vulnerable=(people.critical > 0) | (rng.random(count) < 0.01),
        households=people.households,
        people=np.where(home, np.round(people.households * PEOPLE_A_HOUSEHOLD), np.round(people.demand_m3h * 24 * 6)),
        supply=np.array(["direct", "tank", "boosted"], dtype=object)[supply],
        pump_house=pump_house,
        meter_id=names.numbered("M", count),
        address=address,
        community=community,
        demand_m3h=np.round(people.demand_m3h, 4),
        x=np.round(x + 0.6 * off, 2),
        y=np.round(y + 0.8 * off, 2),
    )


def _names(category: Texts, critical: Texts, community: Texts, block: list[int]) -> Texts:
    """A building of its community, or a business or institution called after the neighbourhood."""
    out = np.empty(len(category), dtype=object)
    homes = category == "residential"
    out[homes] = [f"{c}{b}号楼" for c, b in zip(community[homes], np.array(block)[homes].tolist(), strict=True)]
    seen: dict[str, int] = {}
    for row in np.flatnonzero(~homes).tolist():
        stem = str(community[row])[:2]
        kinds = _KINDS[str(category[row])]
        kind = _CRITICAL_KINDS.get(str(critical[row])) or kinds[block[row] % len(kinds)]
        name = stem + kind
        seen[name] = seen.get(name, 0) + 1
        out[row] = name if seen[name] == 1 else f"{stem}{names.ordinal(seen[name])}{kind}"
    return out
