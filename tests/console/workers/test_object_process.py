"""Work in another process: equal answers, faults raised, a dead process started again, none outlives its owner."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from console.detection.signature_cache import SignatureCache
from console.detection.signature_making import InterpolatedMaker
from console.workers.object_process import ObjectProcess, ObjectProcessFailed
from tests.conftest import ROOT
from tests.console.detection.cases import a_town

ROWS = np.array([3, 0, 7])


class Odd:
    """Fails or never returns, as called."""

    def __init__(self, told: Path) -> None:
        self._told = told

    def fail(self) -> None:
        raise ZeroDivisionError("injected")

    def answer(self) -> int:
        return 42

    def hang(self) -> None:
        self._told.touch()
        threading.Event().wait(60)


@pytest.fixture
def odd(tmp_path: Path) -> Iterator[ObjectProcess]:
    aside = ObjectProcess(Odd(tmp_path / "reached"), "odd")
    yield aside
    aside.close()
    aside.join()


def test_signatures_made_in_another_process_are_those_made_here() -> None:
    city, asides = a_town(), list[ObjectProcess]()

    def host(maker: InterpolatedMaker) -> object:
        asides.append(ObjectProcess(maker, "signatures"))
        return asides[0].ask

    here, there = SignatureCache(city, None, "none"), SignatureCache(city, None, "none", host=host)  # type: ignore[arg-type]
    try:
        one, other = here.group(ROWS), there.group(ROWS)
        np.testing.assert_array_equal(one.digest(0).heads, other.digest(0).heads)
        np.testing.assert_array_equal(one.digest(0).demand_gram, other.digest(0).demand_gram)
        assert asides, "nothing was asked of the other process"
        np.testing.assert_array_equal(one.signatures(0).head_m_per_m3h, other.signatures(0).head_m_per_m3h)
    finally:
        asides[0].close()
        asides[0].join()


def test_a_fault_in_the_process_is_raised_here_and_the_next_call_is_answered(odd: ObjectProcess) -> None:
    with pytest.raises(ObjectProcessFailed, match="injected"):
        odd.ask("fail")
    assert odd.ask("answer") == 42


def test_a_process_that_died_is_reported_and_started_again_with_the_next_call(odd: ObjectProcess) -> None:
    assert odd.ask("answer") == 42
    assert odd._process is not None
    odd._process.kill()
    odd._process.join()
    with pytest.raises(ObjectProcessFailed, match="ended unexpectedly"):
        odd.ask("answer")
    assert odd.ask("answer") == 42


def test_closing_ends_a_call_under_way(odd: ObjectProcess, tmp_path: Path) -> None:
    found: list[BaseException] = []

    def ask() -> None:
        try:
            odd.ask("hang")
        except ObjectProcessFailed as fault:
            found.append(fault)

    asking = threading.Thread(target=ask)
    asking.start()
    while not (tmp_path / "reached").exists():
        assert asking.is_alive()
        threading.Event().wait(0.01)
    odd.close()
    asking.join(10)
    assert found
    with pytest.raises(ObjectProcessFailed, match="closed"):
        odd.ask("answer")


def test_the_process_ends_with_its_owner_however_the_owner_ends(tmp_path: Path) -> None:
    code = (
        "import os, sys, pathlib\n"
        "from console.workers.object_process import ObjectProcess\n"
        "from tests.console.workers.test_object_process import Odd\n"
        "if __name__ == '__main__':\n"
        "    aside = ObjectProcess(Odd(pathlib.Path(sys.argv[1])), 'odd')\n"
        "    aside.ask('answer')\n"
        "    print(aside._process.pid, flush=True)\n"
        "    os.kill(os.getpid(), 9)\n"
    )
    script = tmp_path / "owner.py"
    script.write_text(code, "utf-8")
    owner = subprocess.run(
        [sys.executable, str(script), str(tmp_path / "x")],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},  # the script lies elsewhere and imports the tests
        check=False,
        timeout=60,
    )
    pid = int(owner.stdout)
    for _ in range(1000):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text("ascii").rsplit(")", 1)[1].split()[0] == "Z":
            return
        threading.Event().wait(0.01)
    pytest.fail("the process outlives its owner")
