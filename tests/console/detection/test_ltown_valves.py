"""L-Town behind its three reducing valves, recorded from EPANET: bursts, setpoints, valves that fail, a pump that stops."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from console.bench.ltown import STATION_NODES, between_m, ltown
from console.detection.flow.pressure_zones import partition_of
from console.domain.alarms import AlarmKind, Priority
from maps.city import City, StationTable
from maps.hydraulics.boundary import BoundaryMeters
from tests.console.detection.recorded import Room, Scene, learned

DAYS, SEED = 4, 3
VALVES = ("PRV-1", "PRV-2", "PRV-3")
BEHIND_3 = "p150"
"""A pipe of the small zone behind PRV-3, where one gauge stands and 11 m³/h are used."""
ELSEWHERE = "p280"
"""A pipe of the town above the pump, behind no valve."""


def a_city(*, metered: bool) -> City:
    """L-Town with its 33 gauges; the valves report flow, opening and setpoint, the pump flow and state, the tank its level."""
    city = ltown()
    nodes = city.network.nodes
    rows = nodes.rows(list(STATION_NODES))
    links, channels = [""] * len(rows), ["pressure"] * len(rows)
    names, node = list(STATION_NODES), rows.tolist()
    if metered:
        names += [*(f"Q-{valve}" for valve in VALVES), "Q-PUMP", "L-T1"]
        node += [-1, -1, -1, -1, nodes.row("T1")]
        links += [*VALVES, "PUMP_1", ""]
        channels += [*["flow,valve_position,setpoint"] * 3, "flow,pump_on", "level"]
    place = np.maximum(np.array(node), 0)
    table = StationTable.of(names, name=names, node=node, link=links, channels=channels, x=nodes.x[place], y=nodes.y[place])
    return replace(city, stations=table)


@pytest.fixture(scope="module")
def metered() -> Iterator[Scene]:
    with learned(a_city(metered=True), DAYS, SEED) as scene:
        yield scene


@pytest.fixture
def room(metered: Scene) -> Iterator[Room]:
    with metered.room() as room:
        yield room


def pipes_behind(city: City, valve: str) -> set[str]:
    """Pipes of the zone that a valve feeds."""
    parts, pipes = partition_of(city), city.network.pipes
    (part,) = (way.end for way in parts.ways if way.asset_id == valve)
    return set(pipes.asset_id[parts.label[pipes.from_node] == part].tolist())


def test_the_model_is_driven_by_pump_states_only_where_no_regulating_valve_is_metered() -> None:
    city = a_city(metered=True)
    stations = city.stations
    channels = [str(text).replace("flow,valve_position,setpoint", "pressure") for text in stations.channels]
    unmetered = replace(stations, channels=np.array(channels, dtype=object))
    assert not BoundaryMeters.of(city).drives
    assert BoundaryMeters.of(replace(city, stations=unmetered)).drives


def test_a_burst_without_pressure_response_is_found_by_the_valves_meter(room: Room) -> None:
    room.truth.burst(BEHIND_3, 10.0)
    room.ticks(3)
    (found,) = room.bursts
    assert found.lane == "inflow"
    assert set(found.location.set_90) <= pipes_behind(room.truth.city, "PRV-3")
    assert BEHIND_3 in found.location.set_90
    told = {(one.station_id, one.channel): one for one in found.evidence}
    assert told["Q-PRV-3", "flow"].deviation == pytest.approx(10.0, abs=2.0)
    assert told["Q-PRV-3", "valve_position"].deviation > 10.0
    (alarm,) = room.alarms()
    assert alarm.priority is Priority.HIGH


def test_a_burst_behind_a_valve_is_found_at_once_with_its_flow_and_opening_as_evidence(room: Room) -> None:
    room.truth.burst(BEHIND_3, 40.0)
    room.ticks(1)
    (found,) = room.bursts
    city, first = room.truth.city, found.location.candidates[0].pipe_id
    assert set(found.location.set_90) <= pipes_behind(city, "PRV-3")
    assert between_m(city, city.network.pipes.row(first), city.network.pipes.row(BEHIND_3)) < 150.0
    told = {(one.station_id, one.channel): one for one in found.evidence}
    assert told["Q-PRV-3", "flow"].deviation == pytest.approx(40.0, abs=6.0)
    assert told["Q-PRV-3", "flow"].zone == "PRV-3"
    # It shows more in front of the valve, where nothing holds the pressure, than behind it.
    assert found.evidence[0].station_id == "n229"


@pytest.mark.parametrize("change_m", [-5.0, 5.0])
@pytest.mark.parametrize("valves", [("PRV-1",), ("PRV-2",), ("PRV-3",), ("PRV-1", "PRV-2")])
def test_a_setpoint_moved_on_purpose_is_named_and_no_burst(room: Room, valves: tuple[str, ...], change_m: float) -> None:
    for valve in valves:
        room.truth.set_reducing(valve, room.truth.setting_m(valve) + change_m)
    room.ticks(6)
    assert room.bursts == []
    assert room.named() == {("setpoint", valve) for valve in valves}
    assert room.faults() == []
    assert {alarm.subject for alarm in room.alarms(AlarmKind.OPERATION)} == set(valves)


@pytest.mark.parametrize("valve", ["PRV-1", "PRV-2"])
def test_a_valve_that_shuts_beside_another_is_named_and_no_burst_at_its_outlet(room: Room, valve: str) -> None:
    room.truth.switch(valve, on=False)
    room.ticks(6)
    assert room.bursts == []
    assert ("prv_shut", valve) in room.named()
    assert "spike" not in room.faults()
    assert "deviating" not in room.faults()


def test_the_only_valve_of_a_zone_that_shuts_is_named(room: Room) -> None:
    room.truth.switch("PRV-3", on=False)
    room.ticks(3)
    assert room.bursts == []
    assert room.named() == {("prv_shut", "PRV-3")}


@pytest.mark.parametrize("valve", VALVES)
def test_a_valve_that_fails_open_is_named_and_stations_outside_its_zone_count_as_steady(room: Room, valve: str) -> None:
    room.truth.switch(valve, on=True)
    room.ticks(3)
    assert room.bursts == []
    assert room.named() == {("prv_open", valve)}


@pytest.mark.parametrize("between", [0, 1, 3])
def test_a_burst_with_or_after_a_setpoint_is_not_hidden_by_it(room: Room, between: int) -> None:
    room.truth.set_reducing("PRV-1", room.truth.setting_m("PRV-1") - 5.0)
    room.ticks(between)
    room.truth.burst(ELSEWHERE, 60.0)
    room.ticks(2)
    (found,) = room.bursts
    assert ELSEWHERE in found.location.set_90
    assert ("setpoint", "PRV-1") in room.named()
    (alarm,) = room.alarms()
    explained = ("setpoint", "PRV-1") in {(why.code, why.asset_id) for why in alarm.explanations}
    assert explained == (between <= 1)  # of five minutes; an operation explains for ten


def test_a_pump_that_stops_is_named_and_the_valves_that_fed_it_are_not(room: Room) -> None:
    assert room.truth.state.pump_flow_m3h[0] > 1.0
    room.truth.switch("PUMP_1", on=False)
    room.ticks(3)
    assert room.bursts == []
    assert room.named() == {("pump", "PUMP_1")}


def test_a_day_without_events_reports_only_the_pump_and_the_tank(room: Room) -> None:
    room.ticks(288)
    assert room.bursts == []
    assert room.named() <= {("pump", "PUMP_1"), ("tank_filling", "L-T1")}
    assert room.faults() == []


@pytest.mark.slow
def test_without_meters_a_burst_at_a_valves_outlet_names_the_valve_as_possible() -> None:
    with learned(a_city(metered=False), DAYS, SEED) as scene, scene.room() as room:
        room.truth.switch("PRV-1", on=False)
        room.ticks(1)
        (found,) = room.bursts
        assert [(one.kind, one.pump_id, one.certain) for one in found.operations] == [("prv_shut", "PRV-1", False)]
