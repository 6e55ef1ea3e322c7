"""The driven model in the EPANET process equals the one in this process; without the process its values are unknown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from console.workers import HydraulicsWorker
from console.workers.driven import DrivenWorker
from maps.dataset import write_city
from maps.hydraulics.boundary import BoundaryMeters, BoundaryReadings
from maps.hydraulics.driven import driven_model
from maps.hydraulics.session import EpanetSession
from tests.maps.hydraulics.test_driven import pumped_city

TICKS = 230


def test_the_process_gives_the_values_of_this_one_until_it_is_closed(tmp_path: Path) -> None:
    city = pumped_city(tmp_path)
    write_city(city, tmp_path / "pumped.gpkg")
    level_m = 3.0 + np.sin(np.arange(float(TICKS)) / 30.0)
    readings = BoundaryReadings(
        at_s=np.arange(float(TICKS)) * 300.0,
        level_m=level_m[:, None],
        is_open=(np.arange(TICKS) % 50 < 25).astype(np.float64)[:, None],
        demand_factor=np.ones(TICKS),
        pressure_m=np.full((TICKS, 2), np.nan),
    )
    with EpanetSession(city) as session:
        model = driven_model(session)
        assert model is not None
        expected = model.values(readings)
        leak, one = {city.network.nodes.row("J2"): 20.0}, readings.part(slice(0, 1))
        changed = model.changes(one, expected.shut[0], [leak])
    with HydraulicsWorker(tmp_path / "pumped.gpkg", city) as worker:
        driven = DrivenWorker(worker, BoundaryMeters.of(city))
        assert driven.values(readings).pressure_m == pytest.approx(expected.pressure_m, abs=1e-6)
        assert len(driven.states(readings.part(slice(0, 2)), expected.shut[:2])) == 2
        assert driven.changes(one, expected.shut[0], [leak]) == pytest.approx(changed, abs=1e-3)  # solved from other flows
    unknown = driven.values(readings.part(slice(0, 3)))
    assert unknown.pressure_m.shape == (3, 2)
    assert np.isnan(unknown.pressure_m).all()
    assert np.isnan(driven.changes(one, expected.shut[0], [leak])).all()
