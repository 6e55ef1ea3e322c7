"""EPANET on procedural cities: it converges, and service pressures stay within 0.14–0.6 MPa over the day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maps.city import City
from maps.hydraulics.session import EpanetSession
from maps.synthetic import SyntheticOptions, build_city
from maps.units import head_m_from_kpa

LOW_M, HIGH_M = head_m_from_kpa(140.0), head_m_from_kpa(600.0)


def _check_the_day(city: City, hours: tuple[int, ...]) -> None:
    served = city.network.nodes.demand_m3h > 0
    with EpanetSession(city) as session:
        for hour in hours:
            state = session.solve(hour * 3600)
            assert state.converged, f"{hour}:00 {state.message}"
            assert state.message == ""
            assert state.pressure_m[served].min() >= LOW_M, f"{hour}:00"
            assert state.pressure_m[served].max() <= HIGH_M, f"{hour}:00"


def test_the_demo_city_keeps_its_pressures_all_day(demo_city: City) -> None:
    _check_the_day(demo_city, tuple(range(24)))


@pytest.mark.parametrize(("pipes", "seed"), [(60, 2), (300, 0), (300, 9), (1000, 1), (2000, 6)])
def test_cities_of_other_sizes_and_seeds_keep_their_pressures(pipes: int, seed: int) -> None:
    _check_the_day(build_city(SyntheticOptions(pipes=pipes, seed=seed)), (2, 3, 7, 18, 19))


def test_the_day_moves_the_pressures(demo_city: City) -> None:
    with EpanetSession(demo_city) as session:
        night, evening = session.solve(3 * 3600), session.solve(19 * 3600)
    served = demo_city.network.nodes.demand_m3h > 0
    assert np.median((night.pressure_m - evening.pressure_m)[served]) > 2.0


def test_the_supply_of_the_plants_equals_the_demand_of_the_city(demo_city: City) -> None:
    with EpanetSession(demo_city) as session:
        state = session.solve(12 * 3600)
    kind = demo_city.network.nodes.kind[demo_city.network.pumps.from_node]
    given = state.pump_flow_m3h[kind > 0].sum()
    assert given == pytest.approx(state.demand_m3h[demo_city.network.nodes.demand_m3h > 0].sum(), rel=0.002)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 4])
def test_twenty_thousand_pipes_keep_their_pressures(seed: int) -> None:
    _check_the_day(build_city(SyntheticOptions(pipes=20_000, seed=seed)), (3, 19))


@pytest.mark.slow
def test_the_streets_of_jinan_keep_their_pressures(shared_data: Path) -> None:
    roads = shared_data / "jinan" / "roads_wgs84.gpkg"
    city = build_city(SyntheticOptions(roads=roads))
    assert city.network.pipes.length_m.sum() / 1000 == pytest.approx(3482, rel=0.03)
    _check_the_day(city, (3, 19))
