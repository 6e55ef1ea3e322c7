"""ProfileChart: ground and head along a path through the network."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt

from console.ui.appearance import Appearance
from maps.trace import Profile

_PROFILE_PX = 130


class ProfileChart(pg.PlotWidget):  # type: ignore[misc]  # pyqtgraph carries no types
    """Hidden while there is no path. Metres along it against metres above the datum; takes neither mouse nor keys."""

    def __init__(self) -> None:
        super().__init__(enableMenu=False)
        self.setFixedHeight(_PROFILE_PX)
        self.setMouseEnabled(False, False)
        self.hideButtons()
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hide()

    def show_profile(self, found: Profile | None, appearance: Appearance, ground: str, head: str) -> None:
        """Draw a profile; None hides the chart. ``ground``, ``head``: names of the two lines."""
        self.setVisible(found is not None and len(found.node) > 1)
        self.clear()
        if found is None or len(found.node) < 2:
            return
        theme = appearance.theme
        self.setBackground(theme.colour("surface.panel"))
        axis_pen, text_pen = pg.mkPen(theme.colour("chart.grid")), pg.mkPen(theme.colour("text.muted"))
        for side in ("left", "bottom"):
            axis = self.getAxis(side)
            axis.setPen(axis_pen)
            axis.setTextPen(text_pen)
        self.addLegend(offset=(-4, 4), labelTextColor=theme.colour("text.normal"))
        self.getPlotItem().legend.clear()
        ground_pen = pg.mkPen(theme.colour("text.muted"), width=1.4)
        self.plot(found.along_m, found.elevation_m, pen=ground_pen, connect="finite", name=f"{ground} (m)")
        if np.isfinite(found.head_m).any():
            self.plot(found.along_m, found.head_m, pen=pg.mkPen(theme.series[4], width=1.8), connect="finite", name=f"{head} (m)")
