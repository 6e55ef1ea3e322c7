"""NetworkTools: trace tool, what-if tool and valve cards of one window. One tool at a time is in use."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from console.domain.clock import moment
from console.domain.corrections import CORRECTION, overlay
from console.domain.picture import Picture
from console.services.crews.valve_assignment import dealt
from console.services.crews.valve_cards import valve_cards
from console.services.network.what_if import WHAT_IF_ID
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.trace_tool import TraceTool
from console.ui.commands.valve_cards import write_cards
from console.ui.commands.what_if_tool import WhatIfTool
from console.ui.dialogs.segments import SegmentsWindow
from console.ui.map.canvas import MapCanvas
from console.ui.map.view.picking import Asset
from console.ui.panels.case.plan import PlanSection
from console.ui.panels.case.section import CaseView
from maps.city import City
from maps.hydraulics.state import HydraulicState


class NetworkTools(QObject):
    """Routes clicks, undo and redo to the tool in use; without one they go to the case."""

    told = Signal(str)
    """One line for the message bar."""
    valve_asked = Signal(str)
    """A valve is to be shown."""
    not_taken = Signal(object)
    """Asset or None: clicked while no tool is in use."""
    report_asked = Signal(str)
    outage_asked = Signal(object)
    """WhatIf that is to become a planned outage."""
    """Pipe id: a case is to be opened for the what-if's burst."""

    def __init__(self, city: City, canvas: MapCanvas, tasks: BackgroundTasks, appearance: Appearance, window: QWidget) -> None:
        super().__init__(window)
        self._city, self._map, self._appearance, self._window = city, canvas, appearance, window
        self.segments: SegmentsWindow | None = None
        self.trace = TraceTool(city, canvas, tasks, appearance, self)
        self.what_if = WhatIfTool(city, canvas, tasks, appearance, self)
        for tool in (self.trace, self.what_if):
            canvas.navigation.dock(tool.panel)
        self.trace.told.connect(self.told)
        self.what_if.report_asked.connect(self.report_asked)
        self.what_if.outage_asked.connect(self.outage_asked)
        self.what_if.cards_asked.connect(self.print_cards)

    def plan_in_use(self, case_plan: PlanSection) -> PlanSection:
        """The plan that valve reports are about: the what-if's while it is open, else the case's."""
        return self.what_if.panel.plan if self.what_if.active else case_plan

    def toggle_trace(self) -> None:
        """Open or close the trace tool."""
        if self.what_if.active:
            self.what_if.close()
        self.trace.toggle()

    def toggle_what_if(self) -> None:
        """Open or close the what-if tool."""
        if self.trace.active:
            self.trace.close()
        self.what_if.toggle()

    def trace_from(self, asset: Asset) -> None:
        """Trace from an asset, with the tool opened for it."""
        if not self.trace.active:
            self.toggle_trace()
        self.trace.on_picked(asset)

    def suppose_burst(self, pipe_id: str) -> None:
        """A what-if of a burst on a pipe, with the tool opened for it."""
        if not self.what_if.active:
            self.toggle_what_if()
        self.what_if.try_pipe(pipe_id)

    def open_segments(self) -> SegmentsWindow:
        """Open the plans of the whole city; a chosen segment opens as a what-if on the map."""
        if self.segments is not None:
            self.segments.raise_()
            return self.segments
        opened = SegmentsWindow(self._city, self._appearance, self._window)
        opened.pipe_chosen.connect(self._try_pipe)
        opened.valve_chosen.connect(self.valve_asked)
        opened.told.connect(self.told)
        opened.finished.connect(self._forget_segments)
        opened.show()
        opened.begin(self.what_if.planner)
        self.segments = opened
        return opened

    def close(self) -> None:
        """Close the window of segments and its calculation."""
        if self.segments is not None:
            self.segments.close()

    def _forget_segments(self) -> None:
        if self.segments is not None:
            self.segments.deleteLater()
        self.segments = None

    def _try_pipe(self, pipe_id: str) -> None:
        self.suppose_burst(pipe_id)
        self._map.fit_pipes((pipe_id,))

    @Slot(object)
    def on_picked(self, asset: Asset | None) -> None:
        """A click on the map: for the tool in use, else ``not_taken`` is emitted."""
        if not (self.trace.on_picked(asset) or self.what_if.on_picked(asset)):
            self.not_taken.emit(asset)

    def show_picture(self, picture: Picture) -> None:
        """Crews and the time."""
        self.what_if.show_picture(picture)
        self._now = moment(picture.now_us)

    def set_states(self, states: Sequence[HydraulicState]) -> None:
        """Solved states of the model's day: directions and heads of traces."""
        self.trace.set_states(states, lambda: self._appearance.words.local(self._now))

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        self.trace.set_appearance(appearance)
        self.what_if.set_appearance(appearance)

    def print_cards(self, view: CaseView) -> None:
        """Ask for a file and write the valve cards of a plan to it as PDF."""
        title = self.what_if.panel.text("plan.cards_file")
        name, _ = QFileDialog.getSaveFileName(self._window, self.what_if.panel.text("plan.cards"), title, "PDF (*.pdf)")
        if name:
            self.write_cards(view, Path(name).with_suffix(".pdf"))

    def write_cards(self, view: CaseView, path: Path) -> None:
        """Write to this file; a fault is reported in the message bar."""
        incident, plan = view.incident, view.incident.plan
        if plan is None:
            return
        steps = dealt(incident, plan, view.picture.crews, self._city.info.time_zone).steps
        cards = valve_cards(self._city, plan, steps, overlay(view.picture.of(CORRECTION)))
        crews = {fix.crew_id: fix.name or fix.crew_id for fix in view.picture.crews}
        drill = incident.is_drill or incident.incident_id == WHAT_IF_ID
        try:
            write_cards(path, cards, self._appearance.words, is_drill=drill, crews=crews)
        except OSError as fault:
            self.told.emit(str(fault))
        else:
            self.told.emit(self.what_if.panel.text("plan.cards_saved", path=path.name))

    def undo(self) -> bool:
        """Undo one step of the tool in use; False when no tool is in use."""
        tool = self._tool()
        if tool is not None:
            tool.undo()
        return tool is not None

    def redo(self) -> None:
        """Redo one step of the tool in use."""
        tool = self._tool()
        if tool is not None:
            tool.redo()

    def put_away(self) -> bool:
        """Close the tool in use; False when no tool is in use."""
        tool = self._tool()
        if tool is not None:
            tool.close()
        return tool is not None

    def _tool(self) -> TraceTool | WhatIfTool | None:
        return self.trace if self.trace.active else self.what_if if self.what_if.active else None
