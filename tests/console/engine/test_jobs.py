"""Jobs of a case (files of notices, pressures) are done once, tried again after a failure, and done after a kill."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.domain.actors import Actor
from console.domain.clock import DrillClock
from console.domain.notices import NoticeStatus
from console.domain.picture import Picture
from console.engine import retrying
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, LiftNotice, SubmitNotice
from console.store import open_store
from maps.dataset import read_city, write_city
from maps.synthetic import SyntheticOptions, build_city
from tests.conftest import ROOT
from tests.console.engine.faulty_store import locked
from tests.console.engine.room import Room, done

PIPE = "P-104040"
KINDS = [".cap.xml", ".en.txt", ".json", ".pdf", ".zh_CN.txt"]


@pytest.fixture
def room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Room]:
    monkeypatch.setattr("console.store.connection._BUSY_MS", 50)
    monkeypatch.setattr(retrying, "_FIRST_S", 0.1)
    opened = Room(tmp_path, notices=tmp_path / "notices")
    yield opened
    opened.close()


def issue(room: Room, version: int = 1) -> tuple[str, str]:
    """A case judged and its notice issued: their ids."""
    if version == 1:
        done(room.engine.submit(OpenIncident(PIPE), Actor.named("王")))
    case = room.sees(lambda p: len(p.incidents) == 1).incidents[0].incident_id
    if version == 1:
        done(room.engine.submit(JudgeBurst(case, (PIPE,), "calls"), Actor.named("王")))
    done(room.engine.submit(DraftNotice(case), Actor.named("王")))
    notice = room.store.load_desk().incidents[case].notices[-1].notice_id
    done(room.engine.submit(SubmitNotice(case, notice), Actor.named("王")))
    done(room.engine.submit(ApproveNotice(case, notice), Actor.named("李")))
    done(room.engine.submit(IssueNotice(case, notice), Actor.named("李")))
    return case, notice


def has_files(stem: str, number: int = 0) -> object:
    """Whether the picture's case names all files of a notice."""

    def true(picture: Picture) -> bool:
        names = {name for name in picture.incidents[0].notices[number].files if name.startswith(f"{stem}.")}
        return names == {f"{stem}{kind}" for kind in KINDS}

    return true


def files_of(room: Room, folder: Path, stem: str, number: int = 0) -> None:
    """Wait for the files of a notice; each named one exists."""
    picture = room.sees(has_files(stem, number))  # type: ignore[arg-type]
    assert all((folder / name).is_file() for name in picture.incidents[0].notices[number].files)


def test_files_of_an_issue_of_its_update_and_of_its_end_are_written_and_named(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "notices"
    case, first = issue(room)
    files_of(room, folder, f"{first}-v1")
    _, second = issue(room, version=2)
    files_of(room, folder, f"{second}-v2", 1)
    done(room.engine.submit(LiftNotice(case, second, "已恢复供水"), Actor.named("李")))
    files_of(room, folder, f"{second}-v2-lifted", 1)
    files_of(room, folder, f"{second}-v2", 1)  # what was said before is still named
    assert [n.status for n in room.engine.latest().incidents[0].notices] == [NoticeStatus.UPDATED, NoticeStatus.LIFTED]


def test_files_that_cannot_be_written_are_shown_with_attempts_and_next_time_and_written_later(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "notices"
    folder.write_text("a file stands where the folder should be")
    _, notice = issue(room)
    shown = room.sees(lambda p: any("attempt 2 failed, the next is at 2024-01-03T15:0" in feed.message for feed in p.feeds))
    assert any(feed.name == "files" and notice in feed.message for feed in shown.feeds)
    folder.unlink()
    files_of(room, folder, f"{notice}-v1")
    room.sees(lambda p: all(feed.state == "up" for feed in p.feeds))


def test_files_written_while_the_store_is_away_are_named_when_it_is_back(room: Room, tmp_path: Path) -> None:
    folder = tmp_path / "notices"
    folder.write_text("not yet")
    case, notice = issue(room)
    with locked(room.store):
        folder.unlink()
        files_of(room, folder, f"{notice}-v1")
        assert room.store.load_desk().incidents[case].notices[0].files == ()
    room.sees(lambda p: all(feed.state == "up" for feed in p.feeds))
    room.settles()
    assert len(room.store.load_desk().incidents[case].notices[0].files) == len(KINDS)


_KILLED = """
import sys, threading
from pathlib import Path
from console.documents import NoticeDocuments
from console.domain.actors import Actor
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, SubmitNotice
from console.workers import HydraulicsWorker
from tests.console.engine.test_jobs import a_runtime
folder, pipe = Path(sys.argv[1]), sys.argv[2]
NoticeDocuments.files = lambda *_: threading.Event().wait()       # the disk is slow: killed before the first file
HydraulicsWorker.impact = lambda *_: threading.Event().wait()     # and EPANET still computes
with a_runtime(folder) as runtime:
    ask = lambda intent, user: runtime.engine.submit(intent, Actor.named(user)).result(timeout=60)
    ask(OpenIncident(pipe), "王")
    (case,) = runtime.store.load_desk().incidents
    ask(JudgeBurst(case, (pipe,), "calls"), "王")
    ask(DraftNotice(case), "王")
    notice = runtime.store.load_desk().incidents[case].notices[0].notice_id
    ask(SubmitNotice(case, notice), "王")
    ask(ApproveNotice(case, notice), "李")
    ask(IssueNotice(case, notice), "李")
    print("issued", flush=True)
    threading.Event().wait()
"""


def a_runtime(folder: Path) -> Runtime:
    """A runtime on ``city.gpkg`` and ``store.sqlite`` of a folder."""
    path = folder / "city.gpkg"
    options = RuntimeOptions(path, folder / "store.sqlite", folder / "notices", DeskSettings(site="test"))
    return Runtime(read_city(path), DrillClock(datetime(2024, 1, 3, 15, 0, tzinfo=UTC)), options)


@pytest.mark.slow
def test_after_a_kill_files_of_an_issued_notice_and_pressures_after_closing_are_made_by_the_next_start(tmp_path: Path) -> None:
    city = build_city(SyntheticOptions(pipes=400))
    write_city(city, tmp_path / "city.gpkg")
    pipe = str(city.network.pipes.asset_id[40])
    child = subprocess.Popen([sys.executable, "-c", _KILLED, str(tmp_path), pipe], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert child.stdout is not None
    assert child.stdout.readline().strip() == "issued"
    child.kill()
    child.wait()
    child.stdout.close()
    kept = open_store(tmp_path / "store.sqlite")
    (before,) = kept.load_desk().incidents.values()
    assert before.notices[0].status is NoticeStatus.ISSUED
    assert (before.impact, before.notices[0].files) == (None, ())

    made = threading.Event()
    with a_runtime(tmp_path) as runtime:

        def look(picture: Picture) -> None:
            impact = picture.incidents[0].impact
            if impact is not None and impact.reopening and picture.incidents[0].notices[0].files:
                made.set()

        runtime.engine.subscribe(look)
        assert made.wait(60)
        (now,) = runtime.engine.latest().incidents
        assert all((tmp_path / "notices" / name).is_file() for name in now.notices[0].files)
    (after,) = kept.load_desk().incidents.values()
    assert after.impact == now.impact
    assert after.notices[0].files == now.notices[0].files
    assert kept.verify_chain() is None
    kept.close()
