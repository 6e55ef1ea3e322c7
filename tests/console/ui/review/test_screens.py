"""The replay window at one time, dark and light, in both languages, compared with approved screens."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint
from pytestqt.qtbot import QtBot

from console.domain.clock import micros
from console.services.review.record import CaseRecord
from console.ui.review.window import ReviewWindow
from console.ui.settings import WindowSettings
from tests.console.coarse import coarse, differences, moved
from tests.console.package.cases import a_case

pytestmark = pytest.mark.gui

FOLDER = Path(__file__).parent / "baselines"
SIZE, TILES = (1920, 1080), (32, 18)


@pytest.fixture(scope="module")
def record() -> CaseRecord:
    """A whole case."""
    return a_case()


def at_the_notice(record: CaseRecord, qtbot: QtBot, language: str, theme: str) -> ReviewWindow:
    """The window at the time of the notice; the map is drawn completely."""
    window = ReviewWindow(record, None, WindowSettings("王", None, language, theme))
    qtbot.addWidget(window)
    window.resize(*SIZE)
    window.show()
    window.go(next(micros(change.at) for change in record.changes if change.kind == "notice_issued"))
    window.settle()
    window.map.navigation.land()
    window.map.settle()
    window.settle()
    return window


def parts(window: ReviewWindow) -> dict[str, list[int]]:
    """Where the window's parts lie, in tiles."""
    shown = {
        "strip": window.strip, "layers": window.layers, "map": window.map, "case": window.case, "alarms": window.alarms,
        "log": window.log, "review": window.tabs, "time": window.bar, "chart": window.case.evidence,
    }  # fmt: skip
    wide, high = SIZE[0] / TILES[0], SIZE[1] / TILES[1]
    found = {}
    for name, widget in shown.items():
        at = widget.mapTo(window, QPoint(0, 0))
        places = (at.x() / wide, at.y() / high, widget.width() / wide, widget.height() / high)
        found[name] = [round(place) for place in places] if widget.isVisible() else []
    return found


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("theme", ["dark", "light"])
def test_the_replay_equals_its_approved_picture(record: CaseRecord, qtbot: QtBot, language: str, theme: str) -> None:
    window = at_the_notice(record, qtbot, language, theme)
    assert differences(coarse(window.grab().toImage(), *TILES), FOLDER / f"replay-{theme}-{language}.png") == ""
    assert moved(parts(window), FOLDER / f"replay-{language}.json") == ""
    window.close()


def test_the_comparison_finds_a_missing_part_and_another_colour(
    record: CaseRecord, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUANMAI_NEW_BASELINES", raising=False)
    window = at_the_notice(record, qtbot, "zh_CN", "light")
    assert "on average" in differences(coarse(window.grab().toImage(), *TILES), FOLDER / "replay-dark-zh_CN.png")
    window.log.hide()  # the layers are one of the review's tabs
    window.tabs.hide()
    window.settle()
    off = moved(parts(window), FOLDER / "replay-zh_CN.json")
    assert "log" in off
    assert "review" in off
    window.close()
