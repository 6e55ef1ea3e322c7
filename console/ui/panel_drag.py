"""PanelDrag: a panel is moved by its title or tab: beside another one, to a side of the map, or into a window of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, QPoint, QRect, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QTabBar, QWidget

from console.ui.arrangement import SIDES, Arrangement
from console.ui.layout import WindowLayout
from console.ui.panels.panel import Area
from console.ui.words import Words

_TITLE_LINES = 2.2
"""Height of a panel's title strip, in lines of its letters."""
_STARTS = 3
"""Times the platform's drag distance: a hand that shakes while it clicks moves nothing."""
_SIDE = 0.22
"""Share of the map's width and height that stands for a side of it."""
_FLOAT_PX = (420, 320)
_FILL, _LINE_PX = 60, 2


@dataclass(frozen=True)
class Drop:
    """What letting go here does. ``at``: the place it takes, in pixels of the screens; ``text``: said on it."""

    made: Arrangement
    at: QRect
    text: str


class PanelDrag(QObject):
    """Follows the pointer from a panel's title. Esc, or letting go where it stands, changes nothing."""

    def __init__(self, layout: WindowLayout, words: Callable[[], Words]) -> None:
        super().__init__(layout)
        self._layout, self._words = layout, words
        self._title = ""
        self._from = QPoint()
        self._drop: Drop | None = None
        self._shade: _Shade | None = None
        for title, panel in layout.movable().items():
            panel.installEventFilter(self)
            heading = panel.findChild(QLabel, "heading")
            if heading is not None and title != "case":
                heading.setCursor(Qt.CursorShape.OpenHandCursor)
        layout.watch_tabs(self)

    @property
    def is_dragging(self) -> bool:
        """Whether a panel is on its way."""
        return self._shade is not None

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Presses, moves and releases of the panels and tabs; Esc while one is on its way."""
        if isinstance(event, QKeyEvent):
            if self.is_dragging and event.key() == Qt.Key.Key_Escape:
                self._end()
                return True
            return False
        if not isinstance(event, QMouseEvent) or not isinstance(watched, QWidget):
            return False
        match event.type():
            case QEvent.Type.MouseButtonPress if event.button() == Qt.MouseButton.LeftButton:
                self._title = self._title_at(watched, event.position().toPoint())
                self._from = event.globalPosition().toPoint()
            case QEvent.Type.MouseMove if self._title:
                return self._move(event.globalPosition().toPoint())
            case QEvent.Type.MouseButtonRelease if self._title:
                return self._release()
        return False

    def _title_at(self, watched: QWidget, at: QPoint) -> str:
        """The panel whose title or tab is there; "" for none."""
        if isinstance(watched, QTabBar):
            return self._layout.title_of_tab(watched, at)
        strip = watched.fontMetrics().height() * _TITLE_LINES
        return next((title for title, panel in self._layout.movable().items() if panel is watched and at.y() <= strip), "")

    def _move(self, at: QPoint) -> bool:
        if self._shade is None:
            if (at - self._from).manhattanLength() < _STARTS * QApplication.startDragDistance():
                return False
            self._shade = _Shade(self._layout.window())
            QApplication.setOverrideCursor(Qt.CursorShape.ClosedHandCursor)
            if (application := QApplication.instance()) is not None:
                application.installEventFilter(self)
        self._drop = self.drop_at(self._title, at)
        self._shade.show_drop(self._drop)
        return True

    def _release(self) -> bool:
        drop, dragged = self._drop, self.is_dragging
        self._end()
        if drop is not None:
            self._layout.arrange(drop.made)
        return dragged

    def _end(self) -> None:
        self._title, self._drop = "", None
        if self._shade is None:
            return
        if (application := QApplication.instance()) is not None:
            application.removeEventFilter(self)
        QApplication.restoreOverrideCursor()
        self._shade.hide()
        self._shade.deleteLater()
        self._shade = None

    def drop_at(self, title: str, at: QPoint) -> Drop | None:
        """What letting a panel go at a point of the screens does; None where it stands, and over the window's top."""
        words, now, layout = self._words(), self._layout.arrangement(), self._layout
        if not layout.window().frameGeometry().contains(at):
            place = QRect(at.x() - 40, at.y() - 12, *_FLOAT_PX)
            return Drop(now.floated(title, _as_place(place)), place, words("layouts.floats"))
        for other, panel in layout.movable().items():
            if panel.isVisible() and panel.window() is layout.window() and _on_screen(panel).contains(at):
                if now.group_of(other) == now.group_of(title) and title not in now.floating:
                    return None
                text = words("layouts.tab_beside", name=words(f"panels.{other}"))
                return Drop(now.beside(title, other), _on_screen(panel), text)
        whole = _on_screen(layout.map_)
        if not whole.contains(at):
            return None
        for area, side in _sides(whole).items():
            if side.contains(at):
                return Drop(now.to_area(title, area), side, words(f"layouts.to_{area.value}"))
        place = QRect(at - QPoint(40, 12), _size_of(layout.movable()[title]))
        return Drop(now.floated(title, _as_place(place)), place, words("layouts.floats"))


def _sides(whole: QRect) -> dict[Area, QRect]:
    """Strips at the sides of the map, by the area that they stand for."""
    across, down = round(whole.width() * _SIDE), round(whole.height() * _SIDE)
    left = QRect(whole.left(), whole.top(), across, whole.height())
    right = left.translated(whole.width() - across, 0)
    bottom = QRect(whole.left(), whole.bottom() - down, whole.width(), down)
    found = {Area.LEFT: left, Area.RIGHT: right, Area.BOTTOM: bottom}
    return {area: found[area] for area in SIDES}


def _on_screen(widget: QWidget) -> QRect:
    return QRect(widget.mapToGlobal(QPoint(0, 0)), widget.size())


def _size_of(panel: QWidget) -> QSize:
    return panel.size().expandedTo(QSize(*_FLOAT_PX)) if panel.isVisible() else QSize(*_FLOAT_PX)


def _as_place(rect: QRect) -> tuple[int, int, int, int]:
    return rect.x(), rect.y(), rect.width(), rect.height()


class _Shade(QWidget):
    """The place that the panel would take, over the window."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._text = ""

    def show_drop(self, drop: Drop | None) -> None:
        """Lie over a place; nowhere for None."""
        parent = self.parentWidget()
        if drop is None or parent is None:
            self.hide()
            return
        self._text = drop.text
        self.setGeometry(QRect(parent.mapFromGlobal(drop.at.topLeft()), drop.at.size()).intersected(parent.rect()))
        self.setVisible(not self.geometry().isEmpty())
        self.raise_()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """A frame, a tint and the text."""
        painter = QPainter(self)
        line = self.palette().color(QPalette.ColorRole.Accent)
        fill = QColor(line)
        fill.setAlpha(_FILL)
        painter.fillRect(self.rect(), fill)
        painter.setPen(line)
        for inset in range(_LINE_PX):
            painter.drawRect(self.rect().adjusted(inset, inset, -inset - 1, -inset - 1))
        box = painter.fontMetrics().boundingRect(self._text).adjusted(-8, -4, 8, 4)
        box.moveCenter(self.rect().center())
        painter.fillRect(box, self.palette().color(QPalette.ColorRole.Window))
        painter.setPen(self.palette().color(QPalette.ColorRole.WindowText))
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._text)
