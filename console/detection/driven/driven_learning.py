"""Driven learning: all that the driven watch takes from burst-free ticks, made at once so that it is swapped as a whole."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.driven.boundary import DAY_S, SLOTS, BoundaryFilter, DemandProfile, TickReadings, consumption_m3h
from console.detection.driven.driven_expectation import DrivenExpectation, DrivenTicks
from console.detection.driven.driven_location import DrivenLocator
from console.detection.driven.pipe_signatures import PipeSignatures
from console.detection.driven.solved_ticks import SolvedTicks
from console.detection.driven.threshold_calibration import Threshold, calibrated
from console.detection.driven.window_differences import Stretch, cleaned
from console.detection.driven.window_statistics import SignatureBank, TooFewTicks, WindowStatistics
from console.detection.history import History
from console.detection.options import DetectorOptions
from console.detection.pressure.baseline import LocalTime
from maps.city import City
from maps.columns import Bools, Floats
from maps.hydraulics.boundary import BoundaryMeters, BoundaryReadings, DrivenSolver, DrivenValues, TankModes
from maps.hydraulics.state import HydraulicState
from maps.locate.pumps import PumpCurves

Quiet = Callable[[NDArray[np.int64]], Bools]
"""Of times (n,) µs UTC which are no part of a case, (n,)."""

LEAST_DAYS = 3.0
_LEAST_SOLVED = 0.9
_WANTED_A_MONTH = 0.5
_SPARE_TICKS = 8
_DAY_US = 86_400_000_000
_SMALL_SWITCH = 0.05
"""Of the city's inflow: where many pumps switch, a smaller one is no change that its ticks must be left out for."""
_OTHER_DEMAND = 0.05
"""Mean difference of demand from the one that ticks were solved under: a smaller one is a slow bias for the regression."""


@dataclass(frozen=True, eq=False)
class Learned:
    """What the watch tests ticks with.

    ``filter``: after the last tick of a history; None where live ticks were learned, whose filter goes on. ``ticks``: the weeks
    learned from, with what was left out of them; ``stretch``: their residuals; ``days``: without what was left out.
    """

    step_s: float
    demand: DemandProfile
    filter: BoundaryFilter | None
    expectation: DrivenExpectation
    bank: SignatureBank
    tests: tuple[tuple[NDArray[np.int64], WindowStatistics], ...]
    locator: DrivenLocator
    threshold: Threshold
    ticks: SolvedTicks
    stretch: Stretch
    days: float

    @property
    def shortest(self) -> int:
        """Ticks of the shortest window with its reference."""
        return min(test.shortest for _, test in self.tests)

    @property
    def kept(self) -> int:
        """Ticks that the longest window with its reference needs, and some to clean them by."""
        return max(test.longest for _, test in self.tests) + _SPARE_TICKS


