"""Inflow surges of metered zones, and pump states from station outflow."""

from __future__ import annotations

import numpy as np
import pytest

from console.detection.flow.inflow_surges import InflowSurges, Surge
from console.detection.flow.pressure_zones import Partition, ZoneLink
from console.detection.flow.pump_meters import PumpChannels
from console.detection.history import History
from console.domain.readings import Channel
from maps.city import City
from tests.builders import a_network

STEP_US = 300_000_000
START_US = 1_704_067_200_000_000
DAYS, STEPS_A_DAY = 16, 288


def two_zones() -> tuple[City, Partition]:
    """Two zones, each with one meter in."""
    builder = a_network().source("R", 0, 0).node("A", 100, 0).node("B", 0, 100).pipe("PA", "R", "A").pipe("PB", "B", "R")
    city = builder.station("QA", on="PA", channels="flow").station("QB", on="PB", channels="flow").build()
    row = city.network.nodes.row
    label = np.zeros(3, dtype=np.int64)
    label[row("A")], label[row("B")] = 1, 2
    ways = (ZoneLink("PA", False, 0, 1, ((0, 1.0),)), ZoneLink("PB", False, 0, 2, ((1, -1.0),)))
    return city, Partition(label, frozenset({1, 2}), ways)


def course(step: int) -> float:
    """The day's swing of a zone's use, m³/h."""
    return 60.0 + 30.0 * float(np.sin(2.0 * np.pi * step / STEPS_A_DAY))


class Meters:
    """Two meters with a day's swing and 1 m³/h of noise; the second is drawn outward."""

    def __init__(self, *, learned: bool = True) -> None:
        city, parts = two_zones()
        self.watch, self.random, self.step = InflowSurges(city, [parts]), np.random.default_rng(2), DAYS * STEPS_A_DAY
        if learned:
            flow = np.array([[course(step), -course(step)] for step in range(self.step)])
            flow += self.random.normal(0.0, 1.0, flow.shape)
            at_us = START_US + np.arange(self.step) * STEP_US
            self.watch.learn(History(at_us, {int(Channel.FLOW): flow.astype(np.float32)}))

    def ticks(self, count: int, one: float = 0.0, other: float = 0.0, *, heard: bool = True) -> list[Surge]:
        """Steps with so much more into either zone."""
        found = []
        for _ in range(count):
            value = np.full((2, len(Channel)), np.nan)
            value[:, Channel.FLOW] = course(self.step) + one, -course(self.step) - other
            value[:, Channel.FLOW] += self.random.normal(0.0, 1.0, 2)
            good = np.isfinite(value) & heard
            found.append(self.watch.tick(value, good, START_US + self.step * STEP_US))
            self.step += 1
        return [one for one in found if one is not None]


@pytest.mark.parametrize(("one", "other", "part"), [(20.0, 0.0, 1), (0.0, 20.0, 2)])
def test_an_inflow_surge_of_three_samples_is_reported_once_with_its_start(one: float, other: float, part: int) -> None:
    meters = Meters()
    assert meters.ticks(STEPS_A_DAY) == []
    began_us = START_US + meters.step * STEP_US
    assert meters.ticks(2, one, other) == []
    (surge,) = meters.ticks(10, one, other)
    assert (surge.part, surge.began_us) == (part, began_us)
    assert surge.size_m3h == pytest.approx(20.0, abs=2.0)


def test_the_daily_profile_one_outlier_and_small_changes_are_no_surge() -> None:
    meters = Meters()
    assert meters.ticks(7 * STEPS_A_DAY) == []
    assert meters.ticks(1, 60.0) == []
    assert meters.ticks(20) == []
    assert meters.ticks(20, 3.0) == []


def test_a_rise_that_another_zone_loses_is_no_surge() -> None:
    meters = Meters()
    meters.ticks(30)
    assert meters.ticks(10, 20.0, -20.0) == []


def test_without_history_or_samples_no_surge_is_reported() -> None:
    assert Meters(learned=False).ticks(40, 20.0) == []
    meters = Meters()
    meters.ticks(30)
    assert meters.ticks(10, 20.0, heard=False) == []


def a_station() -> City:
    """Two pumps side by side with one metered main behind them."""
    builder = a_network().source("R", 0, 0).node("O", 100, 0).node("M", 200, 0).pipe("P", "M", "O")
    builder = builder.pump("U1", "R", "O").pump("U2", "R", "O")
    return builder.station("Q", on="P", channels="flow").build()


@pytest.mark.parametrize(
    ("after", "lost", "kept", "risen"),
    [(60.0, True, False, False), (99.0, False, True, False), (140.0, False, False, True), (float("nan"), False, False, False)],
)
def test_a_fall_of_station_outflow_means_a_pump_stop(after: float, lost: bool, kept: bool, risen: bool) -> None:
    channels = PumpChannels(a_station())
    value = np.full((1, len(Channel)), np.nan)
    for flow in (100.0, 101.0, after):
        value[0, Channel.FLOW] = -flow  # the main is drawn towards the pumps
        switched, steady = channels.read(value, np.isfinite(value))
    both = frozenset({0, 1})
    assert switched == (both if lost else frozenset())
    assert steady == (both if kept else frozenset())
    assert steady.rising == (both if risen else frozenset())
