"""Learning again from live ticks: equal to learning the same days from history, cases left out, solved ticks used again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from console.detection import DetectorOptions, History
from console.detection.driven.boundary import BoundaryFilter
from console.detection.driven.driven_learning import Learned, taken
from console.detection.driven.driven_watch import DrivenWatch
from console.detection.driven.solved_ticks import SolvedTicks
from console.detection.finding import BurstFinding
from console.detection.pressure.baseline import LocalTime
from console.domain.readings import Channel
from maps.columns import Bools, Floats
from maps.hydraulics.boundary import BoundaryReadings, DrivenSolver, DrivenValues, TankModes
from maps.hydraulics.driven import driven_model
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from tests.console.detection.driven.test_driven_watch import DAY, NOON, STEP_S, day_of_readings, read_with_noise
from tests.maps.hydraulics.test_driven import pumped_city

Readings = dict[Channel, np.ndarray]
FIRST_US = 1_704_067_200_000_000
BEFORE, AFTER = 3, 2
"""Days of history, and of live ticks until the watch is due: Monday to Friday."""


class Counted:
    """A solver that counts the ticks that it solves one by one."""

    def __init__(self, solver: DrivenSolver) -> None:
        self._solver, self.ticks = solver, 0

    def values(self, readings: BoundaryReadings, modes: TankModes | None = None) -> DrivenValues:
        self.ticks += len(readings.at_s)
        return self._solver.values(readings, modes)

    def states(self, readings: BoundaryReadings, shut: Bools) -> Sequence[HydraulicState]:
        return self._solver.states(readings, shut)

    def changes(self, readings: BoundaryReadings, shut: Bools, leaks: Sequence[Mapping[int, float]]) -> Floats:
        return self._solver.changes(readings, shut, leaks)


class City:
    """A watch of the pumped city with three days of history, and a clock of its ticks."""

    def __init__(self, folder: Path, session: EpanetSession) -> None:
        self.folder, self._session, self.city = folder, session, session.city
        model = driven_model(session)
        assert model is not None
        self.solver = Counted(model)
        self._states = list(session.solve_day(3600))
        self.days: list[Readings] = []
        self.watch = self.new_watch()
        self.found: list[BurstFinding] = []

    def new_watch(self) -> DrivenWatch:
        options = DetectorOptions(tick_s=float(STEP_S), time_zone="UTC")
        return DrivenWatch(self.city, self._states, options, self.solver)

    def history(self, days: Sequence[Readings], out: slice | None = None) -> History:
        at_us = FIRST_US + np.arange(len(days) * DAY, dtype=np.int64) * STEP_S * 1_000_000
        value = {int(channel): np.concatenate([day[channel] for day in days]).astype(np.float32) for channel in days[0]}
        for table in value.values():
            if out is not None:
                table[out] = np.nan
        return History(at_us, value)

    def lives(self, day: Readings, ticks: range = range(DAY)) -> None:
        """Through a day after those before it."""
        first = len(self.days) * DAY
        for tick in ticks:
            value = np.full((4, len(Channel)), np.nan)
            for channel, table in day.items():
                value[:, channel] = table[tick].astype(np.float32)
            new, _ = self.watch.tick(value, np.isfinite(value), FIRST_US + (first + tick) * STEP_S * 1_000_000)
            self.found += new
        self.days += [day] if ticks.stop == DAY else []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("again")


@pytest.fixture
def lived(folder: Path) -> Iterator[City]:
    """After the history of three days."""
    found = pumped_city(folder)
    random = np.random.default_rng(21)
    quiet = day_of_readings(folder, "quiet", 0.0)
    with EpanetSession(replace(found, info=replace(found.info, time_zone="UTC"))) as session:
        city = City(folder, session)
        city.days = [read_with_noise(quiet, random) for _ in range(BEFORE)]
        city.watch.learn(city.history(city.days))
        yield city


def _from_history(lived: City, out: slice | None = None) -> Learned:
    """The same days as one history, solved at one go as the live ticks were: the same demand and rates of levels."""
    watch = lived.watch
    before, history = watch._learned, lived.history(lived.days, out)
    assert before is not None
    boundary = BoundaryFilter(watch._meters, float(STEP_S))
    value = {channel: table.astype(np.float64) for channel, table in history.value.items()}
    boundary._rate_m = watch._filter._rate_m
    readings = taken(boundary, LocalTime("UTC"), history.at_us, value)
    rows = np.flatnonzero(readings.read)
    solved = watch._learning.solved(history.at_us[rows], readings.part(rows), before.demand)
    ticks = SolvedTicks.joined([solved], STEP_S)
    found = watch._learning._learned(ticks, ticks.known, before.demand, float(STEP_S), None)
    assert found is not None
    return found


def _alike(one: Learned, other: Learned) -> None:
    assert one.threshold.value == pytest.approx(other.threshold.value, rel=0.01)
    assert one.threshold.history_days == pytest.approx(other.threshold.history_days)
    assert one.expectation.sigma == pytest.approx(other.expectation.sigma, rel=0.01)
    # Of two gaps one may hide a tank's inflow of the tick after it.
    known = np.isfinite(one.stretch.values) & np.isfinite(other.stretch.values)
    assert known.mean() > 0.99 * np.isfinite(other.stretch.values).mean()
    assert np.quantile(np.abs(one.stretch.values[known] - other.stretch.values[known]), 0.98) < 0.02


def test_live_ticks_without_a_case_teach_what_they_teach_as_history_and_are_not_solved_again(lived: City) -> None:
    random = np.random.default_rng(23)
    quiet = day_of_readings(lived.folder, "quiet", 0.0)
    hurt = read_with_noise(day_of_readings(lived.folder, "leak", 60.0), random)
    lived.lives(hurt)
    early = lived.watch.is_due
    lived.lives(read_with_noise(quiet, random))
    assert (early, lived.watch.is_due) == (False, True)  # half as long again
    assert len(lived.found) == 1
    case = slice(BEFORE * DAY + NOON, (BEFORE + 1) * DAY + 72)
    begin_us, end_us = (FIRST_US + tick * STEP_S * 1_000_000 for tick in (case.start, case.stop))
    solved, again = lived.solver.ticks, lived.watch.learns_again()
    learned = again(lambda at_us: (at_us < begin_us) | (at_us >= end_us))
    assert lived.solver.ticks == solved
    assert learned is not None
    _alike(learned, _from_history(lived, out=case))
    assert learned.days == pytest.approx(BEFORE + AFTER - (NOON + 72) / DAY)
    # With almost nothing left the old state stays.
    assert again(lambda at_us: at_us > end_us) is None
    lived.watch.adopt(learned)
    assert not lived.watch.is_due
    assert lived.watch.threshold is learned.threshold
    # Without a pause: the next tick is tested, and another leak is found.
    lived.lives(hurt, range(1))
    assert lived.watch.is_testing
    lived.lives(hurt, range(1, NOON + 13))
    assert len(lived.found) == 2


def test_a_demand_that_has_become_another_one_is_solved_under_again_and_ticks_go_on_meanwhile(lived: City) -> None:
    random = np.random.default_rng(24)
    more = day_of_readings(lived.folder, "more", 0.0, multiplier=1.2)
    for _ in range(BEFORE):
        lived.lives(read_with_noise(more, random))
    before, solved = lived.watch._learned, lived.solver.ticks
    assert before is not None
    work = lived.watch.learns_again()
    last = read_with_noise(more, random)
    lived.lives(last, range(3))  # the old state goes on while the new one is made
    changed: Any = work(lambda at_us: at_us >= FIRST_US + BEFORE * DAY * STEP_S * 1_000_000)
    assert changed is not None
    assert lived.solver.ticks > solved + BEFORE * DAY
    assert np.median(changed.demand.factor / before.demand.factor) == pytest.approx(1.2, rel=0.03)
    lived.watch.adopt(changed)
    lived.found.clear()
    lived.lives(last, range(3, 90))
    assert not lived.found
    lived.days.append(last)
    hurt = read_with_noise(day_of_readings(lived.folder, "more-leak", 60.0, multiplier=1.2), random)
    lived.lives(hurt, range(NOON + 13))
    assert len(lived.found) == 1
