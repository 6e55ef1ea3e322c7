"""The simulated city in this process: hidden differences from the model, readings, bursts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from console.domain.readings import Channel, Quality
from console.feeds.codec import Decoder
from console.feeds.simulator.history import history
from console.feeds.simulator.options import Burst, SimulatorOptions, Told, Valves
from console.feeds.simulator.sensors import Sensors
from console.feeds.simulator.serve import Simulation
from console.feeds.simulator.world import World
from console.mqtt.message import Message
from maps.city import City, CrewTable, StationTable
from maps.hydraulics.model_building.model import ModelDetail
from maps.hydraulics.session import EpanetSession
from maps.network import ValveKind, ValveTable
from tests.maps.hydraulics.build import a_line

START = datetime(2024, 1, 3, 14, 55, 20, tzinfo=UTC)
PIPES = (("P1", "S", "A"), ("P2", "A", "B"), ("P3", "S", "B"), ("P4", "B", "C"))
HOURS = tuple(1.0 + 0.4 * float(np.sin(hour / 24 * 2 * np.pi)) for hour in range(24))


@pytest.fixture(scope="module")
def city() -> City:
    valves = ValveTable.of(["V"], kind=[ValveKind.GATE], pipe=[3], node=[2])
    detail = ModelDetail(patterns={"DAY": HOURS}, node_pattern=np.full(4, "DAY", dtype=object))
    line = a_line(demands=dict.fromkeys("ABC", 30.0), pipes=PIPES, valves=valves, detail=detail)
    stations = StationTable.of(
        ["SA", "SC", "F1"], node=[1, 3, -1], link=["", "", "P1"], channels=["pressure,turbidity", "pressure", "flow"]
    )
    crews = CrewTable.of(["C1"], name=["one"], base_x=[500_000.0], base_y=[4_050_000.0])
    return replace(line, stations=stations, crews=crews)


def options(**changes: object) -> SimulatorOptions:
    plain = SimulatorOptions(city_path="", seed=5, speed=60.0, start=START, origin=0.0, glitches_a_day=0.0)
    return replace(plain, **changes)  # type: ignore[arg-type]


@pytest.fixture
def simulation(city: City) -> Iterator[Simulation]:
    running = Simulation(city, options())
    yield running
    running.close()


def test_readings_come_on_the_grid_and_decode_without_complaint(simulation: Simulation, city: City) -> None:
    messages = [Message(topic, payload) for _ in range(3) for topic, payload in simulation.step()]
    decoded = Decoder(city).decode(messages)
    assert decoded.rejected == 0
    assert len(decoded.readings) == 3 * 4
    assert {int(at) % 60_000_000 for at in decoded.readings.at_us} == {0}
    assert len(decoded.fixes) == 3
    assert decoded.fixes[0].x == pytest.approx(500_000.0, abs=5000.0)


def test_the_same_seed_gives_the_same_night_and_another_seed_another(city: City) -> None:
    def night(seed: int) -> list[tuple[str, bytes]]:
        simulation = Simulation(city, options(seed=seed))
        try:
            return [message for _ in range(5) for message in simulation.step()]
        finally:
            simulation.close()

    assert night(5) == night(5)
    assert night(5) != night(6)


def test_the_hidden_demands_differ_from_the_models_but_their_city_does_not_drift(city: City) -> None:
    world = World(city, options(), 0.0)
    hidden = world.advance(60)
    world.close()
    with EpanetSession(city) as session:
        known = session.solve(60)
    ratio = hidden.demand_m3h[1:] / known.demand_m3h[1:]
    assert np.ptp(ratio) > 0.02
    assert np.all((ratio > 0.3) & (ratio < 3.0))


def test_demand_moves_in_straight_lines_not_in_stairs(city: City) -> None:
    calm = options(demand_sigma=0.0, roughness_sigma=0.0, node_sigma=0.0, city_sigma=0.0)
    world = World(city, calm, 6 * 3600.0)
    drawn = [float(world.advance(at).demand_m3h[1]) for at in range(0, 7201, 1800)]
    world.close()
    six, seven, eight = (30.0 * HOURS[hour] for hour in (6, 7, 8))
    np.testing.assert_allclose(drawn, [six, (six + seven) / 2, seven, (seven + eight) / 2, eight], rtol=1e-3)


def test_a_repaired_pipe_takes_no_more_water_and_another_ones_break_stays(city: City) -> None:
    calm = options(demand_sigma=0.0, node_sigma=0.0, city_sigma=0.0, roughness_sigma=0.0)
    quiet, world = World(city, calm, 0.0), World(city, calm, 0.0)
    world.advance(60)
    world.burst("P4", 80.0, 0.25)
    world.burst("P4", 40.0, 0.25)
    world.advance(120)
    world.repair("P3")
    broken = world.advance(180)
    world.repair("P4")
    mended = world.advance(240)
    still = quiet.advance(240)
    world.close()
    quiet.close()
    assert broken.demand_m3h[2] - still.demand_m3h[2] > 60.0
    np.testing.assert_allclose(mended.demand_m3h, still.demand_m3h, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(mended.pressure_m, still.pressure_m, rtol=1e-3)


def test_a_burst_takes_its_flow_and_lowers_pressures(city: City) -> None:
    calm = options(demand_sigma=0.0, node_sigma=0.0, city_sigma=0.0, roughness_sigma=0.0)
    world = World(city, calm, 0.0)
    before = world.advance(60)
    world.burst("P4", 80.0, 0.25)
    after = world.advance(120)
    extra = after.demand_m3h - before.demand_m3h
    world.set_valves(("V",), ())
    shut = world.advance(180)
    world.set_valves((), ())
    again = world.advance(240)
    world.close()
    assert extra[2] == pytest.approx(60.0, rel=0.08)
    assert extra[3] == pytest.approx(20.0, rel=0.2)
    assert after.pressure_m[3] < before.pressure_m[3] - 0.3
    assert not shut.pipe_open[3]
    np.testing.assert_allclose(again.pressure_m, after.pressure_m, atol=0.05)


def test_a_planned_burst_begins_at_its_time(city: City) -> None:
    simulation = Simulation(city, options(bursts=((100.0, "P4", 150.0),), pressure_sigma_m=0.0))
    pressures = []
    for _ in range(4):
        (payload,) = (payload for topic, payload in simulation.step() if topic.endswith("readings"))
        pressures.append({item["s"]: item["v"] for item in json.loads(payload)}["SC"]["pressure_mpa"])
    simulation.close()
    # The start is 20 s after the minute: rounds at 40, 100, 160 and 220 s.
    assert abs(pressures[1] - pressures[0]) > 0.005
    assert abs(pressures[2] - pressures[1]) < 0.005


def test_a_command_that_cannot_be_carried_out_is_reported_and_changes_nothing(simulation: Simulation) -> None:
    (told,) = simulation.obey(Burst("nowhere", 10.0))
    assert isinstance(told, Told)
    assert "nowhere" in told.message
    (told,) = simulation.obey(Valves(("no valve",)))
    assert isinstance(told, Told)


def test_noise_has_the_stated_size(city: City) -> None:
    sensors = Sensors(city, options())
    truth = np.array([300.0, 0.2, 280.0, 100.0])
    many = np.array([sensors.noisy(truth) for _ in range(3000)])
    assert list(sensors.channel) == [Channel.PRESSURE, Channel.TURBIDITY, Channel.PRESSURE, Channel.FLOW]
    np.testing.assert_allclose(many.mean(axis=0), truth, rtol=0.01)
    np.testing.assert_allclose(many.std(axis=0)[[0, 3]], [0.03 * 9.80665, 1.0], rtol=0.1)


def test_glitches_affect_single_stations_and_end(city: City) -> None:
    sensors = Sensors(city, options(glitches_a_day=40.0, pressure_sigma_m=0.0, flow_sigma=0.0))
    with EpanetSession(city) as session:
        state = session.solve()
    truth = sensors.truth(state)
    samples = [sensors.measure(state, at) for at in range(0, 86_400, 60)]
    odd = np.array([~(np.abs(s.value - truth) < 0.2 * np.abs(truth)) | (s.quality == Quality.BAD) for s in samples])
    assert 0.02 < odd[:, 2].mean() < 0.9
    assert (~odd[-300:, 2]).any()


def test_history_ends_before_the_start_and_follows_the_day(city: City) -> None:
    batch = history(city, options(), days=2, step_s=300)
    start_us = int(START.timestamp() * 1e6)
    assert int(batch.at_us.max()) <= start_us
    assert int(batch.at_us.min()) >= int((START - timedelta(days=2)).timestamp() * 1e6)
    flow = (batch.station == 2) & (batch.channel == Channel.FLOW)
    assert int(flow.sum()) == pytest.approx(2 * 288, abs=1)
    local_hour = (batch.at_us[flow] / 3.6e9 + 8.0) % 24.0
    high, low = batch.value[flow][np.abs(local_hour - 6) < 1], batch.value[flow][np.abs(local_hour - 18) < 1]
    assert high.mean() > 1.5 * low.mean()
