"""HydraulicState: one solved moment of a city's model, on the rows of its tables."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray


class LinkState(IntEnum):
    """What a link did in the solution. ACTIVE: a control valve holding its setting; NONE: not in the model."""

    CLOSED = 0
    OPEN = 1
    ACTIVE = 2
    NONE = 3


@dataclass(frozen=True, eq=False)
class HydraulicState:
    """Heads and flows at ``at_s`` seconds after midnight of the model's day.

    Arrays on table rows: head_m, pressure_m (head minus elevation, m), demand_m3h (what was delivered, m³/h): (nodes,);
    pipe_flow_m3h (pipes,), positive from ``from_node`` to ``to_node``; pump_flow_m3h (pumps,); valve_flow_m3h and
    valve_state (LinkState) (valves,), NaN and NONE for valves that are no link; pipe_open (pipes,).
    ``message`` is EPANET's own word, empty when all went well.
    """

    at_s: int
    converged: bool
    message: str
    head_m: NDArray[np.float64]
    pressure_m: NDArray[np.float64]
    demand_m3h: NDArray[np.float64]
    pipe_flow_m3h: NDArray[np.float64]
    pipe_open: NDArray[np.bool_]
    pump_flow_m3h: NDArray[np.float64]
    valve_flow_m3h: NDArray[np.float64]
    valve_state: NDArray[np.uint8]
