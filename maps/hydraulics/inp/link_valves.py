""".inp lines for valves that are links, in the units of an existing model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from epanet import toolkit as en

from maps.hydraulics.project import Project
from maps.network import PipeNetwork, ValveKind, ValveState
from maps.units import FOOT_M, INCH_MM, is_us_flow_unit, m3h_per_flow_unit

_DEFAULT_DIAMETER_MM = 100.0
_SHORT_M = 0.1
_SMOOTH = {"H-W": 140.0, "D-W": 0.01, "C-M": 0.01}
_M_PER_PSI = FOOT_M / 0.4333
_PRESSURE_KINDS = (ValveKind.PRV, ValveKind.PSV, ValveKind.PBV)
_SET_KINDS = (*_PRESSURE_KINDS, ValveKind.FCV, ValveKind.TCV)


@dataclass(frozen=True, slots=True)
class ModelUnits:
    """Internal units per model unit: m³/h, m (length), mm (diameter), m of water (pressure)."""

    flow_m3h: float
    length_m: float
    diameter_mm: float
    pressure_m: float

    @classmethod
    def of(cls, project: Project) -> Self:
        """Units of an open model."""
        us = is_us_flow_unit(project.flow_unit)
        psi = {en.PSI: 1.0, en.KPA: 1 / 6.894757, en.BAR: 1 / 0.06894757}
        unit = int(en.getoption(project.handle, en.PRESS_UNITS))
        pressure = psi[unit] * _M_PER_PSI if unit in psi else FOOT_M if unit == en.FEET else 1.0
        return cls(m3h_per_flow_unit(project.flow_unit), FOOT_M if us else 1.0, INCH_MM if us else 1.0, pressure)


def valve_lines(network: PipeNetwork, names: Mapping[int, str], nodes: Mapping[str, str], units: ModelUnits) -> Iterator[str]:
    """Sections for the valve rows of ``names`` (their EPANET ids). ``nodes``: EPANET ids by asset id.

    A control valve keeps its setting; a check valve is a short pipe with one flow direction; all others are open or closed TCVs
    without loss.
    """
    valves, asset = network.valves, network.nodes.asset_id
    checks, others, closed = list[str](), list[str](), list[str]()
    for row, name in names.items():
        ends = f"{name} {nodes[str(asset[valves.from_node[row]])]} {nodes[str(asset[valves.to_node[row]])]}"
        wide = (valves.diameter_mm[row] if valves.diameter_mm[row] > 0 else _DEFAULT_DIAMETER_MM) / units.diameter_mm
        kind = ValveKind(int(valves.kind[row]))
        if kind is ValveKind.CHECK:
            checks.append(f"{ends} {_SHORT_M / units.length_m:.6g} {wide:.6g} {_SMOOTH[network.headloss]} 0 CV")
            continue
        holds = kind in _SET_KINDS and bool(np.isfinite(valves.setting[row]))
        factor = units.pressure_m if kind in _PRESSURE_KINDS else units.flow_m3h if kind is ValveKind.FCV else 1.0
        setting = f"{kind.name} {valves.setting[row] / factor:.6g}" if holds else "TCV 0"
        others.append(f"{ends} {wide:.6g} {setting} 0")
        closed += [f"{name} Closed"] if valves.state[row] == ValveState.CLOSED else []
    for heading, lines in (("[PIPES]", checks), ("[VALVES]", others), ("[STATUS]", closed)):
        yield from [heading, *lines] if lines else []
