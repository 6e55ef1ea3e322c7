"""The chain on disk: valid after commits, broken by any edit, append-only."""

from __future__ import annotations

import json
import sqlite3
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from console.domain.actors import Actor, Role
from console.domain.changes import GENESIS, ChangeSet, Draft, canonical_json, change_hash
from console.domain.clock import micros
from console.domain.notes import Note
from console.package import verify_package
from console.store import SqlStore, open_store
from tests.console.store.older import a_store_of_revision
from tests.console.store.values import NOW, opening

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_changes_come_back_as_they_were_chained(store: SqlStore) -> None:
    made = store.commit(opening(), Actor.named("王"), NOW).changes
    assert store.changes() == made
    assert [change.seq for change in made] == [1, 2]
    assert made[0].prev_hash == GENESIS
    assert made[1].prev_hash == made[0].hash
    assert store.changes(after_seq=1) == made[1:]
    assert store.changes_of("incident/2024-0001") == made[:1]


@pytest.mark.parametrize("act", ["UPDATE changes SET note = 'x'", "DELETE FROM changes"])
def test_the_database_itself_refuses_to_edit_the_chain(store: SqlStore, act: str) -> None:
    store.commit(opening(), Actor.named("王"), NOW)
    with sqlite3.connect(store.where) as connection, pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(act)
    connection.close()


EDITS = ["at_us", "user", "actor", "kind", "subject", "before", "after", "note", "note_params", "undoes", "prev_hash", "hash"]


@pytest.mark.parametrize("column", EDITS)
@pytest.mark.parametrize("seq", [1, 2, 3])
def test_any_edit_of_any_column_breaks_the_chain(tmp_path: Path, column: str, seq: int) -> None:
    store = _three_changes(tmp_path)
    value: Any = 7 if column in ("at_us", "undoes") else '"edited"'
    _force(store, f'UPDATE changes SET "{column}" = ? WHERE seq = ?', (value, seq))
    assert store.verify_chain() == seq
    store.close()


def test_a_change_taken_out_of_the_middle_breaks_the_chain(tmp_path: Path) -> None:
    store = _three_changes(tmp_path)
    _force(store, "DELETE FROM changes WHERE seq = 2", ())
    assert store.verify_chain() == 3
    store.close()


def test_a_chain_cut_short_shows(tmp_path: Path) -> None:
    store = _three_changes(tmp_path)
    _force(store, "DELETE FROM changes WHERE seq = 3", ())
    assert store.verify_chain() == 3
    store.close()


def test_a_before_that_is_no_json_any_more_breaks_the_chain(tmp_path: Path) -> None:
    store = _three_changes(tmp_path)
    _force(store, "UPDATE changes SET before = '{' WHERE seq = 2", ())
    assert store.verify_chain() == 2
    store.close()


@settings(max_examples=25, deadline=None)
@given(values=st.lists(st.tuples(JSON, JSON), min_size=1, max_size=5))
def test_any_change_is_read_back_equal_and_verifies(
    tmp_path_factory: pytest.TempPathFactory, values: list[tuple[Any, Any]]
) -> None:
    store = open_store(tmp_path_factory.mktemp("chain") / "store.db")
    for before, after in values:
        store.commit(ChangeSet((Draft("k", "s/1", before, after, Note.literal("n")),)), Actor.named("u"), NOW)
    assert store.verify_chain() is None
    assert [canonical_json([c.before, c.after]) for c in store.changes()] == [canonical_json(list(pair)) for pair in values]
    store.close()


def _three_changes(tmp_path: Path) -> SqlStore:
    store = open_store(tmp_path / "store.db")
    for number in range(3):
        store.commit(ChangeSet((Draft("k", "s/1", {"n": number}, {"n": number + 1}, Note.literal("n")),)), Actor.named("u"), NOW)
    return store


def _force(store: SqlStore, statement: str, values: tuple[Any, ...]) -> None:
    """Edit the file as a user with write access could."""
    connection = sqlite3.connect(store.where)
    connection.execute("DROP TRIGGER changes_no_update")
    connection.execute("DROP TRIGGER changes_no_delete")
    connection.execute(statement, values)
    connection.commit()
    connection.close()


def test_notes_are_kept_with_key_and_parameters(store: SqlStore) -> None:
    notes = [
        Note("valve.closed", valve="V1", progress=Note("valve.progress", done=1, all=2)),
        Note.literal('{"key": 1}'),
        Note("a"),
    ]
    store.commit(ChangeSet(tuple(Draft("k", "s/1", None, {}, note) for note in notes)), Actor.named("u"), NOW)
    assert [change.note for change in store.changes()] == notes
    assert store.verify_chain() is None


def test_a_store_from_before_notes_had_keys_opens_with_its_texts_and_its_chain_whole(tmp_path: Path) -> None:
    """The rows and their hashes were written by the version before (its package of a case)."""
    old = Path(__file__).parents[1] / "package" / "schema_5.incident"
    lines = [json.loads(line) for line in verify_package(old).files["audit.jsonl"].splitlines()]
    path = tmp_path / "before.sqlite"
    a_store_of_revision(path, "0005")
    with sqlite3.connect(path) as connection:
        for line in lines:
            row = {**line, "at_us": micros(datetime.fromisoformat(line["at"])), "actor": None}
            row |= {name: json.dumps(line[name], ensure_ascii=False) for name in ("before", "after") if line[name] is not None}
            names = [name for name in row if name != "at"]
            columns = ", ".join(f'"{name}"' for name in names)
            connection.execute(f"INSERT INTO changes ({columns}) VALUES ({', '.join('?' * len(names))})", [row[n] for n in names])
        connection.execute("INSERT INTO counters (kind, last) VALUES ('change', ?)", (len(lines),))
    connection.close()
    store = open_store(path)
    assert [change.note for change in store.changes()] == [Note.literal(line["note"]) for line in lines]
    assert store.verify_chain() is None
    store.commit(ChangeSet((Draft("k", "s/1", None, {}, Note("a", n=1)),)), Actor.named("李"), NOW)
    assert store.verify_chain() is None
    store.close()


def test_a_change_keeps_who_acted_with_role_areas_and_seat(store: SqlStore) -> None:
    actor = Actor("u-12", "王", Role.SUPERVISOR, ("A1",), "seat-3")
    store.commit(opening(), actor, NOW)
    assert {change.actor for change in store.changes()} == {actor}
    assert {change.user for change in store.changes()} == {"王"}


def test_a_store_from_before_actors_opens_with_its_chain_whole_and_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "before.sqlite"
    a_store_of_revision(path, "0004")
    with sqlite3.connect(path) as connection:
        prev = GENESIS
        for seq in (1, 2):
            draft = Draft("k", "s/1", None, {"n": seq}, Note.literal("注"))
            digest = change_hash(seq, NOW, "王", draft, prev)
            row = (seq, micros(NOW), "王", "k", "s/1", canonical_json(draft.after).decode(), "注", prev, digest)
            columns = 'seq, at_us, "user", kind, subject, after, note, prev_hash, hash'
            connection.execute(f"INSERT INTO changes ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            prev = digest
        connection.execute("INSERT INTO counters (kind, last) VALUES ('change', 2)")
    connection.close()
    store = open_store(path)
    assert [change.actor for change in store.changes()] == [None, None]
    assert store.verify_chain() is None
    store.commit(opening(), Actor.named("李"), NOW)
    assert store.verify_chain() is None
    assert store.changes()[-1].actor == Actor.named("李")
    store.close()
