"""One of several processes leads: by the store's clock, and no write of a leader that was replaced reaches the store."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from console.domain.actors import SYSTEM
from console.domain.changes import ChangeSet
from console.domain.delivery import Delivery, DeliveryState
from console.domain.incidents import INCIDENT
from console.domain.lease import NOBODY, RENEWED_S, TERM_S, Basis, Lease
from console.engine.lease import _LOOK_S
from console.services.analysis.retention import HistoryKind
from console.services.ports import NotLeading, StaleState, StoreInUse
from console.store import SqlStore, connection, lease, open_store
from console.store.connection import store_url
from console.store.inspection import inspected
from console.store.sole_use import SoleUse
from tests.conftest import ROOT
from tests.console.store.older import a_store_of_revision
from tests.console.store.values import NOW, opening, readings, unnumbered

_SHORT_US = 400_000

_SEAT = f"""
import sys
from console.domain.actors import SYSTEM
from console.domain.lease import Basis
from console.services.ports import NotLeading
from console.store import lease, open_store
from tests.console.store.values import NOW, opening, readings
lease._TERM_US = {_SHORT_US}
store = open_store(sys.argv[1], "engine", is_shared=True)
decided = store.hold_lease().epoch
print(decided, flush=True)
for asked in sys.stdin:
    try:
        match asked.strip():
            case "commit":
                store.commit(opening(7), SYSTEM, NOW, Basis(store.head()[0], decided))
            case "readings":
                store.append_readings(readings(1, (70, 1.0, 0)))
            case "hold":
                decided = store.hold_lease().epoch
        print("written", flush=True)
    except NotLeading:
        print("fenced", flush=True)
"""


class Seat:
    """A process on a store."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.epoch = int(self.answer())

    def answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def asked(self, what: str) -> str:
        assert self.process.stdin is not None
        self.process.stdin.write(f"{what}\n")
        self.process.stdin.flush()
        return self.answer()


