"""Attribute tables against a look at each row; identify, and the line about what is under the pointer."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from time import perf_counter

import numpy as np
import pytest
from PySide6.QtCore import QItemSelectionModel, QPoint, Qt
from PySide6.QtTest import QAbstractItemModelTester, QTest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from console.ui.attributes.columns import KINDS, table_of
from console.ui.attributes.export import write_csv
from console.ui.attributes.filtering import TableView, View
from console.ui.attributes.model import AttributeModel
from console.ui.attributes.window import AttributesWindow
from console.ui.map.view.tools import Tool
from console.ui.window import MainWindow
from console.ui.words import Words
from maps.city import City
from maps.errors import InputFault
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui

ZH = Words("zh_CN", "Asia/Shanghai")
DIAMETER, MATERIAL, YEAR, ROAD = 1, 2, 3, 5


def every(city: City) -> TableView:
    return TableView(table_of(city, "pipe", ZH), np.arange(len(city.network.pipes)))


@pytest.mark.parametrize("kind", KINDS)
def test_every_cell_of_every_kind_has_a_text(small_city: City, kind: str) -> None:
    table = table_of(small_city, kind, ZH)
    model = AttributeModel(table, np.arange(len(table.ids)))
    QAbstractItemModelTester(model)
    texts = [[model.index(row, column).data() for column in range(model.columnCount())] for row in range(0, model.rowCount(), 37)]
    assert all(isinstance(text, str) and "nan" not in text for line in texts for text in line)
    assert [line[0] for line in texts] == [str(one) for one in table.ids[::37]]


@pytest.mark.parametrize(
    ("view", "passes"),
    [
        (View("灰口"), lambda pipes, row: pipes.material[row] == "cast iron"),
        (View("灰口", MATERIAL), lambda pipes, row: pipes.material[row] == "cast iron"),
        (View(">=300", DIAMETER), lambda pipes, row: pipes.diameter_mm[row] >= 300),
        (View("<150", DIAMETER), lambda pipes, row: pipes.diameter_mm[row] < 150),
        (View("=600", DIAMETER), lambda pipes, row: pipes.diameter_mm[row] == 600),
        (View("1980-1995", YEAR), lambda pipes, row: 1980 <= pipes.year_laid[row] <= 1995),
        (View("北园", ROAD), lambda pipes, row: "北园" in str(pipes.road_name[row])),
        (View("p-1041"), lambda pipes, row: "P-1041" in str(pipes.asset_id[row])),
        (View("没有"), lambda pipes, row: False),
    ],
)
def test_a_filter_keeps_what_a_look_at_each_row_keeps(
    small_city: City, view: View, passes: Callable[[object, int], bool]
) -> None:
    pipes = small_city.network.pipes
    assert every(small_city).apply(view).tolist() == [row for row in range(len(pipes)) if passes(pipes, row)]


def test_rows_are_sorted_by_value_stably_and_empty_ones_last(small_city: City) -> None:
    shown, pipes = every(small_city), small_city.network.pipes
    for descending in (False, True):
        found = shown.apply(View(order=YEAR, descending=descending)).tolist()
        wanted = sorted(range(len(pipes)), key=lambda row: pipes.year_laid[row] * (-1 if descending else 1))
        assert found == wanted
    names = table_of(small_city, "customer", ZH)
    rows = TableView(names, np.arange(len(names.ids))).apply(View(order=1, descending=True))
    assert [bool(names.columns[1].values[row]) for row in rows.tolist()] == [True] * 7 + [False] * 689


def test_two_hundred_thousand_rows_are_filtered_and_sorted_while_the_window_runs(
    window: MainWindow, qtbot: QtBot, small_city: City
) -> None:
    window.settle()
    many = np.tile(np.arange(len(small_city.network.pipes)), 200_000 // len(small_city.network.pipes) + 1)[:200_000]
    made = AttributesWindow(small_city, {"pipe": many}, window.appearance, window)
    made.show()
    qtbot.waitUntil(lambda: not made.busy, timeout=60_000)
    worst = 0.0
    acts: tuple[Callable[[], None], ...] = (
        lambda: made.table.sortByColumn(ROAD, Qt.SortOrder.AscendingOrder),
        lambda: made.filter.setText("灰口"),
        lambda: made.filter.setText(""),
    )
    for act in acts:
        start = perf_counter()
        act()
        worst = max(worst, perf_counter() - start)
        qtbot.waitUntil(lambda: not made.busy, timeout=60_000)
    assert made.model.rowCount() == 200_000
    assert worst < 0.1, "the window's own part of it"
    made.close()


def test_a_selection_opens_as_a_table_and_a_row_is_shown_on_the_map(window: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    window.settle()
    window.map_commands.select_pipes([3, 5, 100])
    window.run_command("attributes")
    made = window.attributes.opened
    assert made is not None
    qtbot.waitUntil(lambda: not made.busy, timeout=60_000)
    assert made.model.rows.tolist() == [3, 5, 100]
    # Not selectRow: a key that an earlier test held (Shift) would make it a range.
    whole_row = QItemSelectionModel.SelectionFlag.ClearAndSelect | QItemSelectionModel.SelectionFlag.Rows
    made.table.selectionModel().setCurrentIndex(made.model.index(2, 0), whole_row)
    made.show_on_map()
    assert window.locator.chosen_pipe() == "P-104100"
    made.copy_rows()
    assert QApplication.clipboard().text().splitlines()[1].split("\t")[0] == "P-104100"
    made.write(tmp_path / "rows.csv")
    qtbot.waitUntil(lambda: not made.busy, timeout=60_000)
    with (tmp_path / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        lines = list(csv.reader(file))
    assert [line[0] for line in lines] == ["编号", "P-104003", "P-104005", "P-104100"]
    made.write(tmp_path / "none" / "rows.csv")
    qtbot.waitUntil(lambda: not made.busy, timeout=60_000)
    assert "none" in made.fault.text()
    assert made.fault.isVisible()
    window.choice.toggle_language()
    assert made.model.headerData(0, Qt.Orientation.Horizontal) == "Id"


def test_without_a_selection_the_table_is_of_the_whole_city(window: MainWindow, small_city: City) -> None:
    made = window.attributes.open()
    assert [made.kind.itemData(at) for at in range(made.kind.count())] == list(KINDS)
    assert len(made.model.rows) == len(small_city.network.pipes)


def test_a_text_that_a_spreadsheet_would_run_is_written_as_text(small_city: City, tmp_path: Path) -> None:
    names = small_city.customers.name.copy()
    names[:2] = "=1+1", "-12"
    table = table_of(replace(small_city, customers=replace(small_city.customers, name=names)), "customer", ZH)
    write_csv(table, np.array([0, 1]), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [line[1] for line in csv.reader(file)][1:] == ["'=1+1", "-12"]
    with pytest.raises(InputFault, match="folder"):
        write_csv(table, np.array([0]), tmp_path / "none" / "a.csv")


def tool_of(window: MainWindow) -> Tool:
    """What the left button does."""
    return window.map.input.sketch.tool


def middle_of(window: MainWindow, row: int) -> QPoint:
    """The middle of a pipe on the map, brought into view."""
    pipes = window.map.scene.city.network.pipes
    x, y = pipes.points(row)[1]
    window.map.navigation.look_at(float(x), float(y), 0.5)
    window.map.settle()
    px, py = window.map.camera.to_screen(float(x), float(y))
    return QPoint(round(px), round(py))


def test_the_line_at_the_edge_says_what_is_under_the_pointer(window: MainWindow, qtbot: QtBot) -> None:
    window.settle()
    at = middle_of(window, 100)
    QTest.mouseMove(window.map, at)
    qtbot.waitUntil(lambda: window.map.hover.asset is not None, timeout=60_000)
    assert window.map.margin().hover.startswith("管道 · P-104100 · DN")
    QTest.mousePress(window.map, Qt.MouseButton.LeftButton, pos=at)
    QTest.mouseMove(window.map, at + QPoint(60, 0))
    assert window.map.hover.asset is None or window.map.margin().hover
    QTest.mouseRelease(window.map, Qt.MouseButton.LeftButton, pos=at + QPoint(60, 0))
    window.map.input.leave()
    assert window.map.margin().hover == ""


def test_identify_shows_everything_at_a_place_one_after_the_other_and_changes_nothing_else(
    window: MainWindow, port: ScriptedPort
) -> None:
    window.settle()
    window.run_command("identify")
    assert tool_of(window) is Tool.IDENTIFY
    at = middle_of(window, 100)
    found = window.map.assets_at(at.toPointF())
    QTest.mouseClick(window.map, Qt.MouseButton.LeftButton, pos=at)
    card = window.map_commands.card
    assert card.isVisible()
    assert card._title.text() == found[0].asset_id
    assert window.locator.chosen_pipe() == ""
    shown = [card._title.text()]
    for _ in found[1:]:
        card.next.click()
        shown.append(card._title.text())
    assert shown == [one.asset_id for one in found]
    pipes, (x, y) = port.city.network.pipes, window.map.camera.to_world(at.x(), at.y())
    reach = 9.0 * window.map.camera.m_per_px
    near = {str(pipes.asset_id[row]) for row in range(len(pipes)) if _distance(pipes.points(row), x, y) <= reach}
    assert {one.asset_id for one in found if one.kind == "pipe"} == near
    window.run_command("dismiss_message")
    assert tool_of(window) is Tool.PAN


def _distance(points: np.ndarray, x: float, y: float) -> float:
    from shapely import LineString, Point

    return float(LineString(points).distance(Point(x, y)))
