"""SeatWindows: the window of who is at the seat, and a new one when somebody signs in whom other areas are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Slot
from PySide6.QtWidgets import QApplication

from console.domain.actors import Actor
from console.engine.area_port import AreaPort
from console.services.areas.area_map import AreaMap
from console.services.areas.sight import AreaSight
from console.services.areas.visibility import areas_shown
from console.ui.port import ConsolePort, DrillPort
from console.ui.settings import WindowSettings
from console.ui.window import MainWindow


class SeatWindows(QObject):
    """A window begins with what its person may see and never changes that: nothing of it has to be found and taken away.

    ``terminal``: ids of the areas whose terminal this is, empty at the centre. ``prepare``: called with each new window before
    it is shown.
    """

    def __init__(
        self,
        whole: ConsolePort,
        look: WindowSettings,
        terminal: Sequence[str] = (),
        drill: DrillPort | None = None,
        prepare: Callable[[MainWindow], None] = lambda _: None,
    ) -> None:
        super().__init__()
        self._whole, self._terminal, self._drill, self._prepare = whole, tuple(terminal), drill, prepare
        self._look = replace(look, areas_of=self.areas_of)
        self._map = AreaMap(whole.city)
        self.window: MainWindow | None = None
        """The present window."""

    def areas_of(self, actor: Actor) -> tuple[str, ...]:
        """Ids of the areas that a window here shows ``actor``, empty for the whole city. Raises Refused."""
        return areas_shown(self._map, self._terminal, actor)

    def open(self, actor: Actor) -> MainWindow:
        """Open the window of ``actor``, who has just signed in. Raises Refused where this terminal is of other areas."""
        areas = self.areas_of(actor)
        sight = AreaSight(self._whole.city, areas) if areas else None
        port = AreaPort(self._whole, sight) if sight is not None else self._whole
        window = MainWindow(port, replace(self._look, actor=actor, area=sight), self._drill)
        window.session.other_areas.connect(self._hold)
        window.ended_for.connect(self._begin_anew)
        window.session.begin()
        self._prepare(window)
        if window.placed:
            window.show()
        else:
            window.showMaximized()
        if sight is not None and sight.bounds is not None:
            window.map.navigation.fit_points(np.array(sight.bounds).reshape(2, 2), margin=0.05)
        window.map_commands.reopen_windows()
        self.window = window
        return window

    @Slot(object)
    def _hold(self, _actor: Actor) -> None:
        """The program goes on while one window closes and the next one is not there yet."""
        QApplication.setQuitOnLastWindowClosed(False)

    @Slot(object)
    def _begin_anew(self, actor: Actor) -> None:
        before, self.window = self.window, None
        try:
            window = self.open(actor)
        except BaseException:
            QApplication.exit(1)  # a program without a window could not be ended
            raise
        QApplication.setQuitOnLastWindowClosed(True)
        if before is not None:
            before.deleteLater()
        sight, words = window.sight, window.words
        seen = words("sign_in.whole_city") if sight is None else sight.name
        window.messages.show_note(words("sign_in.begun_anew", user=actor.name, areas=seen))
