"""ObjectProcess: runs an object in another process, for work that would hold this process's interpreter lock."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

from console.children import end_with_parent, ended
from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

_NICE = 5
"""Lower priority than the threads of the window and the engine."""


class ObjectProcessFailed(QuanmaiError):
    """The process ended in the middle of its work, or was closed. Asking again starts a new one."""


class ObjectProcess:
    """One object in another process, started with the first call; one thread calls, any thread may close.

    The process ends with this one: it waits on a pipe, whose other end closes however this process ends.
    """

    def __init__(self, held: object, name: str) -> None:
        """``held``: pickles; ``name``: of the process, for the log."""
        self._held, self._name = held, name
        self._process: SpawnProcess | None = None
        self._connection: Connection | None = None
        self._closed = False

    def ask(self, method: str, *given: Any) -> Any:
        """Result of ``held.method(*given)`` in that process. Raises ObjectProcessFailed."""
        connection = self._running()
        try:
            connection.send((method, given))
            done, result = connection.recv()
        except (EOFError, OSError) as broken:
            code = self._end()
            if not self._closed:
                log.warning("the process %s ended (code %s) while it worked on %s", self._name, code, method)
            raise ObjectProcessFailed(
                f"the process {self._name} ended unexpectedly; it starts again when next needed"
            ) from broken
        if not done:
            raise ObjectProcessFailed(f"the process {self._name}: {result}")
        return result

    def close(self) -> None:
        """End the process at once, whatever it does."""
        self._closed = True
        process = self._process
        if process is not None:
            with suppress(ValueError):  # already joined by the calling thread
                process.terminate()

    def join(self) -> None:
        """Wait for its end; after ``close``, on the thread that asked or once it asks no more."""
        self._end()

    def _running(self) -> Connection:
        if self._closed:
            raise ObjectProcessFailed(f"the process {self._name} was closed with the program")
        if self._connection is None:
            context = multiprocessing.get_context("spawn")
            ours, theirs = context.Pipe()
            self._process = context.Process(target=_serve, args=(self._held, theirs), name=self._name, daemon=True)
            self._process.start()
            theirs.close()
            self._connection = ours
        return self._connection

    def _end(self) -> int | None:
        connection, process = self._connection, self._process
        self._connection = self._process = None
        if connection is not None:
            connection.close()
        return None if process is None else ended(process)


def _serve(held: object, connection: Connection) -> None:
    """Entry point of the process: answers until the pipe closes."""
    end_with_parent()
    # Ctrl+C reaches the whole group; the parent decides when this process ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(os, "nice"):
        os.nice(_NICE)
    while True:
        try:
            method, given = connection.recv()
        except (EOFError, OSError):
            return
        try:
            answer = True, getattr(held, method)(*given)
        except Exception:  # noqa: BLE001  # sent to the caller with its trace; the process continues
            answer = False, traceback.format_exc(limit=5)
        try:
            connection.send(answer)
        except OSError:
            return
