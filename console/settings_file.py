"""The user's ``settings.toml``: read with the source of each value, changed one line at a time, everything else kept."""

from __future__ import annotations

import json
import os
import re
import tomllib
from pathlib import Path
from typing import Any

from platformdirs import user_config_path
from pydantic_settings import EnvSettingsSource

from console.settings import Settings, load_settings
from console.ui.settings_window.entries import FileSetting, Source
from maps.errors import InputFault

SEAT = {
    "seat": ("user", "lock_minutes", "data_folder"),
    "public": ("hotline", "issuer", "news_minutes", "notices_to", "supervisor_address"),
    "crews": ("crew_speed_kmh", "crew_silent_minutes", "order_resend_minutes", "repeat_back_minutes", "area_minutes"),
    "cases": ("same_case_minutes", "targets", "limits_file"),
    "wall": ("wall_distance_m", "wall_ratio", "wall_width_mm"),
    "history": ("readings_days", "positions_days", "expected_days", "minutes_days", "quarters_days"),
}
"""Names by subject; those that stand nowhere are of the connections."""
_REST = "connections"
_INSTALLATION = frozenset({*SEAT["history"], "data_folder", "limits_file", "targets"})
"""Changed by an administrator in the file: they need rights on the store, or are tables that a field does not hold."""
_SECRET = frozenset({"mqtt", "store", "traccar_token", "webhooks", "mail"})
"""They may hold passwords: shown is only whether they are set."""
_HIDDEN = frozenset({"language", "colours"})
"""Chosen in the window at once; the file's are the defaults of a seat where nobody chose."""


class TomlSettingsFile:
    """``path``: the file; by default the user's."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path or user_config_path("quanmai") / "settings.toml"

    @property
    def path(self) -> Path:
        """Where it is, or would be."""
        return self._path

    def read(self) -> tuple[FileSetting, ...]:
        """All settings, by subject. Raises InputFault where the file does not fit."""
        held, given = self._held(), set(EnvSettingsSource(Settings)())
        now, fields = load_settings(), Settings.model_fields
        subject = {name: group for group, names in SEAT.items() for name in names}
        order = (*SEAT, _REST)
        found = [
            FileSetting(
                name,
                subject.get(name, _REST),
                "" if name in _SECRET else _text(held.get(name, getattr(now, name)) if name not in given else getattr(now, name)),
                "" if name in _SECRET else _text(field.get_default(call_default_factory=True)),
                Source.ENVIRONMENT if name in given else Source.FILE if name in held else Source.DEFAULT,
                is_installation=name in _INSTALLATION or name not in subject,
                is_secret=name in _SECRET,
            )
            for name, field in fields.items()
            if name not in _HIDDEN
        ]
        return tuple(sorted(found, key=lambda one: order.index(one.group)))

    def write(self, name: str, text: str | None) -> None:
        """Store a value, None for the default. Raises InputFault; the file stays then."""
        before = self._path.read_text("utf-8") if self._path.exists() else ""
        value = None if text is None else _checked(name, text.strip())
        after = with_value(before, name, value)
        if after == before:
            return
        part = self._path.with_name(f".{self._path.name}.{os.getpid()}.part")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("w", encoding="utf-8") as file:
                file.write(after)
                file.flush()
                os.fsync(file.fileno())
            if self._path.exists():
                part.chmod(self._path.stat().st_mode & 0o777)
            part.replace(self._path)
        except OSError as fault:
            part.unlink(missing_ok=True)
            raise InputFault(f"{self._path}: cannot be written: {fault.strerror}") from fault

    def _held(self) -> dict[str, Any]:
        try:
            return tomllib.loads(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as fault:
            raise InputFault(f"{self._path}: {fault}; mend or delete it") from fault


def with_value(toml: str, name: str, value: str | float | None) -> str:
    """The file's text with one top-level value set (None: taken out); comments and all other lines stay.

    Raises InputFault where a line cannot be changed alone (a value over several lines).
    """
    try:
        wanted = tomllib.loads(toml)
    except tomllib.TOMLDecodeError as fault:
        raise InputFault(f"settings.toml: {fault}; mend or delete it") from fault
    lines = re.findall(r"[^\n]*\n|[^\n]+", toml)  # a text may hold other characters that splitlines takes for ends
    first_table = next((at for at, line in enumerate(lines) if line.lstrip().startswith("[")), len(lines))
    mine = re.compile(rf"""\s*(?:{name}|"{name}"|'{name}')\s*=""")
    at = next((at for at in range(first_table) if mine.match(lines[at])), None)
    line = [] if value is None else [f"{name} = {json.dumps(value, ensure_ascii=False)}\n"]
    if at is not None:
        lines[at : at + 1] = line
    else:
        if line and first_table and not lines[first_table - 1].endswith("\n"):
            lines[first_table - 1] += "\n"
        lines[first_table:first_table] = line
    after = "".join(lines)
    wanted.pop(name, None)
    if value is not None:
        wanted[name] = value
    try:
        fits = tomllib.loads(after) == wanted
    except tomllib.TOMLDecodeError:
        fits = False
    if not fits:
        raise InputFault(f"settings.toml: {name} stands there in a form that is only changed by hand")
    return after


def _checked(name: str, text: str) -> str | float:
    """The value as the file holds it. Raises InputFault with the reason, without the setting's name before it."""
    usual = Settings.model_fields[name].get_default(call_default_factory=True)
    value: str | float = text
    if isinstance(usual, float):
        try:
            value = float(text.replace(",", ".").replace("，", "."))
        except ValueError:
            raise InputFault(f"{text!r} is not a number") from None
    elif text and (name.endswith("_to") or name.endswith("_folder")):
        value = str(Path(text).expanduser())
    try:
        load_settings(**{name: value or usual if isinstance(value, str) else value})
    except InputFault as fault:
        said = re.search(rf"{name}: (.*?)(?:;|$)", str(fault))
        raise InputFault(said[1] if said else str(fault)) from fault
    return value


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return str(value) if isinstance(value, str | int | Path) else "…"
