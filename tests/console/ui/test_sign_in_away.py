"""Signing in while the store goes away and comes back: a real PostgreSQL server, stopped and started."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor, Role
from console.store import open_store
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.dialogs.sign_in import SignInDialog
from console.ui.session import PasswordCheck
from console.ui.settings import StoredSettings, WindowSettings, first_appearance
from tests.postgresql import Server

pytest.importorskip("psycopg", reason="psycopg is not installed")
pytestmark = [pytest.mark.slow, pytest.mark.gui]
GOOD, NOW = "spring-of-72", datetime(2024, 1, 3, 15, 0, tzinfo=UTC)


def appearance() -> Appearance:
    look = WindowSettings(language="en", theme="light")
    return first_appearance(look, StoredSettings(look.folder), "Asia/Shanghai")


def test_a_store_that_is_away_is_said_in_one_line_and_the_same_dialog_signs_in_once_it_is_back(
    qtbot: QtBot, database: str, server: Server
) -> None:
    store = open_store(database, "console", is_shared=True)
    store.users.add("王", Role.DISPATCHER, (), GOOD, Actor.named("root"), NOW)
    before = store.head()
    tasks = BackgroundTasks("sign-in")
    dialog = SignInDialog(appearance(), PasswordCheck(store.users, "D1", tasks).check, "Sign in", "City", "王")
    qtbot.addWidget(dialog)
    dialog.show()
    server.stop()
    try:
        for password in (GOOD, "wrong"):  # nothing about the password may show while it cannot be checked
            dialog.password.setText(password)
            dialog.accept()
            qtbot.waitUntil(dialog.name.isEnabled, timeout=60_000)
            told = dialog.told.text()
            assert "store" in told
            assert "\n" not in told
            assert GOOD not in told
            assert dialog.actor is None
            assert dialog.password.text() == ""
    finally:
        server.start()
    dialog.password.setText(GOOD)
    dialog.accept()
    qtbot.waitUntil(lambda: dialog.actor is not None, timeout=60_000)
    assert dialog.actor is not None
    assert dialog.actor.name == "王"
    assert store.head() == before  # no failure was counted, nothing half-written
    assert store.verify_chain() is None
    tasks.close()
    store.close()
