"""The driven model against EPANET's own extended period: driven by that day's levels and states it gives that day's values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from maps.city import City, StationTable
from maps.hydraulics.boundary import BoundaryMeters, BoundaryReadings
from maps.hydraulics.driven import DrivenModel, driven_model
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.importers import ImportOptions, import_city
from maps.network import NodeKind

INP = """
[JUNCTIONS]
J0 0 0
J1 10 60 P
J2 12 40 P
[RESERVOIRS]
R 20
[TANKS]
T 40 3.0 0.5 6.0 12 0
[PIPES]
A J0 J1 500 300 110 0 Open
B J1 J2 800 250 110 0 Open
C J2 T 300 250 110 0 Open
[PUMPS]
PU R J0 HEAD H
[CURVES]
H 150 45
[PATTERNS]
P 0.6 0.6 0.8 1.2 1.5 1.3 1.0 1.4
[CONTROLS]
LINK PU OPEN IF NODE T BELOW 2.5
LINK PU CLOSED IF NODE T ABOVE 5.5
[TIMES]
Duration 24:00
Hydraulic Timestep 0:10
Pattern Timestep 3:00
[OPTIONS]
Units CMH
Headloss H-W
[COORDINATES]
J0 0 0
J1 500 0
J2 1300 0
R -100 0
T 1300 300
[END]
"""


def pumped_city(folder: Path) -> City:
    """A pump, a tank and two customers' nodes; stations for both pressures, the level and the pump."""
    path = folder / "pumped.inp"
    path.write_text(INP)
    found = import_city([path], ImportOptions()).city
    nodes = found.network.nodes
    stations = StationTable.of(
        ["P1", "P2", "LT", "QP"],
        node=np.array([nodes.row("J1"), nodes.row("J2"), nodes.row("T"), -1]),
        link=["", "", "", "PU"],
        channels=["pressure", "pressure", "level", "pump_on,flow"],
    )
    return replace(found, stations=stations)


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return pumped_city(tmp_path_factory.mktemp("driven"))


@pytest.fixture(scope="module")
def session(city: City) -> Iterator[EpanetSession]:
    with EpanetSession(city) as opened:
        yield opened


def _readings(city: City, day: list[HydraulicState]) -> BoundaryReadings:
    nodes = city.network.nodes
    tank = nodes.row("T")
    stations = [nodes.row("J1"), nodes.row("J2")]
    return BoundaryReadings(
        at_s=np.array([state.at_s for state in day]),
        level_m=np.array([[state.pressure_m[tank]] for state in day]),
        is_open=np.array([[float(state.pump_flow_m3h[0] > 0.1)] for state in day]),
        demand_factor=np.ones(len(day)),
        pressure_m=np.array([state.pressure_m[stations] for state in day]),
    )


def test_meters_name_what_stations_measure(city: City) -> None:
    meters = BoundaryMeters.of(city)
    assert meters.flow_link == meters.state_link == ("PU",)
    assert meters.supply_sign.tolist() == [1.0]
    assert meters.balanced
    assert meters.drives
    assert meters.tank_area_m2 == pytest.approx([np.pi * 36.0])


def test_driven_by_a_days_own_levels_and_states_it_gives_the_days_values(city: City, session: EpanetSession) -> None:
    day = list(session.solve_day(3600))
    assert {bool(state.pump_flow_m3h[0] > 0.1) for state in day} == {True, False}  # the pump cycles
    driven = driven_model(session)
    assert driven is not None
    values = driven.values(_readings(city, day))
    nodes = city.network.nodes
    for row, name in enumerate(("J1", "J2")):
        assert values.pressure_m[:, row] == pytest.approx([state.pressure_m[nodes.row(name)] for state in day], abs=0.02)
    assert values.flow_m3h[:, 0] == pytest.approx([state.pump_flow_m3h[0] for state in day], abs=0.5)
    drawn = [state.demand_m3h[nodes.kind == NodeKind.JUNCTION].sum() for state in day]
    assert values.demand_m3h == pytest.approx(drawn, rel=1e-4)
    assert values.inflow_m3h[:, 0] == pytest.approx(values.flow_m3h[:, 0] - values.demand_m3h, abs=0.1)


def test_a_leak_changes_what_a_model_with_that_demand_shows(city: City, session: EpanetSession, tmp_path: Path) -> None:
    text = INP.replace("[CONTROLS]", "[DEMANDS]\nJ2 40 P\nJ2 30 LEAK\n[CONTROLS]").replace("[PATTERNS]", "[PATTERNS]\nLEAK 1")
    (tmp_path / "leaky.inp").write_text(text)
    leaky = replace(import_city([tmp_path / "leaky.inp"], ImportOptions()).city, stations=city.stations)
    reading = BoundaryReadings(np.array([36_000.0]), np.array([[4.0]]), np.ones((1, 1)), np.ones(1), np.full((1, 2), np.nan))
    quiet = DrivenModel(session, BoundaryMeters.of(city)).values(reading)
    with EpanetSession(leaky) as other:
        hurt = DrivenModel(other, BoundaryMeters.of(leaky)).values(reading)
    node = city.network.nodes.row("J2")
    found = DrivenModel(session, BoundaryMeters.of(city)).changes(reading, quiet.shut[0], [{}, {node: 30.0}])
    assert found[0] == pytest.approx(np.zeros(4), abs=1e-3)
    assert found[1, :2] == pytest.approx((hurt.pressure_m - quiet.pressure_m)[0], abs=1e-3)
    assert found[1, 2] == pytest.approx((hurt.flow_m3h - quiet.flow_m3h)[0, 0], abs=0.01)
    assert found[1, 2] - found[1, 3] == pytest.approx(30.0, abs=0.01)  # pump and tank bring what leaks


