"""The further map windows of one first map.

Windows that were open at the end open again at the next start, if their screen is there. A wall view whose screen goes while the
program runs waits for the screen, so that it never covers the dispatcher's window.
"""

from __future__ import annotations

import json
from dataclasses import asdict

from PySide6.QtCore import QObject, QTimer, Signal, Slot
from PySide6.QtGui import QGuiApplication, QScreen
from PySide6.QtWidgets import QWidget

from console.domain.picture import Picture
from console.ui.appearance import Appearance
from console.ui.map.canvas import MapCanvas
from console.ui.map_commands.map_window import MakeBoard, MapWindow, WindowPlacement, other_screens


class FurtherWindows(QObject):
    """The further windows of one first map."""

    picked = Signal(object)
    """Asset or None: clicked in one of them."""

    def __init__(self, first: MapCanvas, appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self._first, self._appearance, self._parent = first, appearance, parent
        self.open_now: list[MapWindow] = []
        self._waiting: tuple[WindowPlacement, ...] = ()
        """Wall views whose screen has gone: they are remembered until it is back."""
        self._ending = False
        self.make_board: MakeBoard | None = None
        """What stands beside the map of a wall view."""
        self._picture: Picture | None = None
        application = QGuiApplication.instance()
        if isinstance(application, QGuiApplication):
            application.screenRemoved.connect(self._screen_gone)
            application.screenAdded.connect(self._screen_came)

    def open(self, *, wall: bool) -> MapWindow:
        """A second map, or the wall view."""
        if wall:
            self._waiting = ()
        window = self._new(wall)
        window.open()
        return window

    def reopen(self, text: str) -> None:
        """Open the windows of ``remembered``.

        A wall view opens only where there is another screen: it would cover the first window. Damaged text opens none.
        """
        room = bool(other_screens(self._first))
        saved = _placements_from(text)
        self._waiting = () if room else tuple(one for one in saved if one.wall)
        for one in saved:
            if room or not one.wall:
                self._new(one.wall).reopen(one)

    def remembered(self) -> str:
        """For the settings."""
        return json.dumps([asdict(one) for one in (*(window.placement() for window in self.open_now), *self._waiting)])

    def canvases(self) -> tuple[MapCanvas, ...]:
        """Their maps."""
        return tuple(window.map for window in self.open_now)

    def show_picture(self, picture: Picture) -> None:
        """The newest values and what the first map marks."""
        self._picture = picture
        for window in self.open_now:
            window.show_picture(picture)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        for window in self.open_now:
            window.set_appearance(appearance)

    def close(self) -> None:
        """Close them all."""
        self._ending = True
        for window in tuple(self.open_now):
            window.close()

    @Slot(QScreen)
    def _screen_gone(self, screen: QScreen) -> None:
        """Close the wall views of a screen that has gone.

        Qt moves its windows to the screen that is left: wall views are put aside before that, and after it those that
        the first window was moved under.
        """
        self._put_aside(screen)
        QTimer.singleShot(0, self, lambda: self._put_aside(self._first.screen()))

    @Slot(QScreen)
    def _screen_came(self, _screen: QScreen) -> None:
        QTimer.singleShot(0, self, self._bring_back)  # the first window may be moved to its old screen by the same event

    def _put_aside(self, screen: QScreen) -> None:
        for window in tuple(self.open_now):
            if window.wall and window.screen() is screen and not self._ending:
                self._waiting = (*self._waiting, window.placement())
                window.close()

    def _bring_back(self) -> None:
        if self._waiting and other_screens(self._first) and not self._ending:
            waiting, self._waiting = self._waiting, ()
            for one in waiting:
                self._new(one.wall).reopen(one)

    def _new(self, wall: bool) -> MapWindow:
        window = MapWindow(self._first, self._appearance, wall, self._parent, self.make_board)
        if self._picture is not None and window.board is not None:
            window.board.show_picture(self._picture)
        window.shut.connect(self.open_now.remove)
        window.map.input.picked.connect(self.picked)
        self.open_now.append(window)
        return window


def _placements_from(text: str) -> tuple[WindowPlacement, ...]:
    try:
        return tuple(WindowPlacement(**one) for one in json.loads(text or "[]"))
    except (ValueError, TypeError):
        return ()
