"""Driven watch: tests every tick against the driven expectation and locates what crosses the threshold read from history."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.driven.boundary import (
    DAY_S,
    SLOTS,
    BoundaryFilter,
    DemandProfile,
    TickReadings,
    consumption_m3h,
)
from console.detection.driven.driven_expectation import DrivenExpectation, DrivenTicks
from console.detection.driven.driven_location import DrivenLocator
from console.detection.driven.threshold_calibration import Threshold, calibrated
from console.detection.driven.window_statistics import Match, SignatureBank, Stretch, WindowStatistics, cleaned
from console.detection.finding import BurstFinding
from console.detection.history import History
from console.detection.options import DetectorOptions
from console.detection.pressure.baseline import LocalTime
from console.domain.alarms import Evidence
from console.domain.clock import moment
from maps.city import City
from maps.columns import Bools, Floats
from maps.hydraulics.boundary import BoundaryMeters, BoundaryReadings, DrivenSolver, DrivenValues, TankModes
from maps.hydraulics.state import HydraulicState
from maps.locate.pumps import PumpCurves
from maps.locate.result import Location
from maps.locate.signatures import build_signatures, mean_of_ends
from maps.locate.tank_inflow import tank_inflow_signatures
from maps.units import KPA_PER_METRE

_DAY_US = 86_400_000_000
_LEAST_DAYS = 3.0
_LEAST_SOLVED = 0.9
_SPARE_TICKS = 8
_LARGEST_BANK = 60_000_000
_BANK_STATES, _BANK_SHARES = 36, (0.15, 0.5, 0.85)
_WANTED_A_MONTH = 0.5
_HOLD_TICKS_S = 21_600.0
_REVISIONS = 2
_SMALL_SWITCH = 0.05
"""Of the city's inflow: where many pumps switch, a smaller one is no change that its ticks must be left out for."""
_MOVED_SIGMAS, _LEAST_EVIDENCE = 3.0, 3


@dataclass(eq=False)
class _Open:
    finding: BurstFinding
    until_us: int


@dataclass(frozen=True, eq=False)
class _Now:
    """One tick: ``clean``: residuals of the last ticks, all channels; ``scale``: of the match's channels; ``shut``: (tanks,)."""

    clean: Stretch
    scale: Floats
    readings: TickReadings
    shut: Bools
    at_us: int


