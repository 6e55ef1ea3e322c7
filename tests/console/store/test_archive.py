"""A store gives back for a review what was written; a case collected from it is complete."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from console.documents.case_layers import case_layers
from console.documents.case_tables import case_tables
from console.documents.report.html_page import report_html
from console.documents.report.words import ReportWords
from console.domain.actors import Actor
from console.domain.clock import micros
from console.domain.crews import CrewFix
from console.domain.readings import Channel, ReadingBatch
from console.package import read_package, write_package
from console.services.review.collect import Around, collect_case
from console.services.review.questions import answers_to
from console.services.review.replay import Replay
from console.services.review.states import broken_change
from console.services.shift.entries import WriteEntry
from console.store import SqlStore, open_store
from maps.city import StationTable
from maps.errors import InputFault
from maps.export.vector_files import write_layers_gpkg
from tests.builders import a_network
from tests.console.package.cases import CASE, a_reviewed_town
from tests.console.services.town import NOW, Chair, a_finding


@pytest.fixture
def store(tmp_path: Path) -> SqlStore:
    """An empty store."""
    return open_store(tmp_path / "s.sqlite")


def batch(at_us: list[int], station: list[int], value: list[float]) -> ReadingBatch:
    """Good pressure readings."""
    zeros = np.zeros(len(at_us), dtype=np.uint8)
    return ReadingBatch(np.array(station, np.int32), zeros, np.array(at_us, np.int64), np.array(value), zeros)


def test_readings_of_a_window_come_once_each_by_time_from_log_and_blocks(store: SqlStore) -> None:
    start = micros(NOW)
    store.append_readings(batch([start, start + 10, start + 20], [1, 0, 1], [1.0, 2.0, 3.0]))
    store.flush()
    store.append_readings(batch([start + 20, start + 5, start + 99], [1, 0, 0], [3.5, 4.0, 9.0]))
    found = store.readings_between(start, start + 50)
    assert found.at_us.tolist() == [start, start + 5, start + 10, start + 20]
    assert found.station.tolist() == [1, 0, 0, 1]
    assert found.value.tolist() == [1.0, 4.0, 2.0, 3.5]
    assert len(store.readings_between(start + 1000, start + 2000)) == 0
    store.close()


def test_a_case_is_collected_whole_with_links_over_the_changes_of_others(store: SqlStore, tmp_path: Path) -> None:
    city = a_reviewed_town()
    chair = Chair(city)
    for number, finding in enumerate((a_finding(), a_finding(("V32",), NOW + timedelta(hours=2), stations=("S4",)))):
        if number:
            chair.now = NOW + timedelta(hours=2)
        change_set = chair.desk.on_burst(chair.state, finding, chair.now)
        committed = store.commit(change_set, Actor.named("quanmai"), chair.now)
        chair.state = chair.state.applied(committed.change_set, committed.changes)
    from console.services.incidents.judging import DismissIncident

    picture = b"\xff\xd8\xff" + b"leak" * 9
    written = chair.desk.carry_out(
        chair.state, WriteEntry("照片", incident_id=CASE, picture=picture), Actor.named("王小明"), chair.now
    )
    kept = store.commit(written, Actor.named("王小明"), chair.now)
    chair.state = chair.state.applied(kept.change_set, kept.changes)
    change_set = chair.desk.carry_out(chair.state, DismissIncident(CASE, "误报"), Actor.named("王小明"), chair.now)
    store.commit(change_set, Actor.named("王小明"), chair.now)
    store.append_positions([CrewFix("C1", "一队", 1.0, 2.0, micros(NOW)), CrewFix("C2", "二队", 3.0, 4.0, micros(NOW) - 5)])
    store.append_readings(batch([micros(NOW) - 10**12, micros(NOW)], [0, 1], [1.0, 2.0]))
    assert not collect_case(store, city, CASE, Around()).sent, "no message has left yet"
    store.record_deliveries((), [one.outgoing_id for one in store.pending_outgoing()])
    record = collect_case(store, city, CASE, Around(files={"x.txt": b"not of this case"}))
    assert [one.content for one in record.pictures.values()] == [picture]
    assert record.incident == store.incident(CASE)
    assert record.incident_states[-1].value == record.incident
    assert record.links, "the other case's changes lie in between"
    assert broken_change(record.changes, record.links) is None
    assert record.changes[-1].kind in ("incident_dismissed", "alarm_cleared")
    assert record.readings.value.tolist() == [2.0]
    assert record.tracks.crew_id.tolist() == ["C1", "C2"]
    assert {sent.topic.split("/")[0] for sent in record.sent} == {"areas"}
    assert not record.files
    cut = collect_case(store, city, CASE, Around(whole_pipes=1, margin_m=10.0))
    assert cut.clipped
    write_package(cut, tmp_path / "cut.incident")
    assert read_package(tmp_path / "cut.incident").clipped
    with pytest.raises(InputFault, match="dataset of that time"):
        collect_case(store, a_network().source("S").pipe("X1", "S", "A").build(), CASE)
    write_package(record, tmp_path / "a.incident")
    assert read_package(tmp_path / "a.incident").changes == record.changes
    store.close()


def test_an_unknown_incident_is_reported(store: SqlStore) -> None:
    with pytest.raises(InputFault, match="2031-0001"):
        collect_case(store, a_reviewed_town(), "2031-0001")
    store.close()


@pytest.mark.parametrize("whole_pipes", [20_000, 1])
def test_readings_of_a_station_removed_since_go_into_the_package_under_its_id(
    store: SqlStore, tmp_path: Path, whole_pipes: int
) -> None:
    city, at_us = a_reviewed_town(), micros(NOW)
    store.use_stations(map(str, city.stations.asset_id))
    store.append_readings(batch([at_us + row for row in range(4)], [0, 1, 2, 3], [301.0, 302.0, 303.0, 304.0]))
    expected = np.full((4, len(Channel)), np.nan)
    expected[:, 0] = [311.0, 312.0, 313.0, 314.0]
    store.append_expected(at_us, expected, np.array([1.0, 2.0, 3.0, 4.0]))
    chair = Chair(city)
    store.commit(chair.desk.on_burst(chair.state, a_finding(), chair.now), Actor.named("quanmai"), chair.now)
    rows = np.array([3, 0, 2])  # S2 was removed, the others reordered
    table = city.stations
    now = replace(city, stations=StationTable(**{name: getattr(table, name)[rows] for name in table.column_kinds()}))
    write_package(collect_case(store, now, CASE, Around(whole_pipes=whole_pipes)), tmp_path / "a.incident")
    record = read_package(tmp_path / "a.incident")
    ids = [str(name) for name in record.city.stations.asset_id]
    assert ids[-1] == "S2"
    found = {ids[row]: value for row, value in zip(record.readings.station.tolist(), record.readings.value.tolist(), strict=True)}
    assert found == {name: 300.0 + int(name[1:]) for name in ids}
    assert found["S2"] == 302.0
    wanted = zip(record.expected.station.tolist(), record.expected.value.tolist(), strict=True)
    assert {ids[row]: value for row, value in wanted} == {name: 310.0 + int(name[1:]) for name in ids}
    row = record.city.stations.row("S2")
    assert record.city.stations.channels[row] == "pressure"
    assert np.isnan(record.city.stations.x[row])
    assert any("S2" in note for note in record.city.info.assumed)
    assert Replay(record).series(row, Channel.PRESSURE, 0, 2**62)[1].tolist() == [302.0]
    words = ReportWords("en", record.city.info.time_zone)
    tables = {one.name: one for one in case_tables(record, words, answers_to(record))}
    assert "S2" in tables["readings"].columns["station_id"]
    write_layers_gpkg(case_layers(record, words), record.city.network.crs, tmp_path / "layers.gpkg")
    assert report_html(record)
    store.close()
