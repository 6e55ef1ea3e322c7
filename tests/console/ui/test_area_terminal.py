"""The window as an area's terminal, and what the centre sees of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor, Role
from console.domain.shift import DUTY, HANDOVER
from console.engine.area_port import AreaPort
from console.services.areas.sight import AreaSight
from console.services.shift.duty import BeginShift
from console.ui.dialogs.confirm import Confirmation
from console.ui.panels.shift_log import ShiftLogPanel
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from tests.console.areas import EAST, NAMES, WEST, in_two_areas
from tests.console.ui.scripted import CASE, ScriptedPort
from tests.console.ui.small_city import build_small_city

pytestmark = pytest.mark.gui


@pytest.fixture
def port() -> ScriptedPort:
    city = build_small_city()
    port = ScriptedPort(in_two_areas(city, float(np.median(city.network.nodes.x)) - 400.0))
    port.read_all()
    port.burst()
    return port


@pytest.fixture
def terminal(qtbot: QtBot, port: ScriptedPort) -> Iterator[MainWindow]:
    sight = AreaSight(port.city, [EAST])
    window = MainWindow(AreaPort(port, sight), WindowSettings(user="李", language="en", area=sight))
    qtbot.addWidget(window)
    window.show()
    window.settle()
    yield window
    window.close()


@pytest.fixture
def centre(qtbot: QtBot, port: ScriptedPort) -> Iterator[MainWindow]:
    window = MainWindow(port, WindowSettings(user="王", language="en"))
    qtbot.addWidget(window)
    window.show()
    window.settle()
    yield window
    window.close()


def lines(window: MainWindow) -> str:
    return "\n".join(one.text() for one in window.case.area.findChildren(QLabel) if one.isVisibleTo(window))


def test_a_terminal_acknowledges_and_the_centre_sees_when(terminal: MainWindow, centre: MainWindow, port: ScriptedPort) -> None:
    assert "not acknowledged yet" in lines(centre)
    terminal.case.area.acknowledge.click()
    terminal.settle()
    centre.settle()
    alert = next(one for one in port.case.area_alerts if one.area_id == EAST)
    assert alert.acknowledged_by == "李"
    at = alert.acknowledged_at
    assert at is not None
    local = at.astimezone(centre._appearance.words.zone)
    assert f"✓ acknowledged {local:%H:%M:%S} (李)" in lines(centre)
    assert not terminal.case.area.acknowledge.isEnabled()


def test_a_terminal_names_its_area_and_shows_only_its_stations_and_crews(terminal: MainWindow, port: ScriptedPort) -> None:
    assert NAMES[EAST] in terminal.windowTitle()
    assert any(NAMES[EAST] in badge.text for badge in terminal.map.badges)
    assert len(terminal._port.city.stations) < len(port.city.stations)
    found = {hit.key for text in ("S", "crew", "队", CASE) for hit in terminal.search(text) if hit.kind in ("station", "crew")}
    own = {str(one) for table in (terminal._port.city.stations, terminal._port.city.crews) for one in table.asset_id}
    assert found <= own


def test_a_terminal_writes_no_package_and_says_where_it_is_written(terminal: MainWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(terminal.packages.told, timeout=60_000) as told:
        terminal.focus.with_incident(terminal.packages.ask)
    assert "at the centre" in told.args[0]


def test_the_centre_records_an_acknowledgement_by_phone_only_after_it_was_asked(
    qtbot: QtBot, centre: MainWindow, port: ScriptedPort
) -> None:
    centre.case.area.by_phone[0].click()
    (question,) = centre.findChildren(Confirmation)
    assert all(one.acknowledged_at is None for one in port.case.area_alerts)
    question.ok.click()
    centre.settle()
    assert [one.by_phone for one in port.case.area_alerts if one.acknowledged_at is not None] == [True]


def test_a_handover_is_signed_at_a_terminal_and_its_document_has_the_head_of_the_chain(
    terminal: MainWindow, port: ScriptedPort, tmp_path: Path
) -> None:
    dialog = terminal.subjects.shift.handover()
    dialog.names[1].setText("赵")
    dialog.begin_signing()
    for _ in range(2):
        dialog.settle()
        terminal.settle()
    (handover,) = port.chair.state.of(HANDOVER).values()
    assert dialog.signed == handover
    assert handover.area == EAST
    assert "赵" in terminal.panel(ShiftLogPanel)._title.text()  # on duty there now
    dialog.write(tmp_path / "h.pdf")
    dialog.settle()
    (change,) = (one for one in port.chair.log if one.kind == "handover_signed")
    assert json.loads((tmp_path / "h.head.jsonl").read_text())["seq"] == change.seq


def test_a_terminal_reads_no_change_of_another_areas_handover(port: ScriptedPort) -> None:
    west = Actor("w", "孙", Role.AREA, areas=(WEST,))
    port.submit(BeginShift(), west).result()
    sight = AreaSight(port.city, [EAST])
    (duty,) = port.chair.state.of(DUTY)
    assert port.changes_of(f"duty/{duty}")
    assert AreaPort(port, sight).changes_of(f"duty/{duty}") == ()
    assert AreaPort(port, AreaSight(port.city, [WEST])).changes_of(f"duty/{duty}") == port.changes_of(f"duty/{duty}")


def test_a_terminal_does_not_say_who_still_needs_help_as_it_has_no_register(terminal: MainWindow, centre: MainWindow) -> None:
    titles = {}
    for name, window in (("terminal", terminal), ("centre", centre)):
        public = window.subjects.public.show("needs")
        titles[name] = [public.tabs.tabText(at) for at in range(public.tabs.count())]
        assert public.needs.isVisible() == (name == "centre")
        assert window.case.public._lines["needs"].isVisibleTo(window.case.public) == (name == "centre")
        public.close()
    assert set(titles["centre"]) - set(titles["terminal"]) == {"People in need"}
