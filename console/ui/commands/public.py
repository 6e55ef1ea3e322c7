"""PublicCommands: opens the window of the public and keeps it with the case in focus."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from console.domain.actors import Actor
from console.domain.intents import Intent
from console.domain.picture import Picture
from console.domain.shift import MapPlace
from console.ui.appearance import Appearance
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.public.window import PublicWindow
from console.ui.focus import CaseFocus
from console.ui.port import ConsolePort
from console.ui.session import Session
from maps.errors import QuanmaiError


class PublicCommands(QObject):
    """One window at most; it goes on behind the main window's pictures and alarms."""

    def __init__(
        self, port: ConsolePort, submit: Submit, session: Session, focus: CaseFocus, appearance: Appearance, window: QWidget
    ) -> None:
        super().__init__(window)
        self._port, self._submit, self._session, self._focus = port, submit, session, focus
        self._appearance, self._window = appearance, window
        self.sees_needs = True
        """Whether this window has the register of people in need: an area's terminal has not."""
        self.open_window: PublicWindow | None = None
        self.place: Callable[[], MapPlace | None] = lambda: None
        """The place that is selected on the map."""

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language: an open window is made anew at its page."""
        self._appearance = appearance
        if (before := self.open_window) is not None:
            page = before.page
            before.close()
            self._forget(0)
            self.show(page)

    def show_picture(self, picture: Picture) -> None:
        """The open window follows."""
        if self.open_window is not None:
            self.open_window.show_picture(self._focus.incident, picture)

    def show(self, page: str = "customers") -> PublicWindow:
        """Open the window at a page."""
        made = self.open_window
        if made is None:
            made = PublicWindow(
                self._port,
                self._submit,
                self._session,
                self.place,
                self._appearance,
                self._window,
                sees_needs=self.sees_needs,
            )
            made.finished.connect(self._forget)
            self.open_window = made
            made.show_picture(self._focus.incident, self._port.latest())
            made.show()
        made.turn_to(page)
        made.raise_()
        return made

    def done(self, _intent: Intent) -> None:
        """An intent of this seat is on disk."""
        if self.open_window is not None:
            self.open_window.said()

    def refused(self, _intent: Intent, _actor: Actor, fault: QuanmaiError) -> None:
        """An intent of this seat was refused: said in the open window too, it may hide the message bar."""
        if self.open_window is not None:
            self.open_window.say(self._appearance.words.fault(fault))

    def close(self) -> None:
        """Close the window."""
        if self.open_window is not None:
            self.open_window.close()
            self.open_window = None

    def _forget(self, _result: int) -> None:
        if self.open_window is not None:
            self.open_window.deleteLater()
            self.open_window = None
