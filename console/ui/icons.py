"""Icons of the tools: SVG files of ``resources/icons/tools``, drawn in a colour of the theme for each state of their button."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from console.ui.theme import Theme

_RATIO = 3
"""Pixels of a picture for one of the icon, so that it is sharp on fine screens."""


def icon(name: str, theme: Theme, size: int) -> QIcon:
    """The icon of a tool, ``size`` px; lit differently while its button is pressed in. Raises KeyError for an unknown name."""
    made = QIcon()
    for state, role in ((QIcon.State.Off, "text.normal"), (QIcon.State.On, "text.on_accent")):
        made.addPixmap(_drawn(name, theme.colours[role], size), QIcon.Mode.Normal, state)
    return made


@lru_cache(maxsize=256)
def _drawn(name: str, colour: str, size: int) -> QPixmap:
    drawing = QSvgRenderer(QByteArray(_source(name).replace("currentColor", colour).encode()))
    pixmap = QPixmap(size * _RATIO, size * _RATIO)
    pixmap.setDevicePixelRatio(_RATIO)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    drawing.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap


def _source(name: str) -> str:
    path = files("resources").joinpath("icons", "tools", f"{name}.svg")
    if not path.is_file():
        raise KeyError(f"no icon {name!r}")
    return path.read_text("utf-8")
