"""WhatIfTool: a click on a pipe plans the isolation of a burst there; valves can be assumed stuck or closed."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt, Signal

from console.domain.clock import moment
from console.domain.incidents import Incident, Unable
from console.domain.picture import Picture
from console.services.network.what_if import WhatIf, what_if_incident
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.undo_history import UndoHistory
from console.ui.map.canvas import MapCanvas
from console.ui.map.live.case_marks import CaseMarks, case_marks
from console.ui.map.view.picking import Asset
from console.ui.panels.map.what_if import WhatIfPanel
from maps.city import City
from maps.isolation import Isolator


class WhatIfTool(QObject):
    """One per window; in use while its panel is shown. On closing, the map shows the case's marks alone again."""

    report_asked = Signal(str)
    """Pipe id: a case is to be opened for this burst."""
    cards_asked = Signal(object)
    outage_asked = Signal(object)
    """WhatIf: a planned outage of it is to be made."""

    def __init__(
        self, city: City, canvas: MapCanvas, tasks: BackgroundTasks, appearance: Appearance, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._city, self._map, self._tasks = city, canvas, tasks
        self._planner: Isolator | None = None
        self._picture: Picture | None = None
        self._steps = UndoHistory(WhatIf())
        self.incident: Incident | None = None
        self.panel = WhatIfPanel(canvas, city, appearance)
        self.panel.unable_supposed.connect(lambda valve, kind: self._ask(self.current.with_unable(valve, kind)))
        self.panel.shut_supposed.connect(lambda valve, shut: self._ask(self.current.with_shut(valve, shut)))
        self.panel.cards_asked.connect(self.cards_asked)
        self.panel.report_asked.connect(self._on_report)
        self.panel.outage_asked.connect(self._on_outage)
        self.panel.undo_asked.connect(self.undo)
        self.panel.redo_asked.connect(self.redo)
        self.panel.closed.connect(self.close)

    @property
    def active(self) -> bool:
        """Whether clicks on the map are for it."""
        return not self.panel.isHidden()

    @property
    def current(self) -> WhatIf:
        """The what-if as it is now."""
        return self._steps.current

    def show_picture(self, picture: Picture) -> None:
        """Crews and the time."""
        self._picture = picture

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self.panel.set_appearance(appearance)
        self._refresh()

    def open(self) -> None:
        """Begin, or continue where it was left. Segments are built in the background the first time."""
        self.panel.show()
        self._map.show_what_if(CaseMarks())
        if self._planner is None:
            self.panel.show_working()
            self._tasks.request("isolator", lambda: Isolator(self._city), self._take_planner)
        self._refresh(fit=True)

    def toggle(self) -> None:
        """Open or close."""
        self.close() if self.active else self.open()

    def close(self) -> None:
        """Stop using the tool; the what-if is kept."""
        self.panel.hide()
        self._map.show_what_if(None)

    def on_picked(self, asset: Asset | None) -> bool:
        """A click on the map; False when it is not for this tool."""
        if not self.active:
            return False
        if asset is not None and asset.kind == "valve":
            self.panel.choose(asset.asset_id)
        elif asset is not None and asset.kind == "pipe":
            added = bool(self._map.input.keys & Qt.KeyboardModifier.ShiftModifier)
            self._ask(self.current.with_pipe(asset.asset_id, add=added))
        return True

    @property
    def planner(self) -> Isolator | None:
        """Segments built already, if they are."""
        return self._planner

    def try_pipe(self, pipe_id: str) -> None:
        """A burst on this pipe alone."""
        self._ask(self.current.with_pipe(pipe_id))

    def suppose(self, valve_id: str, unable: Unable | None) -> None:
        """A valve cannot be closed (None: it can)."""
        self._ask(self.current.with_unable(valve_id, unable))

    def undo(self) -> None:
        """Undo the last change."""
        if self._steps.undo():
            self._refresh(fit=True)

    def redo(self) -> None:
        """Redo the last change."""
        if self._steps.redo():
            self._refresh(fit=True)

    def _on_report(self) -> None:
        if self.current.pipes:
            self.report_asked.emit(self.current.pipes[0])
            self.close()

    def _on_outage(self) -> None:
        what_if = self.current
        if what_if.pipes:
            self.close()
            self.outage_asked.emit(what_if)

    def _take_planner(self, planner: Isolator) -> None:
        self._planner = planner
        self._refresh(fit=True)

    def _ask(self, what_if: WhatIf) -> None:
        if self._steps.push(what_if):
            self._refresh(fit=True)

    def _refresh(self, fit: bool = False) -> None:
        """Plan and show, within a frame: a plan takes milliseconds. ``fit``: bring the plan into view beside the panel."""
        self.panel.show_steps(self._steps.can_undo, self._steps.can_redo)
        if self._picture is None or self._planner is None:
            return
        self.incident = what_if_incident(self._planner, self.current, moment(self._picture.now_us))
        self.panel.show_what_if(self.incident, self._picture)
        if self.active:
            look = case_marks(self._city, self.incident) if self.incident is not None else CaseMarks()
            self._map.show_what_if(look)
            if fit:
                self._map.navigation.bring_into_view(look.points())
