"""The sheet of keys, made from ``KEY_BINDINGS``: by subject, each key with the name of its command."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from PySide6.QtGui import QKeySequence

from console.ui.commands.key_bindings import KEY_BINDINGS, LIVE_ONLY
from console.ui.words import Words

_GROUPS: dict[str, tuple[str, ...]] = {
    "case": (
        "judge", "closed", "unable", "crew", "notice", "report", "undo", "redo", "next_case", "show_case", "package",
    ),
    "alarms": ("acknowledge", "mute", "operation", "shift_alarm"),
    "network": ("trace", "what_if", "segments", "outages", "plan_outage"),
    "people": (
        "ticket", "tickets", "case_tickets", "callbacks", "public", "care", "water", "dispatch_orders", "deliveries",
    ),
    "shift": ("shift_entry", "shift_log", "handover", "contacts", "sign_on", "lock", "change_person"),
    "map": (
        "identify", "attributes",
        "fit", "map_back", "map_forward", "bookmark", "bookmarks", "pan", "zoom_box", "select_box", "select_polygon",
        "measure_length", "measure_area", "next_crs", "copy_coordinates", "copy_map", "export_map", "second_map", "wall",
        "follow_crew", "tiles",
    ),
    "places": ("search", "map", "case", "alarms", "stations", "dismiss_message"),
}  # fmt: skip
_REST = "window"
"""Subject of commands that stand in none of the groups."""
_ON_THE_MAP = (("← → ↑ ↓", "pan"), ("+  −  PgUp  PgDn", "zoom"), ("≣  Shift+F10", "menu"))
_IN_REPLAY = (
    ("Ctrl+Space", "play"),
    ("Ctrl+Right", "next"),
    ("Ctrl+Left", "previous"),
    ("Ctrl+B", "bookmark"),
    ("Ctrl+S", "save"),
    ("Ctrl+D", "beside"),
)
REPLAY_KEYS = tuple(key for key, _ in _IN_REPLAY)
"""Keys that a replay has for its own; commands of the console with these have none there."""
_IN_LISTS = (("Tab  Shift+Tab", "tab"), ("↑ ↓", "rows"), ("Enter", "open"), ("Space", "press"))


@dataclass(frozen=True, slots=True)
class KeyLine:
    """A key as this system writes it, and what it does. ``group``: subject (text ``help.keys.<group>``)."""

    group: str
    key: str
    does: str


def key_lines(words: Words, *, replay: bool = False) -> tuple[KeyLine, ...]:
    """All commands that have a key, and the keys of the map and of lists; by subject. ``replay``: those of a recording."""
    of = {name: group for group, names in _GROUPS.items() for name in names}
    text = words.catalogue.text
    found = [
        KeyLine(of.get(one.name, _REST), QKeySequence(one.key).toString(QKeySequence.SequenceFormat.NativeText), does)
        for one in KEY_BINDINGS
        if one.key and not (replay and (one.name in LIVE_ONLY or one.key in REPLAY_KEYS))
        for does in (words(f"commands.{one.name}"),)
    ]
    found += [KeyLine("map", key, text(f"help.on_map.{name}")) for key, name in _ON_THE_MAP]
    found += [KeyLine("lists", key, text(f"help.in_lists.{name}")) for key, name in _IN_LISTS]
    if replay:
        found += [KeyLine("replay", key, text(f"help.in_replay.{name}")) for key, name in _IN_REPLAY]
    order = ("replay", *_GROUPS, _REST, "lists")
    return tuple(sorted(found, key=lambda line: order.index(line.group)))


def key_sheet(words: Words, sought: str = "", *, replay: bool = False) -> str:
    """The sheet as HTML; ``sought``: only lines that hold this text."""
    text, parts, group = words.catalogue.text, list[str](), ""
    wanted = sought.strip().casefold()
    for line in key_lines(words, replay=replay):
        if wanted and wanted not in f"{line.key} {line.does}".casefold():
            continue
        if line.group != group:
            group = line.group
            parts.append(f'<tr><td colspan="2"><h4>{escape(text(f"help.keys.{group}"))}</h4></td></tr>')
        parts.append(f"<tr><td><b>{escape(line.key)}</b>&nbsp;&nbsp;</td><td>{escape(line.does)}</td></tr>")
    return f'<table cellspacing="0" cellpadding="2">{"".join(parts)}</table>' if parts else escape(text("help.nothing"))
