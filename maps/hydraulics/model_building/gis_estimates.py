"""Estimates a model's demands, roughness and daily pattern from GIS data where there is no model."""

from __future__ import annotations

import numpy as np

from maps.city import City
from maps.columns import Floats
from maps.hydraulics.model_building.model_detail import ModelDetail
from maps.hydraulics.model_building.roughness import estimated_roughness

LITRES_A_HEAD_DAY = 120.0
"""Domestic use: GB/T 50331-2002 gives 85-140 L a head and day for Shandong's zone (二区); the middle, rounded up."""
OTHER_USE = 1.5
"""Trade, public use and losses on top of domestic use, as a factor; GB 50013-2018's shares taken together."""
PEOPLE_A_HOUSEHOLD = 2.6
"""China's seventh census (2020): 2.62 persons a household."""

_HOURS = (
    *(0.50, 0.42, 0.40, 0.42, 0.55, 0.90, 1.30, 1.42, 1.28, 1.16, 1.12, 1.14),
    *(1.18, 1.08, 1.00, 0.98, 1.04, 1.20, 1.40, 1.42, 1.28, 1.08, 0.88, 0.70),
)
DAY_PATTERN = tuple(round(hour * 24 / sum(_HOURS), 4) for hour in _HOURS)
"""Hourly demand over its mean, peak hour about 1.4: inside GB 50013-2018's 1.2-1.6 for the hourly variation of a city."""


def detail_from_gis(city: City) -> ModelDetail:
    """Detail for ``build_model``: customers' demand at the ends of their pipes, roughness from material and year where unknown.

    Node demands of the tables take precedence. A customer's own demand is used; without one it is estimated from its people,
    or its households. All of it is an estimate: the caller states so in ``info.assumed``.
    """
    nodes, pipes = city.network.nodes, city.network.pipes
    given = np.nan_to_num(nodes.demand_m3h)
    demand = given if np.any(given > 0) else customer_demand(city)
    estimate = estimated_roughness(pipes.material, pipes.year_laid, city.network.headloss)
    return ModelDetail(
        patterns={"DAY": DAY_PATTERN},
        node_pattern=np.full(len(nodes), "DAY", dtype=object),
        node_demand_m3h=demand,
        roughness=np.where(pipes.roughness > 0, pipes.roughness, estimate),
    )


def customer_demand(city: City) -> Floats:
    """Mean demand of customers at nodes, m³/h, (nodes,): half of each at either end of its pipe, or of its pieces."""
    table, pipes = city.customers, city.network.pipes
    people = np.where(table.people > 0, table.people, np.maximum(table.households, 0) * PEOPLE_A_HOUSEHOLD)
    counted = people * LITRES_A_HEAD_DAY * OTHER_USE / 1000.0 / 24.0
    demand = np.where(np.nan_to_num(table.demand_m3h) > 0, table.demand_m3h, counted)
    on, total = city.customers_on, np.zeros(len(city.network.nodes))
    for ends in (pipes.from_node, pipes.to_node):
        np.add.at(total, ends[on.pipe], demand[on.row] * on.share / 2.0)
    return total
