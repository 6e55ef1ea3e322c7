"""Jobs are rows of the store: attempts and next time outlive kills and take-overs, results of a replaced leader are not taken."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from console.documents import NoticeDocuments
from console.domain.actors import Actor
from console.domain.incidents import PressureImpact, ReopenCheck
from console.domain.jobs import JobKey, JobKind, JobRow, JobState
from console.domain.notices import Notice
from console.engine import ingest, outbox, retrying
from console.engine import lease as leadership
from console.services.changesets import NOTHING
from console.services.desk import DeskSettings
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.notices.lifecycle import LiftNotice
from console.store import SqlStore, lease, open_store
from maps.dataset import write_city
from maps.errors import InputFault
from maps.isolation import IsolationPlan
from maps.synthetic import SyntheticOptions, build_city
from tests.conftest import ROOT
from tests.console.engine.faulty_store import locked
from tests.console.engine.room import START, Room, done
from tests.console.engine.test_jobs import PIPE, a_runtime, issue
from tests.console.engine.test_many_engines import close, follows, leads, pauses
from tests.console.ui.small_city import build_small_city

OTHER = "P-104050"
WANG, LI = Actor.named("王"), Actor.named("李")
Seats = Callable[..., Room]


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A job that failed is tried again soon."""
    monkeypatch.setattr("console.store.connection._BUSY_MS", 50)
    monkeypatch.setattr(retrying, "_FIRST_S", 0.1)
    monkeypatch.setattr(retrying, "_LONGEST_S", 0.4)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def address(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Of an empty store."""
    return str(tmp_path / "s.sqlite") if request.param == "sqlite" else str(request.getfixturevalue("database"))


@pytest.fixture
def seat(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Seats]:
    """Opens engines on one store; a lease lasts a second here."""
    monkeypatch.setattr(lease, "_TERM_US", 1_000_000)
    monkeypatch.setattr(leadership, "TERM_S", 1.0)
    monkeypatch.setattr(leadership, "RENEWED_S", 0.2)
    monkeypatch.setattr(leadership, "_LOOK_S", 0.1)
    monkeypatch.setattr(leadership, "INCUMBENT_S", 0.3)
    monkeypatch.setattr(ingest, "LEADER_FIRST_S", 1.0)
    monkeypatch.setattr(outbox, "_FOLLOWER_LOOK_S", 0.1)
    city = build_small_city()
    with ExitStack() as stack:

        def opened(**more: Any) -> Room:
            room = Room(tmp_path, store=address, city=city, is_shared=True, notices=tmp_path / "notices", **more)
            stack.callback(close, room)
            return room

        yield opened


class TextFiles(NoticeDocuments):
    """Writes a notice's Chinese text alone: no page to be set, so that attempts follow each other soon."""

    def files(self, notice: Notice, folder: Path) -> tuple[Path, ...]:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as fault:
            raise InputFault(f"cannot be written: {fault.strerror}") from fault
        path = folder / f"{self.stem(notice)}.txt"
        path.write_text(notice.text_zh, "utf-8")
        return (path,)


def quick() -> TextFiles:
    return TextFiles(DeskSettings(site="test"), "test", lambda: START)


class Solver:
    """Pressures after closing; ``waits``: the computation goes on when that is set. Counts what it was asked."""

    def __init__(self, households: int, *, waits: bool = False) -> None:
        self.households, self.asked, self.count = households, threading.Event(), 0
        self.goes_on = threading.Event()
        if not waits:
            self.goes_on.set()

    def impact(self, plan: IsolationPlan) -> PressureImpact:
        self.count += 1
        self.asked.set()
        assert self.goes_on.wait(30)
        return PressureImpact(True, low_pressure_households=self.households)

    def reopening(self, plan: IsolationPlan) -> tuple[ReopenCheck, ...]:
        return ()


def row(store: SqlStore, kind: JobKind, subject: str = "") -> JobRow | None:
    """The job of that kind that changed last."""
    found = [one for one in store.jobs.latest(100) if one.key.kind is kind and one.key.subject.startswith(subject)]
    return found[0] if found else None


def attempts(store: SqlStore, kind: JobKind) -> int:
    found = row(store, kind)
    return found.attempts if found is not None else 0


def has_state(store: SqlStore, kind: JobKind, state: JobState) -> bool:
    found = row(store, kind)
    return found is not None and found.state is state


def a_case(room: Room) -> str:
    """A case with a plan."""
    (incident,) = done(room.engine.submit(OpenIncident(PIPE), WANG)).incidents
    return str(incident.incident_id)


_KILLED = """
import sys, threading
from pathlib import Path
from console.engine import retrying
from console.domain.actors import Actor
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, SubmitNotice
from tests.console.engine.test_jobs import a_runtime
retrying._FIRST_S, retrying._LONGEST_S = 0.1, 0.4
folder, pipe = Path(sys.argv[1]), sys.argv[2]
with a_runtime(folder) as runtime:
    ask = lambda intent, user: runtime.engine.submit(intent, Actor.named(user)).result(timeout=60)
    if pipe:
        ask(OpenIncident(pipe), "王")
        (case,) = runtime.store.load_desk().incidents
        ask(JudgeBurst(case, (pipe,), "calls"), "王")
        ask(DraftNotice(case), "王")
        notice = runtime.store.load_desk().incidents[case].notices[0].notice_id
        ask(SubmitNotice(case, notice), "王")
        ask(ApproveNotice(case, notice), "李")
        ask(IssueNotice(case, notice), "李")
    print("runs", flush=True)
    threading.Event().wait()
"""


def killed_after(folder: Path, pipe: str, store: SqlStore | None, least: int) -> int:
    """Run an engine in a process of its own and kill -9 it when the files' job has that many attempts; how many it had then."""
    child = subprocess.Popen([sys.executable, "-c", _KILLED, str(folder), pipe], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "runs"
    opened = store or open_store(folder / "store.sqlite")
    until = time.monotonic() + 60
    while attempts(opened, JobKind.FILES) < least:
        assert time.monotonic() < until, "the attempts never came"
        threading.Event().wait(0.02)
    child.kill()
    child.wait()
    child.stdout.close()
    had = attempts(opened, JobKind.FILES)
    if store is None:
        opened.close()
    return had


@pytest.mark.slow
def test_after_a_kill_attempts_of_a_failing_job_go_on_and_it_is_done_once_its_cause_is_mended(tmp_path: Path) -> None:
    city = build_city(SyntheticOptions(pipes=400))
    write_city(city, tmp_path / "city.gpkg")
    in_the_way = tmp_path / "notices" / "2024-0001-N1-v1.json" / "a folder stands where the file should be"
    in_the_way.mkdir(parents=True)
    pipe = str(city.network.pipes.asset_id[40])
    first = killed_after(tmp_path, pipe, None, 2)
    store = open_store(tmp_path / "store.sqlite")
    second = killed_after(tmp_path, "", store, first + 2)
    assert second >= first + 2
    with a_runtime(tmp_path) as runtime:
        until = time.monotonic() + 30
        while not any(feed.name == "files" for feed in runtime.engine.latest().feeds):
            assert time.monotonic() < until, "the failure of before is not shown"
            threading.Event().wait(0.02)
        shown = next(feed.message for feed in runtime.engine.latest().feeds if feed.name == "files")
        assert int(shown.partition("attempt ")[2].split()[0]) >= second
        in_the_way.rmdir()
        in_the_way.parent.rmdir()
        while not has_state(store, JobKind.FILES, JobState.DONE):
            assert time.monotonic() < until, f"never done: {row(store, JobKind.FILES)}"
            threading.Event().wait(0.02)
    assert attempts(store, JobKind.FILES) > second
    (incident,) = store.load_desk().incidents.values()
    assert all((tmp_path / "notices" / name).is_file() for name in incident.notices[0].files)
    assert store.verify_chain() is None
    store.close()


def test_a_followers_take_over_continues_the_attempts_and_it_had_begun_none(seat: Seats, tmp_path: Path) -> None:
    (tmp_path / "notices").write_text("a file stands where the folder should be")
    first, second = seat(documents=quick()), seat(documents=quick())
    leads(first)
    follows(second)
    _, notice = issue(first)
    first.waits(lambda: attempts(first.store, JobKind.FILES) >= 3)
    second.settles()
    assert second.engine._jobs._retrying.cases() == set()
    pauses(first)
    leads(second)
    second.waits(lambda: attempts(second.store, JobKind.FILES) >= 5)
    second.sees(lambda p: any(feed.name == "files" and "attempt" in feed.message for feed in p.feeds))
    first.waits(lambda: first.engine._jobs._retrying.cases() == set())  # its claims are refused
    (tmp_path / "notices").unlink()
    second.sees(lambda p: p.incidents[0].notices[0].files == (f"{notice}-v1.txt",))
    second.waits(lambda: has_state(second.store, JobKind.FILES, JobState.DONE))
    assert attempts(second.store, JobKind.FILES) >= 5


def test_the_result_of_a_replaced_leader_is_not_taken(seat: Seats) -> None:
    late, quick = Solver(99, waits=True), Solver(7)
    first, second = seat(hydraulics=late), seat(hydraulics=quick)
    leads(first)
    case = a_case(first)
    assert late.asked.wait(60)
    pauses(first)
    leads(second)
    second.waits(lambda: has_state(second.store, JobKind.IMPACT, JobState.DONE))
    late.goes_on.set()
    first.waits(lambda: first.engine._jobs._retrying.cases() == set())
    first.settles()
    stored = second.store.incident(case)
    assert stored is not None
    assert stored.impact == PressureImpact(True, low_pressure_households=7)
    assert [change.kind for change in second.store.changes_of(f"incident/{case}")].count("impact_computed") == 1
    found = [(one.state, one.attempts) for one in second.store.jobs.latest(10) if one.key.kind is JobKind.IMPACT]
    assert found == [(JobState.DONE, 2)]  # one by each leader


@pytest.fixture
def rooms(tmp_path: Path) -> Iterator[Seats]:
    with ExitStack() as stack:

        def opened(**more: Any) -> Room:
            room = Room(tmp_path, notices=tmp_path / "notices", **more)
            stack.callback(close, room)
            return room

        yield opened


def test_another_plan_ends_the_job_of_the_one_before_and_its_result_is_not_taken(rooms: Seats) -> None:
    solver = Solver(7, waits=True)
    room = rooms(hydraulics=solver)
    case = a_case(room)
    assert solver.asked.wait(60)
    done(room.engine.submit(JudgeBurst(case, (OTHER,), "seen"), WANG))
    solver.goes_on.set()
    room.sees(lambda p: p.incidents[0].impact is not None)
    room.waits(lambda: has_state(room.store, JobKind.IMPACT, JobState.DONE))
    states = {one.state: one for one in room.store.jobs.latest(10) if one.key.kind is JobKind.IMPACT}
    assert set(states) == {JobState.DONE, JobState.SUPERSEDED}
    assert states[JobState.SUPERSEDED].reason == "the plan changed or the case is closed"
    assert [change.kind for change in room.store.changes_of(f"incident/{case}")].count("impact_computed") == 1
    assert solver.count == 2


def test_a_lifted_notice_ends_the_job_for_its_issue_and_begins_that_for_its_end(rooms: Seats, tmp_path: Path) -> None:
    folder = tmp_path / "notices"
    folder.write_text("not yet")
    room = rooms(documents=quick())
    case, notice = issue(room)
    room.waits(lambda: attempts(room.store, JobKind.FILES) >= 2)
    done(room.engine.submit(LiftNotice(case, notice, "已恢复供水"), LI))
    room.waits(lambda: any(one.state is JobState.SUPERSEDED for one in room.store.jobs.latest(10)))
    folder.unlink()
    room.sees(lambda p: p.incidents[0].notices[0].files == (f"{notice}-v1-lifted.txt",))
    room.waits(lambda: all(one.key.kind is JobKind.ROLLUP for one in room.store.jobs.unfinished()))
    found = {one.key.basis: (one.state, one.reason) for one in room.store.jobs.latest(10) if one.key.kind is JobKind.FILES}
    assert found == {
        f"{notice}-v1": (JobState.SUPERSEDED, "the notice was changed or lifted"),
        f"{notice}-v1-lifted": (JobState.DONE, ""),
    }
    assert not (folder / f"{notice}-v1.txt").exists()


def test_a_row_whose_case_needs_it_no_longer_ends_at_the_start(rooms: Seats) -> None:
    first = rooms(hydraulics=Solver(7))
    first.store.jobs.record([JobRow(JobKey(JobKind.IMPACT, "2023-0007", "x"), JobState.FAILED, 4, 9.0, "no disk")])
    first.close()
    second = rooms(hydraulics=Solver(7))
    second.waits(lambda: has_state(second.store, JobKind.IMPACT, JobState.SUPERSEDED))
    found = row(second.store, JobKind.IMPACT)
    assert found is not None
    assert (found.attempts, found.reason) == (4, "no longer needed when this process began")


def test_attempts_made_while_the_store_is_away_are_in_it_when_it_is_back(rooms: Seats, tmp_path: Path) -> None:
    (tmp_path / "notices").write_text("not yet")
    room = rooms(documents=quick())
    issue(room)
    room.waits(lambda: attempts(room.store, JobKind.FILES) >= 1)
    with locked(room.store):
        before = attempts(room.store, JobKind.FILES)
        (job,) = room.engine._jobs._retrying.of_case(room.engine.latest().incidents[0].incident_id)
        room.waits(lambda: job.attempts >= before + 3)
        assert attempts(room.store, JobKind.FILES) == before
        assert any("jobs" in feed.message or feed.name == "store" for feed in room.engine.latest().feeds)
    room.waits(lambda: attempts(room.store, JobKind.FILES) >= before + 3)
    room.sees(lambda p: all(feed.name != "store" for feed in p.feeds))


def test_a_job_that_is_due_much_later_by_a_clock_that_was_set_back_is_not_stranded(rooms: Seats, tmp_path: Path) -> None:
    (tmp_path / "notices").write_text("not yet")
    first = rooms(documents=quick())
    issue(first)
    first.waits(lambda: attempts(first.store, JobKind.FILES) >= 1)
    first.close()
    store = open_store(tmp_path / "engine.sqlite")
    (kept,) = (one for one in store.jobs.unfinished() if one.key.kind is JobKind.FILES)
    store.jobs.record([JobRow(kept.key, JobState.FAILED, kept.attempts, 1e7, "the disk is full")])
    second = rooms(documents=quick())
    second.waits(lambda: attempts(store, JobKind.FILES) > kept.attempts)
    store.close()


def test_a_result_that_comes_when_another_process_leads_ends_no_job_and_asks_for_none(seat: Seats) -> None:
    solver = Solver(7, waits=True)
    room = seat(hydraulics=solver)
    leads(room)
    case = a_case(room)
    assert solver.asked.wait(10)
    jobs, refused = room.engine._jobs, threading.Event()
    (job,) = (one for one in jobs._retrying.of_case(case) if one.key.kind is JobKind.IMPACT)

    def late() -> None:
        room.engine._leadership.leads = False  # replaced, and not yet acted on
        jobs._take(job, lambda _: NOTHING)
        assert jobs._retrying.is_wanted(job)
        jobs.drop()
        assert not jobs._retrying.cases()
        refused.set()

    room.engine._commands.call(late)
    assert refused.wait(10)
    solver.goes_on.set()
    room.settles()
    assert not has_state(room.store, JobKind.IMPACT, JobState.DONE)
