"""A pumped city through the detector: days of EPANET with other demands and roughness than the model's; a leak from noon."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from console.detection import BurstFinding, Detector, DetectorOptions, History
from console.detection.driven.driven_watch import DrivenWatch
from console.domain.readings import Channel
from maps.city import City
from maps.hydraulics.driven import driven_model
from maps.hydraulics.session import EpanetSession
from maps.importers import ImportOptions, import_city
from maps.units import KPA_PER_METRE
from tests.maps.hydraulics.test_driven import INP, pumped_city

STEP_S, DAY = 300, 288
DAYS = 5
NOON = DAY // 2


def day_of_readings(folder: Path, name: str, leak_m3h: float, multiplier: float = 1.0) -> dict[Channel, np.ndarray]:
    """One day of readings without noise, (ticks, stations): P1, P2, LT, QP. ``multiplier``: of all demands but the leak."""
    text = INP.replace("J1 10 60 P", "J1 10 66 P").replace("500 300 110", "500 300 100").replace("800 250 110", "800 250 120")
    demands = f"[DEMANDS]\nJ2 37 P\nJ2 {leak_m3h / multiplier} LEAK\n"
    text = text.replace("[OPTIONS]", f"[OPTIONS]\nDemand Multiplier {multiplier}")
    text = re.sub(r"(\[PATTERNS\]\n)", r"\1LEAK 0 0 0 0 1 1 1 1\n", text).replace("[CONTROLS]", demands + "[CONTROLS]")
    path = folder / f"{name}.inp"
    path.write_text(text)
    city = import_city([path], ImportOptions()).city
    nodes = city.network.nodes
    with EpanetSession(city) as session:
        day = list(session.solve_day(STEP_S))
    empty = np.full((DAY, 4), np.nan)
    value = {channel: empty.copy() for channel in (Channel.PRESSURE, Channel.LEVEL, Channel.FLOW, Channel.PUMP_ON)}
    for tick, state in enumerate(day):
        rows = [nodes.row("J1"), nodes.row("J2")]
        value[Channel.PRESSURE][tick, :2] = state.pressure_m[rows] * KPA_PER_METRE
        value[Channel.LEVEL][tick, 2] = state.pressure_m[nodes.row("T")]
        value[Channel.FLOW][tick, 3] = state.pump_flow_m3h[0]
        value[Channel.PUMP_ON][tick, 3] = float(state.pump_flow_m3h[0] > 0.1)
    return value


def read_with_noise(truth: dict[Channel, np.ndarray], random: np.random.Generator) -> dict[Channel, np.ndarray]:
    """With the noise of instruments: 3 cm, 5 mm, 1 %."""
    noise = {Channel.PRESSURE: 0.03 * KPA_PER_METRE, Channel.LEVEL: 0.005}
    read = {channel: value + noise.get(channel, 0.0) * random.normal(size=value.shape) for channel, value in truth.items()}
    read[Channel.FLOW] *= 1.0 + 0.01 * random.normal(size=read[Channel.FLOW].shape)
    return read


def _run(city: City, days: list[dict[Channel, np.ndarray]], last: dict[Channel, np.ndarray]) -> list[tuple[int, BurstFinding]]:
    """(tick, finding) of ``last``, one or more days after ``days`` of history."""
    watched = len(last[Channel.PRESSURE])
    at_us = 1_704_067_200_000_000 + np.arange(len(days) * DAY + watched, dtype=np.int64) * STEP_S * 1_000_000
    history = {int(channel): np.concatenate([day[channel] for day in days]).astype(np.float32) for channel in days[0]}
    found: list[tuple[int, BurstFinding]] = []
    with EpanetSession(city) as session:
        options = DetectorOptions(tick_s=float(STEP_S), time_zone="UTC")
        detector = Detector(city, session.solve_day(3600), options, driven=driven_model(session))
        detector.learn(History(at_us[: len(days) * DAY], history))
        assert detector.threshold is not None
        assert detector.threshold.history_days == pytest.approx(DAYS, abs=0.3)
        for tick in range(watched):
            value, at = np.full((4, len(Channel)), np.nan), np.zeros((4, len(Channel)), dtype=np.int64)
            for channel, table in last.items():
                value[:, channel] = table[tick]
            now_us = int(at_us[len(days) * DAY + tick])
            at[np.isfinite(value)] = now_us
            result = detector.tick(value, at, np.zeros(value.shape, dtype=np.uint8), now_us)
            found += [(tick, one) for one in result.bursts]
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("watch")


@pytest.mark.parametrize("leak_m3h", [0.0, 60.0])
def test_a_leak_is_found_within_an_hour_and_a_quiet_day_raises_nothing(folder: Path, leak_m3h: float) -> None:
    city = replace(pumped_city(folder), info=replace(pumped_city(folder).info, time_zone="UTC"))
    random = np.random.default_rng(12)
    quiet = day_of_readings(folder, "quiet", 0.0)
    found = _run(
        city,
        [read_with_noise(quiet, random) for _ in range(DAYS)],
        read_with_noise(day_of_readings(folder, "leak", leak_m3h), random),
    )
    if not leak_m3h:
        assert not found
        return
    assert NOON <= found[0][0] <= NOON + 12
    finding = found[0][1]
    assert finding.first_abnormal_at <= finding.at
    assert finding.location.set_90
    assert finding.location.candidates[0].pipe_id in ("B", "C")  # the pipes that end where it leaks
    assert finding.evidence


def test_a_burst_that_outlasts_its_hold_and_its_repair_are_no_second_event(folder: Path) -> None:
    city = replace(pumped_city(folder), info=replace(pumped_city(folder).info, time_zone="UTC"))
    random = np.random.default_rng(5)
    quiet = day_of_readings(folder, "before", 0.0)
    hurt = read_with_noise(day_of_readings(folder, "long", 60.0), random)  # from noon to midnight: twice the hold of six hours
    after = read_with_noise(quiet, random)
    last = {channel: np.concatenate([hurt[channel], after[channel][:NOON]]) for channel in hurt}
    found = _run(city, [read_with_noise(quiet, random) for _ in range(DAYS)], last)
    assert len(found) == 1
    assert NOON <= found[0][0] <= NOON + 12


def test_a_lane_that_is_switched_off_counts_no_more(folder: Path) -> None:
    city = pumped_city(folder)
    with EpanetSession(city) as session:
        states, model = list(session.solve_day(3600)), driven_model(session)
    options = DetectorOptions(tick_s=float(STEP_S), time_zone="UTC")
    assert Detector(city, states, options, driven=model).lacks_history
    assert not Detector(city, states, replace(options, without=frozenset({"driven"})), driven=model).lacks_history


def test_after_a_gap_the_lanes_count_until_the_shortest_window_and_its_hour_before_are_full(folder: Path) -> None:
    city = replace(pumped_city(folder), info=replace(pumped_city(folder).info, time_zone="UTC"))
    random = np.random.default_rng(3)
    quiet = day_of_readings(folder, "gap", 0.0)
    days = [read_with_noise(quiet, random) for _ in range(DAYS)]
    at_us = 1_704_067_200_000_000 + np.arange((DAYS + 1) * DAY, dtype=np.int64) * STEP_S * 1_000_000
    history = {int(channel): np.concatenate([day[channel] for day in days]).astype(np.float32) for channel in quiet}
    last = read_with_noise(quiet, random)
    tested = []
    with EpanetSession(city) as session:
        model = driven_model(session)
        assert model is not None
        options = DetectorOptions(tick_s=float(STEP_S), time_zone="UTC")
        watch = DrivenWatch(city, list(session.solve_day(3600)), options, model)
        watch.learn(History(at_us[: DAYS * DAY], history))
        for tick in [0, 1, *range(10, 30)]:
            value = np.full((4, len(Channel)), np.nan)
            for channel, table in last.items():
                value[:, channel] = table[tick]
            watch.tick(value, np.isfinite(value), int(at_us[DAYS * DAY + tick]))
            tested.append(watch.is_testing)
    # 10 min and the hour before are 2 + 12 ticks of 5 min: the 14th tick after the gap is the first that is tested.
    assert tested == [True, True, *[False] * 13, *[True] * 7]
