"""Words of the log's Chinese notes that several services share."""

from __future__ import annotations

UNITS_ZH = {
    "pressure": ("压力", "MPa", 3),
    "flow": ("流量", "m³/h", 1),
    "level": ("液位", "m", 2),
    "turbidity": ("浊度", "NTU", 2),
    "chlorine": ("余氯", "mg/L", 2),
    "ph": ("pH", "", 2),
    "valve_position": ("阀门开度", "", 1),
}
"""Channel -> its name, unit on screen, decimals."""