class DrivenWatch:
    """Burst test of a city whose tank levels, pumps or sources are measured. Ready once it has learned from history."""

    def __init__(
        self,
        city: City,
        states: Sequence[HydraulicState],
        options: DetectorOptions,
        solver: DrivenSolver,
        curves: PumpCurves | None = None,
    ) -> None:
        self._city, self._options, self._solver, self._curves = city, options, solver, curves
        self._meters = BoundaryMeters.of(city)
        self._nominal_m3h = consumption_m3h(city.network.nodes, states)
        self._clock = LocalTime(options.time_zone)
        self._filter = BoundaryFilter(self._meters, options.tick_s)
        self._demand = DemandProfile.unknown()
        self._step_s = options.tick_s
        self._tested_us = 0
        self._seen: Floats | None = None
        self._expectation: DrivenExpectation | None = None
        self._tests: list[tuple[NDArray[np.int64], WindowStatistics]] = []
        self._longest = 0
        self._bank: SignatureBank | None = None
        self._modes: TankModes | None = None
        self._state: Bools | None = None
        self._values: DrivenValues | None = None
        self._lately: Stretch | None = None
        self._locator = DrivenLocator(city, self._meters, solver)
        self._open: _Open | None = None
        self._number = 0
        self._learned_ticks = 0
        self.threshold: Threshold | None = None

    @property
    def is_ready(self) -> bool:
        """Whether it has learned and tests ticks."""
        return self.threshold is not None

    @property
    def is_testing(self) -> bool:
        """Whether there are enough neighbouring ticks for a test; not in the first hour after a gap in the readings."""
        return self.is_ready and self._lately is not None and len(self._lately.values) >= self._shortest

    @property
    def _shortest(self) -> int:
        return min((test.shortest for _, test in self._tests), default=0)

    @property
    def is_holding(self) -> bool:
        """Whether a burst is open: later ticks are then no burst-free history."""
        return self._open is not None

    def learn(self, history: History) -> None:
        """Learn from burst-free history of at least three days; again only when it has become half as long again."""
        ticks = len(history.at_us)
        step_s = float(np.median(np.diff(history.at_us))) / 1e6 if ticks > 1 else 0.0
        if ticks * step_s < _LEAST_DAYS * 86_400.0 or ticks < 1.5 * self._learned_ticks or self.is_holding:
            return
        if step_s < 0.99 * self._options.tick_s:
            return  # windows and noise are those of the history's grid, which later ticks must be able to follow
        self._step_s = step_s
        self._filter = BoundaryFilter(self._meters, step_s)
        value = {channel: table.astype(np.float64) for channel, table in history.value.items()}
        self._filter.learn_rates(self._filter.levels(value))
        readings = self._readings(history.at_us, value)
        self._demand = DemandProfile.of(readings, self._day(is_smooth=False), self._day(is_smooth=True))
        values = self._solver.values(readings.driving(self._demand))
        learned = DrivenTicks.of(readings, values, balanced=self._meters.balanced)
        if np.isfinite(values.demand_m3h).mean() < _LEAST_SOLVED:
            return
        expectation = DrivenExpectation(learned, len(self._meters.state_link), float(self._nominal_m3h.mean()))
        bank = self._signatures(expectation, learned)
        if bank is None:
            return
        self._bank = bank
        stretch = self._stretch(expectation, learned, (expectation.remains, expectation.leverage_rows), None, None)
        clean = self._cleaned(stretch)
        self._tests = [
            (columns, WindowStatistics(clean.of(columns), replace(bank, of_pipe=bank.of_pipe[:, columns]), step_s))
            for columns in self._channel_sets(stretch.values.shape[1])
        ]
        self._longest = max(test.longest for _, test in self._tests)
        one = self._tests[0][1]
        self._locator.learn(clean, one.windows, one.reference)
        self._locator.follow(learned)
        replayed = np.max([test.replayed for _, test in self._tests], axis=0)
        self.threshold = calibrated(replayed[self._shortest :], step_s, _WANTED_A_MONTH)
        self._expectation, self._modes, self._learned_ticks = expectation, values.modes, ticks
        self._tested_us, self._seen = int(history.at_us[-1]), None
        self._state, self._values = learned.state[-1], values
        self._lately = stretch.last(self._longest + _SPARE_TICKS)

    def tick(self, value: Floats, usable: Bools, now_us: int) -> tuple[tuple[BurstFinding, ...], tuple[BurstFinding, ...]]:
        """(new findings, revisions) of one tick; ``value``, ``usable``: (stations, channels)."""
        if self._expectation is None or self.threshold is None:
            return (), ()
        seen = self._sampled(np.where(usable, value, np.nan), now_us)
        if seen is None:
            return (), ()
        readings = self._readings(np.array([now_us]), {channel: seen[None, :, channel] for channel in range(seen.shape[1])})
        values = self._solver.values(readings.driving(self._demand), self._modes)
        self._modes = values.modes
        earlier = self._values
        before_m3h = None if earlier is None else earlier.inflow_m3h[-1]
        ticks = DrivenTicks.of(readings, values, balanced=self._meters.balanced, before_m3h=before_m3h)
        self._locator.follow(ticks)
        new = self._stretch(self._expectation, ticks, self._expectation.judged(ticks), self._state, earlier)
        self._state, self._values = ticks.state[-1], values
        self._lately = lately = _joined(self._lately, new, self._longest + _SPARE_TICKS)
        clean = self._cleaned(lately)
        found = [(columns, test.match(clean.of(columns))) for columns, test in self._tests]
        known = [(columns, match) for columns, match in found if match is not None]
        if not known:
            return (), ()
        columns, match = max(known, key=lambda one: one[1].statistic)
        return self._judged(match, _Now(clean, lately.of(columns).scale[-1], readings, ticks.values.shut[-1], now_us))

    def _channel_sets(self, channels: int) -> list[NDArray[np.int64]]:
        """All channels, and without the single flows: where those are restless they would hide what pressures show."""
        flows = np.arange(len(self._meters.flow_station)) + len(self._meters.pressure_station)
        every = np.arange(channels)
        without = np.setdiff1d(every, flows)
        return [every, without] if len(flows) else [every]

    def _sampled(self, seen: Floats, now_us: int) -> Floats | None:
        """The latest values on the grid of the history, (stations, channels); None between its ticks."""
        if self._seen is not None:
            seen = np.where(np.isfinite(seen), seen, self._seen)
        since_s = (now_us - self._tested_us) / 1e6
        if 0.0 <= since_s < self._step_s - 0.5 * self._options.tick_s:
            self._seen = seen
            return None
        if not 0.0 <= since_s < 1.5 * self._step_s and self._tested_us:
            self._lately = None  # after a gap: a difference across it would be no difference of neighbouring ticks
            self._filter.forget()
            self._locator.forget()
            self._values = None
        self._tested_us, self._seen = now_us, None
        return seen

    def _judged(self, match: Match, now: _Now) -> tuple[tuple[BurstFinding, ...], tuple[BurstFinding, ...]]:
        assert self.threshold is not None
        held = self._open
        if held is not None:
            if held.finding.revision < _REVISIONS:
                revised = self._finding(match, now)
                finding = held.finding
                held.finding = replace(
                    finding, location=revised.location, evidence=revised.evidence, revision=finding.revision + 1
                )
                return (), (held.finding,)
            if now.at_us >= held.until_us and match.statistic <= self.threshold.value:
                self._open = None
                # Its ticks are no reference for later ones: a burst that lasts, or its repair, would be found once more.
                self._lately = None if self._lately is None else self._lately.last(self._shortest)
            return (), ()
        if match.statistic <= self.threshold.value:
            return (), ()
        self._number += 1
        finding = self._finding(match, now)
        self._open = _Open(finding, now.at_us + int(_HOLD_TICKS_S * 1e6))
        return (finding,), ()

    def _finding(self, match: Match, now: _Now) -> BurstFinding:
        assert self.threshold is not None
        at = moment(now.at_us)
        since_us = now.at_us - int((match.window - 1) * self._step_s * 1e6)
        evidence = self._evidence(match, now.scale, now.readings, now.at_us)
        location = self._location(match, now, tuple(one.station_id for one in evidence))
        return BurstFinding(
            at=at,
            first_abnormal_at=moment(since_us),
            path="A" if match.window <= _LEAST_EVIDENCE else "B",
            statistic=match.statistic,
            threshold=self.threshold.value,
            evidence=evidence,
            location=location,
            finding_id=f"{at:%Y%m%dT%H%M%S}-d{self._number}",
            lane="level",
        )

    def _location(self, match: Match, now: _Now, moved: tuple[str, ...]) -> Location:
        assert self._bank is not None
        linear = self._bank.of_pipe[now.clean.row[-1]]
        driving = now.readings.driving(self._demand)
        return self._locator.located(match.window, now.clean, linear, driving, now.shut, moved)

    def _evidence(self, match: Match, scale: Floats, readings: TickReadings, now_us: int) -> tuple[Evidence, ...]:
        count = len(self._meters.pressure_station)
        shift_m = (match.difference * scale)[:count]
        size = np.abs(match.difference[:count]) / np.sqrt(np.diag(match.covariance)[:count])
        pressure = readings.pressure_m[-1]
        chosen = max(_LEAST_EVIDENCE, int(np.count_nonzero(size > _MOVED_SIGMAS)))
        order = [place for place in np.argsort(-size, kind="stable") if np.isfinite(pressure[place])][:chosen]
        ids, rows, at = self._city.stations.asset_id, self._meters.pressure_station, moment(now_us)
        return tuple(
            Evidence(
                str(ids[rows[place]]),
                "pressure",
                float(pressure[place] * KPA_PER_METRE),
                float((pressure[place] - shift_m[place]) * KPA_PER_METRE),
                at,
            )
            for place in order
        )

    def _day(self, *, is_smooth: bool) -> Floats:
        """(slots,) consumption of the model in the middle of each slot of the day."""
        middle = (np.arange(SLOTS, dtype=np.float64) + 0.5) * (DAY_S / SLOTS)
        meters = self._meters
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

    def _readings(self, at_us: NDArray[np.int64], value: dict[int, Floats]) -> TickReadings:
        local = at_us + np.array([self._clock.offset_us(int(one)) for one in at_us[-1:]])[-1]
        weekend = ((local // _DAY_US + 3) % 7) >= 5  # day 0 of the epoch was a Thursday
        return self._filter.take(value, (local % _DAY_US) / 1e6, weekend)

    def _stretch(
        self,
        expectation: DrivenExpectation,
        ticks: DrivenTicks,
        judged: tuple[Floats, NDArray[np.float32]],
        before: Bools | None,
        earlier: DrivenValues | None,
    ) -> Stretch:
        regime = expectation.regime(ticks.state)
        first = ticks.state[:1] if before is None else before[None, :]
        changed = (np.vstack([first, ticks.state[:-1]]) != ticks.state).any(axis=1)
        changed &= ~(_moved_m3h(ticks.values, earlier) < _SMALL_SWITCH * self._nominal_m3h.mean())
        scale = expectation.sigma[regime]
        assert self._bank is not None
        row = self._bank.nearest(regime, ticks.values.demand_m3h)
        rest, leverage_rows = judged
        other: NDArray[np.float32] = np.asarray(expectation.mode_changes(ticks) / scale[:, None, :], dtype=np.float32)
        return Stretch(rest / scale, scale, regime, changed, ticks.readings.second_of_day, row, leverage_rows, other)

    def _cleaned(self, stretch: Stretch) -> Stretch:
        measured = len(self._meters.pressure_station) + len(self._meters.flow_station)
        stored = np.arange(stretch.values.shape[1]) >= measured
        return replace(stretch, values=cleaned(stretch.values, stretch.changed, stored))

    def _signatures(self, expectation: DrivenExpectation, learned: DrivenTicks) -> SignatureBank | None:
        """Signatures in states of the frequent combinations, at low, middle and high demand; None where EPANET failed."""
        channels, pipes = learned.observed.shape[1], len(self._city.network.pipes)
        regime, demand = expectation.regime(learned.state), learned.values.demand_m3h
        count = np.bincount(regime, minlength=len(expectation.modes))
        room = int(np.clip(_LARGEST_BANK // max(channels * pipes, 1), 1, _BANK_STATES))
        shares = _BANK_SHARES if room >= 2 * len(_BANK_SHARES) else _BANK_SHARES[1:2]
        ticks: list[int] = []
        for one in np.argsort(-count, kind="stable")[: max(room // len(shares), 1)]:
            own = np.flatnonzero((regime == one) & np.isfinite(demand))
            own = own[np.argsort(demand[own], kind="stable")]
            ticks += [int(own[int(share * (len(own) - 1))]) for share in shares if len(own)]
        chosen = np.array(ticks, dtype=np.int64)
        states = self._solver.states(learned.readings.driving(self._demand).part(chosen), learned.values.shut[chosen])
        if len(states) < len(chosen):
            return None
        table = np.stack([self._of_pipes(state, channels) for state in states])
        return SignatureBank(regime[chosen], np.asarray(demand[chosen]), table)

    def _of_pipes(self, state: HydraulicState, channels: int) -> NDArray[np.float32]:
        slopes = self._curves.slopes(state) if self._curves is not None else None
        signatures = build_signatures(self._city, state, pump_slope_m_per_m3h=slopes)
        network, meters = self._city.network, self._meters
        heads = signatures.of_pipes(network)[meters.pressure_station]
        flows = np.zeros((len(meters.flow_station), heads.shape[1]), dtype=np.float32)
        if signatures.flow_per_m3h is not None:
            flows = mean_of_ends(signatures.flow_per_m3h, network)[meters.flow_station]
        tanks = mean_of_ends(tank_inflow_signatures(network, state, meters.tank_node, slopes), network)
        own = np.concatenate([heads, flows, tanks])
        if channels == len(own):
            return own
        # What bursts, the sources and tanks must bring, wherever it is.
        return np.concatenate([own, np.ones((1, own.shape[1]), dtype=np.float32)])


def _moved_m3h(values: DrivenValues, earlier: DrivenValues | None) -> Floats:
    """(ticks,) by how much the modelled flows moved since the tick before, all together; NaN where unknown."""
    flow = np.hstack([values.flow_m3h, values.inflow_m3h])
    first = flow[:1] if earlier is None else np.hstack([earlier.flow_m3h, earlier.inflow_m3h])[-1:]
    return np.asarray(np.abs(np.diff(np.vstack([first, flow]), axis=0)).sum(axis=1))


def _joined(before: Stretch | None, new: Stretch, kept: int) -> Stretch:
    if before is None:
        return new
    parts = (
        np.concatenate([getattr(before, name), getattr(new, name)])[-kept:]
        for name in ("values", "scale", "regime", "changed", "second_of_day", "row", "leverage_rows", "other_modes")
    )
    return Stretch(*parts)
