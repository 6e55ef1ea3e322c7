"""Windows on two screens: the wall view on the other one, full screen, remembered, and never on a screen that has gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.gui, pytest.mark.slow]

DESK = {"name": "desk", "x": 0, "y": 0, "width": 1920, "height": 1080}
WALL = {"name": "wall", "x": 1920, "y": 0, "width": 1920, "height": 1080}


def start(folder: Path, deed: str, *screens: dict[str, object], wall_ratio: int = 1) -> dict[str, Any]:
    """One start of the program on these screens: what stood where after the deed."""
    plan = folder / "screens.json"
    plan.write_text(json.dumps({"screens": screens}), "utf-8")
    ratios = f"desk=1;wall={wall_ratio}"
    env = os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={plan}", "QT_SCREEN_SCALE_FACTORS": ratios}
    command = [sys.executable, "-m", "tests.console.ui.map.at_the_screens", str(folder), deed]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def lies_in(place: list[int], screen: dict[str, Any]) -> bool:
    """Whether a window (x, y, width, height) lies wholly on a screen."""
    x, y, width, height = place
    across = screen["x"] <= x and x + width <= screen["x"] + screen["width"]
    return bool(across and screen["y"] <= y and y + height <= screen["y"] + screen["height"])


def test_the_wall_view_fills_the_other_screen_and_both_further_windows_stand_there_again(tmp_path: Path) -> None:
    told = start(tmp_path, "spread", DESK, WALL)
    wall, second = told["further"]
    assert (told["first"]["screen"], wall["screen"], wall["full"]) == ("desk", "wall", True)
    assert wall["place"] == [1920, 0, 1920, 1080]
    again = start(tmp_path, "look", DESK, WALL)
    assert again["further"] == [wall, second]


def test_a_window_whose_screen_has_gone_comes_back_on_one_that_is_there_and_the_wall_view_waits_for_its_own(
    tmp_path: Path,
) -> None:
    wall, second = start(tmp_path, "spread", DESK, WALL)["further"]
    alone = start(tmp_path, "look", DESK)
    assert [one["wall"] for one in alone["further"]] == [False]
    assert lies_in(alone["further"][0]["place"], DESK)
    assert alone["further"][0]["camera"] == second["camera"]
    assert wall in start(tmp_path, "look", DESK, WALL)["further"]


@pytest.mark.parametrize("deed", ["move", "fill"])
def test_the_first_window_comes_back_to_its_screen_or_to_one_that_is_there(tmp_path: Path, deed: str) -> None:
    first = start(tmp_path, deed, DESK, WALL)["first"]
    assert (first["screen"], first["full"]) == ("wall", deed == "fill")
    assert start(tmp_path, "look", DESK, WALL)["first"]["screen"] == "wall"
    alone = start(tmp_path, "look", DESK)["first"]
    assert alone["screen"] == "desk"
    assert lies_in(alone["place"], DESK)


def test_a_map_that_moves_to_a_finer_screen_is_drawn_with_its_pixels(tmp_path: Path) -> None:
    assert start(tmp_path, "look", DESK, WALL, wall_ratio=2)["first"]["dots"] == 1.0
    moved = start(tmp_path, "move", DESK, WALL, wall_ratio=2)["first"]
    assert (moved["screen"], moved["dots"]) == ("wall", 2.0)
