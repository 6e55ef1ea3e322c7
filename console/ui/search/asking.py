"""Asking the search off the window's thread: of several keys only the last one's answer arrives."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from console.ui.background_tasks import BackgroundTasks
from console.ui.search.search import Found


class SearchAsking(QObject):
    """One worker thread for what is typed. ``find``: the answer to a text; it reads nothing that the window changes."""

    def __init__(self, find: Callable[[str], Callable[[], Found]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._find = find
        self._tasks = BackgroundTasks("search", self)
        self._last = 0

    def ask(self, text: str, receiver: Callable[[Found], None]) -> None:
        """Pass the answer to ``receiver``, unless another text is asked about meanwhile."""
        self._last += 1
        number, find = self._last, self._find(text)

        def work() -> Found:
            return find() if number == self._last else Found(text, (), complete=False)  # too late already: not searched at all

        self._tasks.request("text", work, receiver)

    def prepare(self, work: Callable[[], None]) -> None:
        """Do this on the thread that searches, after what was asked before."""
        self._tasks.request("prepare", work, lambda _: None)

    @property
    def busy(self) -> bool:
        """Whether an answer has not arrived yet."""
        return self._tasks.busy

    def finish(self) -> None:
        """Wait for the answer and deliver it (screenshots, tests)."""
        self._tasks.finish()

    def close(self) -> None:
        """End the thread."""
        self._tasks.close()
