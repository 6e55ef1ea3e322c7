"""Stillness of the scrolled case column: what is under the pointer stays there when something above it grows or goes."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPoint, QRect, QTimer
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QApplication, QScrollArea, QWidget

_LAID_OUT = (QEvent.Type.LayoutRequest, QEvent.Type.Resize)


class Stillness(QObject):
    """Keeps where everything in a scroll area stands; after each change of the layout it scrolls by what has moved.

    What stays is the thing under the pointer, else the one with the focus; of a thing that has gone, what it was a part of.
    At the ends of the area there is nothing to scroll by. Qt lays a widget out before its event filters see the event: so the
    places are those of the change before.
    """

    def __init__(self, area: QScrollArea, content: QWidget, sections: Iterable[QWidget]) -> None:
        super().__init__(area)
        self._area, self._content, self._bar = area, content, area.verticalScrollBar()
        self._places: list[tuple[QWidget, QRect]] = []
        self._value: int | None = None
        """Of the scroll bar before Qt took it back into a shorter range."""
        self._is_holding = self._is_due = False
        self._bar.rangeChanged.connect(self._on_range)
        for watched in (self._content, *sections):
            watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The layout of the content or of a section has changed."""
        if event.type() in _LAID_OUT and not self._is_holding and self._area.isVisible():
            self._is_holding = True
            try:
                self._hold()
            finally:
                self._is_holding = False
        return super().eventFilter(watched, event)

    def _hold(self) -> None:
        at = self._anchor()
        if at is not None:
            # Qt lays out the rest in the next turn, which would show the moved state for a frame.
            QCoreApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
            value = self._bar.value() if self._value is None else self._value
            found = [(rect, widget) for widget, rect in self._places if rect.contains(at) and _is_in(widget, self._content)]
            if found:
                before, widget = min(found, key=lambda one: one[0].width() * one[0].height())
                moved = widget.mapTo(self._content, QPoint(0, 0)).y() - before.y()
                if moved or value != self._bar.value():
                    self._bar.setValue(value + moved)
                    self._keep()
        self._value = None
        if not self._is_due:
            # Once for all changes of this turn, a dozen: what has to stay has not moved by them, or its place is kept already.
            self._is_due = True
            QTimer.singleShot(0, self, self._keep)

    def _keep(self) -> None:
        """Where everything stands now."""
        self._is_due = False
        self._places = [(one, _rect(one, self._content)) for one in _shown(self._content)]

    def _anchor(self) -> QPoint | None:
        """Where the pointer was in the content before the change, else where the focus was."""
        viewport = self._area.viewport()
        at = viewport.mapFromGlobal(QCursor.pos())
        value = self._bar.value() if self._value is None else self._value
        if viewport.rect().contains(at):
            return QPoint(at.x(), at.y() + value)
        focused = QApplication.focusWidget()
        places = [rect for widget, rect in self._places if widget is focused]
        seen = QRect(0, value, viewport.width(), viewport.height())
        return places[0].center() if places and seen.intersects(places[0]) else None

    def _on_range(self) -> None:
        """Qt tells of the range before it takes the value back into it."""
        if self._value is None:
            self._value = self._bar.value()


def _shown(content: QWidget) -> list[QWidget]:
    return [one for one in content.findChildren(QWidget) if one.isVisibleTo(content)]


def _is_in(widget: QWidget, content: QWidget) -> bool:
    """Whether a widget is still there and in sight."""
    try:
        return content.isAncestorOf(widget) and widget.isVisibleTo(content)
    except RuntimeError:  # Qt has deleted it
        return False


def _rect(widget: QWidget, content: QWidget) -> QRect:
    return QRect(widget.mapTo(content, QPoint(0, 0)), widget.size())
