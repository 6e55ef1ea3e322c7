"""The EPANET process: real processes, killed for real."""

from __future__ import annotations

import logging
import multiprocessing
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from console.workers import HydraulicsWorker, WorkerFailed
from maps.city import City
from maps.dataset import write_city
from maps.hydraulics.analysis.closing_impact import impact_of_closing
from maps.hydraulics.session import EpanetSession
from maps.isolation.plan.result import IsolationPlan, ValveStep
from maps.network import ValveKind, ValveTable
from tests.maps.hydraulics.build import a_line, with_customers

PLAN = IsolationPlan(("P2",), True, ("P2",), (), (ValveStep("V", 1, "border"),), customers_without_water=("on P2",))


@pytest.fixture(scope="module")
def city() -> City:
    valves = ValveTable.of(["V"], kind=[ValveKind.GATE], pipe=[1], node=[1])
    line = a_line(demands={"A": 20.0, "B": 20.0}, pipes=(("P1", "S", "A"), ("P2", "A", "B")), valves=valves)
    return with_customers(line, {"on P1": "P1", "on P2": "P2"})


@pytest.fixture(scope="module")
def city_path(city: City, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("city") / "line.gpkg"
    write_city(city, path)
    return path


@pytest.fixture
def worker(city_path: Path) -> Iterator[HydraulicsWorker]:
    with HydraulicsWorker(city_path) as running:
        yield running
    assert not [child for child in multiprocessing.active_children() if child.name == "quanmai-epanet"]


@pytest.mark.slow
def test_the_worker_gives_the_answers_of_a_session_in_this_process(worker: HydraulicsWorker, city: City) -> None:
    impact = worker.impact(PLAN, datetime(2024, 1, 3, 15, 0, tzinfo=UTC))
    with EpanetSession(city) as session:
        expected = impact_of_closing(session, city, PLAN, 23 * 3600)
        day = session.solve_day()
    assert impact.converged
    assert impact.unserved_customers == city.customers.ids(expected.unserved_customers) == ("on P2",)
    assert impact.low_pressure_customers == ()
    # Without candidates no call is made; a closed valve given as candidate is tried in the process.
    assert worker.reopening(PLAN) == ()
    (check,) = worker.reopening(replace(PLAN, dry_pocket_pipes=("P2",), reopen_candidates=("V",)))
    assert (check.valve_id, check.suffices) == ("V", True)
    states = worker.states_of_day()
    assert [state.at_s for state in states] == [hour * 3600 for hour in range(24)]
    np.testing.assert_allclose(states[7].head_m, day[7].head_m)


@pytest.mark.slow
def test_a_process_that_dies_is_reported_and_started_again(worker: HydraulicsWorker, caplog: pytest.LogCaptureFixture) -> None:
    (child,) = [child for child in multiprocessing.active_children() if child.name == "quanmai-epanet"]
    child.kill()
    child.join()
    with caplog.at_level(logging.WARNING):
        assert worker.impact(PLAN).converged
    assert worker.restarts == 1
    assert "EPANET process" in caplog.text


@pytest.mark.slow
def test_a_city_without_a_model_is_reported_in_words(city: City, tmp_path: Path) -> None:
    path = tmp_path / "bare.gpkg"
    write_city(replace(city, epanet=None), path)
    worker = HydraulicsWorker(path)
    with pytest.raises(WorkerFailed, match="no hydraulic model"):
        worker.states_of_day()
    impact = worker.impact(PLAN)
    worker.close()
    assert not impact.converged
    assert "no hydraulic model" in impact.message
    assert impact.unserved_customers == ("on P2",)


def test_a_closed_worker_refuses_instead_of_starting_again(city_path: Path) -> None:
    worker = HydraulicsWorker(city_path)
    worker.close()
    worker.close()
    with pytest.raises(WorkerFailed, match="closed"):
        worker.states_of_day()
