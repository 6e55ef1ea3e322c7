"""The panels of the window, in the order in which they stand in their area. A new panel is a file and a line here."""

from __future__ import annotations

from console.ui.panels import alarm_list, corrections, lock_bar, log_list, shift_log, tickets, top_strip
from console.ui.panels.case import column
from console.ui.panels.map import layers
from console.ui.panels.panel import Area, PanelSpec

PANELS: tuple[PanelSpec, ...] = (
    PanelSpec("strip", Area.TOP, top_strip.make),
    PanelSpec("lock", Area.TOP, lock_bar.make),
    PanelSpec("layers", Area.LEFT, layers.make, size_px=326),
    PanelSpec("alarms", Area.BOTTOM, alarm_list.make, size_px=980, stretch=3),
    PanelSpec("tickets", Area.BOTTOM, tickets.make, beside="alarms"),
    PanelSpec("log", Area.BOTTOM, log_list.make, size_px=510, stretch=2),
    PanelSpec("shift_log", Area.BOTTOM, shift_log.make, beside="log"),
    PanelSpec("corrections", Area.BOTTOM, corrections.make, beside="log"),
    PanelSpec("case", Area.RIGHT, column.make, size_px=430),
)
