"""Driven watch: tests every tick against the driven expectation and locates what crosses the threshold read from history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from console.detection.driven.boundary import BoundaryFilter, TickReadings
from console.detection.driven.driven_expectation import DrivenTicks
from console.detection.driven.driven_learning import DrivenLearning, Learned, Quiet, taken
from console.detection.driven.solved_ticks import SolvedTicks, TickMemory
from console.detection.driven.threshold_calibration import Threshold
from console.detection.driven.window_differences import Stretch
from console.detection.driven.window_statistics import Match
from console.detection.finding import BurstFinding
from console.detection.history import History
from console.detection.options import DetectorOptions
from console.detection.pressure.baseline import LocalTime
from console.domain.alarms import Evidence
from console.domain.clock import moment
from console.domain.readings import Channel
from maps.city import City
from maps.columns import Bools, Floats
from maps.hydraulics.boundary import DrivenSolver, TankModes
from maps.hydraulics.state import HydraulicState
from maps.locate.pumps import PumpCurves
from maps.locate.result import Location
from maps.units import KPA_PER_METRE

_DAY_US = 86_400_000_000
_MOST_DAYS = 28.0
"""From fewer days of history it learns again as they become more."""

_AGE_DAYS = 56.0
"""After so many days it learns again. In a city that does not change it finds fewer bursts within 15 minutes after it."""

_KEPT_DAYS = 56.0
"""Of ticks to learn from, those of history too: with cases left out 42 raised false events on later days, 56 did not."""

_GROWN = 1.5
"""A history shorter than that is learned again when it has become half as long again."""
_LEAST_QUIET = 0.5
_HOLD_TICKS_S = 21_600.0
_REVISIONS = 2
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
        self._city, self._options = city, options
        self._learning = DrivenLearning(city, states, options, solver, curves)
        self._meters = self._learning.meters
        self._clock = LocalTime(options.time_zone)
        self._filter = BoundaryFilter(self._meters, options.tick_s)
        self._learned: Learned | None = None
        self._memory = TickMemory(options.tick_s, _KEPT_DAYS)
        self._tested_us = 0
        self._seen: Floats | None = None
        self._modes: TankModes | None = None
        self._last: DrivenTicks | None = None
        self._lately: Stretch | None = None
        self._open: _Open | None = None
        self._number = 0

    @property
    def threshold(self) -> Threshold | None:
        """How the threshold was read from history; None before it has learned."""
        return None if self._learned is None else self._learned.threshold

    @property
    def is_ready(self) -> bool:
        """Whether it has learned and tests ticks."""
        return self._learned is not None

    @property
    def is_testing(self) -> bool:
        """Whether there are enough neighbouring ticks for a test; not in the first hour after a gap in the readings."""
        learned, lately = self._learned, self._lately
        return learned is not None and lately is not None and len(lately.values) >= learned.shortest

    @property
    def is_holding(self) -> bool:
        """Whether a burst is open: later ticks are then no burst-free history."""
        return self._open is not None

    def learn(self, history: History) -> None:
        """Learn from burst-free history of at least three days, once; later from live ticks (``learns_again``)."""
        if self._learned is None:
            learned = self.learned_from(history)
            if learned is not None:
                self.adopt(learned)

    def learned_from(self, history: History) -> Learned | None:
        """What it learns from burst-free history, on any thread; None where that is too short. For ``adopt``."""
        return self._learning.of_history(history)

    @property
    def is_due(self) -> bool:
        """Whether it is time to learn again: after four weeks, or where a shorter history has become half as long again."""
        learned = self._learned
        if learned is None or self.is_holding or "driven_again" in self._options.without:
            return False
        days = (self._tested_us - int(learned.ticks.at_us[-1])) / _DAY_US
        return days >= _AGE_DAYS or (learned.days < _MOST_DAYS and learned.days + days >= _GROWN * learned.days)

    def learns_again(self) -> Callable[[Quiet], Learned | None]:
        """What learns anew from the ticks kept now; to be called on any thread, while ticks go on. For ``adopt``.

        ``Quiet``: which times are no part of a case. The result is None where too little is left.
        """
        assert self._learned is not None
        parts, before, learning = self._memory.parts, self._learned, self._learning

        def learned(quiet: Quiet) -> Learned | None:
            found = learning.again(parts, quiet, before)
            return None if found is None or found.days < _LEAST_QUIET * min(before.days, _MOST_DAYS) else found

        return learned

    def adopt(self, learned: Learned) -> None:
        """Test with what was learned from the next tick on; not while a burst is open. Solves the ticks since, if it must."""
        before, self._learned = self._learned, learned
        end_us = int(learned.ticks.at_us[-1])
        if learned.filter is not None:
            self._filter, self._tested_us, self._seen = learned.filter, end_us, None
            self._memory = TickMemory(learned.step_s, _KEPT_DAYS)
            self._memory.add(learned.ticks)
            every = learned.ticks.driven(balanced=self._meters.balanced)
            since_gap = len(learned.ticks.unbroken(learned.kept))
            self._lately = learned.stretch.last(since_gap) if since_gap else None
            self._last = every.part(np.arange(len(learned.ticks))[-1:])
            self._modes = learned.ticks.values.modes
            learned.locator.follow(every)
            return
        assert before is not None
        if learned.demand is not before.demand:
            later = SolvedTicks.joined(self._memory.parts, learned.step_s).after(end_us)
            later = later.part(np.flatnonzero(later.known))
            self._memory = TickMemory(learned.step_s, _KEPT_DAYS)
            self._memory.add(learned.ticks)
            if len(later):
                modes = learned.ticks.values.modes
                self._memory.add(self._learning.solved(later.at_us, later.readings, learned.demand, modes))
        level_m = learned.ticks.readings.level_m
        self._filter.learn_rates(np.where(learned.ticks.known[:, None], level_m, np.nan))
        if self._lately is None:
            return
        # Not more than before: what a burst left out of the reference stays out.
        ticks = self._memory.last(learned.kept).unbroken(min(learned.kept, len(self._lately.values)))
        driven = ticks.driven(balanced=self._meters.balanced)
        self._lately = self._learning.stretch(learned.expectation, learned.bank, driven, learned.expectation.judged(driven))
        self._last, self._modes = driven.part(np.arange(len(ticks))[-1:]), ticks.values.modes
        learned.locator.follow(driven)

    def tick(self, value: Floats, usable: Bools, now_us: int) -> tuple[tuple[BurstFinding, ...], tuple[BurstFinding, ...]]:
        """(new findings, revisions) of one tick; ``value``, ``usable``: (stations, channels)."""
        learned = self._learned
        seen = None if learned is None else self._sampled(np.where(usable, value, np.nan), now_us)
        if learned is None or seen is None:
            return (), ()
        at_us = np.array([now_us])
        readings = taken(self._filter, self._clock, at_us, {channel: seen[None, :, channel] for channel in range(seen.shape[1])})
        solved = self._learning.solved(at_us, readings, learned.demand, self._modes)
        self._modes = solved.values.modes
        self._memory.add(solved)
        earlier = self._last
        before_m3h = None if earlier is None else earlier.values.inflow_m3h[-1]
        ticks = DrivenTicks.of(readings, solved.values, balanced=self._meters.balanced, before_m3h=before_m3h)
        learned.locator.follow(ticks)
        new = self._learning.stretch(learned.expectation, learned.bank, ticks, learned.expectation.judged(ticks), earlier)
        self._last = ticks
        self._lately = lately = new.after(self._lately).last(learned.kept)
        clean = self._learning.cleaned(lately)
        found = [(columns, test.match(clean.of(columns))) for columns, test in learned.tests]
        known = [(columns, match) for columns, match in found if match is not None]
        if not known:
            return (), ()
        columns, match = max(known, key=lambda one: one[1].statistic)
        return self._judged(match, _Now(clean, lately.of(columns).scale[-1], readings, ticks.values.shut[-1], now_us))

    def _sampled(self, seen: Floats, now_us: int) -> Floats | None:
        """The latest values on the grid of the history, (stations, channels); None between its ticks."""
        if self._seen is not None:
            seen = np.where(np.isfinite(seen), seen, self._seen)
        assert self._learned is not None
        step_s, since_s = self._learned.step_s, (now_us - self._tested_us) / 1e6
        # Nothing read at all is a gap, not a tick of missing values.
        heard = np.isfinite(seen[:, [Channel.PRESSURE, Channel.LEVEL, Channel.FLOW]]).any()
        if 0.0 <= since_s < step_s - 0.5 * self._options.tick_s or not heard:
            self._seen = seen
            return None
        if not 0.0 <= since_s < 1.5 * step_s and self._tested_us:
            self._lately = None  # after a gap: a difference across it would be no difference of neighbouring ticks
            self._filter.forget()
            self._learned.locator.forget()
            self._last = None
        self._tested_us, self._seen = now_us, None
        return seen

    def _judged(self, match: Match, now: _Now) -> tuple[tuple[BurstFinding, ...], tuple[BurstFinding, ...]]:
        assert self._learned is not None
        threshold = self._learned.threshold.value
        held = self._open
        if held is not None:
            if held.finding.revision < _REVISIONS:
                revised = self._finding(match, now)
                finding = held.finding
                held.finding = replace(
                    finding, location=revised.location, evidence=revised.evidence, revision=finding.revision + 1
                )
                return (), (held.finding,)
            if now.at_us >= held.until_us and match.statistic <= threshold:
                self._open = None
                # Its ticks are no reference for later ones: a burst that lasts, or its repair, would be found once more.
                self._lately = None if self._lately is None else self._lately.last(self._learned.shortest)
            return (), ()
        if match.statistic <= threshold:
            return (), ()
        self._number += 1
        finding = self._finding(match, now)
        self._open = _Open(finding, now.at_us + int(_HOLD_TICKS_S * 1e6))
        return (finding,), ()

    def _finding(self, match: Match, now: _Now) -> BurstFinding:
        assert self._learned is not None
        at = moment(now.at_us)
        since_us = now.at_us - int((match.window - 1) * self._learned.step_s * 1e6)
        evidence = self._evidence(match, now.scale, now.readings, now.at_us)
        location = self._location(match, now, tuple(one.station_id for one in evidence))
        return BurstFinding(
            at=at,
            first_abnormal_at=moment(since_us),
            path="A" if match.window <= _LEAST_EVIDENCE else "B",
            statistic=match.statistic,
            threshold=self._learned.threshold.value,
            evidence=evidence,
            location=location,
            finding_id=f"{at:%Y%m%dT%H%M%S}-d{self._number}",
            lane="level",
        )

    def _location(self, match: Match, now: _Now, moved: tuple[str, ...]) -> Location:
        learned = self._learned
        assert learned is not None
        linear = learned.bank.of_pipe[now.clean.row[-1]]
        driving = now.readings.driving(learned.demand)
        return learned.locator.located(match.window, now.clean, linear, driving, now.shut, moved)

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
