"""A store in a fresh file, and small values to keep in it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from console.store import SqlStore, open_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store on disk."""
    opened = open_store(tmp_path / "store.db")
    yield opened
    opened.close()
