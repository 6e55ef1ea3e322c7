"""Programs for desks without Python: what the build takes from the project still fits it. The build itself is run by hand."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import typer.main

from console.cli import app
from console.cli.output import FROM_DESKTOP
from tests.conftest import ROOT

_SHIP, _DESKTOP = ROOT / ".ci" / "ship", ROOT / "resources" / "desktop"
_PIN = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def _pins(path: Path) -> dict[str, str]:
    return dict(_PIN.findall(path.read_text("utf-8")))


def test_the_frozen_program_has_the_versions_that_the_tests_ran_with() -> None:
    tested, shipped = _pins(ROOT / ".ci" / "requirements.lock"), _pins(_SHIP / "requirements.lock")
    assert {name: version for name, version in shipped.items() if tested.get(name, version) != version} == {}
    assert {"pyside6-essentials", "pyogrio", "owa-epanet", "pyinstaller", "setuptools"} <= set(shipped)
    assert not {"pytest", "wntr", "mypy"} & set(shipped)


@pytest.mark.parametrize("name", ["quanmai.desktop", "quanmai-review.desktop"])
def test_desktop_entries_start_commands_that_there_are(name: str) -> None:
    entry = ConfigParser(interpolation=None, strict=True)
    entry.optionxform = str  # type: ignore[assignment,method-assign]  # keys are told apart by case
    entry.read(_DESKTOP / name, encoding="utf-8")
    group: Any = typer.main.get_command(app)
    for section in entry.sections():
        words = shlex.split(entry[section]["Exec"])
        assert words[:3] == ["env", f"{FROM_DESKTOP}=1", "quanmai"]
        assert words[3] in group.commands
        assert entry[section]["Name[zh_CN]"]
    assert (ROOT / "resources" / "icons" / f"{entry['Desktop Entry']['Icon']}.svg").exists()


def test_incident_files_open_in_the_review() -> None:
    kind = ElementTree.parse(_DESKTOP / "quanmai.xml").getroot()[0]
    name = kind.get("type")
    globs = [one.get("pattern") for one in kind if one.tag.endswith("glob")]
    assert globs == ["*.incident"]
    assert f"MimeType={name};" in (_DESKTOP / "quanmai-review.desktop").read_text("utf-8")
    assert f'"{name}"'.replace("/", "-").strip('"') in (_SHIP / "build").read_text("utf-8")


def test_a_module_of_the_program_runs_as_a_process_of_the_frozen_one() -> None:
    """As the setting of a page does: nothing on stdin is a fault of its own, not of the entry."""
    done = subprocess.run([sys.executable, _SHIP / "start.py", "-m", "console.documents.pdf"],
                          input=b"", capture_output=True, cwd=ROOT, check=False)  # fmt: skip
    assert b"DecodeError" in done.stderr
    refused = subprocess.run([sys.executable, _SHIP / "start.py", "-m", "http.server"],
                             capture_output=True, text=True, cwd=ROOT, check=False)  # fmt: skip
    assert refused.returncode == 2, "only modules of the program are run so"
