"""Missing parts of a city's data, and the functions that need them."""

from __future__ import annotations

import numpy as np

from maps.city import City
from maps.network import NodeKind

WITHOUT_NO_PLAN = ("sources", "valves")
"""Codes of what no plan can be trusted without."""


def lacking(city: City) -> tuple[str, ...]:
    """Codes of the missing parts, the most important first; texts are ``ui.lacking.<code>``.

    Without pipes the other parts of the network are not listed. Pumps are optional.
    """
    network = city.network
    if not len(network.pipes):
        return ("pipes",)
    missing = {
        "sources": not np.any(network.nodes.kind >= NodeKind.SOURCE),
        "valves": not len(network.valves),
        "stations": not len(city.stations),
        "hydraulics": city.epanet is None,
        "customers": not len(city.customers),
        "crews": not len(city.crews),
        "roads": not len(city.roads),
    }
    return tuple(code for code, is_missing in missing.items() if is_missing)
