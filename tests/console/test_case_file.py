"""The package of a case that still runs: written from an open store, in a process of its own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from console.case_file import CaseFiles
from console.domain.actors import Actor
from console.domain.clock import micros
from console.package import read_package
from console.store import open_store
from maps.dataset import read_city, write_city
from maps.errors import InputFault
from tests.console.package.cases import CASE, a_reviewed_town
from tests.console.services.town import NOW, Chair, a_finding
from tests.console.store.values import readings

pytestmark = pytest.mark.slow


def test_a_running_case_is_packed_from_the_open_store_with_the_arrivals_of_its_readings(tmp_path: Path) -> None:
    write_city(a_reviewed_town(), tmp_path / "city.gpkg")
    store = open_store(tmp_path / "live.sqlite")
    chair = Chair(read_city(tmp_path / "city.gpkg"))
    change_set = chair.desk.on_burst(chair.state, a_finding(), chair.now)
    store.commit(change_set, Actor.named("quanmai"), chair.now)
    store.append_readings(readings(1, (micros(NOW), 250.0, 0)).received(micros(NOW) + 700_000_000))
    files = CaseFiles(tmp_path / "live.sqlite", tmp_path / "city.gpkg", tmp_path / "no-notices-yet")
    record = read_package(files.write(CASE, tmp_path / "a.incident", "en"))
    assert record.incident == store.incident(CASE)
    assert np.array_equal(record.readings.delay_s(), [700.0])
    with pytest.raises(InputFault, match="2031-0001"):
        files.write("2031-0001", tmp_path / "b.incident")
    assert not (tmp_path / "b.incident").exists()
    store.close()