class DrivenLearning:
    """Learns for one city. Nothing of it changes while it learns: it may do so on another thread than the ticks."""

    def __init__(
        self,
        city: City,
        states: Sequence[HydraulicState],
        options: DetectorOptions,
        solver: DrivenSolver,
        curves: PumpCurves | None = None,
    ) -> None:
        self._city, self._options, self._solver = city, options, solver
        self._without = options.without
        self.meters = BoundaryMeters.of(city)
        self._signatures = PipeSignatures(city, self.meters, solver, curves)
        self.nominal_m3h = float(consumption_m3h(city.network.nodes, states).mean())

    def of_history(self, history: History) -> Learned | None:
        """From burst-free history; None from less than three days, from a finer grid than the ticks', or where EPANET failed."""
        step_s = float(np.median(np.diff(history.at_us))) / 1e6 if len(history.at_us) > 1 else 0.0
        if len(history.at_us) * step_s < LEAST_DAYS * DAY_S or step_s < 0.99 * self._options.tick_s:
            return None  # windows and noise are those of the history's grid, which later ticks must be able to follow
        boundary = BoundaryFilter(self.meters, step_s)
        value = {channel: table.astype(np.float64) for channel, table in history.value.items()}
        boundary.learn_rates(boundary.levels(value))
        readings = taken(boundary, LocalTime(self._options.time_zone), history.at_us, value)
        demand = self._demand(readings)
        rows = np.flatnonzero(readings.read)
        if len(rows) * step_s < LEAST_DAYS * DAY_S:
            return None
        ticks = self.solved(history.at_us[rows], readings.part(rows), demand)
        every = SolvedTicks.joined([ticks], step_s)
        return self._learned(every, every.known, demand, step_s, boundary)

    def again(self, parts: Sequence[SolvedTicks], quiet: Quiet, before: Learned) -> Learned | None:
        """From live ticks that are solved already, all in ``parts``; ``quiet``: which of some times are no part of a case.

        They are solved again only where the demand has become another one than they were solved under. None as ``of_history``.
        """
        step_s, demand = before.step_s, before.demand
        ticks = SolvedTicks.joined(parts, step_s)
        known = ticks.known & quiet(ticks.at_us)
        if known.sum() * step_s < LEAST_DAYS * DAY_S:
            return None
        measured = self._demand(ticks.readings.part(np.flatnonzero(known)))
        if measured.differs(demand) > _OTHER_DEMAND:
            rows, demand = np.flatnonzero(ticks.known), measured
            ticks = SolvedTicks.joined([self.solved(ticks.at_us[rows], ticks.readings.part(rows), demand)], step_s)
        return self._learned(ticks, known, demand, step_s, None)

    def solved(
        self, at_us: NDArray[np.int64], readings: TickReadings, demand: DemandProfile, modes: TankModes | None = None
    ) -> SolvedTicks:
        """Ticks with what the model gives for them."""
        values = self._solver.values(readings.driving(demand), modes)
        return SolvedTicks(at_us, readings, values, np.ones(len(at_us), dtype=bool))

    def stretch(
        self,
        expectation: DrivenExpectation,
        bank: SignatureBank,
        ticks: DrivenTicks,
        judged: tuple[Floats, NDArray[np.float32]],
        before: DrivenTicks | None = None,
    ) -> Stretch:
        """Residuals of consecutive ticks as the windows take them; ``judged``: of the expectation; ``before``: earlier ticks."""
        regime = expectation.regime(ticks.state)
        first = ticks.state[:1] if before is None else before.state[-1:]
        changed = (np.vstack([first, ticks.state[:-1]]) != ticks.state).any(axis=1)
        moved = _moved_m3h(ticks.values, None if before is None else before.values)
        changed &= ~(moved < _SMALL_SWITCH * self.nominal_m3h)
        scale = expectation.sigma[regime]
        row = bank.nearest(regime, ticks.values.demand_m3h)
        rest, leverage_rows = judged
        if "driven_extrapolation" in self._without:
            leverage_rows = np.zeros_like(leverage_rows)
        other: NDArray[np.float32] = np.asarray(expectation.mode_changes(ticks) / scale[:, None, :], dtype=np.float32)
        if "driven_modes" in self._without:
            other = np.zeros_like(other)
        return Stretch(rest / scale, scale, regime, changed, ticks.readings.second_of_day, row, leverage_rows, other)

    def cleaned(self, stretch: Stretch) -> Stretch:
        """Without glitches; what tanks and the city take as it is."""
        measured = len(self.meters.pressure_station) + len(self.meters.flow_station)
        stored = np.arange(stretch.values.shape[1]) >= measured
        return replace(stretch, values=cleaned(stretch.values, stretch.changed, stored))

    def _learned(
        self, ticks: SolvedTicks, known: Bools, demand: DemandProfile, step_s: float, boundary: BoundaryFilter | None
    ) -> Learned | None:
        """``known``: (ticks,) those that are learned from."""
        meters, rows = self.meters, np.flatnonzero(known)
        every = ticks.driven(balanced=meters.balanced, known=known)
        own = every.part(rows)
        if np.isfinite(own.values.demand_m3h).mean() < _LEAST_SOLVED:
            return None
        expectation = DrivenExpectation(own, len(meters.state_link), self.nominal_m3h)
        bank = self._signatures.bank(expectation, own, own.readings.driving(demand))
        if bank is None:
            return None
        remains = np.full(every.observed.shape, np.nan)
        leverage = np.zeros((len(known), expectation.leverage_rows.shape[1]), dtype=np.float32)
        remains[rows], leverage[rows] = expectation.remains, expectation.leverage_rows
        stretch = self.stretch(expectation, bank, every, (remains, leverage))
        clean = self.cleaned(stretch)
        try:
            tests = tuple(
                (columns, self._windows(clean.of(columns), replace(bank, of_pipe=bank.of_pipe[:, columns]), step_s, known))
                for columns in self._channel_sets(stretch.values.shape[1])
            )
        except TooFewTicks:
            return None
        one = tests[0][1]
        locator = DrivenLocator(self._city, meters, self._solver)
        locator.learn(clean, one.windows, one.reference, known)
        replayed = np.max([test.replayed for _, test in tests], axis=0)
        shortest = min(test.shortest for _, test in tests)
        threshold = calibrated(replayed[shortest:][known[shortest:]], step_s, _WANTED_A_MONTH)
        days = len(rows) * step_s / DAY_S
        return Learned(step_s, demand, boundary, expectation, bank, tests, locator, threshold, ticks, stretch, days)

    def _windows(self, clean: Stretch, bank: SignatureBank, step_s: float, known: Bools) -> WindowStatistics:
        return WindowStatistics(clean, bank, step_s, known, self._without)

    def _channel_sets(self, channels: int) -> list[NDArray[np.int64]]:
        """All channels, and without the single flows: where those are restless they would hide what pressures show."""
        flows = np.arange(len(self.meters.flow_station)) + len(self.meters.pressure_station)
        every = np.arange(channels)
        if not len(flows) or "driven_no_flows" in self._without:
            return [every]
        without = np.setdiff1d(every, flows)
        return [without] if "driven_flows" in self._without else [every, without]

    def _demand(self, readings: TickReadings) -> DemandProfile:
        return DemandProfile.of(readings, self._day(is_smooth=False), self._day(is_smooth=True))

    def _day(self, *, is_smooth: bool) -> Floats:
        """(slots,) consumption of the model in the middle of each slot of the day."""
        middle = (np.arange(SLOTS, dtype=np.float64) + 0.5) * (DAY_S / SLOTS)
        meters = self.meters
        readings = BoundaryReadings(
            middle,
            np.full((SLOTS, len(meters.tank_node)), np.nan),
            np.full((SLOTS, len(meters.state_link)), np.nan),
            np.ones(SLOTS),
            np.full((SLOTS, len(meters.pressure_node)), np.nan),
            is_smooth,
        )
        shut = np.zeros((SLOTS, len(meters.tank_node)), dtype=bool)
        return consumption_m3h(self._city.network.nodes, self._solver.states(readings, shut))


def taken(boundary: BoundaryFilter, clock: LocalTime, at_us: NDArray[np.int64], value: dict[int, Floats]) -> TickReadings:
    """Boundary readings of the next ticks; ``value``: channel -> (ticks, stations)."""
    local = at_us + clock.offset_us(int(at_us[-1]))
    weekend = ((local // _DAY_US + 3) % 7) >= 5  # day 0 of the epoch was a Thursday
    return boundary.take(value, (local % _DAY_US) / 1e6, weekend)


def _moved_m3h(values: DrivenValues, earlier: DrivenValues | None) -> Floats:
    """(ticks,) by how much the modelled flows moved since the tick before, all together; NaN where unknown."""
    flow = np.hstack([values.flow_m3h, values.inflow_m3h])
    first = flow[:1] if earlier is None else np.hstack([earlier.flow_m3h, earlier.inflow_m3h])[-1:]
    return np.asarray(np.abs(np.diff(np.vstack([first, flow]), axis=0)).sum(axis=1))
