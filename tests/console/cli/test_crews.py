"""Links of crews from the command line: made and shown once, listed without their token, revoked."""

from __future__ import annotations

import io
import json
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from console.cli import main
from console.domain.crew_links import token_hash
from console.store import open_store

Quanmai = Callable[..., tuple[int, str, str]]
GOOD = "spring-of-72"
PAGE = "https://crews.example.cn"


@pytest.fixture
def quanmai(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Quanmai:
    """Run a command: (exit code, stdout, stderr); ``typed`` is its standard input."""

    def run(*words: str | Path, typed: str = "") -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["quanmai", *map(str, words)])
        monkeypatch.setattr("sys.stdin", io.StringIO(typed))
        with pytest.raises(SystemExit) as ended:
            main()
        out = capfd.readouterr()
        return int(str(ended.value.code or 0)), out.out, out.err

    return run


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = tmp_path / "s.sqlite"
    open_store(path).close()
    return path


def test_a_link_is_shown_once_and_its_token_kept_nowhere(quanmai: Quanmai, store: Path, tmp_path: Path) -> None:
    drawn = tmp_path / "code.svg"
    code, out, _ = quanmai("crews", "link", "C1", "--address", PAGE, "--svg", drawn, "--store", store, "--json")
    assert code == 0
    told = json.loads(out)
    base, _, token = told["url"].rpartition("/in/")
    assert base == PAGE
    assert b"<svg" in drawn.read_bytes()
    assert stat.S_IMODE(drawn.stat().st_mode) == 0o600
    with closing(sqlite3.connect(store)) as connection:
        assert connection.execute("SELECT token_hash FROM crew_links").fetchall() == [(token_hash(token),)]
    _, listed, _ = quanmai("crews", "links", "--store", store)
    assert told["link"] in listed
    assert token not in listed


def test_links_are_revoked_by_crew_or_by_link(quanmai: Quanmai, store: Path) -> None:
    made = [json.loads(quanmai("crews", "link", "C1", "--address", PAGE, "--store", store, "--json")[1]) for _ in range(3)]
    _, out, _ = quanmai("crews", "revoke", made[0]["link"], "--store", store, "--json")
    assert [one["link"] for one in json.loads(out)["revoked"]] == [made[0]["link"]]
    _, out, _ = quanmai("crews", "revoke", "C1", "--store", store, "--json")
    assert {one["link"] for one in json.loads(out)["revoked"]} == {made[1]["link"], made[2]["link"]}
    assert quanmai("crews", "revoke", "C1", "--store", store)[0] == 2


def test_without_an_address_no_link_is_made(quanmai: Quanmai, store: Path) -> None:
    code, _, told = quanmai("crews", "link", "C1", "--store", store)
    assert code == 2
    assert "--address" in told
    assert quanmai("crews", "links", "--store", store)[1].strip() == "no links"


def test_with_users_only_one_who_may_send_crews_gives_links(quanmai: Quanmai, store: Path, tmp_path: Path) -> None:
    word = tmp_path / "word"
    word.write_text(GOOD)
    word.chmod(0o600)
    at = ("--store", store)
    assert quanmai("users", "add", "root", "--role", "admin", *at, typed=f"{GOOD}\n")[0] == 0
    for name, role in (("wang", "dispatcher"), ("zhao", "auditor")):
        more = ("--by", "root", "--by-password-file", word, "--password-file", word)
        assert quanmai("users", "add", name, "--role", role, *more, *at)[0] == 0
    link = ("crews", "link", "C1", "--address", PAGE, *at)
    assert quanmai(*link)[0] == 2
    assert quanmai(*link, "--by", "zhao", "--by-password-file", word)[0] == 2
    assert quanmai(*link, "--by", "wang", "--by-password-file", word)[0] == 0
    assert open_store(store).changes()[-1].user == "wang"
