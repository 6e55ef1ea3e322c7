"""The dialog that asks for name and password: at the window's start, to unlock the seat, to change the person."""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from PySide6.QtWidgets import QApplication, QDialogButtonBox, QFormLayout, QLineEdit, QWidget

from console.domain.actors import Actor
from console.domain.users import MOST_PASSWORD
from console.services.access.sign_in import SeatAccess
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.dialogs.ask import Question
from console.ui.session import Failed, PasswordCheck, Then
from console.ui.settings import StoredSettings, WindowSettings, first_appearance
from console.ui.theme import apply_theme
from console.ui.widgets import label
from maps.city import CityInfo
from maps.errors import QuanmaiError

Check = Callable[[str, str, Then, Failed], None]
"""(name, password, then, failed): checks them without blocking the window."""


class SignInDialog(Question):
    """Closes when the password is right; else it says so in one line and empties the field."""

    def __init__(
        self, appearance: Appearance, check: Check, title: str, text: str, name: str = "", parent: QWidget | None = None
    ) -> None:
        """``name``: filled in at first."""
        super().__init__(appearance, title, text, parent, title)
        self._appearance, self._check = appearance, check
        self.actor: Actor | None = None
        """Who signed in, once accepted."""
        words = appearance.words
        self.name, self.password = QLineEdit(name), QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setMaxLength(MOST_PASSWORD)
        form = QFormLayout()
        form.addRow(label(words("sign_in.name"), "muted"), self.name)
        form.addRow(label(words("sign_in.password"), "muted"), self.password)
        self.box.addLayout(form)
        self.told = label(name="warning", wrap=True)
        self.told.setMinimumHeight(2 * self.told.fontMetrics().height())  # the dialog does not jump when a line comes
        self.box.addWidget(self.told)
        self.finish()
        for field in (self.name, self.password):
            field.textChanged.connect(self._show_ready)
        (self.password if name else self.name).setFocus()
        self._show_ready()

    def accept(self) -> None:
        """Check first; Enter in the name goes on to the password."""
        if not self._is_ready:
            (self.name if not self.name.text().strip() else self.password).setFocus()
            return
        self._set_busy(True)
        self.told.setText(self._appearance.words("sign_in.checking"))
        self._check(self.name.text(), self.password.text(), self._signed_in, self._refused)

    @property
    def _is_ready(self) -> bool:
        return bool(self.name.text().strip() and self.password.text())

    def _show_ready(self) -> None:
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setEnabled(self._is_ready)

    def _set_busy(self, is_busy: bool) -> None:
        for widget in (self.name, self.password, self._buttons):
            widget.setEnabled(not is_busy)

    def _signed_in(self, actor: Actor) -> None:
        self.actor = actor
        self.password.clear()
        super().accept()

    def _refused(self, fault: QuanmaiError) -> None:
        self._set_busy(False)
        self.password.clear()
        self.told.setText(self._appearance.words.fault(fault))
        self.password.setFocus()


def ask_who(access: SeatAccess, seat: str, city: CityInfo, look: WindowSettings) -> Actor | None:
    """Before the window: who signs in; None when nobody does."""
    appearance = first_appearance(look, StoredSettings(look.folder), city.time_zone)
    apply_theme(cast(QApplication, QApplication.instance()), appearance.theme)
    tasks = BackgroundTasks("sign-in")
    words, check = appearance.words, PasswordCheck(access, seat, tasks).check
    dialog = SignInDialog(appearance, check, words("sign_in.title"), words("sign_in.text", city=city.name))
    dialog.exec()
    tasks.close()
    return dialog.actor
