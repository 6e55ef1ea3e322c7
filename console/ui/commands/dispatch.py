"""Dispatcher: submits intents to the port for this seat's actor and reports how each ended."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock
from typing import Any, Protocol

from PySide6.QtCore import QObject, Qt, Signal, Slot

from console.domain.actors import Actor
from console.domain.intents import Intent
from console.ui.port import ConsolePort
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)


class Submit(Protocol):
    """Carry out an intent; panels and dialogs are given ``Dispatcher.submit``."""

    def __call__(self, intent: Intent, actor: Actor | None = None) -> None:
        """Submit ``intent`` for ``actor``; None for this seat's."""
        ...


class Dispatcher(QObject):
    """Submits the intents of one window. A panel calls ``submit``; answers come as signals."""

    submitted = Signal(object)
    """The intent that is on its way."""
    done = Signal(object)
    """The intent that is on disk now."""
    refused = Signal(object)
    """Why an intent was not carried out: a QuanmaiError."""
    unsent = Signal(object, object, object)
    """(intent, the Actor who decided it, why it was not carried out), beside ``refused``."""
    broken = Signal(str)
    """A defect's short name; its trace is in the log."""
    _answered = Signal(object, object)

    def __init__(self, port: ConsolePort, actor: Callable[[], Actor], parent: QObject | None = None) -> None:
        """``actor``: whom acts at this seat are recorded for at present (``Session.actor``)."""
        super().__init__(parent)
        self._port, self._actor = port, actor
        self._lock, self._closed = Lock(), False
        self._waiting: list[tuple[Intent, Actor]] = []
        self._answered.connect(self._take, Qt.ConnectionType.QueuedConnection)

    @property
    def waiting(self) -> int:
        """Number of intents without an answer yet."""
        return len(self._waiting)

    @Slot(object)
    @Slot(object, object)
    def submit(self, intent: Intent, actor: Actor | None = None) -> None:
        """Carry out an intent for ``actor`` (this seat's by default).

        The same intent again before its answer is dropped: otherwise two crews would be sent, two steps undone.
        """
        asked = (intent, actor or self._actor())
        if asked in self._waiting:
            return
        self._waiting.append(asked)
        self.submitted.emit(intent)
        self._port.submit(*asked).add_done_callback(lambda answer: self._post(asked, answer))

    def close(self) -> None:
        """Drop answers that are still to come; the engine carries the intents out all the same."""
        with self._lock:
            self._closed = True

    def _post(self, asked: tuple[Intent, Actor], answer: Future[Any]) -> None:
        with self._lock:
            if not self._closed:
                self._answered.emit(asked, answer)

    @Slot(object, object)
    def _take(self, asked: tuple[Intent, Actor], answer: Future[Any]) -> None:
        self._waiting.remove(asked)
        intent, _ = asked
        fault = None if answer.cancelled() else answer.exception()
        if fault is None:
            self.done.emit(intent)
        elif isinstance(fault, QuanmaiError):
            self.refused.emit(fault)
            self.unsent.emit(intent, asked[1], fault)
        else:
            log.error("%s: %s", type(intent).__name__, fault, exc_info=fault)
            self.broken.emit(f"{type(fault).__name__}: {fault}")
