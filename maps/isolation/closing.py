"""Turns, minutes and order of closing. Figures are working assumptions, editable here until a utility gives its own."""

from __future__ import annotations

import math
from collections.abc import Sequence

from maps.network import PipeNetwork

_CHAMBER_MINUTES = 6.0
"""To find and open a chamber by day; more in frost."""
_REMOTE_MINUTES = 2.0
_TURNS_PER_MINUTE = ((300.0, 20.0), (600.0, 12.0), (math.inf, 8.0))
"""By hand with a key, by diameter up to (mm)."""
_SLOW_SHARE, _SLOW_FACTOR = 0.2, ((300.0, 1.5), (600.0, 2.5), (math.inf, 4.0))
"""The last fifth is closed slower, the more so the larger the main: it carries the surge."""


def turns_to_close(network: PipeNetwork, valve: int) -> float | None:
    """Turns of a valve's spindle; by the gate-valve rule of thumb 3 turns an inch plus 2 where not recorded (AWWA C500)."""
    known = float(network.valves.turns_to_close[valve])
    if math.isfinite(known) and known > 0:
        return known
    diameter = diameter_of(network, valve)
    return None if diameter is None else round(3.0 * diameter / 25.4 + 2.0)


def diameter_of(network: PipeNetwork, valve: int) -> float | None:
    """Diameter of a valve in mm: its own, else the largest pipe it sits on; None unknown."""
    own = float(network.valves.diameter_mm[valve])
    if own > 0:
        return own
    pipe, node = int(network.valves.pipe[valve]), int(network.valves.node[valve])
    rows = [pipe] if pipe >= 0 else (network.pipes_at(node).tolist() if node >= 0 else [])
    known = [float(network.pipes.diameter_mm[row]) for row in rows if network.pipes.diameter_mm[row] > 0]
    return max(known) if known else None


def minutes_to_close(network: PipeNetwork, valve: int) -> float | None:
    """Minutes at the valve, travel apart: opening the chamber, turning, the last fifth slowly."""
    if network.valves.control[valve] == "remote":
        return _REMOTE_MINUTES
    turns, diameter = turns_to_close(network, valve), diameter_of(network, valve)
    if turns is None or diameter is None:
        return None
    rate = next(rate for limit, rate in _TURNS_PER_MINUTE if diameter <= limit)
    slow = next(factor for limit, factor in _SLOW_FACTOR if diameter <= limit)
    return round(_CHAMBER_MINUTES + turns / rate * ((1 - _SLOW_SHARE) + _SLOW_SHARE * slow), 1)


def closing_order(network: PipeNetwork, valves: Sequence[int]) -> list[int]:
    """Remote valves first, then the large ones: the last valve carries the whole flow, so it is small and well checked."""

    def key(valve: int) -> tuple[bool, float, str]:
        return (
            network.valves.control[valve] != "remote",
            -(diameter_of(network, valve) or 0.0),
            str(network.valves.asset_id[valve]),
        )

    ordered = sorted(valves, key=key)
    if len(ordered) > 1:
        manual = [v for v in ordered if network.valves.control[v] != "remote"]
        worst = min(manual or ordered, key=lambda v: str(network.valves.last_checked[v]))
        largest = max(diameter_of(network, v) or 0.0 for v in ordered)
        fit = [v for v in manual if v != worst and ((diameter_of(network, v) or 0.0) < largest or len(manual) <= 2)]
        if ordered[-1] == worst and fit:
            ordered.remove(fit[-1])
            ordered.append(fit[-1])
    return ordered
