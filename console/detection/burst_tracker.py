"""Casebook: crossings of groups become one finding per cause, held for a while and located better with the next ticks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.crossing import Crossing, Step
from console.detection.finding import BurstFinding, OperationFinding
from console.detection.flow.meter_watch import MeterWatch
from console.detection.flow.reducing_valves import Regulation
from console.detection.flow.surge_crossings import Surges
from console.detection.localisation import Group, Place, Tick
from console.detection.medians import known_median
from console.detection.operations import Explanation
from console.detection.options import DetectorOptions
from console.detection.pressure.batch_screen import Glance
from console.detection.pressure.expectation import DAY_US, Expectation
from console.detection.pressure.group_watch import WINDOWS
from console.detection.pressure.night_trend import RECENT_NIGHTS
from console.detection.pressure.recent_level import LEAST_SAMPLES, REFERENCE_SAMPLES, Ring
from console.detection.pressure.steps import STEP_WINDOWS
from console.detection.signature_cache import SignatureBook
from console.detection.verdicts import Verdicts
from console.domain.clock import micros, moment
from maps.city import City
from maps.columns import Floats
from maps.locate.refine import Responses

_SET_BACK_US = 60_000_000
_REVISIONS = 2
_JOINING_TICKS = 5
_LATELY_TICKS = 5
_SAME_US = 24 * 3_600_000_000
"""So long after a finding, levels that are off at the same place are its aftermath, not another burst."""
_SAME_STEP_US = 6 * 3_600_000_000
"""So long another step there is the burst that grows; later it is another, or one that grows past what was told of it."""

_OPERATION_US = 600_000_000
"""An operation lowers what it might explain for ten minutes, and no longer."""


@dataclass(eq=False)
class _Case:
    """A detection being held: residuals summed for a better location, the latest levels to end with."""

    finding: BurstFinding
    crossing: Crossing
    opened_us: int
    until_us: int
    reference_m: Floats
    total_m: Floats
    ticks: int
    lately: deque[Floats]


class Casebook:
    """The groups' watches and their open cases."""

    def __init__(
        self,
        city: City,
        book: SignatureBook,
        groups: list[Group],
        options: DetectorOptions,
        regulation: Regulation,
        meters: MeterWatch,
        responses: Responses | None = None,
    ) -> None:
        self._regulation, self._meters = regulation, meters
        self._verdicts = Verdicts(regulation, meters, options.tick_s)
        self._city, self._groups, self._options = city, groups, options
        self._place = Place(city, book, options, responses)
        self._cases: dict[int, _Case] = {}
        self._ring = Ring(len(city.stations))
        rows = [group.rows for group in groups]
        self._steps = Glance(rows, len(city.stations), STEP_WINDOWS, options.representatives)
        self._levels = Glance(rows, len(city.stations), WINDOWS, options.representatives)
        self._joining_us = int(_JOINING_TICKS * options.tick_s * 1e6)
        self._number = 0
        self._lately: deque[BurstFinding] = deque(maxlen=20)
        self._operations: deque[OperationFinding] = deque(maxlen=20)
        self._operated: set[int] = set()
        self._boundaries: list[OperationFinding] = []
        self._surges = Surges(city)

    def holds(self, group: int) -> bool:
        """Whether a group's stations are held by a case, or were just moved by an operation: they fail not alone."""
        return group in self._cases or group in self._operated

    @property
    def is_holding(self) -> bool:
        """Whether any case is held."""
        return bool(self._cases)

    def search(
        self, tick: Tick, expectation: Expectation, force: bool
    ) -> tuple[tuple[BurstFinding, ...], tuple[OperationFinding, ...]]:
        """(new findings, operations) of this tick. Groups that cross together, or soon after, have one cause."""
        crossings: list[tuple[int, Crossing]] = []
        operations: list[OperationFinding] = []
        reference = self._ring.predicted(self._step_sigma(tick), self._least_samples())
        for group in self._groups:
            reference[group.rows] += group.steps.recurring.at(tick.second_of_day)
        change = tick.pressure_m - reference
        causes = self._regulation.causes(change, tick.now_us)
        self._operated.clear()
        self._boundaries.clear()
        steps = self._step_screens(tick, reference)
        levels = self._level_screens(tick)
        for index, group in enumerate(self._groups):
            own = self._stepped(index, tick, reference, steps[index])
            step, told = self._verdicts.step(group, own, causes, tick)
            if step.operation is not None:
                self._operated.add(index)
                operations.append(told or self._operation(group, step.operation, step.step_m, tick))
                expectation.accept(group.rows, step.step_m)
                self._ring.shift(group.rows, step.step_m, step.window - 1)
                self._steps.forget(index)
                self._forget_levels(index)
            elif index not in self._cases and group.usable:
                residual = np.where(tick.ready[group.rows], tick.residual_m[group.rows], np.nan)
                level = group.level.tick(residual, tick.second_of_day, tick.now_us, levels[index])
                if level is not None and step.crossing is None:
                    level = None if self._verdicts.is_none(group, level, tick) else self._unexplained(group, level, tick)
                crossing = level if step.crossing is None else group.level.sharper(step.crossing)
                crossings += [] if crossing is None else [(index, crossing)]
            elif step.crossing is not None:
                crossings.append((index, step.crossing))
        self._ring.follow(tick.pressure_m)
        operations += self._regulation.untold(causes, change, tick.now_us)
        self._operations.extend(operations)
        if force and not crossings:
            crossings = self._forced(tick)
        found = self._one_cause(crossings, tick, force) or self._surge(tick) or self._slow_leak(tick)
        operations += self._boundaries
        self._operations.extend(self._boundaries)
        if self._boundaries:
            self._accept(crossings, expectation)
        self._surges.follow(tick)
        return (() if found is None else (found,)), _merged(operations)

    def _surge(self, tick: Tick) -> BurstFinding | None:
        """A metered zone that suddenly takes more, which no finding of the last hour lies in."""
        recent_us = int(self._options.hold_s * 1e6)
        known = [case.finding for case in self._cases.values()]
        known += [one for one in self._lately if tick.now_us - micros(one.at) <= recent_us]
        found = self._surges.crossing(self._groups, tick, known)
        if found is None:
            return None
        group, crossing, within, began_us = found
        if self._regulation.has_risen(group.rows, crossing.residual_m, crossing.covariance, crossing.window):
            return None  # more pressure, more use: a source or a valve was set anew
        finding = replace(self._finding(group, crossing, tick, within), first_abnormal_at=moment(began_us))
        self._lately.append(finding)
        return finding

    def _slow_leak(self, tick: Tick) -> BurstFinding | None:
        """A leak that grew over days, as the night that is over shows it; at most one a tick, none while a case is held."""
        for index, group in enumerate(self._groups):
            crossing = group.nights.take(tick.pressure_m[group.rows], tick.second_of_day, tick.now_us)
            if crossing is None or index in self._cases:
                continue
            finding = self._finding(group, crossing, tick)
            group.nights.forget(tick.now_us)
            return finding
        return None

    def _step_screens(self, tick: Tick, reference_m: Floats) -> NDArray[np.float32]:
        """Screens of the step lane, (groups, windows); groups that a case holds make no memory."""
        values = tick.pressure_m - reference_m
        for index in self._cases:
            if self._settles(index):
                values[self._groups[index].rows] = np.nan
        return self._steps.screens(
            values,
            lambda index, known: group.steps.field(tick.second_of_day, known) if (group := self._groups[index]).usable else None,
        )

    def _level_screens(self, tick: Tick) -> NDArray[np.float32]:
        """Screens of the level lane, (groups, windows); groups that a case holds make no memory."""
        values = np.where(tick.ready, tick.residual_m, np.nan)
        for index in self._cases:
            values[self._groups[index].rows] = np.nan
        return self._levels.screens(
            values,
            lambda index, known: group.level.field(tick.second_of_day, known) if (group := self._groups[index]).usable else None,
        )

    def _forget_levels(self, index: int) -> None:
        self._groups[index].level.forget_recent()
        self._levels.forget(index)

    def _settles(self, index: int) -> bool:
        """Whether a group's case is so young that its own steps are still being measured."""
        case = self._cases.get(index)
        return case is not None and case.ticks <= _REVISIONS + case.crossing.window

    def _least_samples(self) -> NDArray[np.int64]:
        """Thresholds learned with whole references hold for whole references only."""
        least = np.full(len(self._city.stations), LEAST_SAMPLES)
        for group in self._groups:
            if group.steps.learned:
                least[group.rows] = REFERENCE_SAMPLES
        return least

    def _step_sigma(self, tick: Tick) -> Floats:
        """Noise of one step, (stations,), m; what is only assumed where nothing was heard that it would be held against."""
        sigma = np.full(len(self._city.stations), self._options.step_sigma_m)
        for group in self._groups:
            if group.usable and np.isfinite(tick.pressure_m[group.rows]).any():
                sigma[group.rows] = group.steps.sigma_m(tick.second_of_day)
        return sigma

    def _unexplained(self, group: Group, crossing: Crossing, tick: Tick) -> Crossing | None:
        """The crossing, unless a pump at an unusual time explains it, or a flow that ceased."""
        field = group.level.field_at(tick.second_of_day)
        root = float(np.sqrt(crossing.window))
        explained = group.steps.switched(field, crossing.residual_m, tick.second_of_day, root)
        known = np.isfinite(crossing.residual_m)
        relieved = field.without(np.flatnonzero(~known)).relieves(np.nan_to_num(crossing.residual_m).astype(np.float32))
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
        lately = [case for case in self._cases.values() if tick.now_us <= case.opened_us + self._joining_us]
        if lately and not force:
            self._open([one for one in crossings if one[0] not in self._cases], lately[0].finding, tick)
            return None
        strongest, crossing = max(crossings, key=lambda item: item[1].statistic / item[1].threshold)
        finding = self._finding(self._groups[strongest], crossing, tick)
        held = {index: case for index, case in self._cases.items() if any(index == one for one, _ in crossings)}
        known = [case.finding for case in held.values()]
        reach_us = _SAME_US if crossing.lane == "level" else _SAME_STEP_US
        known += [one for one in self._lately if tick.now_us - micros(one.at) <= reach_us]
        same = [one for one in known if set(one.location.set_90) & set(finding.location.set_90)]
        if same and not force:
            # The same place again: a burst that grows, or is slow to settle, is one event.
            self._open([one for one in crossings if one[0] not in self._cases], same[0], tick)
            return None
        if not force:
            opened = self._meters.opened_boundary(finding.location.set_90, micros(finding.first_abnormal_at), tick.now_us)
            if opened is not None:
                self._boundaries.append(opened)
                return None
        self._lately.append(finding)
        self._open(crossings, finding, tick)
        return finding

    def _accept(self, crossings: list[tuple[int, Crossing]], expectation: Expectation) -> None:
        """What moved stations becomes their normal: it was an operation."""
        for index, crossing in crossings:
            group = self._groups[index]
            self._operated.add(index)
            expectation.accept(group.rows, crossing.residual_m)
            self._ring.shift(group.rows, crossing.residual_m, crossing.window)
            group.steps.forget()
            self._steps.forget(index)
            self._forget_levels(index)

    def go_on(self, tick: Tick, expectation: Expectation) -> tuple[BurstFinding, ...]:
        """Revisions from the ticks after a detection. When its time is over, the step becomes the new normal."""
        revised: list[BurstFinding] = []
        for index, case in list(self._cases.items()):
            group = self._groups[index]
            seen = tick.pressure_m[group.rows] - case.reference_m
            known = np.isfinite(seen)
            case.lately.append(tick.residual_m[group.rows])
            case.ticks += 1
            speaks = all(case.finding.finding_id != told.finding_id for told in revised)
            if case.finding.revision < _REVISIONS and known.any() and speaks:
                # A silent station counts with the mean it had.
                before = case.ticks - 1
                case.total_m = np.where(known, case.total_m + seen, case.total_m * case.ticks / before)
                better = replace(case.crossing, residual_m=case.total_m / case.ticks, window=case.ticks)
                location, evidence = self._place.located(group, better, tick)
                case.finding = replace(case.finding, location=location, evidence=evidence, revision=case.finding.revision + 1)
                revised.append(case.finding)
            is_set_back = tick.now_us < case.opened_us - _SET_BACK_US  # our clock: its end would not come for as long
            if tick.now_us >= case.until_us or is_set_back:
                expectation.accept(group.rows, np.nan_to_num(known_median(np.stack(list(case.lately)))))
                del self._cases[index]
        return tuple(revised)

    def _open(self, crossings: list[tuple[int, Crossing]], finding: BurstFinding, tick: Tick) -> None:
        until = tick.now_us + int(self._options.hold_s * 1e6)
        for index, crossing in crossings:
            group, residual = self._groups[index], crossing.residual_m
            reference = tick.pressure_m[group.rows] - tick.residual_m[group.rows]
            if crossing.reference_m is not None:
                reference = crossing.reference_m
            before = self._cases.get(index)
            lately = deque([residual] if before is None else before.lately, maxlen=_LATELY_TICKS)
            total = residual * crossing.window
            self._cases[index] = _Case(finding, crossing, tick.now_us, until, reference, total, crossing.window, lately)
            self._forget_levels(index)
            group.steps.forget()
            self._steps.forget(index)
            group.nights.forget(tick.now_us)
            self._ring.forget(group.rows)

    def _forced(self, tick: Tick) -> list[tuple[int, Crossing]]:
        """The group that moved most, as if its threshold were nothing."""
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
        location, evidence = self._place.located(group, crossing, tick, within)
        since = group.level.abnormal_since_us if crossing.lane == "level" else None
        since = since or tick.now_us - int((crossing.window - 1) * self._options.tick_s * 1e6)
        since -= (RECENT_NIGHTS - 1) * DAY_US if crossing.lane == "slow" else 0
        recent = [one for one in self._operations if (at - one.at).total_seconds() * 1e6 <= _OPERATION_US]
        if crossing.instead is not None:
            recent.append(self._operation(group, crossing.instead, crossing.residual_m, tick, certain=False))
        if crossing.lane == "step":
            possible = self._regulation.possible(location, group.rows, crossing.residual_m, tick.now_us)
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
        self, group: Group, what: Explanation, step_m: Floats, tick: Tick, *, certain: bool = True
    ) -> OperationFinding:
        order = np.argsort(-np.abs(np.nan_to_num(step_m)), kind="stable")[:3]
        stations = tuple(str(self._city.stations.asset_id[group.rows[place]]) for place in order)
        pump = str(self._city.network.pumps.asset_id[what.pump]) if what.pump >= 0 else ""
        kind = "pump" if pump else ("unknown" if what.nameless else "usual")
        return OperationFinding(moment(tick.now_us), kind, pump, what.stopped, stations, certain)


def _merged(operations: list[OperationFinding]) -> tuple[OperationFinding, ...]:
    """One a tick and pump: groups see the same switch."""
    first: dict[tuple[str, str], OperationFinding] = {}
    for one in operations:
        first.setdefault((one.kind, one.pump_id), one)
    return tuple(first.values())
