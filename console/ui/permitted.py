"""Buttons of acts that the person at the seat may not do: disabled, with the reason. The services refuse them as well."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import QPushButton, QWidget

from console.domain.intents import Intent
from console.services.access.permissions import lacks_permission
from console.services.changesets import Refused
from console.services.desk import HANDLERS
from console.ui.appearance import Appearance
from console.ui.session import Session
from console.ui.widgets import tip

_NEEDS = "needs"
_BY_NAME = {handler.wording: handler for handler in HANDLERS.values()}


def needs(intent: type[Intent], *buttons: QPushButton) -> None:
    """Each of ``buttons`` submits this intent."""
    for one in buttons:
        one.setProperty(_NEEDS, HANDLERS[intent].wording)


class Permitted(QObject):
    """Watches the buttons of a window or dialog that ``needs`` has marked; panels enable theirs as if everybody might do it."""

    def __init__(self, over: QWidget, session: Session, appearance: Appearance) -> None:
        super().__init__(over)
        self._session, self._appearance = session, appearance
        self._held: dict[QPushButton, str] = {}
        """Those that would be enabled, with their own tool tip."""
        self._buttons = [one for one in over.findChildren(QPushButton) if one.property(_NEEDS)]
        for one in self._buttons:
            one.installEventFilter(self)
        session.changed.connect(self.refresh)
        self.refresh()

    def set_appearance(self, appearance: Appearance) -> None:
        """Another language, for the reasons."""
        self._appearance = appearance
        self.refresh()

    def refresh(self) -> None:
        """Another person, or the seat was locked or unlocked."""
        for one in self._buttons:
            if one in self._held:
                one.setToolTip(self._held.pop(one))
                one.setEnabled(True)  # taken up by the filter below
            elif one.isEnabled():
                self._hold(one)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A panel has enabled or disabled one of the buttons."""
        if event.type() == QEvent.Type.EnabledChange and isinstance(watched, QPushButton):
            if watched.isEnabled():
                self._hold(watched)
            elif watched in self._held and not self._reason(watched):
                self._held.pop(watched)
        return super().eventFilter(watched, event)

    def _hold(self, one: QPushButton) -> None:
        if reason := self._reason(one):
            self._held[one] = one.toolTip() if one not in self._held else self._held[one]
            one.setEnabled(False)
            one.setToolTip(tip(reason))

    def _reason(self, one: QPushButton) -> str:
        """Why the actor may not do what the button does, "" when it may."""
        handler, actor = _BY_NAME[str(one.property(_NEEDS))], self._session.actor()
        if not lacks_permission(handler, actor):
            return ""
        if self._session.is_locked:
            return self._appearance.words("sign_in.locked_short")
        return Refused("not_permitted", user=actor.name, role=actor.role, intent=handler.wording).text(
            self._appearance.words.language
        )
