"""Panels and commands: a panel is a line of the registry, a command a line of the key bindings."""

from __future__ import annotations

from collections import Counter

import pytest
from pytestqt.qtbot import QtBot

from console.domain.picture import Picture
from console.ui import window as window_module
from console.ui.appearance import Appearance
from console.ui.commands.key_bindings import KEY_BINDINGS
from console.ui.panels.panel import Area, Panel, PanelContext, PanelSpec
from console.ui.panels.registry import PANELS
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow
from console.ui.words import Words
from tests.console.ui.scripted import ScriptedPort

pytestmark = pytest.mark.gui


class Counting(Panel):
    """Keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.versions, self.languages = list[int](), list[str]()

    def show_picture(self, picture: Picture) -> None:
        """The version of the picture."""
        self.versions.append(picture.version)

    def set_appearance(self, appearance: Appearance) -> None:
        """The language."""
        self.languages.append(appearance.words.language)


def make(context: PanelContext) -> Counting:
    """A panel that needs nothing."""
    return Counting()


@pytest.mark.parametrize("area", list(Area))
def test_a_line_of_the_registry_places_a_panel_and_gives_it_pictures_and_languages(
    qtbot: QtBot, port: ScriptedPort, monkeypatch: pytest.MonkeyPatch, area: Area
) -> None:
    others = (one for one in PANELS if one.title != "corrections")  # a title names one panel
    monkeypatch.setattr(window_module, "PANELS", (*others, PanelSpec("corrections", area, make, size_px=200, stretch=1)))
    made = MainWindow(port, WindowSettings("王", None, "zh_CN", "dark"))
    qtbot.addWidget(made)
    made.resize(1600, 900)
    made.show()
    panel = made.panel(Counting)
    assert panel.isVisible()
    port.wait(5)
    made.settle()
    made.choice.toggle_language()
    assert panel.versions[-1] == port.latest().version
    assert panel.languages == ["en"]
    middle = panel.mapTo(made, panel.rect().center())
    map_left = made.map.mapTo(made, made.map.rect().topLeft())
    beside = {
        Area.TOP: middle.y() < map_left.y(),
        Area.LEFT: middle.x() < map_left.x(),
        Area.BOTTOM: middle.y() > map_left.y() + made.map.height(),
        Area.RIGHT: middle.x() > map_left.x() + made.map.width(),
    }
    assert beside[area]
    made.close()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_every_panel_and_command_has_a_name_in_both_languages(language: str) -> None:
    words = Words(language, "Asia/Shanghai")
    keys = [f"panels.{spec.title}" for spec in PANELS] + [f"commands.{binding.name}" for binding in KEY_BINDINGS]
    assert [key for key in keys if not words.catalogue.has(f"ui.{key}")] == []


def test_no_command_and_no_key_is_bound_twice() -> None:
    names, keys = Counter(one.name for one in KEY_BINDINGS), Counter(one.key for one in KEY_BINDINGS if one.key)
    assert [name for name, count in (names + keys).items() if count > 1] == []


def test_each_command_can_be_run_by_its_name_and_is_found_by_the_search(window: MainWindow) -> None:
    assert [one.key for one in window.commands.listed()] == [binding.name for binding in KEY_BINDINGS]
    before = window.isFullScreen()
    window.run_command("fullscreen")
    assert window.isFullScreen() is not before
