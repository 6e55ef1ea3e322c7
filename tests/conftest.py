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
