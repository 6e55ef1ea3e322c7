"""Theme: colours by role from ``resources/theme/*.toml``, put on Fusion through the palette and one style sheet."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from string import Template

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

from console.domain.alarms import Priority
from maps.errors import InputFault

NAMES = ("dark", "light")
_APPLIED = "quanmaiTheme"
_FAMILIES = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei UI", "PingFang SC", "WenQuanYi Zen Hei", "Noto Sans")


@dataclass(frozen=True, eq=False)
class Theme:
    """Colours by role (``surface.card``) and the chart's series; ``name``: dark or light."""

    name: str
    colours: Mapping[str, str]
    series: tuple[str, ...]

    @classmethod
    def load(cls, name: str) -> Theme:
        """The theme of ``resources/theme/<name>.toml``. Raises InputFault for an unknown name."""
        if name not in NAMES:
            raise InputFault(f"theme {name!r} is not known; one of: {', '.join(NAMES)}")
        table = tomllib.loads(files("resources").joinpath("theme", f"{name}.toml").read_text("utf-8"))
        roles = {
            f"{group}.{role}": value
            for group, entries in table.items()
            if isinstance(entries, dict)
            for role, value in entries.items()
            if isinstance(value, str)
        }
        return cls(name, roles, tuple(table["chart"]["series"]))

    def colour(self, role: str, alpha: float = 1.0) -> QColor:
        """Colour of a role such as ``state.critical``; ``alpha`` 0–1."""
        colour = QColor(self.colours[role])
        colour.setAlphaF(alpha)
        return colour

    def priority(self, priority: Priority) -> QColor:
        """Colour of an alarm priority; never used without its shape and word."""
        return self.colour(f"state.{priority.name.lower()}")

    def font(self, points: float = 10.0, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
        """The interface's font (one that has Chinese) at a size, figures of equal width."""
        return _font(QApplication.font().family(), points, weight)


@lru_cache(maxsize=64)
def _font(family: str, points: float, weight: QFont.Weight) -> QFont:
    """Made once: a map's frame asks for fonts hundreds of times."""
    font = QFont(family)
    font.setPointSizeF(points)
    font.setWeight(weight)
    font.setFeature(QFont.Tag.fromString("tnum"), 1)
    return font


def apply_theme(app: QApplication, theme: Theme) -> None:
    """Fusion in the theme's colours; the colour scheme is told to Qt so that native parts follow."""
    if app.property(_APPLIED) == theme.name:
        return  # a style sheet set anew polishes every widget there is: seconds in a long session
    app.setProperty(_APPLIED, theme.name)
    app.setStyle("Fusion")
    scheme = Qt.ColorScheme.Dark if theme.name == "dark" else Qt.ColorScheme.Light
    QGuiApplication.styleHints().setColorScheme(scheme)
    font = QFont(_family())
    font.setPointSizeF(10.0)
    app.setFont(font)
    app.setPalette(_palette(theme))
    sheet = files("resources").joinpath("theme", "window.qss").read_text("utf-8")
    names = {role.replace(".", "_"): value for role, value in theme.colours.items()}
    app.setStyleSheet(Template(sheet).substitute(names, icons=Path(str(files("resources").joinpath("icons"))).as_posix()))


def _family() -> str:
    known = set(QFontDatabase.families())
    return next((family for family in _FAMILIES if family in known), QApplication.font().family())


def _palette(theme: Theme) -> QPalette:
    palette = QPalette()
    for role, name in (
        (QPalette.ColorRole.Window, "surface.panel"),
        (QPalette.ColorRole.Base, "surface.card"),
        (QPalette.ColorRole.AlternateBase, "surface.panel"),
        (QPalette.ColorRole.Button, "surface.raised"),
        (QPalette.ColorRole.ToolTipBase, "surface.raised"),
        (QPalette.ColorRole.WindowText, "text.normal"),
        (QPalette.ColorRole.Text, "text.normal"),
        (QPalette.ColorRole.ButtonText, "text.normal"),
        (QPalette.ColorRole.ToolTipText, "text.normal"),
        (QPalette.ColorRole.BrightText, "text.strong"),
        (QPalette.ColorRole.PlaceholderText, "text.muted"),
        (QPalette.ColorRole.Highlight, "surface.selected"),
        (QPalette.ColorRole.HighlightedText, "text.strong"),
        (QPalette.ColorRole.Link, "accent.focus"),
        (QPalette.ColorRole.Accent, "accent.normal"),
    ):
        palette.setColor(role, theme.colour(name))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText, QPalette.ColorRole.WindowText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, theme.colour("text.muted", 0.6))
    return palette
