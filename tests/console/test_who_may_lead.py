"""Which windows may lead: a console of the centre, never a wall or an area's terminal, whatever store they are given."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import pytest

from console import app
from console.runtime import RuntimeOptions
from maps.dataset import write_city
from tests.console.areas import EAST, NAMES, in_two_areas
from tests.console.services.town import X0, a_town


class Composed(Exception):
    """The runtime would be made now."""


@pytest.mark.parametrize(
    ("asked", "role", "may_lead", "is_shared"),
    [
        ({}, "console", True, False),
        ({"wall": True}, "wall", False, True),
        ({"area": NAMES[EAST]}, "terminal", False, True),
        ({"wall": True, "area": NAMES[EAST]}, "wall", False, True),
    ],
)
def test_only_a_console_of_the_centre_may_lead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: dict[str, Any], role: str, may_lead: bool, is_shared: bool
) -> None:
    write_city(in_two_areas(a_town(), X0 + 300.0), tmp_path / "t.gpkg")
    monkeypatch.setenv("QUANMAI_DATA_FOLDER", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    seen: list[RuntimeOptions] = []

    def compose(_city: object, _clock: object, options: RuntimeOptions, **_more: object) -> NoReturn:
        seen.append(options)
        raise Composed

    monkeypatch.setattr(app, "Runtime", compose)
    with pytest.raises(Composed):
        app.run_console(tmp_path / "t.gpkg", "", str(tmp_path / "s.sqlite"), **asked)
    (options,) = seen
    assert (options.role, options.may_lead, options.is_shared) == (role, may_lead, is_shared)
