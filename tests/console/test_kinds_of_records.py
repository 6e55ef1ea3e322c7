"""A further kind of record goes the whole way: change set, store, restart, undo, picture, package."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from console.domain.actors import SYSTEM, Actor
from console.domain.changes import ChangeSet
from console.domain.clock import micros
from console.domain.compose import compose_picture
from console.domain.kinds import KINDS
from console.domain.live import LivePicture
from console.domain.notes import NO_NOTE, Note
from console.domain.record_ids import provisional_id
from console.domain.records import RecordKind, difference
from console.package import PackageFault, read_package, write_package
from console.services.changesets import recorded, reverted
from console.services.ports import StaleState, StoreUnavailable
from console.services.review.collect import collect_case
from console.services.review.redact import redacted
from console.services.review.states import record_over_time
from console.store import SqlStore, open_store
from tests.console.package.cases import CASE, a_reviewed_town
from tests.console.services.town import NOW, Chair, a_finding


@dataclass(frozen=True, slots=True)
class Errand:
    """Something that a person asked for."""

    errand_id: str
    called_at: datetime
    text: str
    incident_id: str = ""
    answered_at: datetime | None = None
    version: int = 0

    @property
    def record_kind(self) -> RecordKind[Errand]:
        return ERRAND


def _text_of_words(document: dict[str, Any]) -> dict[str, Any]:
    """Schema 1 kept the text in ``words``."""
    return {("text" if name == "words" else name): value for name, value in document.items()}


ERRAND = RecordKind(
    "errand",
    Errand,
    "errand_id",
    number=lambda year, serial: f"T{year}-{serial}",
    state=lambda errand: "open" if errand.answered_at is None else "answered",
    opened_at=lambda errand: errand.called_at,
    closed_at=lambda errand: errand.answered_at,
    schema=2,
    upgrades={1: _text_of_words},
    keeps_history=True,
    in_package=lambda errand, incident_id: errand.incident_id == incident_id,
)
MORE = (*KINDS, ERRAND)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "sqlite":
        return str(tmp_path / "errands.sqlite")
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    return str(request.getfixturevalue("database"))


@pytest.fixture
def kept(where: str) -> Iterator[SqlStore]:
    opened = open_store(where, kinds=MORE)
    yield opened
    opened.close()


def called(incident_id: str = "", text: str = "没水了") -> ChangeSet:
    return recorded(None, Errand(provisional_id(ERRAND, "24"), NOW, text, incident_id), "errand_opened", Note.literal(text))


def test_a_further_kind_is_numbered_kept_loaded_and_undone(kept: SqlStore, where: str) -> None:
    state = kept.load_desk()
    done = kept.commit(called(), SYSTEM, NOW)
    state = state.applied(done.change_set, done.changes)
    errand = state.of(ERRAND)["T24-1"]
    assert (errand.version, errand.text, done.changes[0].schema) == (1, "没水了", 2)
    answered = recorded(errand, replace(errand, answered_at=NOW, text="已回复"), "errand_answered", NO_NOTE)
    done = kept.commit(answered, SYSTEM, NOW)
    with pytest.raises(StaleState, match="errand T24-1"):
        kept.commit(answered, SYSTEM, NOW)

    again = open_store(where, kinds=MORE)
    loaded = again.load_desk()
    now = loaded.of(ERRAND)["T24-1"]
    assert now == replace(errand, answered_at=NOW, text="已回复", version=2)
    *_, last = loaded.history["errand/T24-1"]
    back = again.commit(recorded(now, reverted(now, last), "undo", NO_NOTE, undoes=last.seq), SYSTEM, NOW)
    assert again.record(ERRAND, "T24-1") == replace(errand, version=3)
    assert (back.changes[0].after, back.changes[0].undoes) == ({"answered_at": None, "text": "没水了"}, last.seq)
    assert [one.value for one in record_over_time(again.changes(), ERRAND, "T24-1")][-1] == replace(errand, version=3)
    assert again.verify_chain() is None
    again.close()


def test_a_further_kind_leaves_the_desk_some_hours_after_it_was_closed(kept: SqlStore) -> None:
    state, (errand,) = kept.load_desk(), kept.commit(called(), SYSTEM, NOW).change_set.of(ERRAND)
    for version, at, there in ((2, NOW, True), (3, NOW + timedelta(hours=7), False)):
        step = recorded(replace(errand, version=version - 1), replace(errand, answered_at=NOW, version=version), "k", NO_NOTE)
        done = kept.commit(step, SYSTEM, at)
        state = state.applied(done.change_set, done.changes)
        assert (errand.errand_id in state.of(ERRAND)) is there
        assert (errand.errand_id in kept.load_desk().of(ERRAND)) is there


def test_a_picture_shows_open_records_of_a_further_kind(kept: SqlStore) -> None:
    kept.commit(called(), SYSTEM, NOW)
    kept.commit(called(text="水浑"), SYSTEM, NOW)
    (first, second) = kept.load_desk().of(ERRAND).values()
    kept.commit(recorded(first, replace(first, answered_at=NOW), "k", NO_NOTE), SYSTEM, NOW)
    live = LivePicture(0)
    state = kept.load_desk()
    picture = compose_picture(
        live, {}, version=1, now_us=micros(NOW), expected=live.value, crews=(), alarms=(), incidents=(), feeds=(), is_drill=False,
        records=state.records,
    )  # fmt: skip
    assert picture.of(ERRAND) == (second,)


def test_a_program_without_the_kind_opens_the_store_and_leaves_its_records_alone(kept: SqlStore, where: str) -> None:
    kept.commit(called(), SYSTEM, NOW)
    without = open_store(where)
    assert set(without.load_desk().records) == {kind.name for kind in KINDS}
    without.close()
    assert set(kept.load_desk().of(ERRAND)) == {"T24-1"}


def test_the_package_of_a_case_holds_its_records_of_a_further_kind_and_no_others(kept: SqlStore, tmp_path: Path) -> None:
    city, path = a_reviewed_town(), tmp_path / "case.incident"
    chair = Chair(city)
    kept.commit(chair.desk.on_burst(chair.state, a_finding(), chair.now), SYSTEM, chair.now)
    kept.commit(called(CASE, "我是王小明，家里没水"), Actor.named("王小明"), NOW)
    kept.commit(called("2024-0009"), SYSTEM, NOW)
    record = collect_case(kept, city, CASE)
    write_package(record, path)
    back = read_package(path, kinds=MORE)
    (errand,) = back.others
    assert isinstance(errand, Errand)
    assert (errand.errand_id, errand.text) == ("T24-1", "我是王小明，家里没水")
    assert back.others == record.others
    assert {change.subject for change in back.changes} == {f"incident/{CASE}", "alarm/A-000001", "errand/T24-1"}
    write_package(back, tmp_path / "again.incident")
    assert (tmp_path / "again.incident").read_bytes() == path.read_bytes()
    assert "王小明" not in repr(redacted(back).others)
    with pytest.raises(PackageFault, match="unknown kind 'errand'"):
        read_package(path)


def test_documents_and_changes_of_an_earlier_schema_are_upgraded_when_they_are_read(kept: SqlStore) -> None:
    kept.commit(called(), SYSTEM, NOW)
    (errand,) = kept.load_desk().of(ERRAND).values()
    _, whole = difference(None, errand)
    old = {("words" if name == "text" else name): value for name, value in whole.items()}
    assert ERRAND.read(old, schema=1, version=1) == errand
    (change,) = kept.changes()
    before = replace(change, before={"words": "早先的话"}, schema=1)
    assert reverted(errand, before) == replace(errand, text="早先的话")
    folded = record_over_time([replace(change, after=old, schema=1), replace(change, after={"text": "新"})], ERRAND, "T24-1")
    assert [one.value.text for one in folded] == ["没水了", "新"]


def test_a_document_of_a_newer_schema_is_refused(kept: SqlStore) -> None:
    kept.commit(called(), SYSTEM, NOW)
    with kept._durable.begin() as connection:
        connection.exec_driver_sql("UPDATE records SET schema = 3")
    with pytest.raises(StoreUnavailable, match="newer version"):
        kept.load_desk()


@pytest.mark.parametrize(
    "wrong", [{"name": "Errand"}, {"name": "errand-1"}, {"schema": 3}, {"upgrades": {}}, {"upgrades": {1: dict, 2: dict}}]
)
def test_a_kind_with_a_name_that_ids_cannot_hold_or_without_an_upgrade_is_a_defect(wrong: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match="kind of record"):
        replace(ERRAND, **wrong)
