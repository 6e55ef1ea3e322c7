"""Running a command line in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from console.cli import main

Quanmai = Callable[..., tuple[int, str]]


@pytest.fixture
def quanmai(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Quanmai:
    """Run a command line in a folder of its own: (exit code, stderr)."""
    monkeypatch.chdir(tmp_path)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["quanmai", *words])
        code: object = 0
        try:
            main()
        except SystemExit as ended:
            code = ended.code
        return int(str(code or 0)), capfd.readouterr().err

    return run
