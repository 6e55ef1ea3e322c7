"""Panels are moved, put beside one another, floated, hidden and folded; layouts are kept by name and by the screens there are."""

from __future__ import annotations

from itertools import product
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel, QMenu, QWidget
from pytestqt.qtbot import QtBot

from console.ui.arrangement import BUILT_IN, SIDES, Arrangement, as_text, from_text, usual
from console.ui.commands.layouts import screen_set
from console.ui.panels.panel import Area
from console.ui.panels.registry import PANELS
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui
TITLES = usual(PANELS).titles()


def in_sight(window: MainWindow) -> set[str]:
    """Titles of the panels that can be brought up by a click: shown, or behind a tab."""
    made = window._layout.arrangement()
    return {title for title in made.titles() if title not in made.hidden}


@pytest.mark.parametrize("title", TITLES)
def test_every_move_keeps_every_panel_once_and_reads_back_the_same(title: str) -> None:
    made = usual(PANELS)
    steps = [
        *(made.to_area(title, area) for area in SIDES),
        *(made.beside(title, other) for other in TITLES),
        made.hide(title),
        made.hide(title).show(title),
        made.floated(title, (10, 20, 300, 400)),
        made.floated(title, (10, 20, 300, 400)).to_area(title, Area.LEFT),
        *(build(PANELS) for build in BUILT_IN.values()),
    ]
    for one in steps:
        assert sorted(one.titles()) == sorted(TITLES)
        assert from_text(as_text(one), PANELS) == one
    for area in SIDES:
        assert made.to_area(title, area).area_of(title) is area


def test_a_layout_of_another_version_keeps_what_is_known_and_lacks_no_panel() -> None:
    text = '{"groups": [["right", "case", "gone"], ["left", "log"], ["left", "log"]], "hidden": ["gone", "log"],'
    text += ' "floating": {}, "sizes": {}, "by_hand": false}'
    made = from_text(text, PANELS)
    assert made is not None
    assert sorted(made.titles()) == sorted(TITLES)
    assert (made.area_of("log"), made.hidden) == (Area.LEFT, frozenset({"log"}))
    for bad in (
        None,
        7,
        "",
        "[]",
        "{}",
        '{"groups": 3}',
        '{"groups": [["moon", "log"]], "hidden": [], "floating": {}, "sizes": {}}',
    ):
        assert from_text(bad, PANELS) is None, bad


