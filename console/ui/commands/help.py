"""HelpCommands: F1 for the panel in use, the user guide, the settings window, the tour."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QWidget

from console.domain.actors import Role
from console.ui.appearance import Appearance
from console.ui.commands.appearance_choice import AppearanceChoice
from console.ui.help.guide import GuideWindow
from console.ui.help.tour import Tour
from console.ui.help.window import HelpWindow
from console.ui.session import Session
from console.ui.settings import StoredSettings
from console.ui.settings_window.entries import SettingParts, SettingsFile
from console.ui.settings_window.window import SettingsWindow
from console.ui.sounds.alarm_sounds import AlarmSounds

_MAY_SET = (Role.SUPERVISOR, Role.ADMIN)
"""Roles that change settings of the installation where people sign in; a single seat is its user's own."""
_TOUR_AFTER_MS = 1500


class HelpCommands(QObject):
    """``panels``: those of the window by their title in the registry. ``look``: theme and language at present."""

    def __init__(
        self,
        window: QWidget,
        panels: Mapping[str, QWidget],
        look: Callable[[], Appearance],
        choice: AppearanceChoice,
        sounds: AlarmSounds,
        session: Session,
        file: SettingsFile | None,
        stored: StoredSettings,
    ) -> None:
        super().__init__(window)
        self._window, self._panels, self._look = window, dict(panels), look
        self._choice, self._sounds, self._session, self._file = choice, sounds, session, file
        self._stored = stored
        self._help: HelpWindow | None = None
        self._settings: SettingsWindow | None = None
        self._guide: GuideWindow | None = None
        self.tour: Tour | None = None

    def page_in_use(self) -> str:
        """Title of the panel that has the focus; the map's where none has."""
        focused: QWidget | None = self._window.focusWidget()
        while focused is not None:
            name = next((name for name, panel in self._panels.items() if focused is panel), "")
            if name:
                return name
            focused = focused.parentWidget()
        return "map"

    def show(self, name: str = "") -> HelpWindow:
        """The help window on a page, by default of the panel in use; pressed again, the same window."""
        name = name or self.page_in_use()
        if self._help is None:
            self._help = HelpWindow(self._look(), name, self._window)
            self._help.destroyed.connect(self._forget_help)
        self._help.show_page(name)
        self._help.show()
        self._help.raise_()
        return self._help

    def show_guide(self) -> GuideWindow:
        """The user guide where it was left."""
        if self._guide is None:
            self._guide = GuideWindow(self._look(), self._window)
        self._guide.open()
        return self._guide

    def show_settings(self) -> SettingsWindow:
        """The settings window."""
        if self._settings is None:
            parts = SettingParts(self._file, self._refusal)
            self._settings = SettingsWindow(self._look(), self._choice, self._sounds, parts, self._window)
            self._settings.destroyed.connect(self._forget_settings)
        self._settings.show()
        self._settings.raise_()
        return self._settings

    def begin_tour(self) -> Tour:
        """The tour from its first step."""
        if self.tour is None:
            self.tour = Tour(self._window, self._panels, self._look())
            self.tour.ended.connect(self._forget_tour)
        self.tour.begin()
        return self.tour

    def offer_tour(self) -> None:
        """At the first start of this user, once the window stands; never again, however it was left."""
        if self._stored.get("tour/shown") is None:
            self._stored.put("tour/shown", "yes")
            self._stored.flush()
            QTimer.singleShot(_TOUR_AFTER_MS, self, self.begin_tour)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language: windows that are open are made anew, the settings where they were."""
        if self.tour is not None:
            self.tour.end()
        if self._guide is not None:
            self._guide.set_appearance(appearance)
        for shown, again in ((self._help, self.show), (self._settings, self.show_settings)):
            if shown is not None:
                place = shown.geometry()
                self._forget_help() if shown is self._help else self._forget_settings()
                shown.destroyed.disconnect()
                QTimer.singleShot(0, shown, shown.close)  # its own field may be what is being pressed
                again().setGeometry(place)

    def _refusal(self) -> str:
        """Why the person at the seat may not change the installation's settings, "" when it may."""
        person, words = self._session.person, self._look().words
        if not self._session.needs_sign_in or person.role in _MAY_SET:
            return ""
        return words.catalogue.text("settings.not_yours", role=words.of("role", person.role.value))

    def _forget_help(self) -> None:
        self._help = None

    def _forget_settings(self) -> None:
        self._settings = None

    def _forget_tour(self) -> None:
        self.tour = None
