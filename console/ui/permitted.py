"""Buttons and menu entries of acts that the person at the seat may not do: disabled, with the reason in the tool tip.

A button that ``needs`` has marked finds the ``Permitted`` of its window when it is first shown: rows that a panel makes later
and dialogs over the window are watched without more. The services refuse such acts as well.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from console.domain.intents import Intent
from console.services.access.permissions import lacks_permission
from console.services.changesets import Refused
from console.services.desk import HANDLERS
from console.ui.appearance import Appearance
from console.ui.session import Session
from console.ui.widgets import PlainButton, tip

_NEEDS, _LIVE = "needs", "live"
_BY_NAME = {handler.wording: handler for handler in HANDLERS.values()}


class Permitted(QObject):
    """What the person at the seat may do, for the marked buttons of a window and of the dialogs over it."""

    changed = Signal()
    """Another person, another language, or the seat was locked or unlocked."""

    def __init__(self, window: QWidget, session: Session, appearance: Appearance) -> None:
        super().__init__(window)
        self._session, self._appearance = session, appearance
        self.is_recording = False
        session.changed.connect(self.changed)

    def withhold(self) -> None:
        """Over a recording nothing can be done: the buttons of acts are not there at all, rather than refusing."""
        self.is_recording = True
        self.changed.emit()

    def set_appearance(self, appearance: Appearance) -> None:
        """Another language, for the reasons."""
        self._appearance = appearance
        self.changed.emit()

    def reason(self, wording: str) -> str:
        """Why the person may not submit the intent of this wording, "" when it may or nothing is needed."""
        if not wording:
            return ""
        handler, actor = _BY_NAME[wording], self._session.actor()
        if not lacks_permission(handler, actor):
            return ""
        words = self._appearance.words
        if self._session.is_locked:
            return words("sign_in.locked_short")
        return Refused("not_permitted", user=actor.name, role=actor.role, intent=handler.wording).text(words.language)

    @staticmethod
    def over(widget: QWidget | None) -> Permitted | None:
        """The one of the widget's window, or of the window that its dialog stands over; None in windows without a session."""
        while widget is not None:
            for child in widget.children():
                if isinstance(child, Permitted):
                    return child
            widget = widget.parentWidget()
        return None


def needs(intent: type[Intent] | None, *buttons: QPushButton) -> None:
    """Each of ``buttons`` submits this intent; None: it does not any more. Panels enable theirs as if everybody might do it."""
    wording = "" if intent is None else HANDLERS[intent].wording
    for one in buttons:
        before = one.property(_NEEDS)
        if before is None:
            _Guard(one)
        if before != wording:
            one.setProperty(_NEEDS, wording)
            guard = next(child for child in one.children() if isinstance(child, _Guard))
            guard.refresh()


def live_only(*buttons: QPushButton) -> None:
    """These have no meaning over a recording, whoever presses them (further ones ``need`` an intent)."""
    for one in buttons:
        one.setProperty(_LIVE, True)
        if one.property(_NEEDS) is None:
            one.setProperty(_NEEDS, "")
            _Guard(one)


def allow(menu: QMenu, action: QAction, intent: type[Intent]) -> None:
    """Disable an entry of a menu that is about to open, where the person may not submit this intent; hide it over a recording."""
    permitted = Permitted.over(menu.parentWidget())
    if permitted is not None and permitted.is_recording:
        action.setVisible(False)
    elif permitted is not None and (reason := permitted.reason(HANDLERS[intent].wording)):
        action.setEnabled(False)
        action.setToolTip(tip(reason))
        menu.setToolTipsVisible(True)


def over_recording(widget: QWidget | None) -> bool:
    """Whether a widget belongs to a window over a recording, where nothing can be done."""
    permitted = Permitted.over(widget)
    return permitted is not None and permitted.is_recording


class _Guard(QObject):
    """Disables its button while the person may not use it, and gives it back as its panel wants it."""

    def __init__(self, one: QPushButton) -> None:
        super().__init__(one)
        self._one = one
        self._permitted: Permitted | None = None
        self._own_tip: str | None = None
        """The button's own tool tip while the guard holds it: it would be enabled."""
        one.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The button is shown for the first time, or its panel has enabled or disabled it."""
        if event.type() == QEvent.Type.Show and self._permitted is None:
            self._permitted = Permitted.over(self._one.parentWidget())
            if self._permitted is not None:
                self._permitted.changed.connect(self.refresh)
                self.refresh()
        elif event.type() == QEvent.Type.EnabledChange:
            if self._one.isEnabled():
                self._hold()
            elif self._own_tip is not None and not self._reason():
                self._own_tip = None
        return super().eventFilter(watched, event)

    @Slot()
    def refresh(self) -> None:
        """The reason may have come, gone or changed."""
        if self._permitted is not None and self._permitted.is_recording and isinstance(self._one, PlainButton):
            self._one.withhold(bool(self._one.property(_NEEDS) or self._one.property(_LIVE)))
        own, self._own_tip = self._own_tip, None
        if own is not None:
            self._one.setToolTip(own)
            self._one.setEnabled(True)  # held again by the filter where there is a reason
        elif self._one.isEnabled():
            self._hold()

    def _reason(self) -> str:
        return self._permitted.reason(str(self._one.property(_NEEDS) or "")) if self._permitted is not None else ""

    def _hold(self) -> None:
        if reason := self._reason():
            self._own_tip = self._one.toolTip() if self._own_tip is None else self._own_tip
            self._one.setEnabled(False)
            self._one.setToolTip(tip(reason))
