"""Requests to the EPANET process and its replies; plain picklable values."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from maps.columns import Bools, Floats
from maps.hydraulics.boundary import BoundaryReadings, DrivenValues, TankModes
from maps.hydraulics.state import HydraulicState
from maps.isolation.plan.result import IsolationPlan
from maps.locate.pumps import PumpCurves
from maps.network import ValveState


@dataclass(frozen=True, slots=True)
class AskImpact:
    """Customers that lose supply or pressure under ``plan``. ``at_s``: seconds after midnight."""

    plan: IsolationPlan
    at_s: float


@dataclass(frozen=True, slots=True)
class AskReopening:
    """Whether opening ``plan``'s candidates brings its dry pockets enough pressure."""

    plan: IsolationPlan
    at_s: float


@dataclass(frozen=True, slots=True)
class AskDay:
    """States of the model's day at every ``step_s``."""

    step_s: int = 3600


@dataclass(frozen=True, slots=True)
class AskState:
    """One snapshot; keywords as in EpanetSession.solve."""

    at_s: float = 0
    leaks: dict[int, float] = field(default_factory=dict)
    valve_states: dict[str, ValveState] = field(default_factory=dict)
    pressure_driven: bool = False


@dataclass(frozen=True, eq=False)
class AskResponses:
    """Head changes at ``nodes`` (rows) for each of ``leaks`` (m³/h by node row), as ``burst_responses``."""

    at_s: float
    nodes: NDArray[np.int64]
    leaks: tuple[dict[int, float], ...]


@dataclass(frozen=True, slots=True)
class AskPumps:
    """The head curves of the model's pumps."""


@dataclass(frozen=True, eq=False)
class AskDriven:
    """Values of the model driven by measured boundary conditions; as maps.hydraulics.driven."""

    readings: BoundaryReadings
    modes: TankModes | None


@dataclass(frozen=True, eq=False)
class AskDrivenStates:
    """Whole states of the driven model; ``shut``: (ticks, tanks)."""

    readings: BoundaryReadings
    shut: Bools


@dataclass(frozen=True, eq=False)
class AskDrivenChanges:
    """What leaks change at one tick of the driven model; ``shut``: (tanks,)."""

    readings: BoundaryReadings
    shut: Bools
    leaks: tuple[dict[int, float], ...]


Task = AskImpact | AskReopening | AskDay | AskState | AskResponses | AskPumps | AskDriven | AskDrivenStates | AskDrivenChanges


@dataclass(frozen=True, slots=True)
class Request:
    """A task with the generation number of its reply."""

    generation: int
    task: Task


@dataclass(frozen=True, slots=True)
class Impact:
    """Customer rows without water and with low pressure."""

    converged: bool
    message: str
    unserved: tuple[int, ...]
    low: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Reopening:
    """Per candidate (valve id, customers served, low, dry, whether that suffices)."""

    candidates: tuple[tuple[str, int, int, int, bool | None], ...]


@dataclass(frozen=True, slots=True)
class Failed:
    """The task failed; the process continues. ``is_input``: a fault of the input, stated in one line."""

    message: str
    is_input: bool


@dataclass(frozen=True, eq=False)
class HeadChanges:
    """(leaks, nodes), m, or (leaks, channels) in their units; NaN where not solved."""

    change_m: Floats


Result = Impact | Reopening | HydraulicState | tuple[HydraulicState, ...] | HeadChanges | PumpCurves | DrivenValues | Failed


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer to the request of the same generation."""

    generation: int
    result: Result
