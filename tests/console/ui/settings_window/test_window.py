"""The settings window: the search, what takes effect at once and what at the next start, refused values beside their field."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QCheckBox, QComboBox, QSlider
from pytestqt.qtbot import QtBot

from console.settings import Settings, load_settings
from console.settings_file import TomlSettingsFile
from console.ui.settings import WindowSettings
from console.ui.settings_window.rows import FileSettingRow
from console.ui.theme import Letters
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


@pytest.fixture
def window(qtbot: QtBot, port: ScriptedPort, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[MainWindow]:
    """A window with a settings file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in Settings.model_fields:
        monkeypatch.delenv(f"QUANMAI_{name.upper()}", raising=False)
    made = MainWindow(port, WindowSettings("王", tmp_path / "window", "", "", file=TomlSettingsFile()))
    qtbot.addWidget(made)
    made.show()
    yield made
    made.close()
    Letters().put_on(QApplication.instance())  # type: ignore[arg-type]


def test_the_search_finds_by_name_by_subject_and_by_what_is_said(window: MainWindow) -> None:
    shown = window.help.show_settings()
    everything = len(shown.rows)
    assert everything > 45
    shown.sought.setText("热线")
    assert list(shown.rows) == ["公告热线"]
    shown.sought.setText("声音")
    assert {"报警声音", "音量", "响铃的最低级别", "试听"} <= set(shown.rows)
    shown.sought.setText("readings_days")
    assert list(shown.rows) == ["读数保存（天）"]
    shown.sought.setText("没有的东西")
    assert not shown.rows
    assert not shown._nothing.isHidden()
    shown.sought.clear()
    assert len(shown.rows) == everything


def test_a_value_is_saved_and_says_that_it_needs_a_restart(window: MainWindow) -> None:
    shown = window.help.show_settings()
    row = shown.rows["公告热线"]
    assert isinstance(row, FileSettingRow)
    assert "重启后生效" in row._note.text()
    row.edit.setText("968 111")
    row.edit.editingFinished.emit()
    assert load_settings().hotline == "968 111"
    assert not shown.restart.isHidden()
    row.usual.click()
    assert load_settings().hotline == ""
    speed = shown.rows["抢修车平均车速（km/h）"]
    assert isinstance(speed, FileSettingRow)
    speed.edit.setText("500")
    speed.edit.editingFinished.emit()
    assert speed._note.text().startswith("未保存：")
    assert load_settings().crew_speed_kmh == 25.0


def test_retention_and_secrets_are_read_only(window: MainWindow) -> None:
    shown = window.help.show_settings()
    for name in ("读数保存（天）", "消息服务器（MQTT）", "处置时限"):
        row = shown.rows[name]
        assert isinstance(row, FileSettingRow)
        assert row.edit.isReadOnly()
        assert "只读" in row._note.text()


def test_look_and_sounds_change_at_once_and_are_remembered(window: MainWindow) -> None:
    shown = window.help.show_settings()
    sound, volume = shown.rows["报警声音"].field, shown.rows["音量"].field
    assert isinstance(sound, QCheckBox)
    assert isinstance(volume, QSlider)
    sound.click()
    volume.setValue(25)
    assert (window.sounds.choice.is_on, window.sounds.choice.volume) == (False, 25)
    size = shown.rows["字号"].field
    assert isinstance(size, QComboBox)
    size.setCurrentIndex(size.findData(16))
    size.activated.emit(size.currentIndex())
    assert Letters.now().px == 16
    language = window.help.show_settings().rows["语言"].field
    assert isinstance(language, QComboBox)
    language.setCurrentIndex(language.findData("en"))
    language.activated.emit(language.currentIndex())
    QApplication.processEvents()
    assert window.words.language == "en"
    assert window.help.show_settings().windowTitle() == "Settings"
    assert str(window._stored.get("language")) == "en"
