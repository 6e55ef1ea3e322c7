"""A snapshot in a process of its own: equal to one in this process; it can be ended; a city without a model is refused."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from console.workers.snapshot import Snapshot, SnapshotFailed
from maps.city import City
from maps.hydraulics.session import EpanetSession
from maps.importers import ImportOptions, import_city


@pytest.fixture(scope="module")
def city(wntr_networks: Path) -> City:
    """EPANET's third example."""
    return import_city([wntr_networks / "Net3.inp"], ImportOptions()).city


@pytest.mark.slow
def test_a_snapshot_is_what_the_model_gives_here(city: City) -> None:
    state = Snapshot(city).solve(7 * 3600.0)
    with EpanetSession(city) as session:
        here = session.solve(7 * 3600.0)
    assert np.array_equal(state.pipe_flow_m3h, here.pipe_flow_m3h, equal_nan=True)
    assert state.at_s == here.at_s


@pytest.mark.slow
def test_a_stopped_snapshot_fails_at_once(city: City) -> None:
    snapshot = Snapshot(city)
    timer = threading.Timer(0.3, snapshot.stop)
    timer.start()
    with pytest.raises(SnapshotFailed):
        snapshot.solve(0.0)
    timer.join()


def test_without_a_model_there_is_no_snapshot(city: City) -> None:
    with pytest.raises(SnapshotFailed, match="no hydraulic model"):
        Snapshot(replace(city, epanet=None)).solve(0.0)