@contextmanager
def a_seat(target: str, *program: str) -> Iterator[Seat]:
    """A process that takes the lease if it can."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(
        [*program, sys.executable, "-c", _SEAT, target],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment,
    )  # fmt: skip
    try:
        yield Seat(process)
    finally:
        process.send_signal(signal.SIGCONT)
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def taken(store: SqlStore) -> Lease:
    """Wait for the lease: another process's term that is no longer renewed runs out."""
    for _ in range(500):
        held = store.hold_lease()
        if held.is_ours:
            return held
        threading.Event().wait(0.02)
    pytest.fail("the lease was never free")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    return address(request, tmp_path, "database")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def without_tables(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that is still to be made."""
    return address(request, tmp_path, "empty_database")


def address(request: pytest.FixtureRequest, folder: Path, on_server: str) -> str:
    return str(folder / "泉 s.sqlite") if request.param == "sqlite" else str(request.getfixturevalue(on_server))


@pytest.fixture
def shared(target: str) -> Iterator[SqlStore]:
    """A store that several processes may use."""
    store = open_store(target, "console", is_shared=True)
    yield store
    store.close()


def leaders_writes(store: SqlStore, epoch: int) -> tuple[Callable[[], object], ...]:
    return (
        lambda: store.append_readings(readings(1, (10, 1.0, 0))),
        lambda: store.append_expected(60_000_000, np.full((1, 8), 1.0)),
        lambda: store.record_deliveries([(1, Delivery("mqtt", DeliveryState.CLAIMED, 1))]),
        lambda: store.mark_withdrawn([1]),
        lambda: store.delete_history(HistoryKind.READINGS, 0, 1, 1, days=1, at_us=0),
        lambda: store.commit(opening(9), SYSTEM, NOW, Basis(store.head()[0], epoch)),
    )


def content(store: SqlStore) -> tuple[object, ...]:
    return (
        store.head(),
        store.count_readings(0, 10**18),
        store.last_expected_us(),
        [(one.outgoing_id, one.deliveries) for one in store.pending_outgoing()],
    )


def test_the_first_process_leads_and_the_second_one_sees_which(target: str, shared: SqlStore) -> None:
    assert shared.hold_lease() == Lease(f"quanmai console pid {os.getpid()} on {os.uname().nodename}", 1, is_ours=True)
    second = open_store(target, "engine", is_shared=True)
    seen = second.hold_lease()
    assert (seen.is_ours, seen.epoch) == (False, 1)
    assert seen.holder.startswith("quanmai console pid")
    second.close()


def test_a_follower_makes_none_of_the_leaders_writes_and_commits_intents(target: str, shared: SqlStore) -> None:
    shared.hold_lease()
    shared.commit(opening(1), SYSTEM, NOW)
    before = content(shared)
    follower = open_store(target, "console", is_shared=True)
    assert not follower.hold_lease().is_ours
    for write in leaders_writes(follower, 0):
        with pytest.raises(NotLeading):
            write()
    assert content(shared) == before
    follower.commit(opening(2), SYSTEM, NOW)
    assert set(shared.load_desk().of(INCIDENT)) == {"2024-0001", "2024-0002"}
    follower.close()


def test_the_leader_makes_its_writes_and_its_claims_have_the_epoch(shared: SqlStore) -> None:
    shared.commit(opening(1), SYSTEM, NOW)
    epoch = shared.hold_lease().epoch
    for write in leaders_writes(shared, epoch):
        write()
    with shared._durable.connect() as connection:
        assert connection.exec_driver_sql("SELECT epoch FROM deliveries").scalars().all() == [epoch]


def test_of_processes_that_race_for_a_lease_one_gets_it_each_time(target: str, shared: SqlStore) -> None:
    stores = [shared, *(open_store(target, f"engine {number}", is_shared=True) for number in range(3))]
    for turn in range(1, 6):
        together, held = threading.Barrier(len(stores)), list[Lease]()

        def take(store: SqlStore, together: threading.Barrier = together, held: list[Lease] = held) -> None:
            together.wait()
            held.append(store.hold_lease())

        threads = [threading.Thread(target=take, args=(store,)) for store in stores]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [one.epoch for one in held] == [turn] * len(stores)
        assert sum(one.is_ours for one in held) == 1
        assert len({one.holder for one in held}) == 1
        for store in stores:
            store.release_lease()
    for store in stores[1:]:
        store.close()


def test_a_leader_that_is_killed_is_replaced_after_its_term_and_not_before(
    target: str, shared: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_TERM_US", _SHORT_US)
    with a_seat(target) as seat:
        assert seat.epoch == 1
        assert seat.asked("hold") == "written"
        assert not shared.hold_lease().is_ours
        seat.process.kill()
        seat.process.wait()
        assert taken(shared).epoch == 2


def test_a_leader_that_was_paused_past_its_term_writes_nothing_under_its_old_epoch(
    target: str, shared: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_TERM_US", _SHORT_US)
    with a_seat(target) as seat:
        assert seat.asked("readings") == "written"
        seat.process.send_signal(signal.SIGSTOP)
        assert taken(shared).epoch == 2
        shared.append_readings(readings(1, (71, 1.0, 0)))
        before = content(shared)
        seat.process.send_signal(signal.SIGCONT)
        assert [seat.asked(what) for what in ("commit", "readings")] == ["fenced", "fenced"]
        assert content(shared) == before
        shared.release_lease()
        assert seat.asked("hold") == "written"  # it leads again, in a new epoch
        assert seat.asked("readings") == "written"


def test_a_decision_of_an_earlier_term_of_the_same_process_is_not_written(target: str, shared: SqlStore) -> None:
    first = shared.hold_lease().epoch
    shared.release_lease()
    other = open_store(target, "engine", is_shared=True)
    assert other.hold_lease().epoch == 2
    other.release_lease()
    assert shared.hold_lease().epoch == 3
    with pytest.raises(NotLeading):
        shared.commit(opening(1), SYSTEM, NOW, Basis(0, first))
    assert shared.head()[0] == 0
    other.close()


def test_an_expired_lease_that_nobody_took_is_renewed_in_its_epoch(shared: SqlStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_TERM_US", -1)
    assert shared.hold_lease().epoch == 1
    assert shared.hold_lease() == Lease(shared.hold_lease().holder, 1, is_ours=True)
    shared.append_readings(readings(1, (10, 1.0, 0)))


@pytest.mark.slow
def test_a_leader_paused_inside_a_transaction_does_not_hold_up_the_take_over_on_a_server(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_TERM_US", _SHORT_US)
    leader, other = (open_store(database, role, is_shared=True) for role in ("engine", "console"))
    leader.hold_lease()
    with leader._relaxed.connect() as paused:
        leader._leases.check(paused)  # and then nothing more comes from it
        assert taken(other).epoch == 2
        with pytest.raises(Exception, match=r"terminat|closed|idle"):
            paused.exec_driver_sql("INSERT INTO tracks VALUES ('C', 1, 0, 0)")
    leader.close()
    other.close()


def test_shared_and_exclusive_use_of_a_store_exclude_each_other(target: str, shared: SqlStore) -> None:
    with pytest.raises(StoreInUse, match="console pid"):
        open_store(target, "restore")
    shared.close()
    alone = open_store(target, "engine")
    with pytest.raises(StoreInUse, match="engine pid"):
        open_store(target, "console", is_shared=True)
    alone.close()


def test_a_store_that_processes_share_is_shown_as_in_use(tmp_path: Path) -> None:
    path = tmp_path / "s.sqlite"
    seats = [open_store(path, role, is_shared=True) for role in ("engine", "console")]
    assert inspected(path).holder.startswith("quanmai console pid")
    for seat in seats:
        seat.close()
    assert inspected(path).holder == ""


def test_every_change_of_any_process_comes_once_behind_the_cursor_with_its_records(target: str, shared: SqlStore) -> None:
    second = open_store(target, "console", is_shared=True)
    stores, cursor, seqs, seen = (shared, second), 0, list[int](), dict[str, int]()

    def commit(store: SqlStore) -> None:
        for _ in range(10):
            store.commit(unnumbered(), SYSTEM, NOW)

    threads = [threading.Thread(target=commit, args=(store,)) for store in stores]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads) or cursor < shared.head()[0]:
        some = second.follow(cursor)
        seqs += [change.seq for change in some.changes]
        seen |= {record.record_kind.id_of(record): record.version for record in some.records}
        cursor = some.head
    assert seqs == list(range(1, 41))
    assert len(seen) == 40
    assert shared.follow(cursor) == second.follow(cursor)
    assert second.follow(cursor).changes == ()
    second.close()


def test_a_decision_that_missed_a_change_of_another_process_is_not_written(target: str, shared: SqlStore) -> None:
    second = open_store(target, "console", is_shared=True)
    known = shared.commit(opening(1), SYSTEM, NOW, Basis(0)).changes[-1].seq
    with pytest.raises(StaleState):
        second.commit(opening(2), SYSTEM, NOW, Basis(0))
    assert shared.head()[0] == known
    second.commit(opening(2), SYSTEM, NOW, Basis(known))
    second.close()


def test_one_process_alone_needs_no_lease(tmp_path: Path) -> None:
    store = open_store(tmp_path / "s.sqlite", "engine")
    store.append_readings(readings(1, (10, 1.0, 0)))
    store.commit(ChangeSet(()), SYSTEM, NOW)
    store.close()


def test_a_shared_store_of_an_earlier_version_is_migrated_only_when_nobody_uses_it(without_tables: str) -> None:
    a_store_of_revision(without_tables, "0010")
    running = SoleUse(store_url(without_tables), "engine", is_shared=True)  # as a process of that version holds it
    with pytest.raises(StoreInUse, match="engine pid"):
        open_store(without_tables, "console", is_shared=True)
    assert inspected(without_tables).is_current is False
    running.close()
    opened = open_store(without_tables, "console", is_shared=True)
    assert inspected(without_tables).is_current
    opened.close()


def test_an_opened_store_waits_for_another_process_that_migrates_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "s.sqlite"
    monkeypatch.setattr(connection, "_BUSY_MS", 20)
    other = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
    other.execute("PRAGMA journal_mode=WAL")
    other.execute("BEGIN IMMEDIATE")
    end = threading.Timer(1.0, other.rollback)
    end.start()
    store = open_store(path)
    assert end.finished.is_set()
    store.close()
    other.close()


def test_processes_that_begin_at_once_on_an_empty_store_all_open_it(target: str) -> None:
    opened = list[SqlStore]()
    threads = [
        threading.Thread(target=lambda n=n: opened.append(open_store(target, f"console {n}", is_shared=True))) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for store in opened:
        store.close()


@pytest.mark.parametrize("phase_s", [0.0, 0.25, 0.5, 0.75, 0.999])
def test_a_standby_takes_over_at_most_ten_seconds_after_the_last_renewal_and_never_while_the_leader_renews(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, phase_s: float
) -> None:
    """By the store's clock, moved by hand: no machine is too slow for it. ``phase_s``: of the standby's looks to the renewals."""
    clock = [1_700_000_000.0]
    monkeypatch.setattr(lease, "store_now_us", lambda connection: round(clock[0] * 1e6))
    first, second = (open_store(tmp_path / "s.sqlite", role, is_shared=True) for role in ("engine a", "engine b"))
    begun, renewed, looked = clock[0], clock[0], clock[0] + phase_s
    assert first.hold_lease().is_ours
    killed = begun + 10 * RENEWED_S  # it renews for half a minute, then it is killed just after a renewal
    while not second._leases.epoch:
        clock[0] = min(renewed + RENEWED_S, looked + _LOOK_S) if renewed < killed else looked + _LOOK_S
        if renewed < killed and clock[0] >= renewed + RENEWED_S:
            renewed = clock[0]
            assert first.hold_lease().is_ours
        if clock[0] >= looked + _LOOK_S:
            looked = clock[0]
            took = second.hold_lease()
            assert took.is_ours == (looked >= renewed + TERM_S)
    assert renewed == killed
    assert TERM_S <= looked - renewed <= TERM_S + _LOOK_S <= 10.0 - 1.0  # a second is left for what follows in the process
    for store in (first, second):
        store.close()


def test_a_process_that_may_not_lead_takes_no_lease_that_is_free(target: str, shared: SqlStore) -> None:
    wall = open_store(target, "wall", is_shared=True, may_lead=False)
    assert wall.hold_lease() == NOBODY
    assert shared.hold_lease().epoch == 1
    assert wall.hold_lease().holder.startswith("quanmai console")
    shared.release_lease()
    assert wall.hold_lease() == NOBODY
    assert shared.hold_lease().epoch == 2
    wall.close()
