"""``python -m tests.screens [--to FOLDER] [--renew] [--only PART]``: pictures of the main states, compared with those kept.

Each size is a process of its own, as Qt takes screen and scale from the environment. Kept are coarse grey pictures
(``tests.console.coarse``); whole pictures are written with ``--to``. Ends with 1 when something differs.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SIZES = {
    "1366x768": (1366, 768, 1),
    "1920x1080": (1920, 1080, 1),
    "2560x1440": (2560, 1440, 1),
    "3840x2160": (3840, 2160, 1),
    "3840x2160@2": (1920, 1080, 2),
}
"""Name -> width and height in logical pixels, scale."""
LOOKS = tuple((language, theme) for language in ("zh_CN", "en") for theme in ("dark", "light"))
KEPT = Path(__file__).parent / "baselines"
_TILES = (32, 18)


def _make(size: str, only: str, to: Path | None) -> list[str]:
    """Make and compare the pictures of one size; the differences."""
    from PySide6.QtWidgets import QApplication

    from tests.console.coarse import coarse, differences
    from tests.screens.states import STATES

    _ = QApplication([])
    wide, high, _scale = SIZES[size]
    found = []
    for language, theme in LOOKS:
        for state, opened in STATES.items():
            name = f"{state}-{size}-{theme}-{language}"
            if only and only not in name:
                continue
            with opened((wide, high), language, theme) as shown:
                image = shown.grab().toImage()
            if to is not None:
                image.save(str(to / f"{name}.png"))
            if difference := differences(coarse(image, *_TILES), KEPT / f"{name}.png"):
                found.append(difference)
    return found


def main() -> int:
    """All sizes, one after another."""
    asked = argparse.ArgumentParser(prog="python -m tests.screens")
    asked.add_argument("--to", type=Path, help="folder for the whole pictures")
    asked.add_argument("--renew", action="store_true", help="keep these as the approved ones; look at them first")
    asked.add_argument("--only", default="", help="a part of the name, such as notice, @2 or light-en")
    asked.add_argument("--size", default="", help=argparse.SUPPRESS)
    told = asked.parse_args()
    if told.to is not None:
        told.to.mkdir(parents=True, exist_ok=True)
    if told.size:
        lines = _make(told.size, told.only, told.to)
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        return 1 if lines else 0
    named = [size for size in SIZES if size in told.only or told.only in size] or list(SIZES)
    return int(any([_run(size, told) for size in named]))


def _run(size: str, told: argparse.Namespace) -> bool:
    """Make one size in a process with a screen of that size; whether something differs."""
    wide, high, scale = SIZES[size]
    screen = {"name": "screen", "x": 0, "y": 0, "width": wide * scale, "height": high * scale, "dpr": 1}
    screen |= {"logicalDpi": 96, "logicalBaseDpi": 96}
    with tempfile.TemporaryDirectory(prefix="quanmai-screens-") as folder:
        config = Path(folder) / "screens.json"
        config.write_text(json.dumps({"screens": [screen]}), encoding="utf-8")
        environment = {**os.environ, "QT_SCALE_FACTOR": str(scale), "QT_QPA_PLATFORM": f"offscreen:configfile={config}"}
        environment |= {"QUANMAI_NEW_BASELINES": "1"} if told.renew else {}
        command = [sys.executable, "-m", "tests.screens", "--size", size, "--only", told.only]
        command += ["--to", str(told.to)] if told.to is not None else []
        return subprocess.run(command, env=environment, check=False).returncode != 0


if __name__ == "__main__":
    sys.exit(main())
