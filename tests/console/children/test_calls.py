"""Functions in a process of their own: results, exceptions, and the effect of a crash."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from pathlib import Path

import pytest

from console.children import CallCrashed, CallProcess
from maps.errors import InputFault
from tests.console.children import tasks

_CRASHING = """[JUNCTIONS]
A 0 1
[RESERVOIRS]
S 50
[PIPES]
P S A 10 100 100
[RULES]
RULE 1
IF NODE A HEAD > 1
THEN PIPE P STATUS IS OPEN
PRIORITY
[END]
"""


@pytest.fixture(scope="module")
def calls() -> Iterator[CallProcess]:
    """One process for the tests of this module; ended after them."""
    before = {child.pid for child in multiprocessing.active_children()}  # the program's shared one may run already
    process = CallProcess()
    yield process
    process.close()
    children = [child for child in multiprocessing.active_children() if child.name == "quanmai-calls"]
    assert not [child for child in children if child.pid not in before]


def test_a_crash_names_what_was_read_and_the_next_call_is_answered(calls: CallProcess, tmp_path: Path) -> None:
    (tmp_path / "bad.inp").write_text(_CRASHING)
    (tmp_path / "good.inp").write_text(_CRASHING.replace("PRIORITY\n", "PRIORITY 1\n"))
    before = calls.call(tasks.own_pid, reads="nothing")
    with pytest.raises(CallCrashed, match=r"EPANET crashed while reading bad\.inp \(.*\)") as told:
        calls.call(tasks.epanet_reads, tmp_path / "bad.inp", reads="bad.inp")
    assert "\n" not in str(told.value)
    assert calls.call(tasks.epanet_reads, tmp_path / "good.inp", reads="good.inp") == "read"
    assert calls.call(tasks.own_pid, reads="nothing") != before


def test_a_crash_outside_epanet_is_not_attributed_to_epanet(calls: CallProcess) -> None:
    with pytest.raises(CallCrashed, match=r"x\.gpkg ended \(") as told:
        calls.call(tasks.segmentation_fault, reads="x.gpkg")
    assert "EPANET" not in str(told.value)


def test_what_a_task_raises_is_raised_here_with_its_faults_and_its_trace(calls: CallProcess) -> None:
    with pytest.raises(InputFault, match="refused") as told:
        calls.call(tasks.refused, Path("a"), reads="a")
    assert [fault.code for fault in told.value.faults] == ["code"]
    with pytest.raises(ZeroDivisionError) as defect:
        calls.call(tasks.defect, reads="a")
    assert "in defect" in str(defect.value.__cause__)


def test_one_process_serves_all_calls_each_in_its_own_working_folder(
    calls: CallProcess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = set()
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "file").write_text(name)
        monkeypatch.chdir(folder)
        assert calls.call(tasks.text_of, "file", reads="file") == name
        pids.add(calls.call(tasks.own_pid, reads="nothing"))
    assert len(pids) == 1


def test_items_and_progress_come_in_order_and_a_stream_may_be_left(calls: CallProcess) -> None:
    shares: list[float] = []
    assert list(calls.stream(tasks.counted, 4, reads="a", progress=shares.append)) == [0, 1, 2, 3]
    assert shares == [0.0, 0.25, 0.5, 0.75]
    endless = calls.stream(tasks.counted, 10**9, reads="a")
    assert next(endless) == 0
    endless.close()  # type: ignore[attr-defined]
    assert list(calls.stream(tasks.counted, 2, reads="a")) == [0, 1]


def test_a_process_that_does_not_answer_is_ended_and_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = CallProcess()
    try:
        calls_pid = calls.call(tasks.own_pid, reads="nothing")
        monkeypatch.setattr(calls, "_silence_s", 0.5)  # for this call alone: a loaded machine starts a process more slowly
        with pytest.raises(CallCrashed, match=r"slow\.inp: no answer within 0\.5 s"):
            calls.call(tasks.silent, reads="slow.inp")
        monkeypatch.undo()
        assert calls.call(tasks.own_pid, reads="nothing") != calls_pid
    finally:
        calls.close()
