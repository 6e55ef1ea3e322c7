"""Widgets in reference cycles are deleted on the window's thread, whichever thread allocates."""

from __future__ import annotations

import gc
import threading

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from console.ui.garbage_collection import CollectsOnWindowThread

pytestmark = pytest.mark.gui


class _Cyclic(QObject):
    """An object that refers to itself and notes on which thread it is freed."""

    def __init__(self, freed: list[threading.Thread]) -> None:
        super().__init__()
        self.itself, self.freed = self, freed

    def __del__(self) -> None:
        self.freed.append(threading.current_thread())


def _allocate() -> None:
    """Far more live containers than Python's threshold for a collection."""
    kept = [[number] for number in range(20_000)]
    assert len(kept) == 20_000


def _allocated_elsewhere() -> threading.Thread:
    worker = threading.Thread(target=_allocate)
    worker.start()
    worker.join()
    return worker


def test_a_worker_thread_that_allocates_does_not_collect_and_the_window_thread_does(qtbot: QtBot) -> None:
    freed: list[threading.Thread] = []
    gc.enable()
    gc.collect()
    _Cyclic(freed)
    worker = _allocated_elsewhere()
    assert freed == [worker]  # Python's own way: where it was allocated

    freed.clear()
    collections = CollectsOnWindowThread()
    try:
        _Cyclic(freed)
        _allocated_elsewhere()
        assert freed == []
        kept = [[number] for number in range(20_000)]
        qtbot.waitUntil(lambda: bool(freed), timeout=60_000)
        assert freed == [threading.current_thread()]
        assert len(kept) == 20_000
    finally:
        collections.end()
        gc.disable()
