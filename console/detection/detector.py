"""Detector: from the live readings of each tick computes bursts, station findings and expected values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from console.detection.burst_tracker import BurstTracker
from console.detection.driven.driven_learning import Learned, Quiet
from console.detection.driven.driven_watch import DrivenWatch
from console.detection.driven.threshold_calibration import Threshold
from console.detection.finding import BurstFinding, OperationFinding, StationFinding
from console.detection.flow.meter_watch import MeterTests
from console.detection.flow.pump_meters import PumpChannels
from console.detection.flow.reducing_valves import ReducingValveTest
from console.detection.history import History
from console.detection.localisation import Group, Tick
from console.detection.options import DetectorOptions
from console.detection.pressure.expectation import Expectation, QuietResiduals
from console.detection.pressure.group_watch import LevelTest
from console.detection.pressure.night_trend import NightTrend
from console.detection.pressure.steps import StepTest
from console.detection.quality.elevation_errors import ElevationErrors
from console.detection.quality.station_checks import StationChecks
from console.detection.signature_cache import DAY_S, SignatureCache
from console.detection.signature_making import Host
from console.detection.station_groups import pressure_stations, station_groups
from console.domain.alarms import Alarm, AlarmState
from console.domain.readings import Channel, Quality
from maps.city import City
from maps.columns import Bools, Floats
from maps.hydraulics.boundary import DrivenSolver
from maps.hydraulics.state import HydraulicState
from maps.locate.pumps import PumpCurves
from maps.locate.refine import Responses
from maps.units import KPA_PER_METRE

_FRESH_TICKS = 1.5


@dataclass(frozen=True, eq=False)
class TickResult:
    """Result of one tick. ``expected``: (stations, channels), internal units, NaN where unknown.

    ``bursts``: new ones, one per cause. ``revisions``: earlier findings relocated with later ticks (same ``finding_id``).
    ``learning``: (stations,) pressure stations without a baseline yet. ``operations``: switching operations that explain a step
    of pressures. ``sigma_kpa``: (stations,) standard deviation of pressure around its expected value, NaN while it is only
    assumed.
    """

    bursts: tuple[BurstFinding, ...]
    stations: tuple[StationFinding, ...]
    expected: NDArray[np.float64]
    revisions: tuple[BurstFinding, ...] = ()
    learning: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))
    operations: tuple[OperationFinding, ...] = ()
    sigma_kpa: NDArray[np.float64] = field(default_factory=lambda: np.full(0, np.nan))


class Detector:
    """Detection for one city. ``states``: hydraulic states over the day (hourly is enough), None without a model.

    ``model``: calibrated, imported or built, as shown with a location; by default as the city states.
    Not thread safe: one thread calls ``tick``.
    """

    def __init__(
        self,
        city: City,
        states: Sequence[HydraulicState] | None,
        options: DetectorOptions | None = None,
        *,
        model: str | None = None,
        responses: Responses | None = None,
        host: Host | None = None,
        pump_curves: PumpCurves | None = None,
        driven: DrivenSolver | None = None,
    ) -> None:
        """``responses``: full hydraulic solutions that refine a location; computed in the EPANET process, up to about a second.

        ``host``: runs the computation of interpolated signatures, which holds the interpreter's lock, in another process.
        ``pump_curves``: pump curves of the city's model; read from it when not given. ``driven``: solves the model under measured
        boundary conditions; then bursts are found by it once it has learned from history.
        """
        self._city = city
        self.responses = responses
        self.options = options or DetectorOptions(time_zone=city.info.time_zone)
        word = model or (city.epanet.word if city.epanet is not None else "imported")
        self._cache = cache = SignatureCache(
            city, states, word, deferred=self.options.deferred, host=host, pump_curves=pump_curves
        )
        groups = station_groups(city, self.options.group_size)
        lanes = 2 * len(groups)
        self._groups = [
            Group(
                LevelTest(rows, cache, self.options, lanes),
                StepTest(rows, cache, self.options, lanes, number),
                NightTrend(rows, cache, self.options, len(groups)),
            )
            for number, rows in enumerate(groups)
        ]
        self._driven: DrivenWatch | None = None
        if driven is not None and states and "driven" not in self.options.without:
            self._driven = DrivenWatch(city, states, self.options, driven, pump_curves)
        running = cache.running_pumps
        self._pumps, self._meters = PumpChannels(city, running if running.any() else None), MeterTests(city)
        regulation = ReducingValveTest(city, self._meters.reducing, self.options.tick_s)
        self._tracker = BurstTracker(city, cache, self._groups, self.options, regulation, self._meters, responses)
        self._expectation = Expectation(len(city.stations), self.options, cache.pressures_kpa())
        self.elevations = ElevationErrors(len(city.stations), self.options.time_zone, cache.pressures_kpa())
        self._faults = StationChecks(city.stations, self.options)
        self._group_of = np.full(len(city.stations), -1, dtype=np.int64)
        for number, rows in enumerate(groups):
            self._group_of[rows] = number
        self._pressure = np.zeros(len(city.stations), dtype=bool)
        self._pressure[pressure_stations(city.stations)] = True
        self._heard = np.zeros(len(groups), dtype=bool)
        self._second_of_day = 0.0

    @property
    def station_ids(self) -> tuple[str, ...]:
        """Station ids, in the row order of all arrays here."""
        return tuple(str(asset) for asset in self._city.stations.asset_id)

    @property
    def groups(self) -> int:
        """Number of station groups."""
        return len(self._groups)

    @property
    def is_holding(self) -> bool:
        """Whether a burst is open: present readings are then no burst-free history."""
        if self._driven is not None and self._driven.is_ready:
            return self._driven.is_holding or (not self._driven.is_testing and self._tracker.is_holding)
        return self._tracker.is_holding

    @property
    def threshold(self) -> Threshold | None:
        """How the threshold of the driven model was read from history; None where the model is not driven."""
        return None if self._driven is None else self._driven.threshold

    @property
    def lacks_history(self) -> bool:
        """Whether the driven watch could test, but has not learned yet."""
        return self._driven is not None and not self._driven.is_ready

    def learned_from(self, history: History) -> Learned | None:
        """What the driven watch learns from burst-free history, on any thread; for ``adopt``. None where that is too short."""
        return None if self._driven is None else self._driven.learned_from(history)

    @property
    def is_due(self) -> bool:
        """Whether the driven watch should learn again from its live ticks (``learns_again``, then ``adopt``)."""
        return self._driven is not None and self._driven.is_due

    def learns_again(self) -> Callable[[Quiet], Learned | None]:
        """What learns anew from the live ticks kept now, on any thread while ticks go on; only where it ``is_due``.

        Given which times are no part of a case. Solves nothing again unless the demand changed. None where too little is left.
        """
        assert self._driven is not None
        return self._driven.learns_again()

    def adopt(self, learned: Learned) -> None:
        """Test later ticks by what was learned again. Not during a tick, nor while a burst is open (``is_holding``)."""
        assert self._driven is not None
        self._driven.adopt(learned)

    def tick(
        self,
        value: NDArray[np.float64],
        at_us: NDArray[np.int64],
        quality: NDArray[np.uint8],
        now_us: int,
        *,
        force: bool = False,
        disturbed: bool = False,
    ) -> TickResult:
        """Process one tick of live readings: arrays (stations, channels), internal units; ``now_us`` the tick's time.

        Only samples that are new since the last tick and taken within its interval are tested; late samples raise nothing.
        ``force``: a burst is known to have happened; locate it whatever the statistic. ``disturbed``: a burst incident is open.
        """
        fresh = self._faults.fresh(at_us, now_us) & (at_us > now_us - int(_FRESH_TICKS * self.options.tick_s * 1e6))
        good = (quality == Quality.GOOD) & np.isfinite(value)
        found = self._faults.instruments(value, at_us, good, now_us)
        usable = fresh & good & ~self._faults.faulty()
        expected = self._expectation.values(at_us, now_us)
        pressure, normal = value[:, Channel.PRESSURE], expected[:, Channel.PRESSURE]
        heard, taken = fresh[:, Channel.PRESSURE], usable[:, Channel.PRESSURE]
        deviation_m = np.where(heard, (pressure - normal) / KPA_PER_METRE, np.nan)
        switched, steady = self._pumps.read(value, usable)
        surge = self._meters.read(value, expected, usable, now_us)
        tick = Tick(
            now_us,
            self._expectation.second_of_day(now_us),
            np.where(taken, pressure / KPA_PER_METRE, np.nan),
            np.where(taken, deviation_m, np.nan),
            self._expectation.ready(),
            pressure,
            switched,
            steady,
            surge,
        )
        driven = self._by_model(value, usable, now_us) if not force else None
        revisions = self._tracker.revise(tick, self._expectation)
        self._heard |= np.array([taken[group.rows].any() for group in self._groups], dtype=bool)
        self._second_of_day = tick.second_of_day
        bursts, operations = self._tracker.search(tick, self._expectation, force, located=driven is None)
        sigma_m, excused = self._noise(len(value))
        alone, together = self._faults.deviations(deviation_m, sigma_m, excused, self._group_of, value, expected, at_us, now_us)
        found += alone
        usual = self._expectation.usual(expected, at_us, now_us)
        found += self._faults.limits(value, expected, usual, at_us, fresh & good, now_us, self.elevations.error_m)
        found += self._meters.tick(value, expected, usable, now_us, disturbed=disturbed or bool(bursts))
        bursts, revisions = driven if driven is not None else (bursts, revisions)
        bursts, revisions = (tuple(self._meters.weighed(one, value, now_us) for one in told) for told in (bursts, revisions))
        self._expectation.follow(value, at_us, usable, sigma_m, excused, now_us)
        self._expectation.accept(together, deviation_m[together])
        learning = self._pressure & ~(self._expectation.ready() & self._usable())
        sigma_kpa = self._seen_sigma_kpa(learning)
        return TickResult(bursts, tuple(found), expected, revisions, learning, operations, sigma_kpa)

    def _by_model(
        self, value: Floats, usable: Bools, now_us: int
    ) -> tuple[tuple[BurstFinding, ...], tuple[BurstFinding, ...]] | None:
        """(new findings, revisions) of the driven model; None where the lanes' count: no city is without a test after a gap."""
        if self._driven is None or not self._driven.is_ready:
            return None
        found = self._driven.tick(value, usable, now_us)
        return found if self._driven.is_testing else None

    @property
    def preparing(self) -> tuple[int, int]:
        """(reporting groups with signatures, reporting groups); groups without signatures are not tested yet."""
        usable = np.array([group.usable for group in self._groups], dtype=bool)
        return int(np.count_nonzero(usable & self._heard)), int(np.count_nonzero(self._heard))

    def prepare(self) -> bool:
        """With deferred signatures, compute those that one reporting group needs next; False when none is missing.

        First the present hydraulic state of every group, then the next state. Raises Closed.
        """
        if not self.options.deferred:
            return False
        soon = self._second_of_day + DAY_S / self._cache.pages
        for second in (self._second_of_day, soon % DAY_S):
            for heard, group in zip(self._heard, self._groups, strict=True):
                if heard and not group.steps.ready(second):
                    group.steps.prepare(second)
                    return True
        return False

    @property
    def closed(self) -> bool:
        """Whether it was closed."""
        return self._cache.closed

    def close(self) -> None:
        """Stop computing signatures (callable from any thread); calls that need them raise Closed."""
        self._cache.closed = True

    def resume_alarms(self, alarms: Iterable[Alarm]) -> None:
        """Restore station alarms raised before a restart, so that they end as without the restart. Call before the first tick."""
        living = (one for one in alarms if one.state is not AlarmState.CLEARED and one.returned_at is None)
        self._faults.resume((one.subject, one.code, one.channels) for one in living)

    def learn(self, history: History) -> None:
        """Estimate baselines, noise and thresholds from burst-free history (at least a few days; weekly profiles need weeks).

        With deferred signatures each group learns with the states already computed, at least with noon's.
        """
        if len(history.at_us) >= 2:
            self._expectation.learn(history, self._learn_noise)
            self.elevations.learn(history)
            self._meters.learn(history)
            self._learn_nights(history)
            if self._driven is not None:
                self._driven.learn(history)

    def smallest_flows_m3h(self, now_us: int) -> NDArray[np.float64]:
        """Smallest burst per pipe that one tick is likely to detect at this time of day, (pipes,), m³/h; infinite where none.

        Longer windows may detect somewhat smaller bursts; much smaller ones leave no significant residuals.
        """
        second = self._expectation.second_of_day(now_us)
        pipes = self._city.network.pipes
        least = np.full(len(pipes), np.inf)
        for group in self._groups:
            least = np.minimum(least, group.level.smallest_flows(second, (pipes.from_node, pipes.to_node)))
        return least

    def _learn_noise(self, quiet: QuietResiduals) -> None:
        days = len(quiet.second_of_day) * quiet.step_s / 86_400.0
        for group in self._groups:
            rows = group.rows
            if self.options.deferred:
                group.steps.prepare(DAY_S / 2.0)
            group.steps.learn(quiet.pressure_m[:, rows], quiet.second_of_day, quiet.step_s)
            group.level.learn(
                quiet.residual_m[:, rows], quiet.second_of_day, quiet.step_s, switching=group.steps.switching, days=days
            )

    def _learn_nights(self, history: History) -> None:
        pressures = history.value.get(int(Channel.PRESSURE))
        if pressures is None:
            return
        second = self._expectation.seconds_of_day(history.at_us)
        for group in self._groups:
            group.nights.learn(history.at_us, second, pressures[:, group.rows] / np.float32(KPA_PER_METRE))

    def _usable(self) -> NDArray[np.bool_]:
        """(stations,) False for reporting groups without signatures."""
        usable = np.ones(len(self._pressure), dtype=bool)
        for heard, group in zip(self._heard, self._groups, strict=True):
            usable[group.rows] = group.usable or not heard
        return usable

    def _seen_sigma_kpa(self, learning: NDArray[np.bool_]) -> NDArray[np.float64]:
        sigma = np.full(len(learning), np.nan)
        for group in self._groups:
            if group.level.is_estimated:
                sigma[group.rows] = group.level.sigma_m * KPA_PER_METRE
        return np.where(learning, np.nan, sigma)

    def _noise(self, stations: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """(standard deviation of each pressure station (m), whether a burst may explain its deviation)."""
        sigma = np.full(stations, self.options.reading_sigma_m)
        excused = np.zeros(stations, dtype=bool)
        for index, group in enumerate(self._groups):
            sigma[group.rows] = group.level.sigma_m
            excused[group.rows] = self._tracker.holds(index) or group.level.abnormal_since_us is not None
        if self._tracker.is_holding:
            excused |= ~self._pressure  # flow changes during a burst must not enter the baseline
        return sigma, excused
