"""Builds the customer table: names, addresses and kind of supply."""

from __future__ import annotations

import numpy as np

from maps.city import CustomerTable
from maps.columns import Texts
from maps.synthetic import names
from maps.synthetic.people import CATEGORIES, CRITICAL, PEOPLE_A_HOUSEHOLD, People
from maps.synthetic.plumbing import Plumbing
from maps.synthetic.territory import Territory

_KINDS = {
    "commercial": ("商场", "酒店", "菜市场", "超市", "餐饮城"),
    "office": ("大厦", "写字楼", "办公楼"),
    "industrial": ("机械厂", "食品厂", "纺织厂", "物流园", "药厂"),
    "public": ("文化馆", "体育馆", "公园管理处", "养老院"),
}
_CRITICAL_KINDS = {"hospital": "医院", "dialysis": "透析中心", "school": "学校"}
_HOURS = {"": "", "hospital": "00:00-24:00", "dialysis": "07:00-21:00", "school": "07:30-18:00"}


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
