"""Crossing checks: decides from valves and meters whether a threshold crossing is a burst or an operation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from console.detection.crossing import Crossing, Step
from console.detection.finding import OperationFinding
from console.detection.flow.meter_watch import MeterTests
from console.detection.flow.pump_meters import SteadyPumps
from console.detection.flow.reducing_valves import Cause, ReducingValveTest
from console.detection.localisation import Group, Tick
from console.detection.operations import NAMELESS, OperationFit


class CrossingChecks:
    """Checks pressure crossings against reducing valves, zone balances and pump meters."""

    def __init__(self, regulation: ReducingValveTest, meters: MeterTests, tick_s: float) -> None:
        self._regulation, self._meters, self._tick_us = regulation, meters, int(tick_s * 1e6)

    def step(self, group: Group, step: Step, causes: Sequence[Cause], tick: Tick) -> tuple[Step, OperationFinding | None]:
        """(the step, with an operation instead of a crossing that a PRV explains or that is only a rise; named operation)."""
        crossing, what = step.crossing, step.operation
        if crossing is None and (what is None or what.pump in tick.switched):
            return step, None
        if what is not None:
            began_us = tick.now_us - step.window * self._tick_us + self._tick_us // 2
            opened = self._meters.opened_boundary((), began_us, tick.now_us)
            if opened is not None or what.pump >= 0:
                return step, opened
        pump = self._lost_pump(crossing, tick)
        if crossing is not None and pump is not None:
            group.steps.forget()
            stopped = OperationFit(0.0, pump, stopped=True, known=True)
            return Step(None, stopped, step.step_m, suspicious=True, window=crossing.window), None
        rows, like_burst = group.rows, crossing is not None
        if crossing is not None:
            like_burst = not self._regulation.has_risen(rows, crossing.residual_m, crossing.covariance, crossing.window)
        cause = self._regulation.explaining(causes, rows, step.step_m, tick.now_us, burst_like=like_burst)
        if cause is None and (crossing is None or not self.rejects(group, crossing, tick)):
            return step, None
        group.steps.forget()
        window = step.window if crossing is None else crossing.window
        if cause is None:
            return Step(None, NAMELESS, step.step_m, suspicious=True, window=window), None
        # A change elsewhere is not due to the valve: it is tested again at the next tick.
        behind = np.where(self._regulation.reaches(cause, rows), step.step_m, np.nan)
        told = self._regulation.operation(cause, rows, behind, tick.now_us)
        return Step(None, NAMELESS, behind, suspicious=True, window=window), told

    def _lost_pump(self, crossing: Crossing | None, tick: Tick) -> int | None:
        """Row of a pump whose station delivers much less while no zone takes more: a loss of supply, not a burst.

        So large a change exceeds the pump's linear response: parallel pumps move along their curves, and demand falls with
        pressure.
        """
        falling = tick.steady.falling if isinstance(tick.steady, SteadyPumps) else frozenset[int]()
        if crossing is None or not falling:
            return None
        since_us = tick.now_us - crossing.window * self._tick_us + self._tick_us // 2
        if not self._meters.takes_no_more(since_us):
            return None
        likely = crossing.instead.pump if crossing.instead is not None else -1
        return likely if likely in falling else min(falling)

    def rejects(self, group: Group, crossing: Crossing, tick: Tick) -> bool:
        """Whether a crossing is rejected as no burst."""
        residual, window = crossing.residual_m, crossing.window
        if self._regulation.has_risen(group.rows, residual, crossing.covariance, window):
            return True
        return self._regulation.contradicts(group.rows, residual, window, tick.now_us)
