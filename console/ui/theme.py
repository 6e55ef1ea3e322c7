"""Theme: colours by role from ``resources/theme/*.toml``, put on Fusion through the palette and one style sheet.

Size of letters and density are of the whole program, like the style sheet they are part of.
"""

from __future__ import annotations

import re
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
_APPLIED, _LETTERS = "quanmaiTheme", "quanmaiLetters"
FONT_PX = (12, 13, 14, 15, 16, 18, 20)
"""Sizes of letters that can be chosen, pixels at 96 dots per inch."""
USUAL_PX = 13
_USUAL_POINTS = 10.0
_FAMILIES = ("Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei UI", "PingFang SC", "WenQuanYi Zen Hei", "Noto Sans")


@dataclass(frozen=True, slots=True)
class Letters:
    """Size of letters (one of ``FONT_PX``) and whether rows and buttons stand closer."""

    px: int = USUAL_PX
    compact: bool = False

    @property
    def scale(self) -> float:
        """Against the usual size."""
        return self.px / USUAL_PX

    @classmethod
    def now(cls) -> Letters:
        """What the program shows."""
        app = QApplication.instance()
        found = app.property(_LETTERS) if app is not None else None
        return cls(*found) if isinstance(found, tuple | list) and len(found) == 2 else cls()

    def put_on(self, app: QApplication) -> None:
        """Show it from the next ``apply_theme`` on."""
        app.setProperty(_LETTERS, (self.px, self.compact))


def usual_px(height: int) -> int:
    """A size of letters that can be read on a screen ``height`` logical pixels high: larger on 4K without scaling."""
    return 18 if height >= 2000 else 15 if height >= 1400 else USUAL_PX


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
        return _font(QApplication.font().family(), points * Letters.now().scale, weight)


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
    letters = Letters.now()
    wanted = f"{theme.name} {letters.px} {letters.compact}"
    if app.property(_APPLIED) == wanted:
        return  # a style sheet set anew polishes every widget there is: seconds in a long session
    app.setProperty(_APPLIED, wanted)
    app.setStyle("Fusion")
    scheme = Qt.ColorScheme.Dark if theme.name == "dark" else Qt.ColorScheme.Light
    QGuiApplication.styleHints().setColorScheme(scheme)
    font = QFont(_family())
    font.setPointSizeF(_USUAL_POINTS * letters.scale)
    app.setFont(font)
    app.setPalette(_palette(theme))
    sheet = files("resources").joinpath("theme", "window.qss").read_text("utf-8")
    names = {role.replace(".", "_"): value for role, value in theme.colours.items()}
    icons = Path(str(files("resources").joinpath("icons"))).as_posix()
    filled = Template(sheet).substitute(
        names, icons=icons, pad=1 if letters.compact else 4, pad_primary=3 if letters.compact else 6
    )
    app.setStyleSheet(re.sub(r"(\d+)pt", lambda size: f"{float(size[1]) * letters.scale:.1f}pt", filled))


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
