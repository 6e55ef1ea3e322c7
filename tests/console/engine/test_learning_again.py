"""Learning again beside the ticks: the old state goes on until the new one is there, and while a burst is open."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from console.detection import Detector, DetectorOptions, History
from console.domain.readings import Channel
from console.engine.learning_again import LearningAgain
from maps.columns import Bools
from maps.hydraulics.driven import driven_model
from maps.hydraulics.session import EpanetSession
from tests.console.detection.driven.test_driven_watch import DAY, NOON, STEP_S, day_of_readings, read_with_noise
from tests.maps.hydraulics.test_driven import pumped_city

FIRST_US = 1_704_067_200_000_000
STEP_US, DAY_US = STEP_S * 1_000_000, 86_400_000_000
DAYS = 3
Work = Callable[[], Callable[[], None]]


def _ticked(detector: Detector, day: dict[Channel, np.ndarray], number: int, ticks: range) -> int:
    """Ticks of a day; how many bursts were found."""
    found = 0
    for tick in ticks:
        value, at = np.full((4, len(Channel)), np.nan), np.zeros((4, len(Channel)), dtype=np.int64)
        for channel, table in day.items():
            value[:, channel] = table[tick]
        now_us = FIRST_US + (number * DAY + tick) * STEP_US
        at[np.isfinite(value)] = now_us
        found += len(detector.tick(value, at, np.zeros(value.shape, dtype=np.uint8), now_us).bursts)
    return found


def _work(again: LearningAgain, detector: Detector, now_us: int) -> Work:
    """What is to be done once it has learned."""
    for _ in range(6000):
        work = again.turn(detector, now_us)
        if work is not None:
            return work
        time.sleep(0.01)
    raise AssertionError("it has not learned within a minute")


def test_ticks_go_on_while_it_learns_and_an_open_burst_keeps_the_state_that_found_it(tmp_path: Path) -> None:
    found = pumped_city(tmp_path)
    random = np.random.default_rng(31)
    quiet = day_of_readings(tmp_path, "quiet", 0.0)
    days = [read_with_noise(quiet, random) for _ in range(DAYS)]
    at_us = FIRST_US + np.arange(DAYS * DAY, dtype=np.int64) * STEP_US
    history = {int(channel): np.concatenate([day[channel] for day in days]).astype(np.float32) for channel in quiet}
    reached, let_on = threading.Event(), threading.Event()

    def of_cases(times: np.ndarray) -> Bools:
        reached.set()
        assert let_on.wait(60)
        return np.ones(len(times), dtype=bool)

    again = LearningAgain(lambda: None, of_cases)
    asked: list[datetime] = []
    with EpanetSession(replace(found, info=replace(found.info, time_zone="UTC"))) as session:
        options = DetectorOptions(tick_s=float(STEP_S), time_zone="UTC")
        detector = Detector(session.city, session.solve_day(3600), options, driven=driven_model(session))
        # Too little was stored at start; a day later there is enough.
        detector.learn(History(at_us[:DAY], {channel: table[:DAY] for channel, table in history.items()}))
        assert detector.lacks_history
        again.history = lambda until: asked.append(until) or History(at_us, history)  # type: ignore[func-returns-value]
        again.start()
        now_us = FIRST_US + DAYS * DAY_US
        assert again.turn(detector, now_us) is None
        assert again.turn(detector, now_us + DAY_US - 1) is None
        _work(again, detector, now_us + DAY_US)()()
        assert asked == [datetime(2024, 1, 5, tzinfo=UTC)]
        first = detector.threshold
        assert first is not None
        # Half as long again: it learns anew, while ticks go on with the old state and find a burst.
        _ticked(detector, read_with_noise(quiet, random), DAYS, range(DAY))
        hurt = read_with_noise(day_of_readings(tmp_path, "leak", 60.0), random)
        now_us = FIRST_US + (DAYS + 3) * DAY_US
        _ticked(detector, hurt, DAYS + 1, range(NOON))
        assert again.turn(detector, now_us) is None
        assert reached.wait(60)
        assert _ticked(detector, hurt, DAYS + 1, range(NOON, NOON + 13)) == 1
        assert detector.threshold is first
        let_on.set()
        while again._call.busy_s:
            time.sleep(0.01)
        assert again.turn(detector, now_us) is None
        held = detector.is_holding
        assert held
        # The burst and its hold are over: what was learned is adopted between two ticks.
        _ticked(detector, hurt, DAYS + 1, range(NOON + 13, DAY))
        after = read_with_noise(quiet, random)
        tick = 0
        while detector.is_holding:
            _ticked(detector, after, DAYS + 2, range(tick, tick + 1))
            tick += 1
        _work(again, detector, now_us)()()
        assert detector.threshold is not first
        assert not detector.is_due
    again.close(10.0)
