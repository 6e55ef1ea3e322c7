"""Fixtures of every test."""

from __future__ import annotations

import os
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
    import wntr

    return Path(wntr.__file__).parent / "library" / "networks"


_LONG = ("test_control_room.py", "test_pumped.py", "test_fuzz.py")
"""Long files: run first, or one process would be idle at the end of a run."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order of files, for a run in two processes; the order within a file stays."""
    items.sort(key=lambda item: item.path.name not in _LONG)
