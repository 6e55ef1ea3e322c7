"""SoundPlayer: plays the tones by what the machine has: Qt's multimedia part, the system's own player, else its beep.

The program needs no multimedia package: PySide6-Essentials has none, and tones are WAV files that every system can play.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from shutil import which
from typing import Any

from PySide6.QtCore import QObject, QProcess, QTemporaryDir, QUrl, Signal
from PySide6.QtWidgets import QApplication

from console.domain.alarms import Priority
from console.ui.sounds.tones import wav

_PLAYERS: dict[str, tuple[tuple[str, ...], ...]] = {
    "linux": (("pw-play",), ("paplay",), ("aplay", "-q")),
    "darwin": (("afplay",),),
}
"""Commands that play a WAV file, by system; the first one installed is used."""


class SoundPlayer(QObject):
    """Plays one tone at a time; one that is still playing is not interrupted."""

    failed = Signal(str)
    """Why nothing is heard, as the system says it; told once."""

    def __init__(self, parent: QObject | None = None, find: Callable[[str], str | None] = which) -> None:
        """``find``: where a command is installed, None where it is not."""
        super().__init__(parent)
        self._files = QTemporaryDir()
        self._process: QProcess | None = None
        self._effects: dict[str, Any] = {}
        self._told = False
        self._effect_class = _multimedia()
        commands = _PLAYERS.get("linux" if sys.platform.startswith("linux") else sys.platform, ())
        found = ((find(command[0]), command[1:]) for command in commands)
        self._command = next(((path, *rest) for path, rest in found if path), None)

    @property
    def way(self) -> str:
        """``qt``, ``windows``, the command's name, or ``beep`` where only the system's beep is left."""
        if self._effect_class is not None:
            return "qt"
        if sys.platform == "win32":
            return "windows"
        return Path(self._command[0]).stem if self._command is not None else "beep"

    def play(self, priority: Priority, volume: float) -> None:
        """Play a priority's tone; ``volume`` 0–1. Returns at once."""
        if self.way == "beep" or not self._files.isValid():
            QApplication.beep()
            return
        file = self._file(priority, volume)
        if self._effect_class is not None:
            self._play_effect(file)
        elif sys.platform == "win32":
            _play_on_windows(file)
        else:
            self._play_process(file)

    def close(self) -> None:
        """Stop what is playing."""
        if self._process is not None:
            process, self._process = self._process, None
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(1000)
        for effect in self._effects.values():
            effect.stop()
        self._effects.clear()

    def _file(self, priority: Priority, volume: float) -> Path:
        """The tone's file, written once for each volume: no player takes the loudness in one way everywhere."""
        percent = round(min(max(volume, 0.0), 1.0) * 100)
        file = Path(self._files.filePath(f"{priority.name.lower()}-{percent}.wav"))
        if not file.exists():
            file.write_bytes(wav(priority, percent / 100))
        return file

    def _play_effect(self, file: Path) -> None:
        effect = self._effects.get(file.name)
        if effect is None and self._effect_class is not None:
            effect = self._effects[file.name] = self._effect_class(self)
            effect.setSource(QUrl.fromLocalFile(str(file)))
        if effect is not None and not effect.isPlaying():
            effect.play()

    def _play_process(self, file: Path) -> None:
        if self._command is None or (self._process is not None and self._process.state() != QProcess.ProcessState.NotRunning):
            return
        if self._process is None:
            self._process = QProcess(self)
            self._process.finished.connect(self._on_end)
            self._process.errorOccurred.connect(lambda _: self._on_end(-1))
        self._process.start(self._command[0], [*self._command[1:], str(file)])

    def _on_end(self, code: int, _status: object = None) -> None:
        """A player without a sound device ends with an error: the system's beep is left, and the reason is told once."""
        if code == 0 or self._process is None:
            return
        said = bytes(self._process.readAllStandardError().data()).decode(errors="replace").strip().splitlines()
        QApplication.beep()
        if not self._told:
            self._told = True
            self.failed.emit(said[-1] if said else self._process.errorString())


def _multimedia() -> Any:
    """Qt's class for short sounds, None where PySide6-Addons is not installed or its libraries do not load."""
    try:
        return import_module("PySide6.QtMultimedia").QSoundEffect
    except (ImportError, AttributeError):
        return None


def _play_on_windows(file: Path) -> None:
    winsound = import_module("winsound")
    winsound.PlaySound(str(file), winsound.SND_FILENAME | winsound.SND_ASYNC | winsound.SND_NODEFAULT)
