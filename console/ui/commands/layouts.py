"""Layouts of the window: panels moved, put beside one another, floated, hidden; kept under names, for the screens there are."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject, QPoint, Signal
from PySide6.QtGui import QCursor, QGuiApplication
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from console.ui.arrangement import BUILT_IN, SIDES, Arrangement, as_text, from_text
from console.ui.layout import WindowLayout
from console.ui.panel_drag import PanelDrag
from console.ui.settings import StoredSettings
from console.ui.widgets import menu_over
from console.ui.words import Words, one_line

_LONGEST_NAME = 40


def screen_set() -> str:
    """The screens there are, as a key: sizes and places. A layout of three screens is of no use on one."""
    screens = sorted((one.geometry() for one in QGuiApplication.screens()), key=lambda at: (at.x(), at.y()))
    return "-".join(f"{at.width()}x{at.height()}_{at.x()}_{at.y()}" for at in screens)


class Layouts(QObject):
    """The layouts of one window. ``words``: in the language in use."""

    noted = Signal(str)
    """What was done, one line for the message bar."""

    def __init__(self, layout: WindowLayout, stored: StoredSettings, words: Callable[[], Words], window: QWidget) -> None:
        super().__init__(window)
        self._layout, self._stored, self._words, self._window = layout, stored, words, window
        layout.menu_asked.connect(self._offer_panel)
        self.drag = PanelDrag(layout, words)

    def use(self, name: str) -> None:
        """A layout by its name: one kept by hand, else one that every screen has."""
        kept = self.kept().get(name)
        made = kept if kept is not None else BUILT_IN[name](self._layout.specs) if name in BUILT_IN else None
        if made is not None:
            self._layout.arrange(made)
            self.noted.emit(self._words()("layouts.used", name=self.title(name)))

    def reset(self) -> None:
        """The usual layout."""
        self._layout.reset()

    def keep(self, name: str) -> None:
        """Keep how the panels stand under a name, for these screens; a name of those built in is then this one."""
        name = one_line(name)[:_LONGEST_NAME].strip()
        if name:
            name = next((one for one in BUILT_IN if self.title(one) == name), name)
            self._put({**self.kept(), name: self._layout.arrangement()})
            self.noted.emit(self._words()("layouts.kept", name=self.title(name)))

    def forget(self, name: str) -> None:
        """No longer keep a layout."""
        self._put({one: made for one, made in self.kept().items() if one != name})

    def kept(self) -> dict[str, Arrangement]:
        """Layouts kept by hand for these screens."""
        text = self._stored.get(self._key)
        try:
            stored = json.loads(text) if isinstance(text, str) else {}
        except ValueError:
            stored = {}
        found = (
            {str(name): from_text(one, self._layout.specs) for name, one in stored.items()} if isinstance(stored, dict) else {}
        )
        return {name: made for name, made in found.items() if made is not None}

    def title(self, name: str) -> str:
        """A layout's name as it is read."""
        return self._words()(f"layouts.{name}") if name in BUILT_IN else name

    def ask_name(self) -> None:
        """Ask for the name under which the layout is kept."""
        words, dialog = self._words(), QInputDialog(self._window)
        dialog.setWindowTitle(words("layouts.keep"))
        dialog.setLabelText(words("layouts.name"))
        dialog.textValueSelected.connect(self.keep)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def offer(self) -> QMenu:
        """Show a menu of the panels and the layouts."""
        menu, words, kept = menu_over(self._window), self._words(), self.kept()
        for title in self._layout.arrangement().titles():
            inner = menu.addMenu(words(f"panels.{title}"))
            self._fill(inner, title)
        menu.addSeparator()
        for name in dict.fromkeys((*BUILT_IN, *kept)):
            menu.addAction(self.title(name), partial(self.use, name))
        menu.addAction(words("commands.layout"), self.reset)
        menu.addSeparator()
        menu.addAction(words("layouts.keep"), self.ask_name)
        if kept:
            gone = menu.addMenu(words("layouts.forget"))
            for name in kept:
                gone.addAction(self.title(name), partial(self.forget, name))
        menu.popup(QCursor.pos())
        return menu

    def save(self) -> None:
        """Remember how the panels stand, for the next start on these screens."""
        self._layout.save(self._stored, screen_set())

    def restore(self) -> None:
        """As they stood on these screens."""
        self._layout.restore(self._stored, screen_set())

    def _offer_panel(self, title: str, at: QPoint) -> None:
        menu = menu_over(self._window)
        self._fill(menu, title)
        menu.popup(at)

    def _fill(self, menu: QMenu, title: str) -> None:
        """What can be done with a panel."""
        words, layout = self._words(), self._layout
        now = layout.arrangement()
        away = title in now.hidden or title in now.floating
        shown = menu.addAction(words("layouts.shown"), lambda: layout.arrange(now.show(title) if away else now.hide(title)))
        shown.setCheckable(True)
        shown.setChecked(title not in now.hidden)
        floats = menu.addAction(words("layouts.floats"), lambda: self._float(title))
        floats.setCheckable(True)
        floats.setChecked(title in now.floating)
        menu.addSeparator()
        for area in SIDES:
            menu.addAction(words(f"layouts.to_{area.value}"), partial(layout.arrange, now.to_area(title, area)))
        beside = menu.addMenu(words("layouts.beside"))
        for other in now.titles():
            if other != title:
                beside.addAction(words(f"panels.{other}"), partial(layout.arrange, now.beside(title, other)))

    def _float(self, title: str) -> None:
        now = self._layout.arrangement()
        if title in now.floating:
            self._layout.arrange(now.show(title))
        else:
            self._layout.float_panel(title)

    def _put(self, kept: dict[str, Arrangement]) -> None:
        self._stored.put(self._key, json.dumps({name: as_text(made) for name, made in kept.items()}, ensure_ascii=False))

    @property
    def _key(self) -> str:
        return f"layouts/{screen_set()}"
