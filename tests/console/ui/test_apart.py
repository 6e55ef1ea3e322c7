"""Long loops apart: the same answer as here, and an end that does not wait."""

from __future__ import annotations

import threading
import time

import pytest

from console.children import CallCrashed
from console.ui.apart import Apart
from console.ui.search.pinyin import initials


def forever(_: object) -> None:
    while True:
        time.sleep(1.0)


def test_many_things_are_done_in_another_process_and_few_here_with_the_same_answer() -> None:
    names = ["解放路12号", "泉城路", "Main Street"]
    apart = Apart()
    assert apart.run(initials, names, 3) == apart.run(initials, names, 100_000) == ["jfl12h", "qcl", ""]


def test_the_end_does_not_wait_for_what_is_under_way() -> None:
    apart = Apart()
    ended: list[BaseException] = []

    def work() -> None:
        try:
            apart.run(forever, None, 100_000)
        except CallCrashed as fault:
            ended.append(fault)

    thread = threading.Thread(target=work)
    thread.start()
    while apart._calls._process is None:  # it starts with the call
        time.sleep(0.01)
    apart.end()
    thread.join(60)
    assert len(ended) == 1


def test_after_the_end_nothing_is_begun() -> None:
    apart = Apart()
    apart.end()
    with pytest.raises(CallCrashed):
        apart.run(forever, None, 100_000)
