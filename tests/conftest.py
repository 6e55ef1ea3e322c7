"""Fixtures of every test."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real networks kept beside the project; not part of it."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the folder of real networks is not beside this checkout")
    return folder


@pytest.fixture(scope="session")
def wntr_networks() -> Path:
    """EPANET's and Kentucky's example networks, inside the wntr package."""
    package = find_spec("wntr")  # found, not imported: that takes a second in each test process
    assert package is not None
    assert package.origin is not None
    return Path(package.origin).parent / "library" / "networks"


_LONG = (
    "test_drill_through_failures.py",
    "test_take_over.py",
    "test_locate.py",
    "test_control_room.py",
    "test_pumped.py",
    "test_fuzz.py",
    "test_job_rows.py",
)
"""Long files: run first, or one process would be idle at the end of a run."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order of files, for a run in several processes; the order within a file stays."""
    items.sort(key=lambda item: item.path.name not in _LONG)


def pytest_collection_finish() -> None:
    """Exclude modules and collected tests from later collections of garbage: a full one would walk a million objects more."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown() -> Iterator[None]:
    """Delete the windows of a test. Without a running event loop Qt would keep them, and each new style is set on all of them."""
    yield
    if "PySide6.QtCore" in sys.modules:
        from PySide6.QtCore import QCoreApplication, QEvent

        if QCoreApplication.instance() is not None:
            QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """No collection during a test of windows, one at its end: on a worker thread it would delete widgets (a crash)."""
    if item.get_closest_marker("gui") is None:
        return (yield)
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect(1)
        gc.enable()
