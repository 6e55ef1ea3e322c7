"""Times, values and ages are never cut off, for any language, day and font size."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QTableView
from pytestqt.qtbot import QtBot

from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


def cut(table: QTableView, columns: tuple[int, ...]) -> list[str]:
    """Texts of these columns that do not fit their cells."""
    model, found = table.model(), []
    for column in columns:
        for row in range(min(model.rowCount(), 40)):
            index = model.index(row, column)
            if table.sizeHintForIndex(index).width() > table.columnWidth(column):
                found.append(f"{index.data()} ({table.sizeHintForIndex(index).width()} > {table.columnWidth(column)})")
        if table.horizontalHeader().sectionSizeHint(column) > table.columnWidth(column):
            found.append(f"heading {column}")
    return found


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("points", [8.0, 10.0, 17.0])
def test_no_time_value_or_age_is_cut_after_midnight(qtbot: QtBot, language: str, points: float) -> None:
    port = ScriptedPort()
    window = MainWindow(port, WindowSettings("王", None, language, "dark"))
    qtbot.addWidget(window)
    window.resize(1366, 768)
    window.show()
    port.burst()
    port.station_event(5, "stuck")
    window.settle()
    for view in (window.alarms, window.log, window.layers):
        font = QFont(view.font())
        font.setPointSizeF(points)
        for table in view.findChildren(QTableView):
            table.setFont(font)
            table.horizontalHeader().setFont(font)
    port.wait(2 * 3600.0, measuring=False)
    window.settle()
    assert window.alarms.table.model().rowCount() >= 2
    assert window.alarms.table.model().index(0, 1).data() == "01-03 23:00"
    assert cut(window.alarms.table, (0, 1, 4)) == []
    assert cut(window.log.table, (0,)) == []
    assert cut(window.layers.table, (1, 2)) == []
    window.close()


def test_a_log_keeps_the_whole_of_a_short_name(window: MainWindow, port: ScriptedPort) -> None:
    port.burst()
    window.settle()
    port.wait(timedelta(hours=1).total_seconds())
    window.settle()
    assert window.log.table.model().rowCount() >= 1
    assert cut(window.log.table, (0, 1)) == []
