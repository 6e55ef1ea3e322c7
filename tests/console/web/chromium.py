"""The browser of the drills, for tests: skipped without Chromium."""

from __future__ import annotations

from pathlib import Path

import pytest

from console.drill.people.browser import Browser, browser_command
from maps.errors import InputFault


def command() -> str:
    """The browser's command; skips the test without one."""
    try:
        return browser_command()
    except InputFault as missing:
        pytest.skip(str(missing))


class Chromium(Browser):
    """One browser with one page."""

    def __init__(self, folder: Path, *, width: int = 360, height: int = 640, language: str = "en-US") -> None:
        command()
        super().__init__(folder, width=width, height=height, language=language)
