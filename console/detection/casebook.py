"""Casebook: crossings of groups become one finding per cause, held for a while and located better with the next ticks."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from console.detection.book import SignatureBook
from console.detection.expectation import Expectation
from console.detection.finding import BurstFinding
from console.detection.options import DetectorOptions
from console.detection.watch import BurstWatch, Crossing
from console.domain.alarms import Evidence
from console.domain.clock import moment
from maps.city import City
from maps.locate.locator import locate
from maps.locate.result import Location
from maps.locate.signatures import Signatures

_REVISIONS = 2
_MOVED_SIGMAS = 3.0
_JOINING_TICKS = 5
_LATELY_TICKS = 5


@dataclass(frozen=True, eq=False)
class Tick:
    """One tick as the burst test sees it: (stations,) each; ``pressure_kpa`` observed and ``expected_kpa``;

    ``residual_m``: NaN where a station takes no part.
    """

    now_us: int
    second_of_day: float
    residual_m: NDArray[np.float64]
    pressure_kpa: NDArray[np.float64]
    expected_kpa: NDArray[np.float64]


@dataclass(eq=False)
class _Case:
    """A detection being held: residuals summed for a better location, the latest ones to end with."""

    finding: BurstFinding
    opened_us: int
    until_us: int
    total_m: NDArray[np.float64]
    ticks: int
    lately: deque[NDArray[np.float64]]


class Casebook:
    """The groups' watches and their open cases."""

    def __init__(self, city: City, book: SignatureBook, watches: list[BurstWatch], options: DetectorOptions) -> None:
        self._city, self._book, self._watches, self._options = city, book, watches, options
        self._cases: dict[int, _Case] = {}
        self._joining_us = int(_JOINING_TICKS * options.tick_s * 1e6)
        self._number = 0

    def holds(self, group: int) -> bool:
        """Whether a group's stations are held by a case."""
        return group in self._cases

    def search(self, tick: Tick, force: bool) -> BurstFinding | None:
        """A new finding of this tick, if any. Groups that cross together, or soon after, have one cause."""
        crossings: list[tuple[int, Crossing]] = []
        for index, watch in enumerate(self._watches):
            if index not in self._cases:
                crossing = watch.tick(tick.residual_m[watch.rows], tick.second_of_day, tick.now_us)
                if crossing is not None:
                    crossings.append((index, crossing))
        if force and not crossings:
            crossings = self._forced(tick)
        if not crossings:
            return None
        lately = [case for case in self._cases.values() if tick.now_us <= case.opened_us + self._joining_us]
        if lately and not force:
            self._open(crossings, lately[0].finding, tick.now_us)
            return None
        strongest, crossing = max(crossings, key=lambda item: item[1].statistic / item[1].threshold)
        finding = self._finding(self._watches[strongest], crossing, tick)
        self._open(crossings, finding, tick.now_us)
        return finding

    def go_on(self, tick: Tick, expectation: Expectation) -> tuple[BurstFinding, ...]:
        """Revisions from the ticks after a detection. When its time is over, the step becomes the new normal."""
        revised: list[BurstFinding] = []
        for index, case in list(self._cases.items()):
            watch = self._watches[index]
            seen = tick.residual_m[watch.rows]
            known = np.isfinite(seen)
            # A silent station counts with the mean it had.
            case.total_m = np.where(known, case.total_m + seen, case.total_m * (case.ticks + 1) / case.ticks)
            case.ticks += 1
            case.lately.append(seen)
            speaks = all(case.finding.finding_id != told.finding_id for told in revised)
            if case.finding.revision < _REVISIONS and known.any() and speaks:
                location = self._located(watch, case.total_m / case.ticks, tick.second_of_day, case.ticks)
                case.finding = replace(case.finding, location=location, revision=case.finding.revision + 1)
                revised.append(case.finding)
            if tick.now_us >= case.until_us:
                expectation.accept(watch.rows, _lasting(case.lately))
                del self._cases[index]
        return tuple(revised)

    def _open(self, crossings: list[tuple[int, Crossing]], finding: BurstFinding, now_us: int) -> None:
        until = now_us + int(self._options.hold_s * 1e6)
        for index, crossing in crossings:
            residual = crossing.residual_m
            lately = deque([residual], maxlen=_LATELY_TICKS)
            self._cases[index] = _Case(finding, now_us, until, residual * crossing.window, crossing.window, lately)
            self._watches[index].forget_recent()

    def _forced(self, tick: Tick) -> list[tuple[int, Crossing]]:
        """The group that moved most, as if its threshold were nothing."""
        found: list[tuple[int, Crossing]] = []
        for index, watch in enumerate(self._watches):
            seen = tick.residual_m[watch.rows]
            if np.isfinite(seen).any():
                statistic, threshold = watch.statistic(seen, tick.second_of_day)
                found.append((index, Crossing("forced", 1, statistic, threshold, seen)))
        return sorted(found, key=lambda item: -item[1].statistic)[:1]

    def _finding(self, watch: BurstWatch, crossing: Crossing, tick: Tick) -> BurstFinding:
        self._number += 1
        at = moment(tick.now_us)
        return BurstFinding(
            at=at,
            first_abnormal_at=moment(min(watch.abnormal_since_us or tick.now_us, tick.now_us)),
            path=crossing.path,
            statistic=crossing.statistic,
            threshold=crossing.threshold,
            evidence=self._evidence(watch, crossing.residual_m, tick),
            location=self._located(watch, crossing.residual_m, tick.second_of_day, crossing.window),
            finding_id=f"{at:%Y%m%dT%H%M%S}-{self._number}",
        )

    def _evidence(self, watch: BurstWatch, residual_m: NDArray[np.float64], tick: Tick) -> tuple[Evidence, ...]:
        """Stations that moved, most first; at least the three that moved most."""
        shift = np.abs(np.nan_to_num(residual_m)) / np.sqrt(np.diag(watch.covariance))
        count = max(3, int(np.count_nonzero(shift > _MOVED_SIGMAS)))
        order = np.argsort(-shift, kind="stable")[:count]
        rows = [int(watch.rows[position]) for position in order if np.isfinite(residual_m[position])]
        at, ids = moment(tick.now_us), self._city.stations.asset_id
        return tuple(
            Evidence(str(ids[row]), "pressure", float(tick.pressure_kpa[row]), float(tick.expected_kpa[row]), at) for row in rows
        )

    def _located(self, watch: BurstWatch, residual_m: NDArray[np.float64], second: float, ticks: int) -> Location:
        """Candidates from the group's stations, a clear glitch among them left out."""
        whole = self._book.signatures(self._book.page(second))
        ids = tuple(whole.station_id[row] for row in watch.rows)
        alone = len(watch.rows) == len(whole.station_id)
        own = whole if alone else Signatures(whole.at_s, ids, whole.head_m_per_m3h[watch.rows], whole.demand_m3h)
        usable = np.isfinite(residual_m)
        usable[watch.outliers(residual_m, second)] = False
        return locate(
            self._city.network,
            own,
            residual_m,
            usable=usable,
            noise_covariance=watch.covariance / ticks,
            model=self._book.model,
            options=self._options.locate,
        )


def _lasting(residuals: deque[NDArray[np.float64]]) -> NDArray[np.float64]:
    """The step that the last ticks agree on, per station, m; zero where nothing was heard."""
    stacked = np.stack(list(residuals))
    heard = np.isfinite(stacked).any(axis=0)
    step = np.zeros(stacked.shape[1])
    if heard.any():
        step[heard] = np.nanmedian(stacked[:, heard], axis=0)
    return step
