"""The program as users start it: choices made in its window are kept over a restart."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from maps.dataset import write_city
from tests.console.services.town import a_town

pytestmark = pytest.mark.gui

_PROGRAM = """
import os, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from console.app import run_console
from console.ui.window import MainWindow

app = QApplication([])

def act():
    window = next(w for w in app.topLevelWidgets() if isinstance(w, MainWindow))
    print(window._appearance.words.language, window._appearance.theme.name, flush=True)
    for deed in sys.argv[2:]:
        os._exit(0) if deed == "die" else window.run_command(deed)
    window.close()

QTimer.singleShot(0, act)
sys.exit(run_console(Path(sys.argv[1]), "", ""))
"""


@pytest.fixture(scope="module")
def city_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small town."""
    path = tmp_path_factory.mktemp("town") / "town.gpkg"
    write_city(a_town(), path)
    return path


class Workstation:
    """One user's folders."""

    def __init__(self, city_path: Path, folder: Path) -> None:
        self._city, self._folder = city_path, folder

    def settings_file(self, text: str) -> None:
        """The installation's settings file."""
        file = self._folder / "config" / "quanmai" / "settings.toml"
        file.parent.mkdir(parents=True)
        file.write_text(text, encoding="utf-8")

    def run(self, *deeds: str, **environment: str) -> str:
        """Start the program, do that, close it; gives language and theme it opened with."""
        env = {name: value for name, value in os.environ.items() if not name.startswith("QUANMAI_")}
        env |= {"QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(self._folder / "config")}
        env |= {"QUANMAI_DATA_FOLDER": str(self._folder / "data"), **environment}
        command = [sys.executable, "-c", _PROGRAM, str(self._city), *deeds]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()


@pytest.fixture
def workstation(city_path: Path, tmp_path: Path) -> Workstation:
    """Where nobody has chosen anything yet."""
    return Workstation(city_path, tmp_path)


def test_the_users_choices_are_kept_over_a_restart_unless_the_environment_overrides_them(workstation: Workstation) -> None:
    workstation.settings_file('language = "en"\n')
    assert workstation.run("theme", "language", "die") == "en dark"  # killed: the choices are kept
    assert workstation.run(QUANMAI_LANGUAGE="en") == "en light"  # for this start; it does not become a choice
    assert workstation.run() == "zh_CN light"
