"""Long loops over a large city, in a process of their own: in the window's they would keep the interpreter's lock from it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

from console.children import CallCrashed, CallProcess

_T = TypeVar("_T")
_A = TypeVar("_A")
_log = logging.getLogger(__name__)
_FROM = 20_000
"""Things to look at: fewer are done sooner than a process starts."""


class Apart:
    """Runs functions of modules one after the other; the process lives as long as one of them. ``run``: from one thread."""

    def __init__(self) -> None:
        self._calls, self._is_ended = CallProcess(), False

    def run(self, task: Callable[[_A], _T], argument: _A, count: int) -> _T:
        """``task(argument)``, in a process unless it is of few things (``count``). Raises CallCrashed after ``end``."""
        if count < _FROM:
            return task(argument)
        if self._is_ended:
            raise CallCrashed(f"{task.__name__}: not begun, the window has closed")
        try:
            return self._calls.call(task, argument, reads=task.__name__)
        except CallCrashed as crashed:
            if self._is_ended:
                raise
            _log.warning("%s: it is done in the window's process", crashed)
            return task(argument)
        finally:
            self._calls.close()

    def end(self) -> None:
        """End what is under way: the window closes. Any thread."""
        self._is_ended = True
        self._calls.interrupt()
