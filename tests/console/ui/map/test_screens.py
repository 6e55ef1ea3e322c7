"""Windows on two screens: the wall view fills the other one, is restored, and never opens on a missing screen."""

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


Stand = dict[str, Any]


def run(folder: Path, actions: list[str], *screens: dict[str, object], wall_ratio: int = 1) -> list[list[Stand]]:
    """One process on these screens (starting takes a while): for each action the windows' places after each step."""
    plan = folder / "screens.json"
    plan.write_text(json.dumps({"screens": screens}), "utf-8")
    ratios = f"desk=1;wall={wall_ratio}"
    env = os.environ | {"QT_QPA_PLATFORM": f"offscreen:configfile={plan}", "QT_SCREEN_SCALE_FACTORS": ratios}
    command = [sys.executable, "-m", "tests.console.ui.map.at_the_screens", *(str(folder / action) for action in actions)]
    done = subprocess.run(command, capture_output=True, text=True, env=env, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    told: list[list[Stand]] = json.loads(done.stdout)
    return told


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Stand]]:
    """Two screens, then one, then two again, the second a finer one: each time with the memory of what was there before."""
    folder, told = tmp_path_factory.mktemp("screens"), dict[str, list[Stand]]()
    both = ["a=spread", "a=look", "b=move", "b=look", "c=fill", "c=look", "d=spread", "d=unplug"]
    told |= zip(both, run(folder, both, DESK, WALL), strict=True)
    alone = ["a=look", "b=look", "c=look"]
    told |= zip([f"{name} alone" for name in alone], run(folder, alone, DESK), strict=True)
    finer = ["a=look", "e=look", "e=move"]
    told |= zip([f"{name} finer" for name in finer], run(folder, finer, DESK, WALL, wall_ratio=2), strict=True)
    return told


def lies_in(place: list[int], screen: dict[str, Any]) -> bool:
    """Whether a window (x, y, width, height) lies wholly on a screen."""
    x, y, width, height = place
    across = screen["x"] <= x and x + width <= screen["x"] + screen["width"]
    return bool(across and screen["y"] <= y and y + height <= screen["y"] + screen["height"])


def test_the_wall_view_fills_the_other_screen_and_both_further_windows_stand_there_again(story: dict[str, list[Stand]]) -> None:
    told = story["a=spread"][0]
    wall, second = told["further"]
    assert (told["first"]["screen"], wall["screen"], wall["full"]) == ("desk", "wall", True)
    assert wall["place"] == [1920, 0, 1920, 1080]
    assert story["a=look"][0]["further"] == [wall, second]


def test_a_window_whose_screen_has_gone_comes_back_on_one_that_is_there_and_the_wall_view_waits_for_its_own(
    story: dict[str, list[Stand]],
) -> None:
    _, second = story["a=spread"][0]["further"]
    alone = story["a=look alone"][0]
    assert [one["wall"] for one in alone["further"]] == [False]
    assert lies_in(alone["further"][0]["place"], DESK)
    assert alone["further"][0]["camera"] == second["camera"]
    again = story["a=look finer"][0]["further"]
    assert [(one["screen"], one["full"]) for one in again if one["wall"]] == [("wall", True)]


def test_a_wall_view_whose_screen_is_unplugged_covers_no_other_window_and_returns_with_a_screen(
    story: dict[str, list[Stand]],
) -> None:
    pulled, back, first_moved, desk_back = story["d=unplug"]
    walls = [[(one["screen"], one["full"]) for one in now["further"] if one["wall"]] for now in story["d=unplug"]]
    assert pulled["first"]["screen"] == back["first"]["screen"] == "desk"
    assert first_moved["first"]["screen"] == desk_back["first"]["screen"] == "wall"
    assert walls == [[], [("wall", True)], [], [("desk", True)]]
    wall, second = story["d=spread"][0]["further"]
    assert wall in back["further"]
    assert all(second in now["further"] for now in story["d=unplug"])


@pytest.mark.parametrize("action", ["b=move", "c=fill"])
def test_the_first_window_comes_back_to_its_screen_or_to_one_that_is_there(story: dict[str, list[Stand]], action: str) -> None:
    first = story[action][0]["first"]
    assert (first["screen"], first["full"]) == ("wall", action == "c=fill")
    look = f"{action[0]}=look"
    assert story[look][0]["first"]["screen"] == "wall"
    alone = story[f"{look} alone"][0]["first"]
    assert alone["screen"] == "desk"
    assert lies_in(alone["place"], DESK)


def test_a_map_that_moves_to_a_finer_screen_is_drawn_with_its_pixels(story: dict[str, list[Stand]]) -> None:
    assert story["e=look finer"][0]["first"]["dots"] == 1.0
    moved = story["e=move finer"][0]["first"]
    assert (moved["screen"], moved["dots"]) == ("wall", 2.0)
