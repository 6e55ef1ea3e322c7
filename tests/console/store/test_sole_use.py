"""One process works on a store: a second one is refused in one line that names the first; readers are not."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from console.domain.actors import Actor
from console.services.ports import StoreInUse, StoreUnavailable
from console.store import connection, open_store
from console.store.inspection import inspected
from tests.conftest import ROOT
from tests.console.store.values import NOW, opening, readings
from tests.postgresql import Server

_HOLDER = """
import sys
from console.store import open_store
store = open_store(sys.argv[1], "engine")
print("open", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(target: str) -> Iterator[subprocess.Popen[str]]:
    """An engine's hold on a store, in a process of its own."""
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, target], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert holder.stdout is not None
    assert holder.stdin is not None
    try:
        assert holder.stdout.readline().strip() == "open"
        yield holder
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()


def refuses(target: str, pid: int) -> None:
    with pytest.raises(StoreInUse) as refused:
        open_store(target, "console")
    assert f"quanmai engine pid {pid} on " in str(refused.value)
    assert "\n" not in str(refused.value).strip()


def a_reader_may_look(target: str) -> None:
    reader = open_store(target)
    assert reader.load_desk().incidents == {}
    reader.close()


def test_a_second_process_is_refused_and_a_reader_is_admitted(tmp_path: Path) -> None:
    target = str(tmp_path / "泉 s.sqlite")
    with another_process(target) as holder:
        refuses(target, holder.pid)
        a_reader_may_look(target)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        open_store(target, "console").close()  # the hold ended with the process


def test_two_holds_in_one_process_are_separate_and_closing_releases_them(tmp_path: Path) -> None:
    first = open_store(tmp_path / "s.sqlite", "engine")
    with pytest.raises(StoreInUse, match=f"engine pid {os.getpid()}"):
        open_store(tmp_path / "s.sqlite", "console")
    first.close()
    open_store(tmp_path / "s.sqlite", "console").close()


@pytest.mark.slow
def test_a_second_process_on_a_server_is_refused_and_a_reader_is_not(database: str) -> None:
    with another_process(database) as holder:
        refuses(database, holder.pid)
        a_reader_may_look(database)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
        until_let_go(database)


@pytest.mark.slow
def test_after_a_restart_of_the_server_the_hold_is_taken_again_or_nothing_is_written(database: str, server: Server) -> None:
    store = open_store(database, "engine")
    store.commit(opening(1), Actor.named("王"), NOW)
    server.stop()
    with pytest.raises(StoreUnavailable, match="does not answer"):
        store.append_readings(readings(1, (10, 1.0, 0)))
    server.start()
    with another_process(database) as holder:
        for write in (
            lambda: store.commit(opening(2), Actor.named("王"), NOW),
            lambda: store.append_readings(readings(1, (10, 1.0, 0))),
        ):
            with pytest.raises(StoreUnavailable, match=f"in use by quanmai engine pid {holder.pid}"):
                write()
    until_let_go(database)
    store.commit(opening(2), Actor.named("王"), NOW)
    with pytest.raises(StoreInUse):
        open_store(database, "console")
    store.close()


def test_a_store_reached_by_a_symbolic_link_is_the_same_store(tmp_path: Path) -> None:
    link = tmp_path / "here" / "link.sqlite"
    link.parent.mkdir()
    with another_process(str(tmp_path / "s.sqlite")) as holder:
        link.symlink_to(tmp_path / "s.sqlite")
        with pytest.raises(StoreInUse, match=f"in use by quanmai engine pid {holder.pid}"):
            open_store(link, "console")
    open_store(link, "console").close()


def test_a_server_that_accepts_and_never_answers_is_away_within_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(connection._PATIENCE, "connect_timeout", 2)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(StoreUnavailable, match="does not answer"):
        open_store(f"postgresql://postgres@127.0.0.1:{silent.getsockname()[1]}/x", "engine")


def test_looking_up_the_holder_of_a_store_does_not_keep_a_process_from_opening_it(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    open_store(path, "engine").close()
    done, holders = threading.Event(), set[str]()

    def look() -> None:
        while not done.is_set():
            holders.add(inspected(path).holder.partition(" pid")[0])

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(150):
            open_store(path, "console").close()
    finally:
        done.set()
        for looker in lookers:
            looker.join()
    assert holders <= {"", "quanmai console", "another process"}


def until_let_go(database: str) -> None:
    """Wait until the server has noticed that a process ended."""
    for _ in range(200):
        try:
            open_store(database, "console").close()
        except StoreInUse:
            continue
        return
    pytest.fail("the hold outlived its process")
