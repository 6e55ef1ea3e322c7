"""Inspection of a store: it reports the content and changes nothing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from console.domain.actors import Actor
from console.services.ports import StoreNewer, StoreUnavailable
from console.store import open_store
from console.store.inspection import inspected
from maps.errors import InputFault
from tests.console.store.values import NOW, opening
from tests.postgresql import Server


def test_inspection_of_a_missing_store_creates_none(tmp_path: Path) -> None:
    assert not inspected(tmp_path / "s.sqlite").exists
    assert not list(tmp_path.iterdir())


def test_a_store_in_use_names_its_holder_and_stays_usable(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.sqlite", "engine")
    store.commit(opening(), Actor.named("王"), NOW)
    found = inspected(tmp_path / "s.sqlite")
    assert found.changes == 2
    assert found.holder.startswith("quanmai engine pid ")
    store.commit(opening(2), Actor.named("王"), NOW)
    store.close()
    assert inspected(tmp_path / "s.sqlite").holder == ""


@pytest.mark.parametrize("name", ["值班 一.sqlite", "a?mode=x.sqlite", "b#1.sqlite", "c%41.sqlite"])
def test_any_file_name_is_inspected_as_that_file(tmp_path: Path, name: str) -> None:
    store = open_store(tmp_path / name)
    store.commit(opening(), Actor.named("王"), NOW)
    store.close()
    assert inspected(tmp_path / name).changes == 2
    assert all(path.name.startswith(name) for path in tmp_path.iterdir()), "nothing is made under another name"


def test_an_older_store_is_reported_and_not_migrated(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    open_store(path).close()
    _set_revision(path, "0001")
    assert not inspected(path).is_current
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)
    connection.close()


def test_a_newer_store_a_foreign_database_and_a_text_are_refused_with_a_reason(tmp_path: Path) -> None:
    newer = tmp_path / "newer.sqlite"
    open_store(newer).close()
    _set_revision(newer, "9999")
    with pytest.raises(StoreNewer, match="newer version"):
        inspected(newer)
    foreign = tmp_path / "foreign.sqlite"
    with sqlite3.connect(foreign) as connection:
        connection.execute("CREATE TABLE other (a)")
    connection.close()
    with pytest.raises(InputFault, match="other"):
        inspected(foreign)
    text = tmp_path / "text.sqlite"
    text.write_text("a text" * 1000)
    with pytest.raises(StoreUnavailable, match="no store of Quanmai"):
        inspected(text)


@pytest.mark.slow
def test_inspection_of_a_server_gives_its_clock_rights_and_holder(server: Server, empty_database: str) -> None:
    assert not inspected(empty_database).exists
    store = open_store(empty_database, "engine")
    found = inspected(empty_database)
    assert found.is_current
    assert found.may_write
    assert found.holder.startswith("quanmai engine pid ")
    assert found.clock_ahead_s is not None
    assert abs(found.clock_ahead_s) < 5
    store.close()


def _set_revision(path: Path, revision: str) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", (revision,))
    connection.close()