def test_smooth_patterns_give_the_demand_between_two_periods_and_are_stepped_again_afterwards(
    city: City, session: EpanetSession
) -> None:
    at_s = np.array([0.0, 3.0, 10.5, 13.5, 22.5]) * 3600.0  # periods of three hours: 0.6 0.6 0.8 1.2 1.5 1.3 1.0 1.4
    unknown = np.full((5, 1), np.nan)
    stepped = BoundaryReadings(at_s, unknown, unknown, np.ones(5), np.full((5, 2), np.nan))
    driven = DrivenModel(session, BoundaryMeters.of(city))
    assert driven.values(stepped).demand_m3h == pytest.approx([60.0, 60.0, 120.0, 150.0, 140.0], rel=1e-4)
    smooth = driven.values(replace(stepped, is_smooth=True)).demand_m3h
    assert smooth == pytest.approx([60.0, 60.0, 135.0, 140.0, 100.0], rel=1e-4)  # after the last period the first one follows
    assert driven.values(stepped).demand_m3h == pytest.approx([60.0, 60.0, 120.0, 150.0, 140.0], rel=1e-4)


def test_a_sessions_own_day_is_the_same_after_driving(city: City, session: EpanetSession) -> None:
    before = list(session.solve_day(3600))
    DrivenModel(session, BoundaryMeters.of(city)).values(_readings(city, before))
    session.forget_day()
    after = list(session.solve_day(3600))
    for one, other in zip(before, after, strict=True):
        assert one.head_m == pytest.approx(other.head_m, abs=1e-3)


def test_a_full_tank_is_shut_off_when_the_pressures_show_it(city: City, session: EpanetSession) -> None:
    driven = DrivenModel(session, BoundaryMeters.of(city))
    full = BoundaryReadings(np.array([0.0]), np.array([[6.0]]), np.array([[1.0]]), np.ones(1), np.full((1, 2), np.nan))
    apart = driven.states(full, np.array([[True]]))[0]
    fed = driven.states(full, np.array([[False]]))[0]
    nodes = city.network.nodes
    assert apart.pressure_m[nodes.row("J2")] > fed.pressure_m[nodes.row("J2")] + 0.5
    for state, shut in ((apart, True), (fed, False)):
        seen = replace(
            full, pressure_m=np.array([state.pressure_m[[nodes.row("J1"), nodes.row("J2")]]]), level_m=np.array([[5.98]])
        )
        assert driven.values(seen).shut.tolist() == [[shut]]


def test_a_tank_that_becomes_full_is_shut_off_at_once_although_one_gauge_scatters(city: City, session: EpanetSession) -> None:
    driven = DrivenModel(session, BoundaryMeters.of(city))
    full = BoundaryReadings(np.array([0.0]), np.array([[6.0]]), np.array([[1.0]]), np.ones(1), np.full((1, 2), np.nan))
    nodes = [city.network.nodes.row("J1"), city.network.nodes.row("J2")]
    fed, apart = (driven.states(full, np.array([[shut]]))[0].pressure_m[nodes] for shut in (False, True))
    filling, filled = 300, 3
    ticks = filling + filled
    scatter = np.array([6.0, 0.03]) * np.random.default_rng(1).normal(size=(ticks, 2))
    pressure = np.vstack([np.tile(fed, (filling, 1)), np.tile(apart, (filled, 1))]) + scatter
    level, is_open = np.full((ticks, 1), 5.98), np.ones((ticks, 1))
    values = driven.values(BoundaryReadings(np.zeros(ticks), level, is_open, np.ones(ticks), pressure))
    assert not values.shut[:filling].any()
    assert values.shut[filling:].all()


def test_near_a_limit_the_other_mode_is_the_model_with_the_tanks_pipe_shut(
    city: City, session: EpanetSession, tmp_path: Path
) -> None:
    driven, nodes = DrivenModel(session, BoundaryMeters.of(city)), city.network.nodes
    full = BoundaryReadings(np.zeros(2), np.array([[6.0], [5.0]]), np.ones((2, 1)), np.ones(2), np.full((2, 2), np.nan))
    (tmp_path / "apart.inp").write_text(INP.replace("C J2 T 300 250 110 0 Open", "C J2 T 300 250 110 0 Closed"))
    with EpanetSession(import_city([tmp_path / "apart.inp"], ImportOptions()).city) as other:
        apart = other.solve(0)
    rows = [nodes.row("J1"), nodes.row("J2")]
    for pressure in (driven.values(full).pressure_m[0], apart.pressure_m[rows]):  # those of a tank that fills, and of a full one
        found = driven.values(replace(full, pressure_m=np.tile(pressure, (2, 1))))
        assert found.others.tick.tolist() == found.others.tank.tolist() == [0]  # at 5 m it cannot be shut off
        in_either = np.vstack([found.pressure_m[0], found.others.pressure_m[0]])[[found.shut[0, 0], 1 - found.shut[0, 0]]]
        assert in_either[1] == pytest.approx(apart.pressure_m[rows], abs=0.01)
        assert found.others.inflow_m3h[0, 0] == pytest.approx(0.0, abs=0.1) or found.shut[0, 0]
