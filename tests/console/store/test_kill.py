"""kill -9 in the middle of writing: everything acknowledged is on disk, the chain is valid."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from console.store import open_store

_WRITER = """
import sys
from console.domain.actors import Actor
from console.store import open_store
from tests.console.store.values import NOW, opening, readings
store = open_store(sys.argv[1])
number = 0
while True:
    number += 1
    store.append_readings(readings(1, (number, float(number), 0)))
    store.commit(opening(number), Actor.named("writer"), NOW)
    print(number, flush=True)
"""


@pytest.mark.parametrize("killed_after", [1, 40, 150])
def test_everything_acknowledged_survives_a_kill(tmp_path: Path, killed_after: int) -> None:
    path = tmp_path / "store.db"
    root = Path(__file__).resolve().parents[3]
    writer = subprocess.Popen([sys.executable, "-c", _WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=root)
    assert writer.stdout is not None
    for _ in range(killed_after):
        writer.stdout.readline()
    writer.send_signal(signal.SIGKILL)
    rest = writer.stdout.read().split()
    writer.stdout.close()
    writer.wait()
    acknowledged = max([killed_after, *(int(word) for word in rest if word.isdigit())])

    store = open_store(path)
    state = store.load_desk()
    assert store.verify_chain() is None
    assert len(state.incidents) >= acknowledged
    assert len(state.alarms) == len(state.incidents)
    assert len(store.pending_outgoing()) == min(len(state.incidents), 500)
    assert len(store.changes()) == 2 * len(state.incidents)
    assert store.readings(1, 0, 0, 10**9)[0].size >= acknowledged
    store.close()
