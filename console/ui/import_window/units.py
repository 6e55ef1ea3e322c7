"""Units that the numbers of a column may be in: a factor to the inside unit for each, chosen in a combo box."""

from __future__ import annotations

from collections.abc import Mapping

_UNITS: Mapping[str, tuple[tuple[str, float], ...]] = {
    "_mm": (("mm", 1.0), ("cm", 10.0), ("m", 1000.0), ("in", 25.4)),
    "_m": (("m", 1.0), ("cm", 0.01), ("mm", 0.001), ("km", 1000.0), ("ft", 0.3048)),
    "_m3h": (("m³/h", 1.0), ("L/s", 3.6), ("m³/d", 1.0 / 24.0), ("L/h", 0.001)),
}


def units_of(standard: str) -> tuple[tuple[str, float], ...]:
    """(unit, factor to the inside unit) for a standard column, the inside unit first; none for a column without a unit."""
    return next((units for ending, units in _UNITS.items() if standard.endswith(ending)), ())


def unit_for(standard: str, factor: float | None) -> str:
    """The unit that a factor stands for, "" for none of the usual ones."""
    wanted = 1.0 if factor is None else factor
    return next((unit for unit, own in units_of(standard) if abs(own - wanted) <= 1e-6 * own), "")
