"""Commands for administrators: what a broken chain, a cut-off end and a wrong file look like on the command line."""

from __future__ import annotations

import itertools
import json
import sqlite3
import sys
from pathlib import Path

import pytest

from console.cli import main
from console.doctor import Finding, State
from console.domain.actors import Actor
from console.package import write_package
from console.services.review.collect import collect_case
from console.store import open_store
from tests.console.package.cases import CASE, a_reviewed_town
from tests.console.services.town import Chair, a_finding
from tests.console.store.values import NOW, opening

WANG = Actor.named("王")


@pytest.fixture(autouse=True)
def _own_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUANMAI_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "s.sqlite"
    opened = open_store(path)
    for number in range(1, 4):
        opened.commit(opening(number), WANG, NOW)
    opened.close()
    return path


def run(monkeypatch: pytest.MonkeyPatch, *words: str | Path) -> int:
    monkeypatch.setattr(sys, "argv", ["quanmai", *map(str, words)])
    with pytest.raises(SystemExit) as done:
        main()
    return int(done.value.code or 0)


def cut(path: Path, after_seq: int) -> None:
    """Remove the end of the chain and the counter, as a user with full rights could."""
    with sqlite3.connect(path) as connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute("DELETE FROM outgoing")
        connection.execute("DELETE FROM changes WHERE seq > ?", (after_seq,))
        connection.execute("UPDATE counters SET last = ? WHERE kind = 'change'", (after_seq,))
    connection.close()


def test_a_cut_off_end_is_found_by_a_head_kept_elsewhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    assert run(monkeypatch, "audit", "head", "--store", store) == 0
    (tmp_path / "heads.jsonl").write_text(capsys.readouterr().out)
    assert run(monkeypatch, "audit", "verify", "--store", store, "--heads", tmp_path / "heads.jsonl") == 0
    kept = json.loads((tmp_path / "heads.jsonl").read_text())
    typed = f"{kept['seq']}:{kept['hash'][:16]}"
    assert run(monkeypatch, "audit", "verify", "--store", store, "--head", typed) == 0
    cut(store, 4)
    capsys.readouterr()
    assert run(monkeypatch, "audit", "verify", "--store", store) == 0, "what is left is a whole chain by itself"
    assert run(monkeypatch, "audit", "verify", "--store", store, "--heads", tmp_path / "heads.jsonl") == 2
    assert "cut off" in capsys.readouterr().err
    assert run(monkeypatch, "audit", "verify", "--store", store, "--head", typed) == 2
    assert "cut off" in capsys.readouterr().err


@pytest.mark.parametrize("words", [("audit", "verify"), ("audit", "head"), ("history",)])
def test_an_emptied_store_is_not_reported_as_an_intact_chain(
    store: Path, words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    store.write_bytes(b"")
    assert run(monkeypatch, *words, "--store", store) == 2
    assert "empty" in capsys.readouterr().err
    assert store.read_bytes() == b""


@pytest.mark.parametrize("words", [("audit", "verify"), ("audit", "head"), ("history",), ("jobs",), ("users", "list")])
def test_a_missing_store_given_as_an_address_is_neither_made_nor_reported_as_whole(
    words: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = tmp_path / "missing.sqlite"
    assert run(monkeypatch, *words, "--store", f"sqlite:///{missing}") == 2
    assert "no such file" in capsys.readouterr().err
    assert not missing.exists()


def test_an_exported_log_serves_as_heads_of_every_change(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    assert run(monkeypatch, "audit", "export", tmp_path / "log.jsonl", "--store", store) == 0
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text("utf-8").splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4, 5, 6]
    assert all(later["prev_hash"] == earlier["hash"] for earlier, later in itertools.pairwise(lines))
    assert all(line["text"].keys() == {"zh_CN", "en"} for line in lines)
    capsys.readouterr()
    assert run(monkeypatch, "audit", "verify", "--store", store, "--heads", tmp_path / "log.jsonl", "--json") == 0
    assert json.loads(capsys.readouterr().out)["heads_checked"] == 6


def test_a_package_proves_its_changes_in_the_store_it_came_from(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, store: Path
) -> None:
    city, path = a_reviewed_town(), tmp_path / "town.sqlite"
    opened, chair = open_store(path), Chair(city)
    opened.commit(chair.desk.on_burst(chair.state, a_finding(), chair.now), Actor.named("quanmai"), chair.now)
    write_package(collect_case(opened, city, CASE), tmp_path / "c.incident")
    opened.close()
    assert run(monkeypatch, "audit", "verify", "--store", path, "--package", tmp_path / "c.incident") == 0
    capsys.readouterr()
    assert run(monkeypatch, "audit", "verify", "--store", store, "--package", tmp_path / "c.incident") == 2
    assert "rewritten" in capsys.readouterr().err


@pytest.mark.parametrize(
    "line", ["", "{}", '{"seq": "1", "hash": "a"}', '{"seq": true, "hash": "a"}', "[1]", "no json", '{"seq": 1}']
)
def test_a_file_that_holds_no_heads_is_refused_with_its_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path, line: str
) -> None:
    (tmp_path / "h").write_text(f"\n{line}\n")
    code = run(monkeypatch, "audit", "verify", "--store", store, "--heads", tmp_path / "h")
    said = capsys.readouterr().err
    assert (code == 0) == (line == "")
    assert line == "" or ("line 2: expected" in said and said.count("\n") == 1)


def test_a_store_restored_from_a_backup_holds_its_changes_and_unsent_messages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    assert run(monkeypatch, "backup", tmp_path / "b.sqlite", "--store", store, "--json") == 0
    assert json.loads(capsys.readouterr().out)["changes"] == 6
    assert run(monkeypatch, "restore", tmp_path / "b.sqlite", "--store", tmp_path / "new.sqlite", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "store": str(tmp_path / "new.sqlite"), "changes": 6, "unsent": 3, "before": None,
    }  # fmt: skip
    assert run(monkeypatch, "backup", tmp_path / "b.sqlite", "--store", store) == 2


def test_without_a_named_store_the_only_one_in_the_data_folder_is_used(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(monkeypatch, "audit", "verify") == 2
    assert "which store?" in capsys.readouterr().err
    (tmp_path / "data").mkdir()
    open_store(tmp_path / "data" / "a.sqlite").close()
    assert run(monkeypatch, "audit", "verify") == 0
    open_store(tmp_path / "data" / "b.sqlite").close()
    assert run(monkeypatch, "audit", "verify") == 2
    assert "a.sqlite, b.sqlite" in capsys.readouterr().err


def test_the_doctor_ends_with_2_only_when_something_needs_repair(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], store: Path, tmp_path: Path
) -> None:
    monkeypatch.setattr("console.doctor._fonts", lambda: Finding("fonts", State.OK, "as on a machine with fonts"))
    assert run(monkeypatch, "doctor", "--store", store, "--json") == 0
    assert json.loads(capsys.readouterr().out)["faults"] == 0
    (tmp_path / "bad").write_text("a text" * 1000)
    assert run(monkeypatch, "doctor", "--store", tmp_path / "bad") == 2
