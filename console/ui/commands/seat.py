"""Commands of the seat: lock and unlock it, and let another person take over."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QApplication, QWidget

from console.ui.appearance import Appearance
from console.ui.dialogs.sign_in import SignInDialog
from console.ui.session import Session

_USE = frozenset(
    {QEvent.Type.KeyPress, QEvent.Type.MouseButtonPress, QEvent.Type.MouseMove, QEvent.Type.Wheel, QEvent.Type.TouchBegin}
)


class SeatCommands(QObject):
    """Opens the dialogs that ask for a password; at a single seat without sign-in there are none."""

    def __init__(self, session: Session, appearance: Appearance, window: QWidget) -> None:
        super().__init__(window)
        self._session, self._appearance, self._window = session, appearance, window
        self._dialog: SignInDialog | None = None
        self._watched: QApplication | None = None

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language, for the next dialog."""
        self._appearance = appearance

    def watch_use(self, application: QApplication) -> None:
        """Note each use of the keyboard and the mouse: an unused seat is locked."""
        if self._session.needs_sign_in:
            self._watched = application
            application.installEventFilter(self)

    def close(self) -> None:
        """End watching."""
        if self._watched is not None:
            self._watched.removeEventFilter(self)
            self._watched = None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take note and let the event go on."""
        if event.type() in _USE:
            self._session.used()
        return super().eventFilter(watched, event)

    def lock_or_unlock(self) -> None:
        """Lock the seat at once, or ask for the password that unlocks it."""
        if self._session.is_locked:
            self.unlock()
        else:
            self._session.lock()

    def unlock(self) -> None:
        """Ask for the password of who is signed in, or of a supervisor."""
        words, person = self._appearance.words, self._session.person.name
        self._ask(
            SignInDialog(
                self._appearance,
                self._session.unlock,
                words("sign_in.unlock"),
                words("sign_in.unlock_text", user=person),
                person,
                self._window,
            )
        )

    def change_person(self) -> None:
        """Another person signs in at this seat, as at the change of shifts."""
        if self._session.needs_sign_in:
            words, person = self._appearance.words, self._session.person.name
            text = words("sign_in.change_text", user=person)
            title = words("sign_in.change")
            self._ask(SignInDialog(self._appearance, self._session.change_person, title, text, "", self._window))

    @property
    def open_dialog(self) -> SignInDialog | None:
        """The dialog while it is open."""
        return self._dialog

    def _ask(self, dialog: SignInDialog) -> None:
        if self._dialog is not None:
            self._dialog.raise_()
            dialog.deleteLater()
            return
        self._dialog = dialog
        dialog.finished.connect(self._forget)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _forget(self) -> None:
        self._dialog = None
