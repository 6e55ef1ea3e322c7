"""Detector: the live picture's columns at each tick in; bursts, station findings and expected values out."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.baseline import LocalTime, Profile, TrailingLevel
from console.detection.book import SignatureBook
from console.detection.faults import StationWatch
from console.detection.finding import BurstFinding, StationFinding
from console.detection.groups import pressure_stations, station_groups
from console.detection.history import History
from console.detection.options import DetectorOptions
from console.detection.watch import BurstWatch, Crossing
from console.domain.alarms import Evidence
from console.domain.clock import moment
from console.domain.readings import Channel, Quality
from maps.city import City
from maps.hydraulics.state import HydraulicState
from maps.locate.locator import locate
from maps.locate.result import Location
from maps.locate.signatures import Signatures
from maps.units import KPA_PER_METRE

_REVISIONS = 2
_MOVED_SIGMAS = 3.0
_DAY_US = 86_400_000_000
_FRESH_TICKS = 1.5
_JOINING_TICKS = 5
_LATELY_TICKS = 5


@dataclass(frozen=True, eq=False)
class TickResult:
    """What one tick showed. ``expected``: (stations, channels), inside units, NaN where unknown.

    ``bursts``: new ones, one per cause. ``revisions``: the last bursts' findings again, located better with the next
    ticks (same ``finding_id``). ``learning``: (stations,) pressure stations whose normal is not known yet.
    """

    bursts: tuple[BurstFinding, ...]
    stations: tuple[StationFinding, ...]
    expected: NDArray[np.float64]
    revisions: tuple[BurstFinding, ...] = ()
    learning: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))


@dataclass(eq=False)
class _Case:
    """A detection being held: residuals summed for the next ticks' better location."""

    finding: BurstFinding
    opened_us: int
    until_us: int
    total_m: NDArray[np.float64]
    ticks: int
    lately: deque[NDArray[np.float64]]


