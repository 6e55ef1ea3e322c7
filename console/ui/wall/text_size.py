"""Sizes of letters by viewing distance: how high a capital letter has to be, and the font that draws it so.

Source: ISO 9241-303 asks for characters of at least 16 minutes of arc, preferably 20 to 22; ISO 11064-4 names 15 to 20 for
displays of a control room. One 200th of the distance is 17 minutes of arc: 40 mm at 8 m. One 215th is 16 minutes; one 250th,
the smallest that the setting takes, 13.7.
"""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtGui import QFont, QFontMetricsF, QScreen

from console.ui.theme import Theme

_USUAL_PX_PER_MM = 96 / 25.4


@dataclass(frozen=True, slots=True)
class WallSettings:
    """``distance_m``: of those who read; letters are at least ``distance_m / ratio`` high.

    ``width_mm``: width of the picture on the wall, 0: as the screen reports it, which projectors and joined screens do wrongly.
    """

    distance_m: float = 8.0
    ratio: float = 200.0
    width_mm: float = 0.0
    area_minutes: float = 0.0

    def letter_mm(self) -> float:
        """Least height of a capital letter."""
        return self.distance_m * 1000.0 / self.ratio


def px_per_mm(settings: WallSettings, screen: QScreen | None, width_px: int) -> float:
    """Logical pixels in a millimetre of the wall, of a view ``width_px`` wide that fills the picture."""
    if settings.width_mm > 0:
        return width_px / settings.width_mm
    if screen is None or screen.physicalSize().width() <= 0:
        return _USUAL_PX_PER_MM
    return screen.geometry().width() / float(screen.physicalSize().width())


def font_with_capitals(theme: Theme, capital_px: float, weight: QFont.Weight = QFont.Weight.Normal) -> QFont:
    """The interface's font whose capital letters are at least ``capital_px`` high."""
    font = QFont(theme.font(10.0, weight))
    font.setPixelSize(100)
    share = QFontMetricsF(font).capHeight() / 100.0
    font.setPixelSize(max(int(-(-capital_px // share)), 1))
    while QFontMetricsF(font).capHeight() < capital_px:
        font.setPixelSize(font.pixelSize() + 1)
    return font
