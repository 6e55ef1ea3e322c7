"""Signatures of tanks against EPANET: what a small outflow changes in a tank's inflow."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from maps.hydraulics.boundary import BoundaryMeters, BoundaryReadings
from maps.hydraulics.driven import DrivenModel
from maps.hydraulics.session import EpanetSession
from maps.locate.pumps import PumpCurves
from maps.locate.tank_inflow import tank_inflow_signatures
from tests.maps.hydraulics.test_driven import pumped_city


@pytest.mark.parametrize("node", ["J1", "J2"])
def test_a_tank_supplies_the_share_of_an_outflow_that_epanet_gives(tmp_path: Path, node: str) -> None:
    city = pumped_city(tmp_path)
    meters = BoundaryMeters.of(city)
    reading = BoundaryReadings(np.array([36_000.0]), np.array([[4.0]]), np.ones((1, 1)), np.ones(1), np.full((1, 2), np.nan))
    row = city.network.nodes.row(node)
    with EpanetSession(city) as session:
        model = DrivenModel(session, meters)
        shut = np.zeros((1, 1), dtype=bool)
        state = model.states(reading, shut)[0]
        taken = model.changes(reading, shut[0], [{row: 1.0}])[0, -1]
    found = tank_inflow_signatures(city.network, state, meters.tank_node, PumpCurves.of(city).slopes(state))
    assert found.shape == (1, len(city.network.nodes))
    assert found[0, row] == pytest.approx(taken, abs=0.02)
    assert -1.0 <= found[0, row] < 0.0


def test_a_city_without_tanks_has_no_signatures(tmp_path: Path) -> None:
    city = pumped_city(tmp_path)
    with EpanetSession(city) as session:
        state = session.solve(0.0)
    assert tank_inflow_signatures(city.network, state, np.zeros(0, dtype=np.int64)).shape == (0, len(city.network.nodes))
