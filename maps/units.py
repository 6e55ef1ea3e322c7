"""Unit conversions, all of them here. Internal units: m, mm (diameters), m³/h, head m, pressure kPa."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", float, NDArray[np.float64])

KPA_PER_METRE = 9.80665
"""Pressure of one metre of water, kPa (standard gravity 9.80665 m/s², 1000 kg/m³)."""

M3H_PER_LPS = 3.6
FOOT_M = 0.3048
INCH_MM = 25.4


def kpa_from_head_m(head_m: Number) -> Number:
    """Pressure in kPa of a water column of ``head_m`` metres, any shape."""
    return head_m * KPA_PER_METRE


def head_m_from_kpa(pressure_kpa: Number) -> Number:
    """Height in metres of the water column of a pressure in kPa, any shape."""
    return pressure_kpa / KPA_PER_METRE


def kpa_from_mpa(pressure_mpa: Number) -> Number:
    """Convert MPa (screen, wire, files) to kPa (internal)."""
    return pressure_mpa * 1000.0


def mpa_from_kpa(pressure_kpa: Number) -> Number:
    """Convert kPa (internal) to MPa (screen, wire, files)."""
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
    """Cubic metres per hour in one EPANET flow unit (``"GPM"`` …). Raises KeyError for an unknown unit."""
    return _FLOW_M3H[unit.upper()]


def is_us_flow_unit(unit: str) -> bool:
    """Whether EPANET uses feet, inches and psi with this flow unit."""
    return unit.upper() in {"CFS", "GPM", "MGD", "IMGD", "AFD"}
