"""Backup and restore of a SQLite store: one consistent state, verified, and nothing overwritten."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.domain.actors import Actor
from console.services.ports import StoreInUse, StoreUnavailable
from console.store import open_store
from console.store.backup import back_up, restore
from maps.errors import InputFault
from tests.conftest import ROOT
from tests.console.store.values import NOW, opening, readings

AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
_BACK_UP = """
import sys
from pathlib import Path
from console.store.backup import back_up
from maps.errors import QuanmaiError
try:
    back_up(sys.argv[1], Path(sys.argv[2]))
except QuanmaiError:
    sys.exit(2)
"""

WANG = Actor.named("王")


def a_store(path: Path, cases: int = 2) -> Path:
    store = open_store(path)
    for number in range(1, cases + 1):
        store.commit(opening(number), WANG, NOW)
    store.append_readings(readings(0, (1_000_000, 3.0, 0), (2_000_000, 4.0, 0)))
    store.close()
    return path


def test_a_backup_holds_changes_readings_and_unsent_messages(tmp_path: Path) -> None:
    source = a_store(tmp_path / "s.sqlite")
    copy = back_up(source, tmp_path / "备份" / "b.sqlite")
    assert (copy.changes, copy.unsent) == (4, 2)
    opened = open_store(copy.path)
    original = open_store(source)
    assert opened.changes() == original.changes()
    assert opened.readings(0, 0, 0, 10_000_000)[1].tolist() == [3.0, 4.0]
    opened.close()
    original.close()


def test_a_backup_is_one_file_that_a_read_only_disk_can_serve(tmp_path: Path) -> None:
    copy = back_up(a_store(tmp_path / "s.sqlite"), tmp_path / "b" / "b.sqlite")
    assert [path.name for path in copy.path.parent.iterdir()] == ["b.sqlite"]
    connection = sqlite3.connect(f"{copy.path.as_uri()}?mode=ro", uri=True)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
    connection.close()


def test_a_backup_while_another_thread_commits_is_a_whole_chain(tmp_path: Path) -> None:
    source = a_store(tmp_path / "s.sqlite")
    done, made = threading.Event(), [2]

    def write() -> None:
        store = open_store(source)
        while not done.is_set():
            made[0] += 1
            store.commit(opening(made[0]), WANG, NOW)
        store.close()

    writer = threading.Thread(target=write)
    writer.start()
    try:
        sizes = [back_up(source, tmp_path / f"b{n}.sqlite").changes for n in range(5)]
    finally:
        done.set()
        writer.join()
    assert sizes == sorted(sizes)
    assert all(size % 2 == 0 for size in sizes), "each commit writes two changes: none is torn"
    assert sizes[-1] <= 2 * made[0]


def test_two_processes_that_back_up_to_one_file_leave_a_whole_one(tmp_path: Path) -> None:
    source, to = a_store(tmp_path / "s.sqlite", 20), tmp_path / "b.sqlite"
    both = [subprocess.Popen([sys.executable, "-c", _BACK_UP, str(source), str(to)], cwd=ROOT) for _ in range(2)]
    codes = [process.wait(60) for process in both]
    assert 0 in codes
    assert set(codes) <= {0, 2}, "the second one may find the file there"
    assert back_up(to, tmp_path / "again.sqlite").changes == 40
    assert not list(tmp_path.glob("*.part*"))


def test_an_existing_file_is_never_overwritten_by_a_backup(tmp_path: Path) -> None:
    source = a_store(tmp_path / "s.sqlite")
    (tmp_path / "b.sqlite").write_bytes(b"precious")
    with pytest.raises(InputFault, match="exists already"):
        back_up(source, tmp_path / "b.sqlite")
    assert (tmp_path / "b.sqlite").read_bytes() == b"precious"


def test_restoring_brings_back_the_state_of_the_backup_and_keeps_the_store_aside(tmp_path: Path) -> None:
    source = a_store(tmp_path / "s.sqlite", 1)
    copy = back_up(source, tmp_path / "b.sqlite")
    store = open_store(source)
    store.commit(opening(2), WANG, NOW)
    store.close()
    back, aside = restore(copy.path, source, AT)
    assert (back.path, back.changes) == (source, 2)
    assert aside == tmp_path / "s.sqlite.before-restore-20260102T030405"
    for path, count in ((source, 2), (aside, 4)):
        opened = open_store(path)
        assert len(opened.changes()) == count
        opened.close()


def test_two_restores_within_a_second_keep_both_earlier_stores(tmp_path: Path) -> None:
    store, backup = a_store(tmp_path / "s.sqlite", 3), back_up(a_store(tmp_path / "other.sqlite"), tmp_path / "b.sqlite").path
    kept = [restore(backup, store, NOW)[1] for _ in range(3)]
    assert [back_up(aside, tmp_path / f"{n}.sqlite").changes for n, aside in enumerate(kept) if aside] == [6, 4, 4]


def test_a_restore_over_a_symbolic_link_replaces_the_store_behind_it(tmp_path: Path) -> None:
    store, backup = a_store(tmp_path / "s.sqlite", 3), back_up(a_store(tmp_path / "other.sqlite"), tmp_path / "b.sqlite").path
    link = tmp_path / "link.sqlite"
    link.symlink_to(store)
    copy, aside = restore(backup, link, NOW)
    assert (copy.path, link.is_symlink()) == (store, True)
    assert aside is not None
    assert aside.parent == store.parent
    assert not aside.is_symlink()


def test_a_store_in_use_is_not_replaced(tmp_path: Path) -> None:
    source = a_store(tmp_path / "s.sqlite", 1)
    copy = back_up(source, tmp_path / "b.sqlite")
    working = open_store(source, "engine")
    with pytest.raises(StoreInUse):
        restore(copy.path, source, AT)
    assert len(working.changes()) == 2
    working.close()
    assert not list(tmp_path.glob("*before-restore*"))


def test_a_damaged_or_foreign_file_replaces_nothing(tmp_path: Path) -> None:
    source = a_store(tmp_path / "s.sqlite", 1)
    before = source.read_bytes()
    foreign = tmp_path / "foreign.sqlite"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE other (a)")
    connection.commit()
    connection.close()
    text = tmp_path / "text.sqlite"
    text.write_text("not a database, however long this text may be" * 100)
    for bad in (foreign, text, tmp_path / "missing.sqlite"):
        with pytest.raises(InputFault):
            restore(bad, source, AT)
    assert source.read_bytes() == before
    assert not list(tmp_path.glob("*restoring*"))


def test_a_backup_whose_chain_was_edited_is_refused(tmp_path: Path) -> None:
    copy = back_up(a_store(tmp_path / "s.sqlite", 1), tmp_path / "b.sqlite")
    connection = sqlite3.connect(copy.path)
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE changes SET user = '张' WHERE seq = 1")
    connection.commit()
    connection.close()
    with pytest.raises(StoreUnavailable, match="change 1 does not fit the chain"):
        restore(copy.path, tmp_path / "new.sqlite", AT)
    assert not (tmp_path / "new.sqlite").exists()


def test_for_postgresql_the_backup_command_names_pg_dump() -> None:
    with pytest.raises(InputFault, match="pg_dump"):
        back_up("postgresql://quanmai:secret@db/quanmai", Path("b.sqlite"))
    with pytest.raises(InputFault, match="pg_restore") as refused:
        restore(Path("b.dump"), "postgresql://quanmai:secret@db/quanmai", AT)
    assert "secret" not in str(refused.value)
