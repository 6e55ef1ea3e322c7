"""Splash: a picture with the step that is under way, from the first moment of a start until the window is there.

Imports Qt and the texts only; the program itself is loaded behind it.
"""

from __future__ import annotations

import os
import sys
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication, QSplashScreen, QWidget

from resources.texts import LANGUAGES, Catalogue

_WIDE, _HIGH = 460, 220
_GROUND, _INK, _MUTED = QColor("#22262b"), QColor("#f2f4f6"), QColor("#a9b4be")


class Splash:
    """Shown as soon as it is made; ``step`` names what is done next, ``finish`` closes it when the window is there."""

    def __init__(self) -> None:
        """In the language of the environment until the program says which one is in use: settings take their time to read."""
        given = os.environ.get("QUANMAI_LANGUAGE", "")
        self._texts = Catalogue.load(given if given in LANGUAGES else LANGUAGES[0])
        self._app = QApplication.instance() or QApplication(sys.argv[:1])
        self._screen = QSplashScreen(_picture(self._texts.text("ui.app.name")))
        self._screen.show()
        self.step("program")

    def speak(self, language: str) -> None:
        """Go on in this language."""
        self._texts = Catalogue.load(language)

    def step(self, name: str) -> None:
        """Show the text ``start.splash.<name>``; painted at once, as the work that follows holds this thread."""
        align = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom
        self._screen.showMessage(f"   {self._texts.text(f'start.splash.{name}')}\n", align, _MUTED)
        QApplication.processEvents()

    def finish(self, window: QWidget | None) -> None:
        """Close the picture, once ``window`` is on the screen."""
        if window is None:
            self._screen.close()
        else:
            self._screen.finish(window)


def _picture(name: str) -> QPixmap:
    ratio = QApplication.primaryScreen().devicePixelRatio()
    pixmap = QPixmap(round(_WIDE * ratio), round(_HIGH * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(_GROUND)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    mark = QSvgRenderer(QByteArray(files("resources").joinpath("icons", "quanmai.svg").read_bytes()))
    mark.render(painter, QRectF(32, 40, 96, 96))
    font = QFont(QApplication.font())
    font.setPixelSize(34)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(_INK)
    painter.drawText(QRectF(152, 40, _WIDE - 170, 96), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, name)
    painter.end()
    return pixmap
