"""Another person at a seat who sees other areas: the window ends and begins anew, and shows nothing of the former areas."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pytest
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor, Role
from console.services.ports import StoreUnavailable
from console.services.shift.entries import WriteEntry
from console.store import SqlStore, open_store
from console.ui.seat_windows import SeatWindows
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from tests.console.areas import EAST, NAMES, WEST, in_two_areas
from tests.console.ui.scripted import CASE, ScriptedPort
from tests.console.ui.small_city import build_small_city

pytestmark = [pytest.mark.gui, pytest.mark.usefixtures("quick_passwords")]
GOOD = "spring-of-72"
NOW = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqlStore]:
    """王 of the centre, 东 and 西 of one area each, 李 who supervises."""
    opened = open_store(tmp_path_factory.mktemp("users") / "store.sqlite")
    for name, role, areas in (
        ("admin", Role.ADMIN, ()),
        ("王", Role.DISPATCHER, ()),
        ("东", Role.AREA, (EAST,)),
        ("西", Role.AREA, (WEST,)),
        ("李", Role.SUPERVISOR, ()),
    ):
        opened.users.add(name, role, areas, GOOD, Actor.named("root"), NOW)
    yield opened
    opened.close()


@pytest.fixture
def port() -> ScriptedPort:
    """A case that concerns the east only."""
    city = build_small_city()
    port = ScriptedPort(in_two_areas(city, float(np.median(city.network.nodes.x)) - 400.0))
    port.read_all()
    port.burst()
    assert port.case.area_ids() == {EAST}
    return port


class Seat:
    """The windows of one seat; records each widget that is on the screen while the person changes."""

    def __init__(self, port: ScriptedPort, store: SqlStore, qtbot: QtBot, *terminal: str) -> None:
        self.store, self._qtbot = store, qtbot
        look = WindowSettings("王", None, "en", "dark", access=store.users)
        self.windows = SeatWindows(port, look, terminal)

    @property
    def window(self) -> MainWindow:
        window = self.windows.window
        assert window is not None
        return window

    def end(self) -> None:
        self.window.close()
        self.window.deleteLater()

    def begin(self, name: str) -> MainWindow:
        window = self.windows.open(self.store.users.authenticate(name, GOOD, seat="D1"))
        window.settle()
        return window

    def answer(self, name: str) -> None:
        dialog = self.window.seat.open_dialog
        assert dialog is not None
        dialog.name.setText(name)
        dialog.password.setText(GOOD)
        dialog.accept()


@pytest.fixture
def seat(qtbot: QtBot, port: ScriptedPort, store: SqlStore) -> Iterator[Seat]:
    made = Seat(port, store, qtbot)
    yield made
    made.end()


def on_screen() -> list[QWidget]:
    return [one for one in QApplication.topLevelWidgets() if isinstance(one, QWidget) and one.isVisible()]


def shown_cases(window: MainWindow) -> set[str]:
    return {case.incident_id for case in window._port.latest().incidents}


def test_somebody_with_other_areas_gets_a_window_of_their_own(seat: Seat, qtbot: QtBot) -> None:
    first = seat.begin("王")
    first.map_commands.windows.open(wall=False)
    assert shown_cases(first) == {CASE}
    at_the_end: list[list[QWidget]] = []
    first.session.other_areas.connect(lambda _: at_the_end.append(on_screen()))
    first.commands.run("change_person")
    seat.answer("西")
    qtbot.waitUntil(lambda: seat.windows.window not in (None, first), timeout=60_000)
    assert at_the_end == [[]]  # not one widget of the former window while the next one is not there
    window = seat.window
    window.settle()
    assert shown_cases(window) == set()
    assert window.sight is not None
    assert window.session.person.name == "西"
    assert NAMES[WEST] in window.messages.text
    assert QApplication.quitOnLastWindowClosed()


def test_signing_out_and_in_are_recorded_once_each(seat: Seat, qtbot: QtBot, store: SqlStore) -> None:
    first = seat.begin("东")
    before = len(list(store.changes()))
    first.commands.run("change_person")
    seat.answer("王")
    qtbot.waitUntil(lambda: seat.windows.window not in (None, first), timeout=60_000)
    seat.window.settle()
    assert shown_cases(seat.window) == {CASE}
    assert [(one.kind, one.user) for one in list(store.changes())[before:]] == [
        ("seat_signed_out", "东"),
        ("seat_signed_in", "王"),
    ]


def test_a_supervisor_who_unlocks_an_areas_seat_sees_the_whole_city(seat: Seat, qtbot: QtBot) -> None:
    first = seat.begin("西")
    first.session.lock()
    first.seat.unlock()
    seat.answer("李")
    qtbot.waitUntil(lambda: seat.windows.window not in (None, first), timeout=60_000)
    seat.window.settle()
    assert not seat.window.session.is_locked
    assert shown_cases(seat.window) == {CASE}


def test_decisions_that_wait_for_their_person_are_carried_out_or_dropped_first(seat: Seat, qtbot: QtBot) -> None:
    first = seat.begin("王")
    first.unsent.hold(WriteEntry("泵房巡视"), first.session.actor(), StoreUnavailable("store: away"))
    first.commands.run("change_person")
    seat.answer("东")
    first.settle()
    dialog = first.seat.open_dialog
    assert dialog is not None
    assert dialog.told.text().startswith("王 has 1 decision here")
    assert seat.windows.window is first
    assert first.session.person.name == "王"


def test_the_same_areas_keep_the_window(seat: Seat, qtbot: QtBot) -> None:
    first = seat.begin("王")
    first.commands.run("change_person")
    seat.answer("李")
    first.settle()
    assert seat.windows.window is first
    assert first.session.person.name == "李"


def test_a_terminal_of_one_area_refuses_people_of_another(qtbot: QtBot, port: ScriptedPort, store: SqlStore) -> None:
    terminal = Seat(port, store, qtbot, EAST)
    window = terminal.begin("王")
    assert window.sight is not None  # the terminal's area, also for somebody of the centre
    window.commands.run("change_person")
    terminal.answer("西")
    window.settle()
    dialog = window.seat.open_dialog
    assert dialog is not None
    assert NAMES[EAST] in dialog.told.text()
    assert window.session.person.name == "王"
    terminal.end()
