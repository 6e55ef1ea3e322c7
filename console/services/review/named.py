"""Assets that a case names: a package's network must contain them, or its replay would refer to missing assets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from console.domain.incidents import Incident
from maps.city import City


@dataclass(frozen=True, slots=True)
class Named:
    """Ids by table."""

    pipes: frozenset[str]
    valves: frozenset[str]
    customers: frozenset[str]
    hydrants: frozenset[str]


def named_in(states: Iterable[Incident]) -> Named:
    """Assets named in any state of a case."""
    pipes, valves, customers, hydrants = set[str](), set[str](), set[str](), set[str]()
    for case in states:
        pipes |= {*case.burst_pipes, *(order.pipe_id for order in case.orders), *(order.found_pipe for order in case.orders)}
        pipes |= {candidate.pipe_id for candidate in case.location.candidates} if case.location else set()
        valves |= {mark.valve_id for mark in case.valve_marks}
        if case.place is not None:
            pipes.add(case.place.pipe_id)
        if (plan := case.plan) is not None:
            pipes |= {*plan.burst_pipes, *plan.zone_pipes, *plan.dry_pocket_pipes}
            pipes |= {*plan.reopen_pipes, *(relied.asset_id for relied in plan.relies_on if relied.why == "closed_pipe")}
            valves |= {*(step.asset_id for step in plan.valves_to_close), *plan.valves_bounding}
            valves |= set(plan.reopen_candidates) - set(plan.reopen_pipes)
            valves |= {valve for other in plan.alternatives for valve in (*other.valves_to_close, *other.more_valves)}
            valves |= {relied.asset_id for relied in plan.relies_on if relied.why != "closed_pipe"}
            valves |= {valve for relied in plan.relies_on for valve in relied.beyond}
            customers |= {*plan.customers_without_water, *(customer.asset_id for customer in plan.critical_customers)}
            hydrants |= set(plan.hydrants_lost)
        if case.impact is not None:
            customers |= {*case.impact.unserved_customers, *case.impact.low_pressure_customers}
    return Named(*(frozenset(ids - {""}) for ids in (pipes, valves, customers, hydrants)))


def unknown_asset(city: City, named: Named) -> str:
    """``pipe X`` for the first named asset that the city does not hold, "" when it holds all."""
    tables = (
        ("pipe", city.network.pipes, named.pipes),
        ("valve", city.network.valves, named.valves),
        ("customer", city.customers, named.customers),
        ("hydrant", city.hydrants, named.hydrants),
    )
    for word, table, ids in tables:
        missing = sorted(asset for asset in ids if not table.has(asset))
        if missing:
            return f"{word} {missing[0]}"
    return ""
