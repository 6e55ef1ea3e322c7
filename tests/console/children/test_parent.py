"""Children end with their parent, however it ended and whatever they are doing."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from maps.dataset import write_city
from tests.maps.hydraulics.build import a_line

_ROOT = Path(__file__).resolve().parents[3]
_PARENT = """
import multiprocessing, os, threading, time
from concurrent.futures import ProcessPoolExecutor
from console.children import CallProcess, end_with_parent
from console.workers.object_process import ObjectProcess
from tests.console.children.tasks import Held, busy_in_c, own_pid

if __name__ == "__main__":
    pool = ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), end_with_parent)
    calls = CallProcess()
    pids = [pool.submit(os.getpid).result(), calls.call(own_pid, reads="nothing")]
    busy = multiprocessing.get_context("spawn").Process(target=busy_in_c)
    busy.start()
    held = ObjectProcess(Held(), "held")
    pids.append(held.ask("own_pid"))
    threading.Thread(target=held.ask, args=("busy_in_c",), daemon=True).start()
    print(*pids, busy.pid, flush=True)
    time.sleep(600)
"""


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _until(true: object, seconds: float = 30.0) -> bool:
    assert callable(true)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return False


linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks at /proc")


@linux
@pytest.mark.slow
def test_a_pool_an_idle_process_and_those_busy_in_c_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "parent.py"
    script.write_text(_PARENT)
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, env=_environment(), text=True) as parent:
        assert parent.stdout is not None
        pids = [int(word) for word in parent.stdout.readline().split()]
        assert len(pids) == 4
        assert all(map(_lives, pids))
        parent.kill()
    assert _until(lambda: not any(map(_lives, pids))), [pid for pid in pids if _lives(pid)]


@linux
@pytest.mark.slow
@pytest.mark.parametrize("command", ["engine", "simulate"])
def test_the_processes_of_a_running_command_end_when_it_is_killed(command: str, tmp_path: Path) -> None:
    write_city(a_line(demands={"A": 20.0}, pipes=(("P1", "S", "A"),)), tmp_path / "city.gpkg")
    # No server on port 9: the connection is tried again and again, which keeps the command running.
    line = [sys.executable, "-m", "console.cli", command, "city.gpkg", "--mqtt", "mqtt://127.0.0.1:9"]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(line, cwd=tmp_path, env=_environment(), stderr=log) as parent:
        # The worker and the tracker of the interpreter's own.
        assert _until(lambda: len(_children(parent.pid)) >= 2 or parent.poll() is not None)
        pids = _children(parent.pid)
        parent.kill()
    assert len(pids) >= 2, (tmp_path / "log").read_text()
    assert _until(lambda: not any(map(_lives, pids))), [pid for pid in pids if _lives(pid)]


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(_ROOT), "QUANMAI_DATA_FOLDER": "data"}
