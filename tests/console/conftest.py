"""Fixtures of the application's tests: real servers, quick passwords."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from argon2.profiles import RFC_9106_LOW_MEMORY

from console.store import passwords, users
from tests.postgresql import database, server

__all__ = ["database", "server"]


@pytest.fixture(scope="module")
def quick_passwords() -> Iterator[None]:
    """New passwords of a module's tests cost a thousandth; ``tests/console/store/test_passwords.py`` holds the real cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_USUAL", replace(RFC_9106_LOW_MEMORY, time_cost=1, memory_cost=64))
        patch.setattr(users, "_UNKNOWN", passwords.fresh_parameters())
        yield
