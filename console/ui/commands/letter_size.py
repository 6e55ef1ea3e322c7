"""Size of letters and density, from now on and at the next start."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import cast

from PySide6.QtWidgets import QApplication

from console.ui.settings import StoredSettings
from console.ui.theme import FONT_PX, Letters


class LetterSize:
    """``refresh`` shows the window anew once the letters have changed; ``told`` is given their size in pixels."""

    def __init__(self, stored: StoredSettings, refresh: Callable[[], None], told: Callable[[int], None]) -> None:
        self._stored, self._refresh, self._told = stored, refresh, told

    def step(self, by: int) -> None:
        """The next larger (1) or smaller (-1) size, within the sizes there are."""
        now = Letters.now()
        at = min(range(len(FONT_PX)), key=lambda index: abs(FONT_PX[index] - now.px))
        self.choose(replace(now, px=FONT_PX[min(max(at + by, 0), len(FONT_PX) - 1)]))
        self._told(Letters.now().px)

    def toggle_density(self) -> None:
        """Rows and buttons closer together, or as usual."""
        now = Letters.now()
        self.choose(replace(now, compact=not now.compact))

    def choose(self, letters: Letters) -> None:
        """These letters, from now on."""
        letters.put_on(cast(QApplication, QApplication.instance()))
        self._stored.put("font_px", str(letters.px))
        self._stored.put("density", "compact" if letters.compact else "usual")
        self._stored.flush()
        self._refresh()
