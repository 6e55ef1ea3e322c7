"""ModelFlows: the source of arrows and velocities: the solved hours of the model's day, else one snapshot solved on demand."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QObject, Signal

from console.domain.clock import moment
from console.domain.picture import Picture
from console.ui.map.canvas import MapCanvas
from console.ui.map.layers import LayerSettings, MapLayer, PipeTheme
from console.ui.map.network.flow import flows_of
from console.ui.words import Words
from console.workers.snapshot import Snapshot, SnapshotFailed
from maps.city import City
from maps.hydraulics.state import HydraulicState


class ModelFlows(QObject):
    """Provides flows while some map shows them."""

    told = Signal(str)
    """Why there are none."""
    ready = Signal(object)
    """Flows."""

    def __init__(self, city: City, map_: MapCanvas, parent: QObject) -> None:
        super().__init__(parent)
        self._city, self._map = city, map_
        self._states: tuple[HydraulicState, ...] = ()
        self._snapshot: Snapshot | None = None
        self._asked = False

    def set_states(self, states: Sequence[HydraulicState]) -> None:
        """The model's day, solved already."""
        self._states = tuple(states)

    def show_state(self, state: HydraulicState) -> None:
        """A solved moment of the model."""
        self.ready.emit(flows_of(self._city.network.pipes, state.pipe_flow_m3h, state.at_s))

    def follow(self, look: LayerSettings, picture: Picture, words: Words) -> None:
        """Show the flows of this hour. Without a solved day the model is solved once, in the background."""
        if not (look.shows(MapLayer.FLOW) or look.theme is PipeTheme.VELOCITY):
            return
        local = words.local(moment(picture.now_us))
        now = local.hour * 3600.0 + local.minute * 60.0 + local.second
        shown = self._map.renderer.extras.flows
        if self._states:
            state = min(self._states, key=lambda one: abs(one.at_s - now))
            if shown is None or shown.at_s != state.at_s:
                self.show_state(state)
        elif shown is None and not self._asked:
            self._asked = True
            if self._city.epanet is None:
                self.told.emit(words("lacking.hydraulics"))
                return
            self._snapshot = Snapshot(self._city)
            self._map.derived.background.request("flows", partial(_solved, self._snapshot, now), self._take)

    def close(self) -> None:
        """End the model's process."""
        if self._snapshot is not None:
            self._snapshot.stop()

    def _take(self, state: HydraulicState | SnapshotFailed) -> None:
        if isinstance(state, SnapshotFailed):
            self.told.emit(str(state))
        else:
            self.show_state(state)


def _solved(snapshot: Snapshot, at_s: float) -> HydraulicState | SnapshotFailed:
    try:
        return snapshot.solve(at_s)
    except SnapshotFailed as fault:
        return fault
