"""Dispatcher: intents to the port in the user's name; what comes back as done or as one clear line."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from threading import Lock
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal, Slot

from console.domain.actors import Actor
from console.domain.intents import Intent
from console.ui.port import ConsolePort
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)


class Dispatcher(QObject):
    """One per window."""

    done = Signal(object)
    """The intent that is on disk now."""
    refused = Signal(object)
    """Why an intent was not carried out: a QuanmaiError."""
    broken = Signal(str)
    """A defect's short name; its trace is in the log."""
    _answered = Signal(object, object)

    def __init__(self, port: ConsolePort, user: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._port, self._actor = port, Actor.named(user)
        self._lock, self._closed = Lock(), False
        self._waiting: list[tuple[Intent, str]] = []
        self._answered.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def waiting(self) -> int:
        """Intents asked and not answered yet."""
        return len(self._waiting)

    @Slot(object)
    def ask(self, intent: Intent, user: str = "") -> None:
        """Carry out an intent in the name of ``user`` (this console's by default).

        The same one again before its answer is a slip of the hand: two crews would be ordered out, two steps undone.
        """
        asked = (intent, user)
        if asked in self._waiting:
            return
        self._waiting.append(asked)
        actor = Actor.named(user) if user else self._actor
        self._port.submit(intent, actor).add_done_callback(lambda answer: self._post(asked, answer))

    def close(self) -> None:
        """Answers that are still out are not waited for: what they ask for is on the engine's side."""
        with self._lock:
            self._closed = True

    def _post(self, asked: tuple[Intent, str], answer: Future[Any]) -> None:
        with self._lock:
            if not self._closed:
                self._answered.emit(asked, answer)

    @Slot(object, object)
    def _take(self, asked: tuple[Intent, str], answer: Future[Any]) -> None:
        self._waiting.remove(asked)
        intent, _ = asked
        fault = None if answer.cancelled() else answer.exception()
        if fault is None:
            self.done.emit(intent)
        elif isinstance(fault, QuanmaiError):
            self.refused.emit(fault)
        else:
            log.error("%s: %s", type(intent).__name__, fault, exc_info=fault)
            self.broken.emit(f"{type(fault).__name__}: {fault}")
