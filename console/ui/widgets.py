"""Small widgets and layouts that all panels are made of."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from itertools import pairwise
from time import monotonic
from typing import ClassVar
from weakref import ref

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QKeySequence, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLayout,
    QMenu,
    QPushButton,
    QSizePolicy,
    QStyle,
    QStyleOptionButton,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)

from console.domain.record_ids import shown_id
from console.ui.words import one_line

_PRIMARY_FRAME_PX = 32
"""Padding and border of a primary button (``window.qss``), and a little for the rounding of its letters."""
_WIDEST_WORD_PX = 280
"""Text that wraps is else as wide as its longest word, and one endless id makes the window wider than the screen."""


_KEY_SHARE, _KEY_GAP_PX = 0.85, 8
"""Letters of a key against those of its button; gap before it."""
_RIGHT_MIDDLE = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class PlainLabel(QLabel):
    """Text as it stands, never markup; one endless word is cut rather than widening everything."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)

    def minimumSizeHint(self) -> QSize:
        """The smallest size; an endless word counts up to a limit."""
        hint = super().minimumSizeHint()
        return QSize(min(hint.width(), _WIDEST_WORD_PX), hint.height()) if self.wordWrap() else hint


def label(text: str = "", name: str = "", wrap: bool = False, selectable: bool = False) -> QLabel:
    """A label; ``name`` picks its style (muted, strong, big …). Plain text always: nothing from outside is markup."""
    made = PlainLabel(text)
    if name:
        made.setObjectName(name)
    if wrap:
        made.setWordWrap(True)
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    if selectable:
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return made


def tip(text: str) -> str:
    """Text for a tool tip, its lines kept: Qt takes what looks like markup for markup, and never wraps what does not."""
    return f"<p>{escape(shown_id(text))}</p>".replace("\n", "<br>") if text else ""


class ElidedLabel(QLabel):
    """A label that may be narrower than its text: the end becomes an ellipsis, the whole text is in the tool tip."""

    def __init__(self, text: str, name: str = "") -> None:
        super().__init__(text)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setObjectName(name)
        self.setToolTip(tip(text))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the widget."""
        painter = QPainter(self)
        shown = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, self.width())
        painter.setPen(self.palette().color(self.foregroundRole()))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()


def fitted(widget: QWidget, text: str, most_px: int) -> str:
    """A text in one line of at most so many pixels in the widget's letters, its end cut with an ellipsis."""
    return widget.fontMetrics().elidedText(one_line(text), Qt.TextElideMode.ElideRight, most_px)


class PlainButton(QPushButton):
    """A push button that shows its text as it is: an ampersand in an id is no shortcut.

    One press is one step: the second press of a double click does nothing unless ``is_quick``, and a button that goes or is
    disabled while it has the focus hands it to no other button, which the key pressed again would press.
    """

    is_quick = False
    """Whether it is meant to be pressed several times in a row (undo of a what-if, a layer up or down)."""
    key = ""
    """The key that does the same, written small at the right where there is room; no part of the button's text."""

    _is_withheld, _is_wanted = False, True

    def sizeHint(self) -> QSize:
        """The preferred size, with room for the key."""
        hint = super().sizeHint()
        return QSize(hint.width() + self.key_px, hint.height())

    def minimumSizeHint(self) -> QSize:
        """The smallest size: without the key."""
        return super().sizeHint() if self.key else super().minimumSizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the button; its key at the right, where the whole text leaves room for it."""
        room = self.width() - super().sizeHint().width()
        if not self.key or room < self.key_px:
            super().paintEvent(event)
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButtonBevel, option)
        whole = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self)
        painter.setFont(_key_font(self))
        painter.setPen(option.palette.color(QPalette.ColorRole.ButtonText))
        painter.drawText(whole, int(_RIGHT_MIDDLE), self.key)
        painter.setFont(self.font())
        option.rect = self.rect().adjusted(0, 0, -self.key_px, 0)
        painter.drawControl(QStyle.ControlElement.CE_PushButtonLabel, option)
        painter.end()

    @property
    def key_px(self) -> int:
        """Room that the key takes, px."""
        return QFontMetrics(_key_font(self)).horizontalAdvance(self.key) + _KEY_GAP_PX if self.key else 0

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Ignore the second press of a double click, unless the button is quick."""
        if self.is_quick:
            super().mouseDoubleClickEvent(event)

    last_press: ClassVar[tuple[ref[PlainButton], float] | None] = None
    """(button, monotonic s) of the last press of any: what is refused at once was asked for there (``fault_notes.py``)."""

    def nextCheckState(self) -> None:
        """Qt calls it at each press, by mouse or key, before the button acts."""
        PlainButton.last_press = ref(self), monotonic()
        super().nextCheckState()

    def setVisible(self, visible: bool) -> None:
        """Show or hide; the focus goes to what holds the button."""
        self._is_wanted = visible
        visible = visible and not self._is_withheld
        if not visible:
            self._leave_focus()
        super().setVisible(visible)

    def withhold(self, withheld: bool) -> None:
        """Keep it away, whatever its panel shows; or give it back as its panel wants it."""
        if withheld != self._is_withheld:
            wanted = self._is_wanted
            self._is_withheld = withheld
            self.setVisible(wanted)

    def setEnabled(self, enabled: bool) -> None:
        """Enable or disable, likewise."""
        if not enabled:
            self._leave_focus()
        super().setEnabled(enabled)

    def _leave_focus(self) -> None:
        if self.hasFocus() and (holder := self.parentWidget()) is not None:
            holder.setFocus()

    def setText(self, text: str) -> None:
        """The text to show."""
        super().setText(text.replace("&", "&&"))


