"""The synthetic city with metered DMAs, recorded from EPANET: tests on flows beside pressures."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from console.detection.flow.dma_borders import metered_zones
from console.detection.flow.metered_zones import MeteredZones
from console.domain.alarms import AlarmKind
from maps.city import City
from maps.network import PipeStatus
from maps.synthetic import SyntheticOptions, build_city
from tests.console.detection.recorded import Room, Scene, learned
from tests.console.notes import chinese

pytestmark = pytest.mark.slow

DAYS, SEED = 3, 3


@pytest.fixture(scope="module")
def scene() -> Iterator[Scene]:
    with learned(build_city(SyntheticOptions(seed=1)), DAYS, SEED, tick_s=60) as scene:
        yield scene


@pytest.fixture
def room(scene: Scene) -> Iterator[Room]:
    with scene.room(step_s=60) as room:
        yield room


def dma(city: City, name: str) -> int:
    """Row of a DMA by its name."""
    return next(row for row in range(len(city.zones)) if str(city.zones.name[row]) == name)


def a_pipe(city: City, name: str) -> str:
    """A middling main in the inside of a DMA, the longest."""
    zone, pipes = metered_zones(city), city.network.pipes
    inside = (zone[pipes.from_node] == dma(city, name)) & (zone[pipes.to_node] == dma(city, name))
    usable = inside & (pipes.status == PipeStatus.OPEN) & (pipes.diameter_mm >= 150) & (pipes.diameter_mm <= 300)
    return str(pipes.asset_id[int(np.argmax(np.where(usable, pipes.length_m, 0.0)))])


def share_in(room: Room, name: str) -> float:
    """Of a finding's probability, what lies in a DMA."""
    zone, pipes = metered_zones(room.truth.city), room.truth.city.network.pipes
    location = room.bursts[0].location
    rows = pipes.rows([one.pipe_id for one in location.candidates])
    mine = zone[pipes.from_node[rows]] == dma(room.truth.city, name)
    probability = np.array([one.probability for one in location.candidates])
    return float(probability[mine].sum() / probability.sum())


def test_every_dma_of_the_synthetic_city_is_wholly_metered(scene: Scene) -> None:
    watch = MeteredZones(scene.city)
    dmas = set(np.flatnonzero(scene.city.zones.kind == "dma").tolist())
    assert watch.wholly_metered().behind == dmas
    assert len(dmas) == 13


@pytest.mark.parametrize(
    ("name", "flow_m3h", "ticks"), [("城西02分区", 40.0, 1), ("城南02分区", 100.0, 2), ("城中02分区", 150.0, 5)]
)
def test_the_balance_puts_a_burst_into_its_dma_and_is_evidence(room: Room, name: str, flow_m3h: float, ticks: int) -> None:
    room.truth.burst(a_pipe(room.truth.city, name), flow_m3h)
    room.ticks(ticks)
    (found,) = room.bursts
    assert share_in(room, name) > 0.9
    flows = [one for one in found.evidence if one.channel == "flow"]
    assert name in {one.zone for one in flows}
    (alarm,) = room.alarms()
    assert f"{name} 进水上升" in chinese(alarm.detail)


@pytest.mark.parametrize(("valve", "pair"), [("V0171", ("城西02分区", "城南02分区")), ("V0033", ("城西01分区", "城南02分区"))])
def test_a_boundary_valve_that_is_opened_is_named_and_no_burst(room: Room, valve: str, pair: tuple[str, str]) -> None:
    room.truth.open_valve(valve)
    room.ticks(15)
    assert room.bursts == []
    (named,) = {asset for kind, asset in room.named() if kind == "boundary"}
    one, other = (dma(room.truth.city, name) for name in pair)
    assert named in MeteredZones(room.truth.city).between(one, other)
    assert {kind for kind, _ in room.named()} == {"boundary"}
    (alarm,) = room.alarms(AlarmKind.BOUNDARY)
    assert alarm.returned_at is None
    assert all(name in chinese(alarm.detail) for name in pair)


@pytest.mark.parametrize("pump", ["PU0001", "PU0004", "PU0010", "PU0016"])
def test_a_tripped_pump_without_channels_is_found_by_its_stations_outflow(room: Room, pump: str) -> None:
    pumps = room.truth.city.network.pumps
    assert room.truth.state.pump_flow_m3h[pumps.row(pump)] > 1.0
    room.truth.switch(pump, on=False)
    room.ticks(6)
    assert room.bursts == []
    told = [one for one in room.operations if one.kind == "pump"]
    assert all(one.stopped for one in told)
    outlet = int(pumps.to_node[pumps.row(pump)])
    assert {int(pumps.to_node[pumps.row(one.pump_id)]) for one in told} == {outlet}


def test_a_small_burst_downstream_of_the_citys_prv_is_found_by_its_meter(room: Room) -> None:
    room.truth.burst(a_pipe(room.truth.city, "城南01分区"), 15.0)
    room.ticks(3)
    (found,) = room.bursts
    assert found.lane == "inflow"
    assert share_in(room, "城南01分区") > 0.99


def test_closing_the_citys_prv_is_named(room: Room) -> None:
    room.truth.switch("V4165", on=False)
    room.ticks(4)
    assert room.bursts == []
    assert room.named() == {("prv_shut", "V4165")}


@pytest.mark.parametrize("entered", [False, True])
def test_hydrant_use_is_a_burst_unless_it_was_entered_as_an_operation(room: Room, entered: bool) -> None:
    city = room.truth.city
    node = city.network.pipes.from_node[city.hydrants.pipe]
    row = int(np.flatnonzero(metered_zones(city)[node] == dma(city, "城西02分区"))[0])
    if entered:
        room.enter("hydrant", str(city.hydrants.asset_id[row]), minutes=60)
    room.truth.draw({int(node[row]): 108.0})
    room.ticks(1)
    (alarm,) = room.alarms()
    assert {why.code for why in alarm.explanations} == ({"hydrant"} if entered else set())


def test_two_hours_without_events_report_nothing(room: Room) -> None:
    room.ticks(120)
    assert (room.bursts, room.operations, room.faults()) == ([], [], [])
