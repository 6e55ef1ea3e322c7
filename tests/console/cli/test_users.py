"""Users and server from the command line: passwords from files or standard input, one clear line for what is wrong."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from console.cli import main
from console.store import open_store

Quanmai = Callable[..., tuple[int, str, str]]
GOOD, NEW = "spring-of-72", "autumn-of-72"

pytestmark = pytest.mark.usefixtures("quick_passwords")


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
def store(tmp_path: Path, quanmai: Quanmai) -> Path:
    """A store with its first administrator."""
    path = tmp_path / "s.sqlite"
    open_store(path).close()
    assert quanmai("users", "add", "root", "--role", "admin", "--store", path, typed=f"{GOOD}\n")[0] == 0
    return path


def secret(folder: Path, text: str) -> Path:
    path = folder / "secret"
    path.write_text(text + "\n")
    path.chmod(0o600)
    return path


def by_root(store: Path) -> tuple[str | Path, ...]:
    return ("--by", "root", "--by-password-file", secret(store.parent, GOOD), "--store", store)


def test_an_administrator_adds_changes_and_disables_users_and_the_log_names_who(store: Path, quanmai: Quanmai) -> None:
    assert quanmai("users", "add", "王芳", "--role", "area", "--area", "A1", *by_root(store), typed=f"{GOOD}\n")[0] == 0
    assert quanmai("users", "role", "王芳", "--role", "dispatcher", *by_root(store))[0] == 0
    assert quanmai("users", "password", "王芳", *by_root(store), typed=f"{NEW}\n")[0] == 0
    assert quanmai("users", "rename", "王芳", "王芳芳", *by_root(store))[0] == 0
    assert quanmai("users", "disable", "王芳芳", *by_root(store))[0] == 0
    code, out, _ = quanmai("users", "list", "--store", store, "--json")
    assert code == 0
    found = {one["name"]: (one["role"], one["areas"], one["enabled"]) for one in json.loads(out)["users"]}
    assert found == {"root": ("admin", [], True), "王芳芳": ("dispatcher", [], False)}
    assert quanmai("users", "enable", "王芳芳", *by_root(store))[0] == 0
    opened = open_store(store)
    assert opened.users.authenticate("王芳芳", NEW).name == "王芳芳"
    assert {change.user for change in opened.changes()[1:]} == {"root"}
    assert opened.verify_chain() is None
    opened.close()


def test_no_password_is_ever_printed_or_an_option(store: Path, quanmai: Quanmai) -> None:
    _, out, err = quanmai("users", "add", "王芳", "--role", "gis", *by_root(store), typed=f"{NEW}\n")
    assert not [one for one in (GOOD, NEW, "argon2", "verifier") if one in out + err]
    code, _, err = quanmai("users", "add", "b", "--role", "gis", "--password", NEW, *by_root(store))
    assert code == 2
    assert "No such option" in err


@pytest.mark.parametrize(
    ("words", "typed", "told"),
    [
        (("add", "x", "--role", "gis"), f"{GOOD}\n", "which administrator"),
        (("add", "x", "--role", "gis", "--by", "root"), "wrong\n", "Name or password is wrong"),
        (("add", "x", "--role", "gis", "--by", "nobody"), "wrong\n", "Name or password is wrong"),
        (("add", "x", "--role", "king", "--by", "root"), "", "king"),
        (("add", "x", "--role", "gis", "--by", "root"), f"{GOOD}\nshort\n", "8 to 200 characters"),
        (("add", "x", "--role", "gis", "--by", "root"), f"{GOOD}\n", "standard input is empty"),
        (("disable", "root", "--by", "root"), f"{GOOD}\n", "only enabled administrator"),
        (("disable", "nobody", "--by", "root"), f"{GOOD}\n", "no such user"),
        (("password", "root", "--password-file", "/none", "--by", "root"), f"{GOOD}\n", "/none"),
    ],
)
def test_what_is_wrong_is_told_in_one_line(store: Path, quanmai: Quanmai, words: tuple[str, ...], typed: str, told: str) -> None:
    code, _, err = quanmai("users", *words, "--store", store, typed=typed)
    assert code == 2
    assert told in err
    assert err.strip().count("\n") == 0


def test_somebody_who_is_no_administrator_administers_nobody(store: Path, quanmai: Quanmai) -> None:
    quanmai("users", "add", "王", "--role", "supervisor", *by_root(store), typed=f"{GOOD}\n")
    code, _, err = quanmai("users", "disable", "root", "--by", "王", "--store", store, typed=f"{GOOD}\n")
    assert code == 2
    assert "may not administer users" in err


def test_the_first_user_is_an_administrator(tmp_path: Path, quanmai: Quanmai) -> None:
    path = tmp_path / "new.sqlite"
    open_store(path).close()
    code, _, err = quanmai("users", "add", "王", "--role", "dispatcher", "--store", path, typed=f"{GOOD}\n")
    assert code == 2
    assert "--role admin" in err


def test_supervisors_alone_make_nobody_sign_in_and_an_administrator_makes_everybody(tmp_path: Path, quanmai: Quanmai) -> None:
    path = tmp_path / "new.sqlite"
    open_store(path).close()
    for name, role, are_needed in (("李", "supervisor", False), ("root", "admin", True)):
        assert quanmai("users", "add", name, "--role", role, "--store", path, typed=f"{GOOD}\n")[0] == 0
        opened = open_store(path)
        assert opened.users.are_needed is are_needed
        opened.close()


def test_a_recovery_works_by_the_rights_on_the_store_and_is_loud_in_the_log(store: Path, quanmai: Quanmai) -> None:
    assert quanmai("users", "password", "root", "--recover", "--store", store, typed=f"{NEW}\n")[0] == 0
    opened = open_store(store)
    assert opened.changes()[-1].note.key == "users.recovery"
    opened.close()


def test_a_shared_store_without_users_is_refused_with_what_to_do(tmp_path: Path) -> None:
    from console.people import people_of
    from maps.errors import InputFault

    opened = open_store(tmp_path / "s.sqlite")
    assert people_of(opened, "D1", is_shared=False) is None
    with pytest.raises(InputFault, match="quanmai users add"):
        people_of(opened, "D1", is_shared=True)
    opened.close()


def test_a_console_signs_in_without_a_dialog_by_a_file_whose_rights_are_checked(store: Path) -> None:
    from console.people import people_of
    from maps.errors import InputFault

    opened = open_store(store)
    people = people_of(opened, "D1", is_shared=True)
    assert people is not None
    file = secret(store.parent, GOOD)
    assert people.signed_in("root", file).seat == "D1"
    file.chmod(0o644)
    with pytest.raises(InputFault, match="chmod 600"):
        people.signed_in("root", file)
    opened.close()


@pytest.mark.slow
def test_a_server_is_prepared_with_its_first_administrator_and_again_without_change(
    database: str, quanmai: Quanmai, tmp_path: Path
) -> None:
    pytest.importorskip("psycopg", reason="psycopg is not installed")
    file = secret(tmp_path, GOOD)
    words = ("server", "init", "--store", database, "--admin", "root", "--admin-password-file", file,
             "--console-account", "q_c", "--console-password-file", file)  # fmt: skip
    code, first, _ = quanmai(*words)
    assert code == 0
    assert "first administrator root made" in first
    code, again, _ = quanmai(*words)
    assert code == 0
    assert "made" not in again
    code, _, err = quanmai("server", "init", "--store", database.replace("postgres@", "q_c@"))
    assert code == 2
    assert "may not prepare it" in err
    assert err.strip().count("\n") == 0
    assert quanmai("users", "add", "王", "--role", "gis", "--by", "root", "--store", database.replace("postgres@", "q_c@"),
                   typed=f"{GOOD}\n{NEW}\n")[2].count("check its rights") == 1  # fmt: skip
