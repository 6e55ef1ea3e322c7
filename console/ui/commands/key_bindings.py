"""Commands of the window with their keys. A new command is one line of ``KEY_BINDINGS`` and its name in the texts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtGui import QAction, QKeySequence

from console.ui.map.view.tools import Tool
from console.ui.models.tickets import Shown
from console.ui.search import Command
from console.ui.words import Words

if TYPE_CHECKING:
    from console.ui.window import MainWindow


@dataclass(frozen=True, slots=True)
class KeyBinding:
    """A command: its name (text ``ui.commands.<name>``), its key ("" for none) and what it does."""

    name: str
    key: str
    run: Callable[[MainWindow], object]


KEY_BINDINGS: tuple[KeyBinding, ...] = (
    KeyBinding("search", "Ctrl+K", lambda w: w.finder.open()),
    KeyBinding("judge", "Ctrl+J", lambda w: w.case.location.judge(by_key=True)),
    KeyBinding("closed", "Ctrl+Return", lambda w: w.tools.plan_in_use(w.case.plan).report_closed()),
    KeyBinding("unable", "Ctrl+U", lambda w: w.tools.plan_in_use(w.case.plan).report_unable()),
    KeyBinding("crew", "Ctrl+R", lambda w: w.case.response.send_crew()),
    KeyBinding("notice", "Ctrl+N", lambda w: w.case.notice.next_step()),
    KeyBinding("report", "Ctrl+Shift+R", lambda w: w.questions.next_report()),
    KeyBinding("outages", "Ctrl+Alt+O", lambda w: w.subjects.outages.open()),
    KeyBinding("plan_outage", "", lambda w: w.subjects.outages.plan_here()),
    KeyBinding("undo", "Ctrl+Z", lambda w: w.undo()),
    KeyBinding("redo", "Ctrl+Shift+Z", lambda w: w.tools.redo()),
    KeyBinding("trace", "Ctrl+Shift+T", lambda w: w.tools.toggle_trace()),
    KeyBinding("what_if", "Ctrl+Shift+B", lambda w: w.tools.toggle_what_if()),
    KeyBinding("segments", "Ctrl+Shift+P", lambda w: w.tools.open_segments()),
    KeyBinding("acknowledge", "Ctrl+A", lambda w: w.alarms.acknowledge()),
    KeyBinding("mute", "Ctrl+Shift+A", lambda w: w.sounds.toggle_mute()),
    KeyBinding("operation", "Ctrl+Shift+O", lambda w: w.questions.operation()),
    KeyBinding("shift_entry", "Ctrl+D", lambda w: w.subjects.shift.write()),
    KeyBinding("shift_alarm", "Ctrl+Shift+D", lambda w: w.alarms.write_entry()),
    KeyBinding("shift_log", "Alt+5", lambda w: w.show_shift_log()),
    KeyBinding("handover", "", lambda w: w.subjects.shift.handover()),
    KeyBinding("contacts", "Ctrl+Shift+K", lambda w: w.subjects.shift.contacts()),
    KeyBinding("public", "Ctrl+Shift+U", lambda w: w.subjects.public.show()),
    KeyBinding("care", "", lambda w: w.subjects.public.show("needs")),
    KeyBinding("water", "", lambda w: w.subjects.public.show("water")),
    KeyBinding("dispatch_orders", "", lambda w: w.subjects.public.show("orders")),
    KeyBinding("deliveries", "", lambda w: w.subjects.public.show("deliveries")),
    KeyBinding("sign_on", "", lambda w: w.subjects.shift.sign_on()),
    KeyBinding("package", "Ctrl+Shift+S", lambda w: w.focus.with_incident(w.packages.ask)),
    KeyBinding("ticket", "Ctrl+H", lambda w: w.subjects.tickets.open()),
    KeyBinding("tickets", "Alt+6", lambda w: w.show_tickets()),
    KeyBinding("case_tickets", "", lambda w: w.show_tickets(Shown.CASE)),
    KeyBinding("callbacks", "", lambda w: w.show_tickets(Shown.DUE)),
    KeyBinding("next_case", "Ctrl+Tab", lambda w: w.focus.next()),
    KeyBinding("show_case", "Ctrl+E", lambda w: w.locator.show_case()),
    KeyBinding("fit", "Ctrl+0", lambda w: w.map.navigation.fit_all()),
    KeyBinding("map", "Alt+1", lambda w: w.map.setFocus()),
    KeyBinding("case", "Alt+2", lambda w: w.show_panel(w.case)),
    KeyBinding("alarms", "Alt+3", lambda w: w.show_panel(w.alarms, w.alarms.table)),
    KeyBinding("stations", "Alt+4", lambda w: w.show_panel(w.layers, w.layers.table)),
    KeyBinding("fullscreen", "F11", lambda w: w.toggle_full_screen()),
    KeyBinding("language", "Ctrl+L", lambda w: w.choice.toggle_language()),
    KeyBinding("theme", "Ctrl+T", lambda w: w.choice.toggle_theme()),
    KeyBinding("letters_larger", "Ctrl+=", lambda w: w.choice.letters.step(1)),
    KeyBinding("letters_smaller", "Ctrl+-", lambda w: w.choice.letters.step(-1)),
    KeyBinding("density", "", lambda w: w.choice.letters.toggle_density()),
    KeyBinding("help", "F1", lambda w: w.help.show()),
    KeyBinding("settings", "Ctrl+,", lambda w: w.help.show_settings()),
    KeyBinding("tour", "", lambda w: w.help.begin_tour()),
    KeyBinding("lock", "Ctrl+Shift+L", lambda w: w.seat.lock_or_unlock()),
    KeyBinding("change_person", "", lambda w: w.seat.change_person()),
    KeyBinding("layout", "", lambda w: w.reset_layout()),
    KeyBinding("panels", "Ctrl+Alt+L", lambda w: w.layouts.offer()),
    KeyBinding("layout_night", "", lambda w: w.layouts.use("night")),
    KeyBinding("layout_wall", "", lambda w: w.layouts.use("wall")),
    KeyBinding("layout_supervisor", "", lambda w: w.layouts.use("supervisor")),
    KeyBinding("layout_keep", "", lambda w: w.layouts.ask_name()),
    KeyBinding("map_back", "Alt+Left", lambda w: w.map.navigation.go_back()),
    KeyBinding("map_forward", "Alt+Right", lambda w: w.map.navigation.go_forward()),
    KeyBinding("bookmark", "Ctrl+B", lambda w: w.map_commands.ask_bookmark()),
    KeyBinding("bookmarks", "Ctrl+Alt+B", lambda w: w.map_commands.offer_bookmarks()),
    KeyBinding("pan", "", lambda w: w.map.input.use(Tool.PAN)),
    KeyBinding("identify", "Ctrl+Shift+I", lambda w: w.map.input.use(Tool.IDENTIFY)),
    KeyBinding("attributes", "F6", lambda w: w.attributes.open()),
    KeyBinding("zoom_box", "Ctrl+Alt+Z", lambda w: w.map.input.use(Tool.ZOOM_BOX)),
    KeyBinding("select_box", "Ctrl+Alt+S", lambda w: w.map.input.use(Tool.SELECT_BOX)),
    KeyBinding("select_polygon", "Ctrl+Alt+P", lambda w: w.map.input.use(Tool.SELECT_POLYGON)),
    KeyBinding("measure_length", "Ctrl+M", lambda w: w.map.input.use(Tool.MEASURE_LENGTH)),
    KeyBinding("measure_area", "Ctrl+Shift+M", lambda w: w.map.input.use(Tool.MEASURE_AREA)),
    KeyBinding("next_crs", "Ctrl+Alt+C", lambda w: w.map_commands.next_coordinate_system()),
    KeyBinding("copy_coordinates", "Ctrl+Shift+C", lambda w: w.map_commands.copy_coordinates()),
    KeyBinding("copy_map", "", lambda w: w.map_commands.copy_map()),
    KeyBinding("export_map", "Ctrl+P", lambda w: w.map_commands.ask_export()),
    KeyBinding("second_map", "Ctrl+Alt+N", lambda w: w.map_commands.windows.open(wall=False)),
    KeyBinding("wall", "Ctrl+F11", lambda w: w.map_commands.windows.open(wall=True)),
    KeyBinding("follow_crew", "", lambda w: w.map_commands.offer_crews()),
    KeyBinding("tiles", "", lambda w: w.map_commands.ask_tiles()),
    KeyBinding("own_data", "", lambda w: w.bring_own_data()),
    KeyBinding("new_version", "", lambda w: w.compare_versions()),
    KeyBinding("guide", "Shift+F1", lambda w: w.help.show_guide()),
    KeyBinding("live_test", "", lambda w: w.test_feed()),
    KeyBinding("dismiss_message", "Esc", lambda w: w.dismiss()),
)
LIVE_ONLY = frozenset(
    {
        "judge", "closed", "unable", "crew", "report", "plan_outage", "undo", "redo", "acknowledge", "mute",
        "operation", "shift_entry", "shift_alarm", "handover", "sign_on", "package", "ticket", "lock", "change_person",
        "own_data", "new_version", "live_test",
    }
)  # fmt: skip
"""Commands that act on cases and records, or that belong to a seat: over a recording they are not there."""
KEYS = {binding.name: binding.key for binding in KEY_BINDINGS}
"""Keys by command, for tool tips."""


class WindowCommands:
    """The window's commands as actions, by name."""

    def __init__(self, window: MainWindow, words: Words) -> None:
        self._window = window
        self.noted: Callable[[str], None] = lambda _: None
        """Called with the name of each command before it runs."""
        self._bindings = {binding.name: binding for binding in KEY_BINDINGS}
        self._actions: dict[str, QAction] = {}
        self._withheld = frozenset[str]()
        for name, binding in self._bindings.items():
            action = QAction(window)
            action.setShortcut(QKeySequence(binding.key))
            action.setAutoRepeat(False)  # a key held down reports one valve, takes one step, undoes one
            action.triggered.connect(lambda _=False, name=name: self.run(name))
            window.addAction(action)
            self._actions[name] = action
        self.set_words(words)

    def withhold(self, names: Collection[str], taken: Collection[str] = ()) -> None:
        """Neither keys nor the search offer these any more. ``taken``: keys that the window uses for something of its own."""
        self._withheld = frozenset(names)
        for name, action in self._actions.items():
            action.setEnabled(name not in self._withheld)
            if self._bindings[name].key in taken:
                action.setShortcut(QKeySequence())

    def set_words(self, words: Words) -> None:
        """Show another language."""
        for name, action in self._actions.items():
            action.setText(words(f"commands.{name}"))

    def listed(self) -> list[Command]:
        """All commands that can be run, for the search."""
        return [
            Command(name, action.text(), action.shortcut().toString())
            for name, action in self._actions.items()
            if name not in self._withheld
        ]

    def run(self, name: str) -> None:
        """Run a command; one that is withheld does nothing."""
        if name in self._withheld:
            return
        self.noted(name)
        self._bindings[name].run(self._window)
