"""ModelDetail: content of a hydraulic model beyond the tables of the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from maps.columns import Floats, Texts


@dataclass(frozen=True, eq=False)
class ModelDetail:
    """Patterns, curves, pumps and controls of a model, in internal units (m, m³/h, kW).

    All keys of nodes, links and words in ``controls`` are asset ids; ``build_model`` maps them to EPANET ids.
    ``node_pattern``: (nodes,) pattern id of each node's demand, "" for none. ``curves``: points (m³/h, m) of head curves.
    ``node_demand_m3h`` (nodes,) and ``roughness`` (pipes,) replace the tables' columns when given.
    ``minimum_pressure_m``/``required_pressure_m``: of a pressure-driven solve.
    """

    patterns: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    node_pattern: Texts | None = None
    curves: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    pump_head_curve: Mapping[str, str] = field(default_factory=dict)
    pump_power_kw: Mapping[str, float] = field(default_factory=dict)
    options: Mapping[str, str] = field(default_factory=dict)
    pattern_step_s: int = 3600
    pattern_start_s: int = 0
    start_clock_s: int = 0
    duration_s: int = 86400
    controls: tuple[str, ...] = ()
    minimum_pressure_m: float = 0.0
    required_pressure_m: float = 14.0
    node_demand_m3h: Floats | None = None
    roughness: Floats | None = None
