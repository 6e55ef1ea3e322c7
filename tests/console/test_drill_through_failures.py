"""A drill while processes are killed and broker and database go away, short; all fifty kills: ``drill_through_failures.py``."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.console.drill_through_failures import run
from tests.postgresql import Server

pytestmark = pytest.mark.slow


@pytest.mark.timeout(600)
def test_nothing_is_lost_or_doubled_and_all_seats_are_equal_at_the_end(server: Server, tmp_path: Path, database: str) -> None:
    figures = run(tmp_path, server, database, kills=3, seed=3)
    sys.stdout.write(f"{figures}\n")
    assert figures["kills"] >= 3
    assert figures["leader_kills"] >= 1
    assert figures["decisions_confirmed"] > 0
