"""The import window: a foreign convention comes in, is corrected and imported; refusals stand beside their field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QApplication, QTreeWidgetItem
from pytestqt.qtbot import QtBot

from console.app import ask_what_to_open
from console.services.network.own_data import Imported
from console.ui.appearance import Appearance
from console.ui.import_window import ImportWindow, Opening, WelcomeWindow
from console.ui.import_window.fault_list import FaultList
from console.ui.import_window.target import TargetForm
from console.ui.theme import Theme
from console.ui.window import MainWindow
from console.ui.words import Words
from maps.dataset import read_city
from maps.importers.repairs import read_repairs
from tests.maps.importers.guessing.conventions import SEEN_LATER
from tests.maps.importers.writing import line, pipe, source, write

pytestmark = pytest.mark.gui
_HANGS_MS = 60_000


@pytest.fixture
def appearance() -> Appearance:
    """English, light."""
    return Appearance(Theme.load("light"), Words("en", "UTC"))


@pytest.fixture
def opened(qtbot: QtBot, appearance: Appearance) -> Iterator[ImportWindow]:
    """An import window without files."""
    made = ImportWindow(appearance)
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()


def test_a_convention_is_corrected_and_imported_through_the_window(qtbot: QtBot, opened: ImportWindow, tmp_path: Path) -> None:
    sources = next(one for one in SEEN_LATER if one.name == "britain").write(tmp_path)
    opened.add_files([*sources, *(path.with_suffix(".dbf") for path in sources)])
    qtbot.waitUntil(lambda: opened.preview is not None, timeout=_HANGS_MS)
    assert opened.start.isEnabled()
    assert opened.matching.layers.count() == 3

    opened.matching.choose("road_name", "MATERIAL")  # already the material
    assert not opened.start.isEnabled()
    cells = [opened.matching.table.item(at, 5) for at in range(opened.matching.table.rowCount())]
    assert sum("MATERIAL" in cell.text() for cell in cells if cell is not None) == 2
    opened.matching.choose("road_name", "TOWN")
    assert opened.start.isEnabled()

    opened.form.to.setText(str(tmp_path / "there is none" / "a.gpkg"))
    opened.form.changed.emit()
    assert not opened.start.isEnabled()
    assert "folder" in opened.form.told["to"].text()
    to = tmp_path / "city.gpkg"
    opened.form.to.setText(str(to))
    opened.form.crs.setEditText("EPSG:1")
    assert not opened.start.isEnabled()
    assert "EPSG:1" in opened.form.told["crs"].text()
    opened.form.crs.setEditText("EPSG:4548")
    opened.start.click()
    qtbot.waitUntil(lambda: opened.outcome is not None, timeout=_HANGS_MS)
    assert isinstance(opened.outcome, Imported)
    assert [one.purpose for one in opened.outcome.fitness] == ["isolation", "hydraulics", "notices"]
    assert set(read_city(to).network.pipes.road_name) <= {"Northbridge", "Centro", "Westfield"}
    assert 'columns.road_name = "TOWN"' in to.with_suffix(".profile.toml").read_text(encoding="utf-8")
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    with qtbot.waitSignal(opened.opened, timeout=60_000) as asked:
        opened.open.click()
    assert asked.args == [to]

    opened.forget_files()  # the same layers come again: the saved columns are offered, and taken over by a click
    opened.add_files(sources)
    qtbot.waitUntil(lambda: opened.preview is not None, timeout=_HANGS_MS)
    guessed = opened.matching.choices()
    assert guessed.columns == {}
    assert opened.profile.text() == "Use the saved columns: city.profile.toml"
    opened.profile.click()
    qtbot.waitUntil(lambda: "city.profile.toml" in opened.told.text(), timeout=_HANGS_MS)
    qtbot.waitUntil(opened.start.isEnabled, timeout=_HANGS_MS)
    kept = opened.matching.choices()
    pipes = next(columns for place, columns in kept.columns.items() if place[2] == "pipes")
    assert (pipes["road_name"], pipes["material"]) == ("TOWN", "MATERIAL")
    assert {place[2] for place in kept.columns} == {"pipes", "valves", "hydrants"}
    other = tmp_path / "other.toml"
    other.write_text('[[pipes]]\nlayer = "roads"\ncolumns.asset_id = "id"\n', encoding="utf-8")
    opened.use_profile(other)
    assert "nothing was taken over" in opened.told.text()
    assert opened.matching.choices() == kept


def test_a_unit_and_a_coordinate_system_are_chosen_by_click(qtbot: QtBot, opened: ImportWindow, tmp_path: Path) -> None:
    rows = [{"id": f"P{n}", "口径": 0.2 + 0.1 * (n % 3), "wkt": line((10.0 * n, 0), (10.0 * n + 10, 0))} for n in range(30)]
    path = write(tmp_path / "net.gpkg", {"pipes": rows}, crs=None)
    opened.add_files([path])
    qtbot.waitUntil(lambda: opened.preview is not None and not opened._busy, timeout=_HANGS_MS)
    crs = [one.crs for one in opened.place.listed]
    assert "EPSG:4548" in crs
    opened.place.table.cellClicked.emit(crs.index("EPSG:4549"), 0)
    assert opened.form.crs.currentText() == "EPSG:4549"
    opened.matching.choose_unit("diameter_mm", 25.4)
    opened.form.tolerance.setValue(0.01)
    opened.start.click()
    qtbot.waitUntil(lambda: isinstance(opened.outcome, Imported), timeout=_HANGS_MS)
    found = read_city(opened.form.path).network
    assert found.crs == "EPSG:4549"
    assert float(found.pipes.diameter_mm.max()) == pytest.approx(0.4 * 25.4)


def test_a_cancelled_import_writes_no_city(qtbot: QtBot, opened: ImportWindow, tmp_path: Path) -> None:
    opened.add_files(next(one for one in SEEN_LATER if one.name == "polish").write(tmp_path))
    qtbot.waitUntil(lambda: opened.preview is not None, timeout=_HANGS_MS)
    opened.start.click()
    opened.stop.click()
    qtbot.waitUntil(opened.start.isEnabled, timeout=_HANGS_MS)
    assert opened.outcome is None
    assert "ancelled" in opened.told.text()
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".gpkg" or path.name.startswith(".")] == []


def test_a_missing_coordinate_system_is_asked_for_beside_its_field(qtbot: QtBot, appearance: Appearance, tmp_path: Path) -> None:
    form = TargetForm(appearance)
    qtbot.addWidget(form)
    form.show_sources([tmp_path / "pipes.csv"], "")
    assert form.look(needs_crs=True) == [form.told["crs"].text()] != [""]
    form.crs.setCurrentText(form.crs.itemText(form.crs.count() - 1))
    assert form.look(needs_crs=True) == []
    assert form.chosen_crs() == "local"


def test_a_broken_file_is_dropped_and_the_others_stay(qtbot: QtBot, opened: ImportWindow, tmp_path: Path) -> None:
    sources = next(one for one in SEEN_LATER if one.name == "polish").write(tmp_path)
    broken = tmp_path / "坏.gpkg"
    broken.write_bytes(b"no database")
    opened.add_files(sources)
    qtbot.waitUntil(lambda: opened.preview is not None, timeout=_HANGS_MS)
    opened.add_files([broken])
    qtbot.waitUntil(opened.start.isEnabled, timeout=_HANGS_MS)
    assert opened.sources == sources
    assert "坏.gpkg" in opened.told.text()


def test_other_files_are_refused_in_one_line(opened: ImportWindow, tmp_path: Path) -> None:
    opened.add_files([tmp_path / "notes.docx"])
    assert "notes.docx" in opened.told.text()
    assert opened.sources == []


def test_the_console_opens_the_window_and_closes_it_with_itself(window: MainWindow) -> None:
    window.run_command("own_data")
    assert (importing := window.own_data.window) is not None
    assert importing.isVisible()
    window.close()
    assert not importing.isVisible()


def test_the_program_asks_what_to_open(qapp: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("QUANMAI_DATA_FOLDER", str(tmp_path))

    def press() -> None:
        next(one for one in qapp.topLevelWidgets() if isinstance(one, WelcomeWindow) and one.isVisible()).demo.click()

    QTimer.singleShot(0, press)
    hangs = QTimer(singleShot=True)
    hangs.timeout.connect(qapp.quit)
    hangs.start(_HANGS_MS)
    found = ask_what_to_open()
    hangs.stop()
    assert found == Opening()


def test_welcome_tells_what_was_chosen(qtbot: QtBot, appearance: Appearance) -> None:
    welcome = WelcomeWindow(appearance)
    qtbot.addWidget(welcome)
    welcome.show()
    with qtbot.waitSignal(welcome.chosen, timeout=60_000) as chosen:
        welcome.demo.click()
    assert chosen.args == [Opening()]
    assert not welcome.isVisible()


def test_faults_are_shown_on_the_map_repaired_by_kind_undone_and_repeated(
    qtbot: QtBot, opened: ImportWindow, tmp_path: Path
) -> None:
    pipes = [pipe("M", (0, 0), (200, 0)), *(pipe(f"C{x}", (x, 1), (x, 100)) for x in (50, 100, 150))]
    path = write(tmp_path / "net.gpkg", {"nodes": [source(0, 0)], "pipes": pipes})

    def wait_until_imported() -> Imported:
        qtbot.waitUntil(lambda: isinstance(opened.outcome, Imported) and not opened._busy, timeout=_HANGS_MS)
        assert isinstance(opened.outcome, Imported)
        return opened.outcome

    opened.add_files([path])
    qtbot.waitUntil(opened.start.isEnabled, timeout=_HANGS_MS)
    opened.start.click()
    first = wait_until_imported()
    faults = opened.result.list
    assert not opened.mend.isEnabled()
    faults.tree.setCurrentItem(next(_items(faults, "dangling_end")))
    assert "misses a pipe" in faults.why.text()
    assert "cut there" in faults.why.text()
    faults.tick("dangling_end")
    assert len(faults.chosen()) == 3
    opened.mend.click()
    qtbot.waitUntil(lambda: opened.outcome is not first and not opened._busy, timeout=_HANGS_MS)
    mended = wait_until_imported()
    assert mended.fitness[0].parts != first.fitness[0].parts
    kept = opened.form.path.with_suffix(".repairs.toml")
    assert len(read_repairs(kept)) == 3
    opened.close()

    again = ImportWindow(opened._appearance)  # a later export, imported by another window
    qtbot.addWidget(again)
    again.show()
    again.add_files([path])
    qtbot.waitUntil(again.start.isEnabled, timeout=_HANGS_MS)
    again.start.click()
    qtbot.waitUntil(lambda: isinstance(again.outcome, Imported) and not again._busy, timeout=_HANGS_MS)
    assert isinstance(again.outcome, Imported)
    assert again.outcome.fitness == mended.fitness
    before = again.outcome
    again.unmend.click()
    qtbot.waitUntil(lambda: again.outcome is not before and not again._busy, timeout=_HANGS_MS)
    assert isinstance(again.outcome, Imported)
    assert again.outcome.fitness == first.fitness
    again.close()


def _items(faults: FaultList, code: str) -> Iterator[QTreeWidgetItem]:
    tree = faults.tree
    listed = (tree.topLevelItem(at) for at in range(tree.topLevelItemCount()))
    yield from (item for item in listed if item is not None and item.data(1, Qt.ItemDataRole.UserRole) == code)
