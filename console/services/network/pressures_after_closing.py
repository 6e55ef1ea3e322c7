"""Pressures after a plan, for the command line: customers without water or with low pressure, effect of reopening valves."""

from __future__ import annotations

import time
from typing import Any

from console.services.network.trace_flows import second_of_day
from maps.city import City
from maps.isolation import IsolationPlan


def pressures_json(city: City, plan: IsolationPlan, at: str) -> dict[str, Any]:
    """Customer ids by supply state after ``plan``, at a time of day; ``solve_ms`` without loading the model.

    Customers with low pressure before closing are not counted. Raises InputFault for a city without a model, or an invalid time.
    """
    from maps.hydraulics.analysis.closing_impact import impact_of_closing  # EPANET loads slowly
    from maps.hydraulics.analysis.reopening import reopening
    from maps.hydraulics.session import EpanetSession

    at_s = second_of_day(at)
    with EpanetSession(city) as session:
        began = time.perf_counter()
        found = impact_of_closing(session, city, plan, at_s)
        solve_ms = (time.perf_counter() - began) * 1000.0
        tried = reopening(session, city, plan, at_s) if found.converged else ()
    counted = len(found.unserved_customers) + len(found.low_customers)
    return {
        "at": at,
        "converged": found.converged,
        "message": found.message,
        "without_water": list(city.customers.ids(found.unserved_customers)),
        "low_pressure": list(city.customers.ids(found.low_customers)),
        "unaffected": len(city.customers) - counted,
        "reopening": [
            {
                "asset_id": one.valve_id,
                "suffices": one.suffices,
                "served": len(one.served),
                "low": len(one.low),
                "dry": len(one.dry),
            }
            for one in tried
        ],
        "solve_ms": round(solve_ms, 1),
    }
