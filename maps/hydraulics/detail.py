"""ModelDetail: what a hydraulic model holds beyond the tables of the network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from maps.columns import Floats, Texts


@dataclass(frozen=True, eq=False)
class ModelDetail:
    """Patterns, curves, pumps and controls of a model, in inside units (m, m³/h, kW).

    All keys of nodes, links and words in ``controls``/``rules`` are asset ids; ``build_model`` maps them to EPANET ids.
    ``node_pattern``: (nodes,) pattern id of each node's demand, "" for none. ``demands``: a node's demand categories
    (m³/h, pattern id); where given they replace ``demand_m3h`` of the table. ``curves``: points (x, y): head curve (m³/h, m),
    GPV head loss curve (m³/h, m), tank volume curve (m, m³). ``node_demand_m3h`` (nodes,) and ``roughness``
    (pipes,) replace the tables' columns when given. ``minimum_pressure_m``/``required_pressure_m``: of a pressure-driven solve.
    """

    patterns: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    node_pattern: Texts | None = None
    demands: Mapping[str, tuple[tuple[float, str], ...]] = field(default_factory=dict)
    source_pattern: Mapping[str, str] = field(default_factory=dict)
    curves: Mapping[str, tuple[tuple[float, float], ...]] = field(default_factory=dict)
    pump_head_curve: Mapping[str, str] = field(default_factory=dict)
    pump_power_kw: Mapping[str, float] = field(default_factory=dict)
    pump_speed: Mapping[str, float] = field(default_factory=dict)
    pump_pattern: Mapping[str, str] = field(default_factory=dict)
    valve_curve: Mapping[str, str] = field(default_factory=dict)
    tank_curve: Mapping[str, str] = field(default_factory=dict)
    tank_minimum_volume_m3: Mapping[str, float] = field(default_factory=dict)
    emitters: Mapping[str, float] = field(default_factory=dict)
    check_pipes: frozenset[str] = frozenset()
    options: Mapping[str, str] = field(default_factory=dict)
    pattern_step_s: int = 3600
    pattern_start_s: int = 0
    start_clock_s: int = 0
    duration_s: int = 86400
    controls: tuple[str, ...] = ()
    rules: str = ""
    minimum_pressure_m: float = 0.0
    required_pressure_m: float = 14.0
    node_demand_m3h: Floats | None = None
    roughness: Floats | None = None