def test_panels_move_in_the_window_and_one_command_brings_them_back(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    layout, before = window._layout, window._layout.arrangement()
    for title, area in product(("log", "layers", "case", "tickets"), SIDES):
        layout.arrange(layout.arrangement().to_area(title, area))
        QApplication.processEvents()
        panel = layout._panel[title]
        assert panel.isVisible(), (title, area)
        x = panel.mapTo(window, panel.rect().center()).x()
        if area is not Area.BOTTOM:
            assert (x < window.map.mapTo(window, window.map.rect().topLeft()).x()) is (area is Area.LEFT)
        assert window.map.isVisible()
    window.run_command("layout")
    assert layout.arrangement().groups == before.groups
    assert layout._panel["tickets"].parentWidget() is not None
    window.show_tickets()
    assert window.tickets.isVisible()


def test_a_hidden_panel_comes_back_when_it_is_asked_for(window: MainWindow) -> None:
    window.settle()
    window.layouts.use("wall")
    assert in_sight(window) == {"case"}
    assert not window.alarms.isVisible()
    window.run_command("alarms")
    assert window.alarms.isVisible()
    assert QApplication.focusWidget() in (window.alarms.table, None)
    window.layouts.use("supervisor")
    assert in_sight(window) == set(TITLES)
    window.layouts.use("night")
    assert in_sight(window) == set(TITLES) - {"layers"}


def test_a_panel_in_a_window_of_its_own_goes_back_when_that_is_closed(window: MainWindow, port: ScriptedPort) -> None:
    window.settle()
    window._layout.float_panel("log")
    floating = window.log.window()
    assert floating is not window
    assert window.log.isVisible()
    assert floating.windowTitle() == "处置记录"
    port.burst()
    window.settle()
    assert window.log.model.rowCount() > 0
    floating.close()
    QApplication.processEvents()
    assert window.log.window() is window
    assert "log" not in window._layout.arrangement().floating


def test_a_double_click_on_a_handle_folds_a_panel_and_the_next_one_unfolds_it(window: MainWindow) -> None:
    window.settle()
    QApplication.processEvents()
    upper, left, whole = window._layout._upper, window._layout._left, window._layout._whole
    for splitter, part in ((upper, window.layers), (whole, window.case), (left, window._layout._lower)):
        handle, before = splitter.handle(1), splitter.sizes()
        QTest.mouseDClick(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
        assert splitter.sizes()[splitter.indexOf(part)] == 0
        assert sum(splitter.sizes()) == sum(before)
        QTest.mouseDClick(handle, Qt.MouseButton.LeftButton, pos=handle.rect().center())
        assert splitter.sizes() == before
    assert upper.sizes()[upper.indexOf(window.map)] > 0


def test_places_are_remembered_by_screens_and_kept_layouts_by_name(
    qtbot: QtBot, port: ScriptedPort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def opened() -> MainWindow:
        made = MainWindow(port, WindowSettings("王", tmp_path, "zh_CN", "dark"))
        qtbot.addWidget(made)
        made.resize(1600, 900)
        made.show()
        made.settle()
        return made

    first = opened()
    first._layout.arrange(first._layout.arrangement().to_area("shift_log", Area.LEFT).hide("corrections"))
    first.layouts.keep("我的夜班")
    first._layout.float_panel("tickets")
    kept: Arrangement = first._layout.arrangement()
    first.close()
    second = opened()
    assert second._layout.arrangement().groups == kept.groups
    assert second._layout.arrangement().hidden == {"corrections"}
    assert second.tickets.window() is not second
    assert second.tickets.isVisible()
    second.run_command("layout")
    second.layouts.use("我的夜班")
    assert second._layout.arrangement().area_of("shift_log") is Area.LEFT
    assert second.tickets.window() is second
    second.close()
    monkeypatch.setattr("console.ui.commands.layouts.screen_set", lambda: "another desk")
    third = opened()
    assert third._layout.arrangement().groups == usual(PANELS).groups
    assert third.layouts.kept() == {}
    third.close()
    assert screen_set() != "another desk"


def test_the_menu_offers_every_panel_and_layout(window: MainWindow) -> None:
    menu = window.layouts.offer()
    texts = [action.text() for action in menu.actions() if action.text()]
    assert {"报警", "当前事件", "夜班", "大屏", "值班长", "恢复默认布局", "保存当前布局…"} <= set(texts)
    inner = next(one for one in menu.findChildren(QMenu) if one.title() == "报警")
    next(action for action in inner.actions() if action.text() == "移到左侧").trigger()
    assert window._layout.arrangement().area_of("alarms") is Area.LEFT
    menu.close()


def test_the_focus_stays_where_it_was_when_panels_move(window: MainWindow) -> None:
    window.settle()
    window.activateWindow()
    window.show_panel(window.layers, window.layers.table)
    held = QApplication.focusWidget()
    window._layout.arrange(window._layout.arrangement().to_area("log", Area.RIGHT))
    QApplication.processEvents()
    assert QApplication.focusWidget() is held


def _drag(window: MainWindow, handle: QWidget, start: QPoint, to: QPoint, drop: bool = True) -> None:
    """Press on a handle, move in steps to a point of the screens, let go there."""
    QTest.mousePress(handle, Qt.MouseButton.LeftButton, pos=start)
    origin = handle.mapToGlobal(start)
    for step in range(1, 6):
        QTest.mouseMove(handle, handle.mapFromGlobal(origin + (to - origin) * step / 5))
    assert _is_dragging(window)
    if not drop:
        QTest.keyClick(window, Qt.Key.Key_Escape)
    QTest.mouseRelease(handle, Qt.MouseButton.LeftButton, pos=handle.mapFromGlobal(to))
    assert not _is_dragging(window)
    QApplication.processEvents()


def _is_dragging(window: MainWindow) -> bool:
    return window.layouts.drag.is_dragging


def test_a_panel_is_dragged_by_its_title_to_a_side_beside_another_and_into_a_window_of_its_own(window: MainWindow) -> None:
    window.settle()
    QApplication.processEvents()
    layout, map_ = window._layout, window.map

    def title_of(name: str) -> tuple[QWidget, QPoint]:
        for tabs, titles in layout._tabs:
            if name in titles:
                return tabs.tabBar(), tabs.tabBar().tabRect(titles.index(name)).center()
        heading = layout.movable()[name].findChild(QLabel, "heading")
        assert heading is not None
        return heading, QPoint(6, heading.height() // 2)

    left = map_.mapToGlobal(QPoint(30, map_.height() // 2))
    before = layout.arrangement().groups
    _drag(window, *title_of("alarms"), left, drop=False)
    assert layout.arrangement().groups == before
    _drag(window, *title_of("alarms"), left)
    assert layout.arrangement().area_of("alarms") is Area.LEFT
    assert window.alarms.isVisible()
    _drag(window, *title_of("alarms"), window.layers.mapToGlobal(window.layers.rect().center()))
    assert layout.arrangement().group_of("alarms") == layout.arrangement().group_of("layers")
    _drag(window, *title_of("alarms"), map_.mapToGlobal(map_.rect().center()))  # by its tab
    assert window.alarms.window() is not window
    _drag(window, *title_of("alarms"), map_.mapToGlobal(QPoint(map_.width() // 2, map_.height() - 20)))
    assert (window.alarms.window() is window, layout.arrangement().area_of("alarms")) == (True, Area.BOTTOM)
    table = window.alarms.table
    QTest.mousePress(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
    QTest.mouseMove(table.viewport(), table.viewport().mapFromGlobal(left))
    assert not window.layouts.drag.is_dragging  # what is in a panel is no title
    QTest.mouseRelease(table.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(10, 10))
