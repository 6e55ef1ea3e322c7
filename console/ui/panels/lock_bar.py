"""The bar that is shown while the seat is locked: who is signed in, what still works, and how to unlock it."""

from __future__ import annotations

from collections.abc import Callable

from console.ui.appearance import Appearance
from console.ui.commands.key_bindings import KEYS
from console.ui.panels.panel import Panel, PanelContext
from console.ui.session import Session
from console.ui.widgets import button, label, row


class LockBar(Panel):
    """Hidden while the seat is not locked. It covers nothing: alarms and the map stay in sight."""

    def __init__(self, appearance: Appearance, session: Session, unlock: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("locked")
        self._session = session
        self.text = label(name="strong", wrap=True)
        self.unlock = button("")
        self.unlock.clicked.connect(unlock)
        line = row(self.text, self.unlock)
        line.setStretch(0, 1)
        line.setContentsMargins(12, 6, 12, 6)
        self.setLayout(line)
        self.set_appearance(appearance)
        session.changed.connect(self._show)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        self._show()

    def _show(self) -> None:
        words, person = self._appearance.words, self._session.person
        self.text.setText(words("sign_in.locked", user=person.name, by=KEYS["acknowledge"]))
        self.unlock.setText(words("sign_in.unlock"))
        self.setVisible(self._session.is_locked)


def make(context: PanelContext) -> LockBar:
    """The bar of this seat."""
    return LockBar(context.appearance, context.session, context.seat.unlock)
