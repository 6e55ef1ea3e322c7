"""Theme, language and size of letters, chosen by the user: shown at once and remembered for the next start."""

from __future__ import annotations

from collections.abc import Callable

from console.ui.appearance import Appearance
from console.ui.commands.letter_size import LetterSize
from console.ui.settings import StoredSettings
from console.ui.theme import Theme
from console.ui.words import Words


class AppearanceChoice:
    """``show`` puts an appearance on the whole window; ``told`` is given the size of letters in pixels after each step."""

    def __init__(
        self,
        stored: StoredSettings,
        now: Callable[[], Appearance],
        show: Callable[[Appearance], None],
        told: Callable[[int], None],
        time_zone: str,
    ) -> None:
        self._stored, self._now, self._show, self._zone = stored, now, show, time_zone
        self.letters = LetterSize(stored, self._show_anew, told)

    def toggle_language(self) -> None:
        """The other language, from now on."""
        self.choose_language("en" if self._now().words.language == "zh_CN" else "zh_CN")

    def choose_language(self, language: str) -> None:
        """This language (``zh_CN`` or ``en``), from now on."""
        self._choose("language", language, Appearance(self._now().theme, Words(language, self._zone)))

    def toggle_theme(self) -> None:
        """The other theme, from now on."""
        self.choose_theme("light" if self._now().theme.name == "dark" else "dark")

    def choose_theme(self, theme: str) -> None:
        """This theme (``dark`` or ``light``), from now on."""
        self._choose("theme", theme, Appearance(Theme.load(theme), self._now().words))

    def _show_anew(self) -> None:
        now = self._now()
        self._show(Appearance(now.theme, now.words))

    def _choose(self, key: str, value: str, appearance: Appearance) -> None:
        """Only a choice of the user is remembered, and at once: a window that is killed loses nothing."""
        self._show(appearance)
        self._stored.put(key, value)
        self._stored.flush()
