"""Rules are dated data with their source; an unverified article is marked as such."""

from __future__ import annotations

import tomllib
from datetime import date
from importlib.resources import files
from typing import Any

import pytest

NAMES = sorted(file.name for file in files("resources").joinpath("rules").iterdir() if file.name.endswith(".toml"))


def rules(name: str) -> dict[str, Any]:
    """One table of rules."""
    return tomllib.loads(files("resources").joinpath("rules", name).read_text("utf-8"))


@pytest.mark.parametrize("name", NAMES)
def test_every_table_is_dated_and_names_its_source(name: str) -> None:
    table = rules(name)
    date.fromisoformat(table["version"])
    assert table["source"]


def test_planned_outages_are_notified_24_hours_ahead_to_users_and_fire_brigade() -> None:
    planned = rules("cn.toml")["planned"]
    assert planned["notice_hours_ahead"] == 24
    assert planned["tell"] == ["users", "fire_brigade"]


def test_the_citys_table_overrides_the_countrys() -> None:
    assert f"{rules('notice_jinan.toml')['extends']}.toml" in NAMES
