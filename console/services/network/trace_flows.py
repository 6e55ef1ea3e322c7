"""The solved flows that a trace needs, and a trace's answer as text for a terminal."""

from __future__ import annotations

from datetime import time
from typing import Any

from console.services.network.trace_requests import TraceRequest, needs_flow
from maps.city import City
from maps.errors import InputFault
from maps.hydraulics.state import HydraulicState

_MOST = 12


def solved_for(city: City, request: TraceRequest, at: str = "00:00", always: bool = False) -> HydraulicState | None:
    """The hydraulic state at a time of day if the request needs one and the city has a model; else None.

    Raises InputFault for an invalid time and for a model that EPANET refuses.
    """
    if not (needs_flow(request) or always) or city.epanet is None:
        return None
    from maps.hydraulics.session import EpanetSession  # EPANET loads slowly

    at_s = second_of_day(at)
    with EpanetSession(city) as session:
        return session.solve(at_s)


def second_of_day(at: str) -> int:
    """Seconds after midnight of ``HH:MM``. Raises InputFault."""
    try:
        clock = time.fromisoformat(at)
    except ValueError as fault:
        raise InputFault(f"time {at!r} is no time of day; write it like 06:30") from fault
    return clock.hour * 3600 + clock.minute * 60


def trace_text(answer: dict[str, Any]) -> str:
    """An answer's JSON as text lines."""
    start = answer["from"] if isinstance(answer["from"], str) else ", ".join(answer["from"])
    lines = [
        f"{answer['kind']} from {start} ({answer['basis']}): {len(answer['pipes'])} pipes, {answer['length_m'] / 1000:.2f} km, "
        f"{len(answer['customers'])} customers ({answer['households']} households, {len(answer['critical_customers'])} critical)"
    ]
    if "cost" in answer:
        lines.append(f"  {answer['cost_of']}: {answer['cost']:g}" if answer["found"] else "  no way")
    for title, lengths in (("DN", answer["length_by_diameter"]), ("", answer["length_by_material"])):
        parts = [f"{title}{name or '?'} {length / 1000:.2f} km" for name, length in lengths.items()]
        lines += [f"  {', '.join(parts)}"] if parts else []
    lines += [f"  source {one['asset_id']}: {one['share']:.1%}" for one in answer.get("shares", ())]
    if "islands" in answer:
        lines.append(f"  {answer['islands']} islands, {answer['without_source']} without a source")
    if answer["unknown_direction"]:
        lines.append(f"  direction unknown: {_named(answer['unknown_direction'])}")
    reasons: dict[str, list[str]] = {}
    for stop in answer["stops"]:
        reasons.setdefault(stop["reason"], []).append(stop["asset_id"])
    lines += [f"  stopped at {reason.replace('_', ' ')}: {_named(ids)}" for reason, ids in reasons.items()]
    return "\n".join(lines)


def _named(ids: list[str]) -> str:
    more = f" … {len(ids)} in all" if len(ids) > _MOST else ""
    return ", ".join(ids[:_MOST]) + more
