"""MuteButton: mute for a chosen time, and how long the mute still lasts; the same as a remark on the map."""

from __future__ import annotations

import math
from functools import partial

from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from console.ui.appearance import Appearance
from console.ui.commands.key_bindings import KEYS
from console.ui.map.live.decorations import Badge
from console.ui.sounds.alarm_sounds import MUTE_MINUTES, AlarmSounds
from console.ui.widgets import button, menu_over, tip
from console.ui.words import Words, one_line


def mute_words(sounds: AlarmSounds, words: Words) -> str:
    """What is not heard at present and for how long; "" where everything sounds."""
    text = words.catalogue.text
    if sounds.is_muted:
        return text("sounds.muted", n=math.ceil(sounds.muted_s / 60))
    return "" if sounds.choice.is_on else text("sounds.off")


def mute_badges(sounds: AlarmSounds, words: Words) -> tuple[Badge, ...]:
    """The remark on the map while sounds are muted or off; none in a silent window, which has no sounds to miss."""
    said = mute_words(sounds, words) if sounds.way else ""
    return (Badge(said, "state.medium"),) if said else ()


def sound_fault(words: Words, why: str) -> str:
    """Why nothing is heard, and what to do."""
    return words.catalogue.text("sounds.failed", why=one_line(why))


class MuteButton(QWidget):
    """Stands in the head of the alarm list."""

    def __init__(self, sounds: AlarmSounds, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sounds, self._appearance = sounds, appearance
        self.button: QPushButton = button("", "flat")
        self.button.setParent(self)
        self.button.clicked.connect(self.offer)
        sounds.changed.connect(self._show)
        self._show()

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        self._show()

    def offer(self) -> QMenu | None:
        """The times to choose from; while muted a press ends the mute."""
        if self._sounds.is_muted:
            self._sounds.unmute()
            return None
        text = self._appearance.words.catalogue.text
        menu = menu_over(self)
        for minutes in MUTE_MINUTES:
            menu.addAction(text("sounds.for_minutes", n=minutes), partial(self._sounds.mute, minutes))
        menu.popup(self.mapToGlobal(self.rect().topLeft()))
        return menu

    def _show(self) -> None:
        words = self._appearance.words
        text = words.catalogue.text
        said = text("sounds.unmute", left=words.elapsed(self._sounds.muted_s)) if self._sounds.is_muted else text("sounds.mute")
        self.button.setText(said)
        self.button.setAccessibleName(said)
        self.button.setToolTip(tip(f"{text('sounds.mute_tip')} ({KEYS['mute']})"))
        # As wide as its longest words: the buttons beside it keep their place while the time runs down.
        widest = max((text("sounds.unmute", left=words.elapsed(3599)), text("sounds.mute")), key=len)
        wide = self.button.fontMetrics().horizontalAdvance(widest) + 28
        self.button.setFixedWidth(wide)
        self.setFixedSize(wide, self.button.sizeHint().height())
        self.setVisible(bool(self._sounds.way))
