"""The way of a click in console/README.md is that of the code."""

from __future__ import annotations

import re
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from pytestqt.qtbot import QtBot

from console.domain.actors import Actor
from console.domain.changes import ChangeSet
from console.services.crews.valve_reports import MarkValveClosed
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.ui.commands.dispatch import Dispatcher
from tests.conftest import ROOT
from tests.console.engine.room import Room

pytestmark = pytest.mark.gui
WANG = Actor.named("王")


def modules_of_the_page() -> list[str]:
    """Modules in the block of the click, from the panel to the handler."""
    page = (ROOT / "console" / "README.md").read_text("utf-8")
    block = page[page.index("## The way of a click") :]
    block = block[: block.index("│ ChangeSet")]
    return re.findall(r"^    ((?:ui|engine|services)/[\w/]+\.py)", block, re.M)


class Stacks:
    """Modules of ``console`` on the stack, outermost first, whenever one of these functions is entered."""

    def __init__(self, *functions: str) -> None:
        self._functions, self.seen = functions, dict[str, list[str]]()

    def __call__(self, frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_qualname in self._functions:
            stack: list[str] = []
            at: FrameType | None = frame
            while at is not None:
                stack.append(at.f_code.co_filename)
                at = at.f_back
            paths = [Path(name) for name in reversed(stack)]
            inside = [str(path.relative_to(ROOT / "console")) for path in paths if path.is_relative_to(ROOT / "console")]
            self.seen[frame.f_code.co_qualname] = inside


def test_a_click_passes_exactly_the_modules_of_the_architecture_page(tmp_path: Path, qtbot: QtBot) -> None:
    stacks = Stacks("Commands.submit", "mark_closed")
    threading.setprofile(stacks)  # for the engine's thread, which starts with the room
    room = Room(tmp_path)
    threading.setprofile(None)
    try:
        pipe = str(room.city.network.pipes.asset_id[0])
        dispatcher = Dispatcher(room.engine, lambda: WANG)
        case = opened(room, pipe)
        plan = room.engine.latest().incidents[0].plan
        assert plan is not None
        sys.setprofile(stacks)
        with qtbot.waitSignal(dispatcher.done, timeout=60_000):
            dispatcher.submit(MarkValveClosed(case, plan.valves_to_close[0].asset_id))
    finally:
        sys.setprofile(None)
        room.close()
    asked, handled = stacks.seen["Commands.submit"], stacks.seen["mark_closed"]
    turning = ("engine/engine.py",)  # the thread's loop, the same for everything
    way = [*asked, *(name for name in handled if name not in turning)]
    panel, *listed = modules_of_the_page()
    assert panel == "ui/panels/case/plan.py"
    assert list(dict.fromkeys(way)) == listed
    assert len(listed) + 1 == 6


def opened(room: Room, pipe: str) -> str:
    """A judged case on a pipe; its id."""
    made: ChangeSet = room.engine.submit(OpenIncident(pipe), WANG).result(60)
    case = made.incidents[0].incident_id
    room.engine.submit(JudgeBurst(case, (pipe,)), WANG).result(60)
    room.sees(lambda picture: bool(picture.incidents and picture.incidents[0].plan))
    return case
