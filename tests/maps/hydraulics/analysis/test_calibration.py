"""Calibration: changes in a twin of the model are recovered; what readings do not determine stays unchanged."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from maps.city import City
from maps.hydraulics.analysis.calibration import Calibration, QuietDay, calibrate, roughness_groups, with_factors
from maps.hydraulics.session import EpanetSession
from tests.builders import a_network

HOURS = np.array([3.0, 8.0, 12.0, 19.0]) * 3600
DAY_FACTOR = {3: 0.4, 8: 1.5, 12: 1.0, 19: 1.3}


def a_town(multiplier: float = 1.0, rough: tuple[float, float] = (1.0, 1.0)) -> City:
    """A ring of cast iron fed by a steel main; demands follow a day's pattern."""
    builder = a_network().source("R", 0, 0, head_m=70.0)
    builder = builder.pipe("M", "R", "A", diameter_mm=250, length_m=1500, roughness=120.0 * rough[0], material="steel")
    for pipe, a, b in (("P1", "A", "B"), ("P2", "B", "C"), ("P3", "C", "D"), ("P4", "D", "A"), ("P5", "B", "D")):
        builder = builder.pipe(pipe, a, b, diameter_mm=150, length_m=700, roughness=100.0 * rough[1], material="cast iron")
    for name in "ABCD":
        builder = builder.node(name, demand_m3h=30.0 * multiplier).station(f"S{name}", at=name)
    city = builder.station("Q", on="M", channels="flow").build(model=True)
    assert city.epanet is not None
    pattern = " ".join(str(DAY_FACTOR.get(hour, 1.0)) for hour in range(24))
    inp = city.epanet.inp.replace("[PATTERNS]", f"[PATTERNS]\n DAY {pattern}").replace("PATTERN NO-PATTERN", "PATTERN DAY")
    return replace(city, epanet=replace(city.epanet, inp=inp))


def day_of(city: City, flows: bool = True) -> QuietDay:
    """What the stations of a city show, from its own model."""
    with EpanetSession(city) as session:
        states = [session.solve(at_s) for at_s in HOURS]
    nodes, none = city.stations.node, np.full((len(HOURS), 5), np.nan)
    pressure, flow = none.copy(), none.copy()
    for row, state in enumerate(states):
        pressure[row, :4] = state.pressure_m[nodes[:4]]
        flow[row, 4] = state.pipe_flow_m3h[0] if flows else np.nan
    return QuietDay(HOURS, pressure, flow)


def fitted(day: QuietDay) -> Calibration:
    """The plain town fitted to a day."""
    with EpanetSession(a_town()) as session:
        before = session.solve(HOURS[1]).head_m
        found = calibrate(session, day)
        assert session.solve(HOURS[1]).head_m == pytest.approx(before)
    return found


def test_a_twins_demand_and_roughness_are_found_again() -> None:
    found = fitted(day_of(a_town(1.25, (0.85, 1.2))))
    assert found.demand_factor == pytest.approx(1.25, rel=0.02)
    factor = dict(zip(found.groups, found.roughness_factor, strict=True))
    assert factor["steel"] == pytest.approx(0.85, rel=0.05)
    assert factor["cast iron"] == pytest.approx(1.2, rel=0.06)
    assert np.nanmax(found.after_m) < 0.15 < np.nanmin(found.before_m)


def test_a_station_with_a_wrong_elevation_is_reported_and_does_not_distort_the_fit() -> None:
    day = day_of(a_town(1.25))
    day.pressure_m[:, 2] += 3.0
    found = fitted(day)
    assert found.demand_factor == pytest.approx(1.25, rel=0.03)
    assert found.offset_m[2] == pytest.approx(3.0, abs=0.4)
    assert np.abs(found.offset_m[[0, 1, 3]]).max() < 0.4


def test_a_model_that_fits_already_stays_as_it_is() -> None:
    found = fitted(day_of(a_town()))
    assert found.demand_factor == pytest.approx(1.0, abs=1e-3)
    assert found.roughness_factor == pytest.approx(np.ones(2), abs=1e-3)


def test_where_nothing_was_measured_nothing_is_changed() -> None:
    day = day_of(a_town(1.5))
    day.pressure_m[:], day.flow_m3h[:] = np.nan, np.nan
    found = fitted(day)
    assert (found.demand_factor, *found.roughness_factor) == (1.0, 1.0, 1.0)


def test_the_model_written_shows_what_the_fit_showed() -> None:
    city, twin = a_town(), day_of(a_town(1.25, (0.85, 1.2)))
    found = fitted(twin)
    assert city.epanet is not None
    ids = {str(asset): str(name) for asset, name in zip(city.epanet.asset_id, city.epanet.epanet_id, strict=True)}
    pipes = city.network.pipes.asset_id
    rough = {ids[str(pipe)]: float(f) for pipe, f in zip(pipes, found.of_pipes(), strict=True)}
    written = replace(city, epanet=replace(city.epanet, inp=with_factors(city.epanet.inp, rough, found.demand_factor)))
    off = (day_of(written).pressure_m - twin.pressure_m)[:, :4]
    assert np.sqrt((off**2).mean(axis=0)) == pytest.approx(found.after_m[:4], abs=1e-3)


def test_pipes_without_material_are_grouped_by_diameter() -> None:
    network = a_network().pipe("A", "1", "2", diameter_mm=100).pipe("B", "2", "3", diameter_mm=400).network()
    names, group = roughness_groups(network)
    assert [names[index] for index in group] == ["< DN150", "≥ DN300"]
