"""The only place where units change. Inside: m, mm (diameters), m³/h, head m, pressure kPa."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", float, NDArray[np.float64])

KPA_PER_METRE = 9.80665
"""Weight of a metre of water at 4 °C, kPa (standard gravity 9.80665 m/s², 1000 kg/m³)."""

M3H_PER_LPS = 3.6
FOOT_M = 0.3048
INCH_MM = 25.4


def kpa_from_head_m(head_m: Number) -> Number:
    """Pressure in kPa of a water column of ``head_m`` metres."""
    return head_m * KPA_PER_METRE


def head_m_from_kpa(pressure_kpa: Number) -> Number:
    """Water column in metres that a pressure in kPa holds up."""
    return pressure_kpa / KPA_PER_METRE


def kpa_from_mpa(pressure_mpa: Number) -> Number:
    """MPa (screen, wire, files) to kPa (inside)."""
    return pressure_mpa * 1000.0


def mpa_from_kpa(pressure_kpa: Number) -> Number:
    """kPa (inside) to MPa (screen, wire, files)."""
    return pressure_kpa / 1000.0


def m3h_from_lps(flow_lps: Number) -> Number:
    """Litres per second to cubic metres per hour."""
    return flow_lps * M3H_PER_LPS


_FLOW_M3H = {
    # EPANET's flow units, cubic metres per hour of one unit (EPANET 2.2 manual, appendix A).
    "CFS": 101.940647731,
    "GPM": 0.227124707,
    "MGD": 157.725491,
    "IMGD": 189.420392,
    "AFD": 51.395092,
    "LPS": 3.6,
    "LPM": 0.06,
    "MLD": 41.66666666666667,
    "CMH": 1.0,
    "CMD": 1.0 / 24.0,
    "CMS": 3600.0,
}


def m3h_per_flow_unit(unit: str) -> float:
    """Cubic metres per hour in one EPANET flow unit (``"GPM"`` …). Raises KeyError for an unknown one."""
    return _FLOW_M3H[unit.upper()]


def is_us_flow_unit(unit: str) -> bool:
    """Whether EPANET works in feet, inches and psi under this flow unit."""
    return unit.upper() in {"CFS", "GPM", "MGD", "IMGD", "AFD"}
