"""The map's menu offers what applies to the place: tools open on the asset that was clicked, coordinates are the place's."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QApplication, QMenu

from console.ui.map.view.picking import Asset
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


def offered(window: MainWindow, asset: Asset | None) -> dict[str, QAction]:
    """Actions of the menu by text."""
    window.locator.on_menu(asset, QPoint(10, 10))
    menu = window.findChildren(QMenu)[-1]
    return {action.text(): action for action in menu.actions() if action.text()}


def pipe(window: MainWindow, row: int) -> Asset:
    """A pipe as the map picks it."""
    pipes = window._port.city.network.pipes
    x, y = map(float, pipes.points(row)[1])
    return Asset("pipe", str(pipes.asset_id[row]), row, x, y)


def in_use(window: MainWindow) -> tuple[bool, bool]:
    """Whether the trace and the what-if are open."""
    return window.tools.trace.active, window.tools.what_if.active


def test_a_pipe_can_be_identified_traced_tried_bookmarked_copied_and_reported(window: MainWindow, port: ScriptedPort) -> None:
    window.settle()
    one = pipe(window, 300)
    actions = offered(window, one)
    name = one.asset_id
    assert {
        f"查看 {name} 的属性", "从此处追踪", f"爆管试算：{name}", "复制此处坐标", "将此视图加入书签…", f"复制编号 {name}",
    } <= set(actions)  # fmt: skip
    assert any("爆管" in text and name in text and "试算" not in text for text in actions)
    actions["从此处追踪"].trigger()
    assert in_use(window) == (True, False)
    actions = offered(window, one)
    actions[f"爆管试算：{name}"].trigger()
    window.settle()
    assert in_use(window) == (False, True)
    assert port.asked == []  # a what-if never reaches the desk
    offered(window, one)[f"查看 {name} 的属性"].trigger()
    assert not window.map_commands.card.isHidden()
    offered(window, one)["复制此处坐标"].trigger()
    east = window.map.coordinates.text(one.x, one.y, precise=True)
    assert QApplication.clipboard().text().startswith(east)


def test_an_empty_place_offers_what_needs_no_asset(window: MainWindow) -> None:
    window.settle()
    actions = set(offered(window, None))
    assert "复制此处坐标" in actions
    assert "从此处追踪" not in actions
