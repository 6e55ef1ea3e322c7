"""Faults of the engine shown in the picture, each for as long as it lasts."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from console.domain.health import FeedHealth

log = logging.getLogger(__name__)

_DEFECT_SHOWN_S = 600.0
"""A defect has no end that anybody could see: it is shown for this long after it happened last."""


class Faults:
    """Safe to use from several threads. ``monotonic``: real seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._lasting: dict[str, tuple[str, str]] = {}
        self._defects: dict[str, tuple[str, float]] = {}

    def begin(self, name: str, reason: str, detail: str = "") -> None:
        """A fault begins, in one line with advice; it is shown until ``end``. ``name``: ``store/readings`` is shown as store.

        ``detail``: its consequence, which may change; a reason that several parts share is shown once. ``reason`` "": the texts
        of the window (``fault_of``) say all of it, and the caller has logged it.
        """
        with self._lock:
            new = name not in self._lasting
            self._lasting[name] = (reason, detail)
        if new and reason:
            log.error("%s", f"{reason}; {detail}" if detail else reason)

    def lasts(self, name: str) -> bool:
        """Whether this fault is there now."""
        with self._lock:
            return name in self._lasting

    def end(self, name: str) -> None:
        """The fault is over."""
        with self._lock:
            gone = self._lasting.pop(name, None)
        if gone is not None:
            log.warning("%s: works again", name)

    def defect(self, where: str, fault: BaseException) -> None:
        """Show a defect of one part; the others go on, and its trace is logged."""
        log.error("defect in the engine (%s)", where, exc_info=fault)
        message = f"{type(fault).__name__}: {fault}; see the log, report it"
        with self._lock:
            self._defects[where] = (message, self._monotonic())

    def feeds(self) -> tuple[FeedHealth, ...]:
        """The present faults."""
        now = self._monotonic()
        with self._lock:
            self._defects = {key: one for key, one in self._defects.items() if now - one[1] < _DEFECT_SHOWN_S}
            parts: dict[str, dict[str, list[str]]] = {}
            for name, (reason, detail) in self._lasting.items():
                parts.setdefault(name.partition("/")[0], {}).setdefault(reason, []).append(detail)
            lasting = [FeedHealth(name, "down", _line(reasons)) for name, reasons in parts.items()]
            return (*lasting, *(FeedHealth("engine", "down", message) for message, _ in self._defects.values()))


def _line(reasons: dict[str, list[str]]) -> str:
    return "; ".join("; ".join([reason, *filter(None, details)]) for reason, details in reasons.items())
