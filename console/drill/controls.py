"""DrillControls: an instructor's actions on a running drill from the window."""

from __future__ import annotations

from console.drill.field import DrillField
from console.drill.scene import burst_flow_m3h
from console.feeds.simulator import SimulatorProcess
from maps.city import City


class DrillControls:
    """The window's ``DrillPort`` over a simulator; the simulated crews are notified, the detector is not."""

    def __init__(self, city: City, simulator: SimulatorProcess, field: DrillField) -> None:
        self._city, self._simulator, self._field = city, simulator, field

    def burst(self, pipe_id: str) -> float:
        """Break a pipe at the simulation's next step; returns the flow, m³/h. Raises UnknownAsset and SimulatorFailed."""
        pipes = self._city.network.pipes
        flow_m3h = burst_flow_m3h(self._city, float(pipes.diameter_mm[pipes.row(pipe_id)]))
        self._simulator.command_burst(pipe_id, flow_m3h)
        self._field.broke(pipe_id)
        return flow_m3h
