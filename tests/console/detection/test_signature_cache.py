"""Signature cache: computed per group and state on demand, equal to all at once, with a bounded number kept."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from console.bench.trace import lattice
from console.detection import Closed, Detector, DetectorOptions, History, TickResult
from console.detection.signature_cache import SMALLEST_FLOW_M3H, SignatureCache
from console.detection.station_groups import POOL
from console.domain.readings import Channel
from maps.city import City
from maps.hydraulics.state import HydraulicState
from maps.locate import Interpolation, PumpCurves, build_signatures, place_stations
from tests.builders import NetworkBuilder, a_network
from tests.console.detection.cases import NOISE_M, START_US, STEP_US, Night, Town

HOUR_S = 3600.0
METRE = 9.80665


@pytest.fixture(scope="module")
def town() -> Town:
    return Town.built("H33", "V40")


def day_of(state: HydraulicState) -> list[HydraulicState]:
    """The same state at each hour."""
    return [replace(state, at_s=hour * HOUR_S) for hour in range(24)]


def test_a_group_has_the_signatures_that_all_stations_made_at_once_have(town: Town) -> None:
    slopes = PumpCurves.of(town.city).slopes(town.state)
    whole = build_signatures(town.city, town.state, pump_slope_m_per_m3h=slopes, smallest_flow_m3h=SMALLEST_FLOW_M3H)
    book = SignatureCache(town.city, [town.state], "imported")
    demand = np.nan_to_num(town.state.demand_m3h)
    for rows in (np.array([0, 3, 7]), np.array([15, 2, 9, 1])):
        own, digest = book.group(rows).signatures(0), book.group(rows).digest(0)
        heads = whole.head_m_per_m3h[rows]
        np.testing.assert_allclose(own.head_m_per_m3h, heads, rtol=1e-5, atol=1e-9)
        assert own.station_id == tuple(whole.station_id[row] for row in rows)
        np.testing.assert_allclose(digest.heads, heads, rtol=1e-5, atol=1e-9)
        np.testing.assert_allclose(digest.demand_modes, whole.demand_modes[rows], rtol=1e-5)
        np.testing.assert_allclose(digest.demand_gram, (heads * demand**2) @ heads.T, rtol=1e-4)


def test_in_a_large_city_sample_nodes_are_even_among_those_with_a_response() -> None:
    city = lattice(12_000, 1)
    city = replace(city, stations=place_stations(city, 40))
    rows = np.arange(5, 25)
    whole = Interpolation(city).signatures(rows).head_m_per_m3h
    assert whole.shape[1] > POOL
    heads = SignatureCache(city, None, "none").group(rows).digest(0).heads
    felt = np.flatnonzero(np.abs(whole).max(axis=0) > 1e-4 * np.abs(whole).max())
    chosen = felt[np.linspace(0, len(felt) - 1, min(len(felt), POOL)).astype(int)]
    np.testing.assert_array_equal(heads, whole[:, chosen])


def test_with_little_memory_a_deferred_cache_keeps_the_present_state_and_the_next(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.detection.signature_cache._DIGEST_BYTES", 1)
    options = DetectorOptions(time_zone="UTC", deferred=True)
    night = Night(town, learned=False)
    night.detector = Detector(town.city, day_of(town.state), options)
    kept = SignatureCache(town.city, day_of(town.state), "imported", deferred=True).pages_kept
    assert kept == 2
    for _ in range(4):
        hour = night.now_us // 3_600_000_000
        night.tick()
        while night.detector.prepare():
            pass
        second = (hour % 24) * HOUR_S
        (group,) = night.detector._groups
        assert group.steps.ready(second)
        assert group.steps.ready(second + HOUR_S)
        assert sum(group.steps.ready(other * HOUR_S) for other in range(24)) == 2
        night.now_us += 3_600_000_000 - STEP_US


def found_by(night: Night, town: Town) -> list[TickResult]:
    """Half an hour of quiet, a burst, and two more ticks."""
    return [*night.ticks(30), *night.ticks(3, 2.0 * town.drops_m["V40"])]


@pytest.mark.parametrize("model", [True, False])
def test_prepared_between_ticks_or_made_when_needed_detection_finds_the_same(town: Town, model: bool) -> None:
    states = [town.state] if model else None
    results = []
    for deferred in (False, True):
        night = Night(town, learned=False)
        night.detector = Detector(town.city, states, DetectorOptions(time_zone="UTC", deferred=deferred))
        night.tick()
        while night.detector.prepare():
            pass
        results.append(found_by(night, town))
    eager, prepared = results
    assert any(result.bursts for result in eager)
    for one, other in zip(eager, prepared, strict=True):
        assert [burst.location for burst in one.bursts] == [burst.location for burst in other.bursts]
        assert [burst.statistic for burst in one.bursts] == [burst.statistic for burst in other.bursts]
        assert [burst.location for burst in one.revisions] == [burst.location for burst in other.revisions]


def test_until_a_group_is_prepared_its_stations_are_learning_and_it_finds_nothing(town: Town) -> None:
    night = Night(town, learned=False)
    night.detector = Detector(town.city, [town.state], DetectorOptions(time_zone="UTC", deferred=True))
    assert night.detector.preparing == (0, 0)
    assert not night.detector.prepare(), "no group has reported: nothing is needed"
    results = found_by(night, town)
    assert not any(result.bursts for result in results)
    assert all(result.learning.all() for result in results)
    assert night.detector.preparing == (0, 1)
    assert night.detector.prepare()
    assert night.detector.preparing == (1, 1)


def test_history_is_learned_with_deferred_signatures_too(town: Town) -> None:
    random = np.random.default_rng(1)
    at_us = START_US - np.arange(2000, 0, -1) * STEP_US
    heads = town.quiet_m + NOISE_M * random.standard_normal((2000, len(town.quiet_m)))
    night = Night(town, learned=False)
    night.detector = Detector(town.city, day_of(town.state), DetectorOptions(time_zone="UTC", deferred=True))
    night.detector.learn(History(at_us, {int(Channel.PRESSURE): (heads * METRE).astype(np.float32)}))
    assert not night.tick().learning.any()
    results = found_by(night, town)
    assert sum(len(result.bursts) for result in results) == 1


def test_a_closed_detector_makes_no_signatures_any_more(town: Town) -> None:
    night = Night(town, learned=False)
    night.detector.close()
    with pytest.raises(Closed):
        night.tick()


def streets(builder: NetworkBuilder) -> NetworkBuilder:
    return builder.pipe("P1", "A", "B").pipe("P2", "B", "C").pipe("P3", "X", "Y")


CITIES = {
    "no stations": streets(a_network().source("S")).pipe("P0", "S", "A"),
    "one station": streets(a_network().source("S")).pipe("P0", "S", "A").station("S1", at="B"),
    "a station without a way to a source": streets(a_network().source("S")).pipe("P0", "S", "A").station("S1", at="X"),
    "no source": streets(a_network()).station("S1", at="B").station("S2", at="C").station("S3", at="X").station("S4", at="A"),
    "stations on links only": streets(a_network().source("S")).pipe("P0", "S", "A").station("S1", on="P1"),
    "no pipes": a_network().node("A").station("S1", at="A").station("S2", at="A").station("S3", at="A"),
}


def resting(city: City) -> HydraulicState:
    """A state in which nothing flows, as a model without demand has it."""
    network = city.network
    nodes, nothing = len(network.nodes), np.zeros(len(network.pipes))
    empty, none = np.empty(0), np.empty(0, dtype=np.uint8)
    still = partial(HydraulicState, at_s=0.0, converged=True, message="", pump_flow_m3h=empty, valve_flow_m3h=empty)
    heads = np.full(nodes, 50.0)
    return still(
        head_m=heads,
        pressure_m=heads,
        demand_m3h=np.zeros(nodes),
        pipe_flow_m3h=nothing,
        valve_status=none,
        pipe_open=np.ones(len(nothing), dtype=bool),
    )


@pytest.mark.parametrize("learned", [False, True])
@pytest.mark.parametrize("deferred", [False, True])
@pytest.mark.parametrize("model", [False, True])
@pytest.mark.parametrize("name", CITIES)
def test_without_usable_signatures_ticks_continue_and_nothing_is_found(
    name: str, model: bool, deferred: bool, learned: bool
) -> None:
    city = CITIES[name].build()
    states = day_of(resting(city)) if model else None
    detector = Detector(city, states, DetectorOptions(time_zone="UTC", deferred=deferred, tick_s=300.0 if learned else 60.0))
    random, rows = np.random.default_rng(1), len(city.stations)
    past_us = START_US - np.arange(700, 0, -1) * 5 * STEP_US
    past = 300.0 + 0.3 * random.standard_normal((len(past_us), rows))
    if learned:
        detector.learn(History(past_us, {int(Channel.PRESSURE): past.astype(np.float32)}))
    value, quality = np.full((rows, len(Channel)), np.nan), np.zeros((rows, len(Channel)), dtype=np.uint8)
    for tick in range(12):
        now_us = START_US + tick * int(detector.options.tick_s * 1e6)
        value[:, Channel.PRESSURE] = 300.0 + 0.3 * random.standard_normal(rows)
        at_us = np.where(np.isfinite(value), now_us, 0)
        result = detector.tick(value, at_us, quality, now_us)
        assert not result.bursts
        assert result.expected.shape == value.shape
        while detector.prepare():
            pass