class Detector:
    """Detection for one city. ``states``: hydraulic states over the day (hourly is enough), None without a model.

    ``model``: calibrated, imported or built, as shown with a location. Not thread safe: one thread ticks.
    """

    def __init__(
        self,
        city: City,
        states: Sequence[HydraulicState] | None,
        options: DetectorOptions | None = None,
        *,
        model: str = "imported",
    ) -> None:
        self._city = city
        self.options = options or DetectorOptions(time_zone=city.info.time_zone)
        self._book = SignatureBook(city, states, model)
        stations = len(city.stations)
        groups = station_groups(city, self.options.group_size)
        self._watches = [BurstWatch(rows, self._book, self.options, len(groups)) for rows in groups]
        self._cases: dict[int, _Case] = {}
        self._clock = LocalTime(self.options.time_zone)
        ticks = self.options.level_s / self.options.tick_s
        self._profile: dict[Channel, Profile] = {}
        model_day = self._book.pressures_kpa()
        if model_day is not None and stations:
            self._profile[Channel.PRESSURE] = Profile.of_day(model_day[1])
        self._level = {channel: TrailingLevel(stations, ticks) for channel in (Channel.PRESSURE, Channel.FLOW)}
        self._faults = StationWatch(city.stations, self.options)
        self._pressure = np.zeros(stations, dtype=bool)
        self._pressure[pressure_stations(city.stations)] = True
        self._learned = np.zeros(stations, dtype=bool)
        self._joining_us = int(_JOINING_TICKS * self.options.tick_s * 1e6)
        self._number = 0

    def tick(self, value: NDArray[np.float64], at_us: NDArray[np.int64], quality: NDArray[np.uint8], now_us: int) -> TickResult:
        """One tick on the live picture: arrays (stations, channels), inside units; ``now_us`` the tick's time.

        Only samples that are new since the last tick and from its own interval are evidence; what comes late is
        history and raises nothing.
        """
        fresh = self._faults.fresh(at_us) & (at_us > now_us - int(_FRESH_TICKS * self.options.tick_s * 1e6))
        good = (quality == Quality.GOOD) & np.isfinite(value)
        found = self._faults.instruments(value, at_us, good, now_us)
        usable = fresh & good & ~self._faults.faulty()
        expected = self._expected(at_us, now_us)
        residual = np.where(usable[:, Channel.PRESSURE], value[:, Channel.PRESSURE] - expected[:, Channel.PRESSURE], np.nan)
        residual_m = residual / KPA_PER_METRE
        tested = np.where(self._ready(), residual_m, np.nan)
        bursts, revisions = self._search(tested, value, expected, now_us)
        sigma_m, excused = self._noise(len(value))
        found += self._faults.deviations(
            np.where(fresh[:, Channel.PRESSURE], residual_m, np.nan), sigma_m, excused, value, expected, at_us, now_us
        )
        found += self._faults.limits(value, expected, at_us, fresh & good, now_us)
        self._follow(value, at_us, usable, sigma_m, excused, now_us)
        return TickResult(bursts, tuple(found), expected, revisions, self._pressure & ~self._ready())

    def learn(self, history: History) -> None:
        """Baselines, noise and thresholds from quiet history (a few days at least; weeks give the time of week)."""
        if len(history.at_us) < 2:
            return
        local = history.at_us + self._clock.offset_us(int(history.at_us[-1]))
        for channel in (Channel.PRESSURE, Channel.FLOW):
            values = history.value.get(int(channel))
            if values is None or (local[-1] - local[0]) < _DAY_US:
                continue
            self._learn_channel(channel, local, values)

    def smallest_flows_m3h(self, now_us: int) -> NDArray[np.float64]:
        """Per pipe the burst that one tick is likely to show at this time of day, (pipes,), m³/h; infinite where unseen.

        What is smaller may still be found by the longer windows; much smaller, by nobody: the stations do not tell.
        """
        second = ((now_us + self._clock.offset_us(now_us)) % _DAY_US) / 1e6
        pipes = self._city.network.pipes
        least = np.full(len(pipes), np.inf)
        for watch in self._watches:
            least = np.minimum(least, watch.smallest_flows(second, (pipes.from_node, pipes.to_node)))
        return least

    def _learn_channel(self, channel: Channel, local_us: NDArray[np.int64], values: NDArray[np.float32]) -> None:
        profile = Profile.learned(local_us, values)
        known = np.asarray(np.isfinite(profile.table).all(axis=0))
        before = self._profile.get(channel)
        if before is not None and not known.all():
            # Stations without history keep what the model expects of them.
            for column in np.flatnonzero(~known):
                times = local_us[0] + np.arange(len(profile.table)) * (_DAY_US * 7 // len(profile.table))
                profile.table[:, column] = [before.at(np.array([t]), np.array([column]))[0] for t in times]
        self._profile[channel] = profile
        step_s = float(np.median(np.diff(local_us))) / 1e6
        level = TrailingLevel(values.shape[1], self.options.level_s / step_s)
        residuals = np.full(values.shape, np.nan, dtype=np.float32)
        scale = self._history_scale(profile, local_us, values)
        nothing_held = np.zeros(values.shape[1], dtype=bool)
        for index, at in enumerate(local_us):
            deviation = values[index] - profile.at(np.array([at]))
            residuals[index] = deviation - level.level
            level.update(deviation, 3.0 * scale, nothing_held)
        self._level[channel].take_over(level)
        if channel is Channel.PRESSURE:
            self._learn_noise(residuals / np.float32(KPA_PER_METRE), local_us, known, int(2 * self.options.level_s / step_s))

    def _history_scale(self, profile: Profile, local_us: NDArray[np.int64], values: NDArray[np.float32]) -> NDArray[np.float64]:
        some = np.linspace(0, len(local_us) - 1, min(len(local_us), 2000)).astype(np.int64)
        deviation = np.abs(np.stack([values[index] - profile.at(np.array([local_us[index]])) for index in some]))
        known = np.isfinite(deviation).any(axis=0)
        scale = np.full(values.shape[1], KPA_PER_METRE)
        if known.any():
            scale[known] = 1.4826 * np.nanmedian(deviation[:, known], axis=0)
        return np.asarray(np.maximum(scale, 1e-3))

    def _learn_noise(
        self, residuals: NDArray[np.float32], local_us: NDArray[np.int64], known: NDArray[np.bool_], settling: int
    ) -> None:
        settled = slice(settling, None)
        seconds = (local_us[settled] % _DAY_US) / 1e6
        for watch in self._watches:
            watch.learn(residuals[settled][:, watch.rows], seconds)
        self._learned |= known

    def _expected(self, at_us: NDArray[np.int64], now_us: int) -> NDArray[np.float64]:
        """Profile at each value's own time plus the trailing level; NaN where neither is known."""
        expected = np.full(at_us.shape, np.nan)
        for channel, level in self._level.items():
            seen = level.seen > 0
            base = np.zeros(len(at_us))
            if channel in self._profile and len(at_us):
                when = np.where(at_us[:, channel] > 0, at_us[:, channel], now_us)
                base = self._profile[channel].at(when + self._clock.offset_us(now_us))
            has_base = np.isfinite(base) & (channel in self._profile)
            total = np.nan_to_num(base) + level.level
            expected[:, channel] = np.where(seen | (has_base & self._learned), total, np.nan)
        return expected

    def _ready(self) -> NDArray[np.bool_]:
        """Pressure stations whose normal is known: from history, or after the warm-up."""
        return self._learned | (self._level[Channel.PRESSURE].seen >= self.options.warm_up_ticks)

    def _follow(
        self,
        value: NDArray[np.float64],
        at_us: NDArray[np.int64],
        usable: NDArray[np.bool_],
        sigma_m: NDArray[np.float64],
        excused: NDArray[np.bool_],
        now_us: int,
    ) -> None:
        """Let the trailing levels take in the tick; held where a burst may be under way."""
        for channel, level in self._level.items():
            base = np.zeros(len(value))
            if channel in self._profile and len(value):
                base = np.nan_to_num(self._profile[channel].at(at_us[:, channel] + self._clock.offset_us(now_us)))
            deviation = np.where(usable[:, channel], value[:, channel] - base, np.nan)
            pressure = channel is Channel.PRESSURE
            limit = 3.0 * sigma_m * KPA_PER_METRE if pressure else np.full(len(value), np.inf)
            level.update(deviation, limit, excused)

    def _noise(self, stations: int) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """(sigma of each pressure station (m), whether a burst may be what moves it)."""
        sigma = np.full(stations, self.options.reading_sigma_m)
        excused = np.zeros(stations, dtype=bool)
        for index, watch in enumerate(self._watches):
            sigma[watch.rows] = np.sqrt(np.diag(watch.covariance))
            excused[watch.rows] = index in self._cases or watch.abnormal_since_us is not None
        return sigma, excused

    def _search(
        self, residual_m: NDArray[np.float64], value: NDArray[np.float64], expected: NDArray[np.float64], now_us: int
    ) -> tuple[tuple[BurstFinding, ...], tuple[BurstFinding, ...]]:
        second = ((now_us + self._clock.offset_us(now_us)) % _DAY_US) / 1e6
        revisions = self._continue_cases(residual_m, second, now_us)
        crossings: list[tuple[int, Crossing]] = []
        for index, watch in enumerate(self._watches):
            if index not in self._cases:
                crossing = watch.tick(residual_m[watch.rows], second, now_us)
                if crossing is not None:
                    crossings.append((index, crossing))
        if not crossings:
            return (), revisions
        # Groups crossing together, or just after, have one cause: the strongest speaks, the others are held with it.
        index, strongest = max(crossings, key=lambda item: item[1].statistic / item[1].threshold)
        lately = [case for case in self._cases.values() if now_us <= case.opened_us + self._joining_us]
        if lately:
            for held, crossing in crossings:
                self._open_case(held, crossing, lately[0].finding, now_us)
            return (), revisions
        finding = self._finding(index, strongest, value, expected, second, now_us)
        for held, crossing in crossings:
            self._open_case(held, crossing, finding, now_us)
        return (finding,), revisions

    def _open_case(self, index: int, crossing: Crossing, finding: BurstFinding, now_us: int) -> None:
        until = now_us + int(self.options.hold_s * 1e6)
        self._cases[index] = _Case(
            finding,
            now_us,
            until,
            crossing.residual_m * crossing.window,
            crossing.window,
            deque([crossing.residual_m], maxlen=_LATELY_TICKS),
        )
        self._watches[index].forget_recent()

    def _finding(
        self,
        index: int,
        crossing: Crossing,
        value: NDArray[np.float64],
        expected: NDArray[np.float64],
        second: float,
        now_us: int,
    ) -> BurstFinding:
        watch = self._watches[index]
        self._number += 1
        since = watch.abnormal_since_us or now_us
        at = moment(now_us)
        return BurstFinding(
            at=at,
            first_abnormal_at=moment(min(since, now_us)),
            path=crossing.path,
            statistic=crossing.statistic,
            threshold=crossing.threshold,
            evidence=self._evidence(watch, crossing.residual_m, value, expected, now_us),
            location=self._located(watch, crossing.residual_m, second, crossing.window),
            finding_id=f"{at:%Y%m%dT%H%M%S}-{self._number}",
        )

    def _evidence(
        self,
        watch: BurstWatch,
        residual_m: NDArray[np.float64],
        value: NDArray[np.float64],
        expected: NDArray[np.float64],
        now_us: int,
    ) -> tuple[Evidence, ...]:
        """Stations that moved, most first; at least the three that moved most."""
        shift = np.abs(np.nan_to_num(residual_m)) / np.sqrt(np.diag(watch.covariance))
        order = np.argsort(-shift, kind="stable")
        count = max(3, int(np.count_nonzero(shift > _MOVED_SIGMAS)))
        rows = [int(watch.rows[position]) for position in order[:count] if np.isfinite(residual_m[position])]
        channel, at = Channel.PRESSURE, moment(now_us)
        return tuple(
            Evidence(
                str(self._city.stations.asset_id[row]), "pressure", float(value[row, channel]), float(expected[row, channel]), at
            )
            for row in rows
        )

    def _located(self, watch: BurstWatch, residual_m: NDArray[np.float64], second: float, ticks: int) -> Location:
        """Candidates from the group's stations, a clear glitch among them left out."""
        whole = self._book.signatures(self._book.page(second))
        ids = tuple(whole.station_id[row] for row in watch.rows)
        own = Signatures(whole.at_s, ids, whole.head_m_per_m3h[watch.rows], whole.demand_m3h)
        usable = np.isfinite(residual_m)
        usable[watch.outliers(residual_m, second)] = False
        return locate(
            self._city.network,
            own,
            residual_m,
            usable=usable,
            noise_covariance=watch.covariance / ticks,
            model=self._book.model,
            options=self.options.locate,
        )

    def _continue_cases(self, residual_m: NDArray[np.float64], second: float, now_us: int) -> tuple[BurstFinding, ...]:
        """Better location with the ticks after a detection; the end of holding, when the new level is accepted."""
        revised: list[BurstFinding] = []
        told: set[str] = set()
        for index, case in list(self._cases.items()):
            watch = self._watches[index]
            seen = residual_m[watch.rows]
            known = np.isfinite(seen)
            case.total_m = np.where(known, case.total_m + seen, case.total_m * (case.ticks + 1) / case.ticks)
            case.ticks += 1
            mean = case.total_m / case.ticks
            case.lately.append(seen)
            name = case.finding.finding_id
            if case.finding.revision < _REVISIONS and known.any() and name not in told:
                told.add(name)
                location = self._located(watch, mean, second, case.ticks)
                case.finding = replace(case.finding, location=location, revision=case.finding.revision + 1)
                revised.append(case.finding)
            if now_us >= case.until_us:
                self._level[Channel.PRESSURE].shift(watch.rows, _lasting(case.lately) * KPA_PER_METRE)
                del self._cases[index]
        return tuple(revised)


def _lasting(residuals: deque[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The step that the last ticks agree on, per station; zero where nothing was heard."""
    stacked = np.stack(list(residuals))
    heard = np.isfinite(stacked).any(axis=0)
    step = np.zeros(stacked.shape[1])
    if heard.any():
        step[heard] = np.nanmedian(stacked[:, heard], axis=0)
    return step
