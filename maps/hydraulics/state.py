"""HydraulicState: heads, pressures and flows at one time, in rows of the city's tables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from maps.columns import Bools, Codes, Floats


class LinkStatus(IntEnum):
    """Status of a valve link in a hydraulic state. NA: the valve is no link of its own (it is on a pipe or node)."""

    NA = 0
    OPEN = 1
    ACTIVE = 2
    CLOSED = 3


@dataclass(frozen=True, eq=False)
class HydraulicState:
    """One solution. Rows are those of the network's tables; NaN where the model has no such element.

    ``at_s``: seconds after midnight of the city's day. ``converged`` False: the numbers must not be trusted and
    ``message`` says why; ``message`` may also carry a warning of a converged solve. Pressures are metres of water above the
    node; flows are positive from ``from_node`` to ``to_node``; ``demand_m3h`` is what is drawn (leaks included),
    negative at sources that supply. ``pump_flow_m3h``/``valve_flow_m3h``: NaN when not a link of its own.
    """

    at_s: float
    converged: bool
    message: str
    head_m: Floats
    pressure_m: Floats
    demand_m3h: Floats
    pipe_flow_m3h: Floats
    pump_flow_m3h: Floats
    valve_flow_m3h: Floats
    valve_status: Codes
    pipe_open: Bools
