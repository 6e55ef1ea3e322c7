"""TraceTool: clicks on the map build a trace request; the answer is shown on the map and in the panel. Steps can be undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog

from console.services.network.trace_requests import TraceAnswer, TraceRequest, stops_json, trace_of
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.undo_history import UndoHistory
from console.ui.map.canvas import MapCanvas
from console.ui.map.live.case_marks import pipe_lines
from console.ui.map.live.marks import Highlight, MarkLines
from console.ui.map.view.picking import Asset
from console.ui.panels.map.trace import TracePanel
from maps.city import City
from maps.errors import QuanmaiError
from maps.export.trace_files import write_trace
from maps.hydraulics.state import HydraulicState
from maps.network import ValveTable
from maps.trace import Profile, profile

_BARRIER_KEYS = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
"""Either key: many window managers reserve Alt with the mouse."""
_Answer = tuple[TraceAnswer, Profile | None] | QuanmaiError


class TraceTool(QObject):
    """One per window; in use while its panel is shown."""

    told = Signal(str)
    """One line for the message bar."""

    def __init__(
        self, city: City, canvas: MapCanvas, tasks: BackgroundTasks, appearance: Appearance, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._city, self._map, self._tasks = city, canvas, tasks
        self._states: Sequence[HydraulicState] = ()
        self._now: Callable[[], datetime] | None = None
        self._steps = UndoHistory(TraceRequest(()))
        self.answer: TraceAnswer | None = None
        self.panel = TracePanel(canvas, city, appearance)
        self.panel.request_changed.connect(self._ask)
        self.panel.undo_asked.connect(self.undo)
        self.panel.redo_asked.connect(self.redo)
        self.panel.closed.connect(self.close)
        self.panel.export_asked.connect(self.export)
        self.panel.fit_asked.connect(self.fit)

    @property
    def active(self) -> bool:
        """Whether clicks on the map are for it."""
        return not self.panel.isHidden()

    @property
    def request(self) -> TraceRequest:
        """What is asked now."""
        return self._steps.current

    def set_states(self, states: Sequence[HydraulicState], now: Callable[[], datetime]) -> None:
        """Solved states of the model's day, for directions, shares and heads; ``now``: the city's own time."""
        self._states, self._now = states, now

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self.panel.set_appearance(appearance)
        self._refresh()

    def open(self) -> None:
        """Begin, or continue where it was left."""
        self.panel.show()
        self._refresh()

    def toggle(self) -> None:
        """Open or close."""
        self.close() if self.active else self.open()

    def close(self) -> None:
        """Stop using the tool; the request is kept."""
        self.panel.hide()
        self._map.highlight(())

    def on_picked(self, asset: Asset | None) -> bool:
        """A click on the map; False when it is not for this tool."""
        if not self.active:
            return False
        if asset is None:
            return True
        keys, request = self._map.input.keys, self.request
        if keys & _BARRIER_KEYS or asset.kind == "valve":
            return self._ask(replace(request, barriers=_toggled(request.barriers, asset.asset_id)))
        if asset.kind != "pipe":
            return True
        if request.kind == "path" and request.starts:
            started = request.to and not keys & Qt.KeyboardModifier.ShiftModifier
            if started:
                return self._ask(replace(request, starts=(asset.asset_id,), to="", via=()))
            return self._ask(replace(request, to=asset.asset_id, via=(*request.via, request.to) if request.to else request.via))
        added = keys & Qt.KeyboardModifier.ShiftModifier
        starts = _toggled(request.starts, asset.asset_id) if added else (asset.asset_id,)
        return self._ask(replace(request, starts=starts))

    def undo(self) -> None:
        """Undo the last change of the request."""
        if self._steps.undo():
            self._refresh()

    def redo(self) -> None:
        """Redo the last change of the request."""
        if self._steps.redo():
            self._refresh()

    def fit(self) -> None:
        """The whole trace in view."""
        if self.answer is not None:
            self._map.fit_pipes(self._city.network.pipes.ids(self.answer.trace.pipes))

    def export(self) -> None:
        """Ask for a file and write the trace to it."""
        words = "GeoJSON (*.geojson);;GeoPackage (*.gpkg);;CSV (*.csv)"
        name, kind = QFileDialog.getSaveFileName(self.panel.window(), self.panel.text("trace.export"), "trace.geojson", words)
        if name:
            self.export_to(Path(name) if Path(name).suffix else Path(name + kind[kind.index("*") + 1 : -1]))

    def export_to(self, path: Path) -> None:
        """Write to this file; a fault is reported in the message bar."""
        if self.answer is None:
            return
        try:
            write_trace(self._city, self.answer.trace, path, stops_json(self._city.network, self.answer.trace))
        except (QuanmaiError, OSError) as fault:
            self.told.emit(str(fault))
        else:
            self.told.emit(self.panel.text("trace.saved", path=path.name))

    def _ask(self, request: TraceRequest) -> bool:
        if self._steps.push(request):
            self._refresh()
        return True

    def _refresh(self) -> None:
        request = self.request
        self.panel.show_request(request)
        self.panel.show_steps(self._steps.can_undo, self._steps.can_redo)
        if not request.starts or (request.kind == "path" and not request.to):
            self.answer = None
            self.panel.show_answer(None)
            self._mark(request)
            return
        self._tasks.request("trace", partial(_answered, self._city, request, self._state()), self._take)

    def _take(self, found: _Answer) -> None:
        if isinstance(found, QuanmaiError):
            self.answer = None
            self.panel.show_fault(str(found))
        else:
            self.answer, along = found
            self.panel.show_answer(self.answer, along)
        self._mark(self.request)

    def _mark(self, request: TraceRequest) -> None:
        """The trace, its starts and barriers on the map, as long as the tool is in use."""
        if not self.active:
            return
        pipes, valves = self._city.network.pipes, self._city.network.valves
        barred = [name for name in request.barriers if pipes.has(name)]
        barred += [str(pipes.asset_id[valves.pipe[row]]) for row in _rows(valves, request.barriers) if valves.pipe[row] >= 0]
        parts = [
            (self._lines_of(self.answer), "case.route"),
            (pipe_lines(self._city, barred), "state.critical"),
            (pipe_lines(self._city, [*request.starts, *request.via, *([request.to] if request.to else [])]), "map.selection"),
        ]
        self._map.highlight(tuple(Highlight(MarkLines(lines), role) for lines, role in parts if len(lines)))

    def _lines_of(self, answer: TraceAnswer | None) -> NDArray[np.float64]:
        ids = self._city.network.pipes.ids(answer.trace.pipes) if answer is not None else ()
        return pipe_lines(self._city, ids)

    def _state(self) -> HydraulicState | None:
        """The state nearest to the time of day."""
        if not self._states:
            return None
        now = self._now() if self._now is not None else None
        at_s = now.hour * 3600 + now.minute * 60 if now is not None else 0
        return min(self._states, key=lambda state: abs(state.at_s - at_s))


def _answered(city: City, request: TraceRequest, state: HydraulicState | None) -> _Answer:
    """Compute on a worker thread; a fault of the request is returned, not raised."""
    try:
        answer = trace_of(city, request, state)
    except QuanmaiError as fault:
        return fault
    is_path = request.kind in ("path", "supply") and answer.trace.found
    head_m = state.head_m if state is not None and state.converged else None
    return answer, profile(city.network, answer.trace, head_m) if is_path else None


def _toggled(ids: tuple[str, ...], asset_id: str) -> tuple[str, ...]:
    return tuple(known for known in ids if known != asset_id) if asset_id in ids else (*ids, asset_id)


def _rows(valves: ValveTable, ids: Sequence[str]) -> list[int]:
    return [valves.row(name) for name in ids if valves.has(name)]