class ElidedButton(PlainButton):
    """A push button that may become narrower than its text, whose end is then cut with an ellipsis."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the widget."""
        option = QStyleOptionButton()
        self.initStyleOption(option)
        room = self.style().subElementRect(QStyle.SubElement.SE_PushButtonContents, option, self).width()
        option.text = self.fontMetrics().elidedText(self.text(), Qt.TextElideMode.ElideRight, room)
        painter = QStylePainter(self)
        painter.drawControl(QStyle.ControlElement.CE_PushButton, option)
        painter.end()


def button(text: str, name: str = "", *, elided: bool = False, quick: bool = False) -> QPushButton:
    """A push button that the keyboard reaches; ``name``: primary or flat; ``elided``: may be narrower than its text.

    ``quick``: meant to be pressed several times in a row.
    """
    made = ElidedButton() if elided else PlainButton()
    made.is_quick = quick
    made.setText(text)
    if name:
        made.setObjectName(name)
    made.setAutoDefault(False)
    return made


def with_key(made: QPushButton, key: str) -> QPushButton:
    """The button with the key that does the same shown beside its text (``KEYS`` of ``commands/key_bindings.py``)."""
    if isinstance(made, PlainButton):
        made.key = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
        made.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        made.setProperty("key", made.key)
        made.setAccessibleDescription(made.key)
        made.updateGeometry()
    return made


def _key_font(made: QPushButton) -> QFont:
    font = QFont(made.font())
    font.setPointSizeF(max(font.pointSizeF(), 1.0) * _KEY_SHARE)
    font.setBold(False)
    return font


def row(*parts: QWidget | int, spacing: int = 6) -> QHBoxLayout:
    """Widgets side by side; a number is a stretch of that weight."""
    layout = QHBoxLayout()
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(spacing)
    for part in parts:
        if isinstance(part, int):
            layout.addStretch(part)
        else:
            layout.addWidget(part)
    return layout


def width_for(made: QPushButton, texts: Iterable[str]) -> int:
    """Width at which a button holds the widest of these texts, px; bold letters, as those of a primary one."""
    font = made.font()
    font.setBold(True)
    frame = _PRIMARY_FRAME_PX + (made.key_px if isinstance(made, PlainButton) else 0)
    return frame + max(QFontMetrics(font).horizontalAdvance(text) for text in texts)


def make_primary(made: QPushButton, primary: bool) -> None:
    """Paint a button as the one to press next, or as any other."""
    name = "primary" if primary else ""
    if made.objectName() != name:
        made.setObjectName(name)
        made.style().unpolish(made)
        made.style().polish(made)


class Card(QFrame):
    """A card of the incident column: a muted heading and what is under it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.box = QVBoxLayout(self)
        self.box.setContentsMargins(12, 9, 12, 10)
        self.box.setSpacing(5)
        self.heading = label(name="heading", wrap=True)
        self.box.addWidget(self.heading)


def tab_in_order(after: QWidget, *widgets: QWidget) -> None:
    """Tab goes through ``widgets`` in this order, from what comes before ``after`` when that takes no focus itself.

    Without this Qt puts what was made last at the end of the window's order.
    """
    while after.focusPolicy() == Qt.FocusPolicy.NoFocus and (before := after.previousInFocusChain()) is not None:
        after = before
    for first, second in pairwise((after, *widgets)):
        QWidget.setTabOrder(first, second)


def clear(layout: QLayout) -> None:
    """Remove everything from a layout; Qt deletes the widgets at the next turn of its loop."""
    while (item := layout.takeAt(0)) is not None:
        inner, widget = item.layout(), item.widget()
        if inner is not None:
            clear(inner)
        if widget is not None:
            widget.hide()
            widget.deleteLater()


def menu_over(window: QWidget) -> QMenu:
    """A menu that is deleted once it is closed."""
    menu = QMenu(window)
    menu.aboutToHide.connect(menu.deleteLater)
    return menu
