"""The main states of the console's windows over a scripted world."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from pathlib import Path

from PySide6.QtWidgets import QApplication, QWidget

from console.domain.actors import Actor
from console.domain.clock import micros
from console.services.network.own_data import Preview, preview
from console.services.notices.lifecycle import DraftNotice
from console.ui.appearance import Appearance
from console.ui.import_window import ImportWindow
from console.ui.review.window import ReviewWindow
from console.ui.settings import WindowSettings
from console.ui.theme import Theme
from console.ui.wall.text_size import WallSettings
from console.ui.wall.window import WallWindow
from console.ui.window import MainWindow
from console.ui.words import Words
from maps.city import City
from maps.importers.guessing import Choices
from tests.console.package.cases import a_case
from tests.console.ui.scripted import CASE, ScriptedPort
from tests.console.ui.small_city import build_small_city
from tests.maps.importers.guessing.conventions import CONVENTIONS

Size = tuple[int, int]
_WALL_MM = 4000.0
"""Of a wall that is read from 8 m."""


@cache
def _city() -> City:
    return build_small_city()


@contextmanager
def _console(size: Size, language: str, theme: str, *, burst: bool) -> Iterator[tuple[MainWindow, ScriptedPort]]:
    port = ScriptedPort(_city())
    port.read_all()
    window = MainWindow(port, WindowSettings("王", None, language, theme))
    _show(window, size)
    if burst:
        port.burst()
    _settle(window)
    try:
        yield window, port
    finally:
        window.close()


def _show(window: QWidget, size: Size) -> None:
    window.resize(*size)
    window.show()


def _settle(window: MainWindow) -> None:
    window.settle()
    window.map.navigation.land()
    window.map.settle()
    window.settle()
    QApplication.processEvents()


@contextmanager
def quiet(size: Size, language: str, theme: str) -> Iterator[QWidget]:
    """No case, all stations read."""
    with _console(size, language, theme, burst=False) as (window, _):
        yield window


@contextmanager
def case(size: Size, language: str, theme: str) -> Iterator[QWidget]:
    """A suspected burst."""
    with _console(size, language, theme, burst=True) as (window, _):
        yield window


@contextmanager
def notice(size: Size, language: str, theme: str) -> Iterator[QWidget]:
    """The notice of a judged burst, in its dialog."""
    with _console(size, language, theme, burst=True) as (window, _):
        window.case.location.judge()
        window.settle()
        window.dispatcher.submit(DraftNotice(CASE), Actor.named("赵"))
        window.settle()
        window.case.notice.next_step()
        QApplication.processEvents()
        dialog = window.questions.open_notice
        assert dialog is not None
        yield dialog


@contextmanager
def import_(size: Size, language: str, theme: str) -> Iterator[QWidget]:
    """Foreign layers with their guessed columns."""
    window = ImportWindow(Appearance(Theme.load(theme), Words(language, "Asia/Shanghai")))
    _show(window, (min(size[0] - 60, 1400), min(size[1] - 80, 860)))
    sources, found = _foreign()
    window.sources = list(sources)
    window._show_preview(found)
    QApplication.processEvents()
    try:
        yield window
    finally:
        window.close()


@cache
def _foreign() -> tuple[tuple[Path, ...], Preview]:
    folder = Path(tempfile.mkdtemp(prefix="quanmai-screens-"))
    sources = next(one for one in CONVENTIONS if one.name == "chinese_full").write(folder)
    return tuple(sources), preview(sources, Choices())


@contextmanager
def replay(size: Size, language: str, theme: str) -> Iterator[QWidget]:
    """A recorded case at the time of its notice."""
    record = a_case()
    window = ReviewWindow(record, None, WindowSettings("王", None, language, theme))
    _show(window, size)
    window.go(next(micros(change.at) for change in record.changes if change.kind == "notice_issued"))
    _settle(window)
    try:
        yield window
    finally:
        window.close()


@contextmanager
def wall(size: Size, language: str, theme: str) -> Iterator[QWidget]:
    """The wall with a case."""
    port = ScriptedPort(_city())
    port.read_all()
    port.burst()
    window = WallWindow(port, WindowSettings(language=language, theme=theme, wall=WallSettings(width_mm=_WALL_MM)))
    _show(window, size)
    window.show_picture(port.latest())
    window.map.settle()
    QApplication.processEvents()
    window.board.refresh()
    try:
        yield window
    finally:
        window.close()


STATES: dict[str, Callable[[Size, str, str], AbstractContextManager[QWidget]]] = {
    "quiet": quiet, "case": case, "notice": notice, "import": import_, "replay": replay, "wall": wall,
}  # fmt: skip
