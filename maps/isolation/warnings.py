"""Warnings of a plan, one sentence each: sources inside, inflows, nothing to close, too many valves."""

from __future__ import annotations

from collections.abc import Sequence

from maps.isolation.result import Reliance
from maps.network import NodeKind, PipeNetwork

MOST_ALTERNATIVES = 100
"""Number of valves above which alternatives are not computed: the area has hardly any usable valves."""
_MOST_NAMED = 8
_WHY = {"closed": "closed", "closed_pipe": "pipe closed", "one_way": "one-way", "unknown_state": "state unknown"}


def warnings_of(network: PipeNetwork, inside: Sequence[int], valves: int, relied: Sequence[Reliance]) -> tuple[str, ...]:
    """Warnings of a plan with ``valves`` to close. ``inside``: node rows of the sources in zone 1."""
    found: list[str] = []
    if inside:
        names = ", ".join(network.nodes.ids(inside))
        found.append(f"cannot be isolated by valves: {names} inside; the valves listed hold back the other sources only")
    inflows = [row for row in inside if network.nodes.kind[row] < NodeKind.SOURCE]
    if inflows:
        names = ", ".join(network.nodes.ids(inflows))
        found.append(f"{names}: an inflow (negative demand in the data) feeds this part; stop it at its well or pump")
    if not valves and not inside:
        found.append(_no_valve(relied))
    if valves > MOST_ALTERNATIVES:
        found.append(
            f"{valves} valves to close: alternatives are not worked out ahead, ask for a plan without the one that failed"
        )
    return tuple(found)


def _no_valve(relied: Sequence[Reliance]) -> str:
    """Warning when no valve is to close although no source is inside: names the barriers through which water may still enter."""
    named = ", ".join(f"{entry.asset_id} ({_WHY[entry.why]})" for entry in relied[:_MOST_NAMED])
    if not named:
        return "by the data no source is connected here, so no valve is to close; if water runs, the data is wrong"
    return f"no valve known to be open brings water here, so none is to close; if water runs, find out and shut {named}"
