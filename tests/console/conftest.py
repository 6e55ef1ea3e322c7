"""Fixtures of the application's tests: real servers, and shortcuts for what is slow on purpose or made again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import Connection, inspect

from console.store import connection, passwords, users
from tests.postgresql import database, empty_database, migrated, module_database, server

__all__ = ["database", "empty_database", "migrated", "module_database", "server"]


@pytest.fixture(scope="module")
def quick_passwords() -> Iterator[None]:
    """New passwords of a module's tests cost a thousandth; ``tests/console/store/test_passwords.py`` holds the real cost."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "_USUAL", replace(RFC_9106_LOW_MEMORY, time_cost=1, memory_cost=64))
        patch.setattr(users, "_UNKNOWN", passwords.fresh_parameters())
        yield


@pytest.fixture(scope="session", autouse=True)
def quick_new_stores() -> Iterator[None]:
    """Migrate the first new SQLite store of a process; write what came of it into the next new ones: 5 ms instead of 45."""
    migrated, script = connection._upgrade, list[str]()

    def upgrade(target: Connection, where: str) -> None:
        is_new = target.dialect.name == "sqlite" and not inspect(target).get_table_names()
        if is_new and script:
            for statement in script:
                target.exec_driver_sql(statement)
            return
        migrated(target, where)
        if is_new:
            driver: Any = target.connection.driver_connection
            script.extend(line for line in driver.iterdump() if line not in ("BEGIN TRANSACTION;", "COMMIT;"))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(connection, "_upgrade", upgrade)
        yield
