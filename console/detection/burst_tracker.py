"""Burst tracker: merges the crossings of station groups into one burst finding per cause and relocates it with later ticks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.crossing import Crossing, Step
from console.detection.crossing_checks import CrossingChecks
from console.detection.finding import BurstFinding, OperationFinding
from console.detection.flow.meter_watch import MeterTests
from console.detection.flow.reducing_valves import ReducingValveTest
from console.detection.flow.surge_crossings import SurgeCrossings
from console.detection.localisation import BurstLocator, Group, Tick
from console.detection.medians import known_median
from console.detection.operations import OperationFit
from console.detection.options import DetectorOptions
from console.detection.pressure.batch_screen import BatchScreen
from console.detection.pressure.expectation import DAY_US, Expectation
from console.detection.pressure.group_watch import WINDOWS
from console.detection.pressure.night_trend import RECENT_NIGHTS
from console.detection.pressure.recent_level import LEAST_SAMPLES, REFERENCE_SAMPLES, RecentLevel
from console.detection.pressure.steps import STEP_WINDOWS
from console.detection.signature_cache import SignatureCache
from console.domain.clock import micros, moment
from maps.city import City
from maps.columns import Floats
from maps.locate.refine import Responses
from maps.locate.result import Location

_SET_BACK_US = 60_000_000
_REVISIONS = 2
_JOINING_TICKS = 5
_LATELY_TICKS = 5
_SAME_US = 24 * 3_600_000_000
"""For this time after a finding, level crossings at the same place belong to it and raise no second burst."""
_SAME_STEP_US = 6 * 3_600_000_000
"""For this time another step at the same place counts as growth of the same burst; later it is a new burst or a larger one."""

_NOWHERE = Location((), (), "")
_OPERATION_US = 600_000_000
"""An operation can explain later crossings for ten minutes."""


@dataclass(eq=False)
class _OpenBurst:
    """An open burst: residuals summed over ticks for a better location, and the latest levels, which become the new baseline."""

    finding: BurstFinding
    crossing: Crossing
    opened_us: int
    until_us: int
    reference_m: Floats
    total_m: Floats
    ticks: int
    lately: deque[Floats]


class BurstTracker:
    """The detectors of all station groups and their open bursts."""

    def __init__(
        self,
        city: City,
        cache: SignatureCache,
        groups: list[Group],
        options: DetectorOptions,
        regulation: ReducingValveTest,
        meters: MeterTests,
        responses: Responses | None = None,
    ) -> None:
        self._valves, self._meters = regulation, meters
        self._checks = CrossingChecks(regulation, meters, options.tick_s)
        self._city, self._groups, self._options = city, groups, options
        self._locator = BurstLocator(city, cache, options, responses)
        self._open_bursts: dict[int, _OpenBurst] = {}
        self._ring = RecentLevel(len(city.stations))
        rows = [group.rows for group in groups]
        self._steps = BatchScreen(rows, len(city.stations), STEP_WINDOWS, options.representatives)
        self._levels = BatchScreen(rows, len(city.stations), WINDOWS, options.representatives)
        self._joining_us = int(_JOINING_TICKS * options.tick_s * 1e6)
        self._number = 0
        self._lately: deque[BurstFinding] = deque(maxlen=20)
        self._operations: deque[OperationFinding] = deque(maxlen=20)
        self._operated: set[int] = set()
        self._boundaries: list[OperationFinding] = []
        self._surges = SurgeCrossings(city)
        self._is_locating = True

    def holds(self, group: int) -> bool:
        """Whether a burst is open in a group, or an operation has just changed its pressures: then no station fails alone."""
        return group in self._open_bursts or group in self._operated

    @property
    def is_holding(self) -> bool:
        """Whether any burst is open."""
        return bool(self._open_bursts)

    def search(
        self, tick: Tick, expectation: Expectation, force: bool, *, located: bool = True
    ) -> tuple[tuple[BurstFinding, ...], tuple[OperationFinding, ...]]:
        """(new findings, operations) of this tick. Groups that cross their thresholds together, or soon after, have one cause.

        ``located``: False where another test finds the bursts: a crossing still excuses the stations of its group and moves
        their baseline, but its place, which costs most, is not computed.
        """
        self._is_locating = located
        crossings: list[tuple[int, Crossing]] = []
        operations: list[OperationFinding] = []
        reference = self._ring.predicted(self._step_sigma(tick), self._least_samples())
        for group in self._groups:
            reference[group.rows] += group.steps.recurring.at(tick.second_of_day)
        change = tick.pressure_m - reference
        causes = self._valves.causes(change, tick.now_us)
        self._operated.clear()
        self._boundaries.clear()
        steps = self._step_screens(tick, reference)
        levels = self._level_screens(tick)
        for index, group in enumerate(self._groups):
            own = self._stepped(index, tick, reference, steps[index])
            step, told = self._checks.step(group, own, causes, tick)
            step = replace(step, crossing=self._counted(step.crossing))
            if step.operation is not None:
                self._operated.add(index)
                operations.append(told or self._operation(group, step.operation, step.step_m, tick))
                expectation.accept(group.rows, step.step_m)
                self._ring.shift(group.rows, step.step_m, step.window - 1)
                self._steps.forget(index)
                self._forget_levels(index)
            elif index not in self._open_bursts and group.usable:
                residual = np.where(tick.ready[group.rows], tick.residual_m[group.rows], np.nan)
                level = self._counted(group.level.tick(residual, tick.second_of_day, tick.now_us, levels[index]))
                if level is not None and step.crossing is None:
                    level = None if self._checks.rejects(group, level, tick) else self._unexplained(group, level, tick)
                crossing = level if step.crossing is None else group.level.sharper(step.crossing)
                crossings += [] if crossing is None else [(index, crossing)]
            elif step.crossing is not None:
                crossings.append((index, step.crossing))
        self._ring.follow(tick.pressure_m)
        operations += self._valves.unreported(causes, change, tick.now_us)
        self._operations.extend(operations)
        if force and not crossings:
            crossings = self._forced(tick)
        found = self._one_cause(crossings, tick, force) or (self._surge(tick) if located else None) or self._slow_leak(tick)
        operations += self._boundaries
        self._operations.extend(self._boundaries)
        if self._boundaries:
            self._accept(crossings, expectation)
        self._surges.follow(tick)
        return (() if found is None else (found,)), _merged(operations)

    def _counted(self, crossing: Crossing | None) -> Crossing | None:
        """None for a crossing of a lane that is switched off."""
        if crossing is None or not self._options.without:
            return crossing
        lane = crossing.lane if crossing.window == 1 else f"{crossing.lane}_several"
        return None if lane in self._options.without else crossing

    def _surge(self, tick: Tick) -> BurstFinding | None:
        """A burst from a sudden rise of a metered zone's inflow, unless a finding of the last hour lies in that zone."""
        if "inflow" in self._options.without:
            return None
        recent_us = int(self._options.hold_s * 1e6)
        known = [burst.finding for burst in self._open_bursts.values()]
        known += [one for one in self._lately if tick.now_us - micros(one.at) <= recent_us]
        found = self._surges.crossing(self._groups, tick, known)
        if found is None:
            return None
        group, crossing, within, began_us = found
        if self._valves.has_risen(group.rows, crossing.residual_m, crossing.covariance, crossing.window):
            return None  # pressure and demand rose together: a source or valve setpoint was changed
        finding = replace(self._finding(group, crossing, tick, within), first_abnormal_at=moment(began_us))
        self._lately.append(finding)
        return finding

    def _slow_leak(self, tick: Tick) -> BurstFinding | None:
        """A slow leak found from the night that has just ended; at most one a tick, none while a burst is open."""
        if "slow" in self._options.without:
            return None
        for index, group in enumerate(self._groups):
            crossing = group.nights.take(tick.pressure_m[group.rows], tick.second_of_day, tick.now_us)
            if crossing is None or index in self._open_bursts:
                continue
            finding = self._finding(group, crossing, tick)
            group.nights.forget(tick.now_us)
            return finding
        return None

    def _step_screens(self, tick: Tick, reference_m: Floats) -> NDArray[np.float32]:
        """Screening statistics of the step lane, (groups, windows); recent ticks of groups with an open burst are dropped."""
        values = tick.pressure_m - reference_m
        for index in self._open_bursts:
            if self._settles(index):
                values[self._groups[index].rows] = np.nan
        return self._steps.screens(
            values,
            lambda index, known: group.steps.field(tick.second_of_day, known) if (group := self._groups[index]).usable else None,
        )

    def _level_screens(self, tick: Tick) -> NDArray[np.float32]:
        """Screening statistics of the level lane, (groups, windows); recent ticks of groups with an open burst are dropped."""
        values = np.where(tick.ready, tick.residual_m, np.nan)
        for index in self._open_bursts:
            values[self._groups[index].rows] = np.nan
        return self._levels.screens(
            values,
            lambda index, known: group.level.field(tick.second_of_day, known) if (group := self._groups[index]).usable else None,
        )

    def _forget_levels(self, index: int) -> None:
        self._groups[index].level.forget_recent()
        self._levels.forget(index)

    def _settles(self, index: int) -> bool:
        """Whether a group's open burst is so recent that its steps are still being measured."""
        burst = self._open_bursts.get(index)
        return burst is not None and burst.ticks <= _REVISIONS + burst.crossing.window

    def _least_samples(self) -> NDArray[np.int64]:
        """Reference samples needed, (stations,): thresholds learned with full references hold only for full references."""
        least = np.full(len(self._city.stations), LEAST_SAMPLES)
        for group in self._groups:
            if group.steps.learned:
                least[group.rows] = REFERENCE_SAMPLES
        return least

    def _step_sigma(self, tick: Tick) -> Floats:
        """Standard deviation of one step, (stations,), m; the assumed value where the group has no usable signatures yet."""
        sigma = np.full(len(self._city.stations), self._options.step_sigma_m)
        for group in self._groups:
            if group.usable and np.isfinite(tick.pressure_m[group.rows]).any():
                sigma[group.rows] = group.steps.sigma_m(tick.second_of_day)
        return sigma

    def _unexplained(self, group: Group, crossing: Crossing, tick: Tick) -> Crossing | None:
        """The crossing, or None where a pump switched at an unusual time, or the end of a flow, explains it."""
        field = group.level.field_at(tick.second_of_day)
        root = float(np.sqrt(crossing.window))
        explained = group.steps.switched(field, crossing.residual_m, tick.second_of_day, root)
        known = np.isfinite(crossing.residual_m)
        relieved = field.without(np.flatnonzero(~known)).is_flow_end(np.nan_to_num(crossing.residual_m).astype(np.float32))
        return crossing if explained is None and not relieved else None

    def _stepped(self, index: int, tick: Tick, reference_m: Floats, screens: NDArray[np.float32]) -> Step:
        group = self._groups[index]
        reference = reference_m[group.rows]
        step = tick.pressure_m[group.rows] - reference
        if self._settles(index) or not group.usable:
            return Step(None, None, step, suspicious=True)
        return group.steps.tick(step, reference, tick.second_of_day, screens, tick.switched, tick.steady)

    def _one_cause(self, crossings: list[tuple[int, Crossing]], tick: Tick, force: bool) -> BurstFinding | None:
        if not crossings:
            return None
        lately = [burst for burst in self._open_bursts.values() if tick.now_us <= burst.opened_us + self._joining_us]
        if lately and not force:
            self._open([one for one in crossings if one[0] not in self._open_bursts], lately[0].finding, tick)
            return None
        strongest, crossing = max(crossings, key=lambda item: item[1].statistic / item[1].threshold)
        finding = self._finding(self._groups[strongest], crossing, tick)
        held = {index: burst for index, burst in self._open_bursts.items() if any(index == one for one, _ in crossings)}
        known = [burst.finding for burst in held.values()]
        reach_us = _SAME_US if crossing.lane == "level" else _SAME_STEP_US
        known += [one for one in self._lately if tick.now_us - micros(one.at) <= reach_us]
        nowhere = not finding.location.set_90
        same = [one for one in known if set(one.location.set_90) & set(finding.location.set_90)]
        same += [burst.finding for burst in held.values() if nowhere or not burst.finding.location.set_90]
        if same and not force:
            # The same place again: a growing burst, or one that is still settling, is one event.
            self._open([one for one in crossings if one[0] not in self._open_bursts], same[0], tick)
            return None
        if not force:
            opened = self._meters.opened_boundary(finding.location.set_90, micros(finding.first_abnormal_at), tick.now_us)
            if opened is not None:
                self._boundaries.append(opened)
                return None
        if not nowhere:
            self._lately.append(finding)
        self._open(crossings, finding, tick)
        return finding

    def _accept(self, crossings: list[tuple[int, Crossing]], expectation: Expectation) -> None:
        """An operation's step becomes part of the stations' baseline."""
        for index, crossing in crossings:
            group = self._groups[index]
            self._operated.add(index)
            expectation.accept(group.rows, crossing.residual_m)
            self._ring.shift(group.rows, crossing.residual_m, crossing.window)
            group.steps.forget()
            self._steps.forget(index)
            self._forget_levels(index)

    def revise(self, tick: Tick, expectation: Expectation) -> tuple[BurstFinding, ...]:
        """Revised findings from the ticks after a detection. When the hold time is over, the step enters the baseline."""
        revised: list[BurstFinding] = []
        for index, burst in list(self._open_bursts.items()):
            group = self._groups[index]
            seen = tick.pressure_m[group.rows] - burst.reference_m
            known = np.isfinite(seen)
            burst.lately.append(tick.residual_m[group.rows])
            burst.ticks += 1
            is_unreported = all(burst.finding.finding_id != told.finding_id for told in revised)
            is_placed = bool(burst.finding.location.set_90) and self._is_locating
            if is_placed and burst.finding.revision < _REVISIONS and known.any() and is_unreported:
                # A station without a new sample counts with its mean so far.
                before = burst.ticks - 1
                burst.total_m = np.where(known, burst.total_m + seen, burst.total_m * burst.ticks / before)
                better = replace(burst.crossing, residual_m=burst.total_m / burst.ticks, window=burst.ticks)
                location, evidence = self._locator.located(group, better, tick)
                burst.finding = replace(burst.finding, location=location, evidence=evidence, revision=burst.finding.revision + 1)
                revised.append(burst.finding)
            is_set_back = (
                tick.now_us < burst.opened_us - _SET_BACK_US
            )  # the system clock was set back: the hold would last as much longer
            if tick.now_us >= burst.until_us or is_set_back:
                expectation.accept(group.rows, np.nan_to_num(known_median(np.stack(list(burst.lately)))))
                del self._open_bursts[index]
        return tuple(revised)

    def _open(self, crossings: list[tuple[int, Crossing]], finding: BurstFinding, tick: Tick) -> None:
        until = tick.now_us + int(self._options.hold_s * 1e6)
        for index, crossing in crossings:
            group, residual = self._groups[index], crossing.residual_m
            reference = tick.pressure_m[group.rows] - tick.residual_m[group.rows]
            if crossing.reference_m is not None:
                reference = crossing.reference_m
            before = self._open_bursts.get(index)
            lately = deque([residual] if before is None else before.lately, maxlen=_LATELY_TICKS)
            total = residual * crossing.window
            self._open_bursts[index] = _OpenBurst(
                finding, crossing, tick.now_us, until, reference, total, crossing.window, lately
            )
            self._forget_levels(index)
            group.steps.forget()
            self._steps.forget(index)
            group.nights.forget(tick.now_us)
            self._ring.forget(group.rows)

    def _forced(self, tick: Tick) -> list[tuple[int, Crossing]]:
        """The group with the largest statistic relative to its threshold, as a crossing with threshold 0."""
        found: list[tuple[int, Crossing]] = []
        for index, group in enumerate(self._groups):
            seen = tick.residual_m[group.rows]
            if np.isfinite(seen).any():
                statistic, threshold = group.level.statistic(seen, tick.second_of_day)
                reference = tick.pressure_m[group.rows] - seen
                noise, known = group.level.covariance, group.level.learned
                found.append(
                    (index, Crossing("forced", 1, statistic, threshold, seen, noise, reference_m=reference, drift_known=known))
                )
        return sorted(found, key=lambda item: -item[1].statistic)[:1]

    def _finding(self, group: Group, crossing: Crossing, tick: Tick, within: NDArray[np.bool_] | None = None) -> BurstFinding:
        self._number += 1
        at = moment(tick.now_us)
        location, evidence = self._locator.located(group, crossing, tick, within) if self._is_locating else (_NOWHERE, ())
        since = group.level.abnormal_since_us if crossing.lane == "level" else None
        since = since or tick.now_us - int((crossing.window - 1) * self._options.tick_s * 1e6)
        since -= (RECENT_NIGHTS - 1) * DAY_US if crossing.lane == "slow" else 0
        recent = [one for one in self._operations if (at - one.at).total_seconds() * 1e6 <= _OPERATION_US]
        if crossing.instead is not None:
            recent.append(self._operation(group, crossing.instead, crossing.residual_m, tick, certain=False))
        if crossing.lane == "step" and self._is_locating:
            possible = self._valves.possible(location, group.rows, crossing.residual_m, tick.now_us)
            recent += [] if possible is None else [possible]
        return BurstFinding(
            at=at,
            first_abnormal_at=moment(min(since, tick.now_us)),
            path=crossing.path,
            statistic=crossing.statistic,
            threshold=crossing.threshold,
            evidence=evidence,
            location=location,
            finding_id=f"{at:%Y%m%dT%H%M%S}-{self._number}",
            operations=tuple(recent),
            lane=crossing.lane,
        )

    def _operation(
        self, group: Group, what: OperationFit, step_m: Floats, tick: Tick, *, certain: bool = True
    ) -> OperationFinding:
        order = np.argsort(-np.abs(np.nan_to_num(step_m)), kind="stable")[:3]
        stations = tuple(str(self._city.stations.asset_id[group.rows[place]]) for place in order)
        pump = str(self._city.network.pumps.asset_id[what.pump]) if what.pump >= 0 else ""
        kind = "pump" if pump else ("unknown" if what.nameless else "usual")
        return OperationFinding(moment(tick.now_us), kind, pump, what.stopped, stations, certain)


def _merged(operations: list[OperationFinding]) -> tuple[OperationFinding, ...]:
    """One operation per tick and pump: several groups see the same switching."""
    first: dict[tuple[str, str], OperationFinding] = {}
    for one in operations:
        first.setdefault((one.kind, one.pump_id), one)
    return tuple(first.values())
