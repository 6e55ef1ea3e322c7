"""When alarms sound: repeated until acknowledged, the most pressing first; a mute ends by itself and is in sight."""

from __future__ import annotations

import stat
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from console.domain.alarms import Alarm, AlarmKind, AlarmState, Priority
from console.domain.picture import Picture
from console.ui.settings import StoredSettings, WindowSettings
from console.ui.sounds.alarm_sounds import MUTE_MINUTES, REPEAT_S, AlarmSounds, SoundChoice
from console.ui.sounds.player import SoundPlayer
from console.ui.window import MainWindow
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui
AT = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)


class Heard(SoundPlayer):
    """Writes down what would be played."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.tones: list[tuple[Priority, float]] = []

    def play(self, priority: Priority, volume: float) -> None:
        """Write it down."""
        self.tones.append((priority, volume))


class Room:
    """Sounds of a window on a clock of its own."""

    def __init__(self, window: QWidget, picture: Picture, stored: StoredSettings) -> None:
        self.at_s, self._picture = 1000.0, picture
        self.player = Heard(window)
        self.sounds = AlarmSounds(window, stored, self.player, lambda: self.at_s)

    def show(self, *alarms: Alarm) -> None:
        """A picture with these alarms."""
        self.sounds.show_picture(replace(self._picture, alarms=alarms))

    def wait(self, seconds: float) -> list[Priority]:
        """What is heard in so many seconds."""
        before = len(self.player.tones)
        for _ in range(round(seconds)):
            self.at_s += 1.0
            self.sounds.tick()
        return [priority for priority, _ in self.player.tones[before:]]


@pytest.fixture
def room(qtbot: QtBot, port: ScriptedPort, tmp_path: Path) -> Iterator[Room]:
    """A room without alarms."""
    window = QWidget()
    qtbot.addWidget(window)
    made = Room(window, port.latest(), StoredSettings(tmp_path))
    yield made
    made.sounds.close()


def alarm(number: int, priority: Priority, state: AlarmState = AlarmState.ACTIVE) -> Alarm:
    """An alarm of a station."""
    return Alarm(f"A-{number}", AlarmKind.LOW_PRESSURE, priority, f"S{number}", AT, state=state)


def test_an_alarm_sounds_at_once_and_again_until_it_is_acknowledged(room: Room) -> None:
    room.show(alarm(1, Priority.HIGH))
    assert [tone for tone, _ in room.player.tones] == [Priority.HIGH]
    assert room.wait(2 * REPEAT_S[Priority.HIGH]) == [Priority.HIGH] * 2
    room.show(alarm(1, Priority.HIGH, AlarmState.ACKNOWLEDGED))
    assert room.wait(60) == []


def test_only_the_most_pressing_priority_sounds(room: Room) -> None:
    room.show(alarm(1, Priority.MEDIUM), alarm(2, Priority.CRITICAL), alarm(3, Priority.HIGH))
    assert set(room.wait(60)) == {Priority.CRITICAL}


def test_a_flood_sounds_no_faster_than_one_tone_in_three_seconds(room: Room) -> None:
    for number in range(30):
        room.at_s += 0.2
        room.show(*(alarm(one, Priority.CRITICAL) for one in range(number + 1)))
    assert len(room.player.tones) <= 3


def test_shelved_alarms_information_and_little_ones_are_silent(room: Room) -> None:
    works = replace(alarm(1, Priority.CRITICAL), kind=AlarmKind.OPERATION)
    room.show(works, alarm(2, Priority.CRITICAL, AlarmState.SHELVED), alarm(3, Priority.LOW))
    assert room.wait(60) == []
    assert not room.player.tones


def test_a_mute_ends_by_itself_and_is_never_longer_than_the_longest(room: Room) -> None:
    room.show(alarm(1, Priority.HIGH))
    room.sounds.mute(10_000)
    assert room.sounds.muted_s == 60 * MUTE_MINUTES[-1]
    room.sounds.mute(5)
    assert room.wait(299) == []
    assert room.sounds.is_muted
    assert room.wait(2) == [Priority.HIGH]
    assert not room.sounds.is_muted


def test_a_new_critical_alarm_is_heard_once_through_a_mute(room: Room) -> None:
    room.sounds.mute(30)
    room.show(alarm(1, Priority.HIGH))
    assert not room.player.tones
    room.show(alarm(1, Priority.HIGH), alarm(2, Priority.CRITICAL))
    assert [tone for tone, _ in room.player.tones] == [Priority.CRITICAL]
    assert room.wait(60) == []


def test_the_choice_is_remembered(room: Room, tmp_path: Path) -> None:
    room.sounds.choose(SoundChoice(is_on=True, volume=30, least=Priority.HIGH))
    assert SoundChoice.stored(StoredSettings(tmp_path)) == SoundChoice(True, 30, Priority.HIGH)
    room.show(alarm(1, Priority.MEDIUM))
    assert not room.player.tones
    room.show(alarm(2, Priority.HIGH))
    assert room.player.tones == [(Priority.HIGH, 0.3)]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="players are commands on Linux")
def test_a_real_player_is_given_the_file_and_its_failure_is_told_once(qtbot: QtBot, tmp_path: Path) -> None:
    script, taken = tmp_path / "aplay", tmp_path / "taken"
    script.write_text(f'#!/bin/sh\ncp "$2" {taken}\necho "no such device" >&2\nexit 1\n')
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    player = SoundPlayer(find=lambda name: str(script) if name == "aplay" else None)
    if player.way == "qt":
        pytest.skip("this machine has Qt's multimedia part")
    assert player.way == "aplay"
    told: list[str] = []
    player.failed.connect(told.append)
    for _ in range(2):
        player.play(Priority.HIGH, 0.5)
        qtbot.waitUntil(lambda: player._process is not None and player._process.state().value == 0, timeout=60_000)
    assert taken.read_bytes()[:4] == b"RIFF"
    assert told == ["no such device"]
    player.close()


def test_without_any_player_the_beep_is_left(qtbot: QtBot) -> None:
    player = SoundPlayer(find=lambda _: None)
    if player.way in ("qt", "windows"):
        pytest.skip("this machine has another way")
    assert player.way == "beep"
    player.play(Priority.CRITICAL, 1.0)
    player.close()


def test_the_mute_is_in_sight_on_the_map_and_in_the_alarm_list(qtbot: QtBot, port: ScriptedPort) -> None:
    window = MainWindow(port, WindowSettings("王", None, "zh_CN", "dark", has_sound=True))
    qtbot.addWidget(window)
    window.show()
    mute = window.alarms._mute
    assert mute is not None
    assert mute.button.text() == "静音…"
    window.run_command("mute")
    assert "静音还剩" in mute.button.text()
    assert any("静音" in badge.text for badge in window.map.badges)
    mute.button.click()
    assert not window.sounds.is_muted
    window.close()
