"""The window of a newer version: differences are listed and drawn, parts are rejected by click, the rest is written."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from console.ui.appearance import Appearance
from console.ui.import_window import NewVersionWindow
from console.ui.theme import Theme
from console.ui.window import MainWindow
from console.ui.words import Words
from maps.comparison import compare, parts_of
from maps.dataset import read_city, write_city
from maps.network import ValveState
from tests.builders import a_network

pytestmark = pytest.mark.gui
_HANGS_MS = 30_000


def test_parts_are_rejected_and_the_rest_is_written_under_the_old_site(qtbot: QtBot, tmp_path: Path) -> None:
    town = a_network().source("S").pipe("P1", "S", "A").pipe("P2", "A", "B").pipe("P3", "B", "C")
    before = town.valve("V1", on="P1", at="S", state=ValveState.CLOSED, last_checked="2026-05-01").build()
    newer = (
        a_network().source("S").node("A").node("B").node("C")
        .pipe("P1", "S", "A", material="PE").pipe("P2", "A", "B", material="PE").pipe("P4", "A", "D").valve("V1", on="P1", at="S")
    )  # fmt: skip
    export = tmp_path / "export.gpkg"
    write_city(newer.build(), export)
    window = NewVersionWindow(Appearance(Theme.load("light"), Words("en", "UTC")), before, {"P3": "I-00001"})
    qtbot.addWidget(window)
    window.show()
    window.open_file(export)
    qtbot.waitUntil(lambda: window.new is not None, timeout=_HANGS_MS)
    assert "1 valve keeps its later check" in window.summary.text()
    assert "P3 (I-00001)" in window.warned.text()
    tops = [window.tree.topLevelItem(at) for at in range(window.tree.topLevelItemCount())]
    assert [top.text(0) for top in tops if top is not None] == [
        "pipes · added",
        "pipes · removed",
        "pipes · changed",
        "valves · changed",
    ]
    assert tops[1] is not None
    window.tree.setCurrentItem(tops[1])
    window.grab()
    window.reject("pipes", "removed")
    window.reject("pipes", "changed", ["P2"])
    assert "2 parts" in window.write.text()
    window.write_to(export)
    assert "another name" in window.told.text()
    to = tmp_path / "accepted.gpkg"
    with qtbot.waitSignal(window.written, timeout=_HANGS_MS):
        window.write_to(to)
    made = read_city(to)
    assert made.info.site == before.info.site
    assert sorted(made.network.pipes.asset_id) == ["P1", "P2", "P3", "P4"]
    assert made.network.valves.state.tolist() == [ValveState.CLOSED]  # as the later check on site found it
    assert made.epanet is None or made.epanet.built
    left = {part for part in parts_of(compare(before, made)) if part[0] == "pipes"}
    assert left == {("pipes", "added", "P4"), ("pipes", "changed", "P1")}
    window.close()


def test_a_file_that_is_no_dataset_is_told_in_one_line(qtbot: QtBot, tmp_path: Path) -> None:
    window = NewVersionWindow(
        Appearance(Theme.load("dark"), Words("zh_CN", "UTC")), a_network().source("S").pipe("P", "S", "A").build()
    )
    qtbot.addWidget(window)
    window.show()
    broken = tmp_path / "坏.gpkg"
    broken.write_bytes(b"nothing")
    window.open_file(broken)
    qtbot.waitUntil(lambda: "坏.gpkg" in window.told.text(), timeout=_HANGS_MS)
    assert not window.write.isEnabled()
    window.close()


def test_the_console_opens_it_on_its_own_city(window: MainWindow) -> None:
    window.run_command("new_version")
    found = window.own_data.differences
    assert found is not None
    assert found.isVisible()
    window.close()
    assert not found.isVisible()
