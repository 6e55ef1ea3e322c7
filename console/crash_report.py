"""Crash reports: one small file in the log folder for each unexpected exception, made to be passed on.

A report has the program's version, the frames as module, line and function, and the kinds of the last commands. It has no message
of the exception, no values, no paths and no names, because these can be of people; the log of the same time has them.
"""

from __future__ import annotations

import hashlib
import logging
import platform
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from time import monotonic, time
from types import TracebackType

from maps.errors import QuanmaiError

log = logging.getLogger(__name__)

KEPT = 20
"""Reports kept in a folder; older ones are deleted."""
_COMMANDS = 20
_DAY_S = 86_400.0
_PREFIX = "crash-"
_NO_DEFECTS = (QuanmaiError, KeyboardInterrupt, SystemExit)


class CrashReports(logging.Handler):
    """Writes reports into a folder. As a handler of the log it receives what other threads catch and log as defects."""

    def __init__(self, folder: Path, name: str) -> None:
        """``name``: of the seat, part of the files' names."""
        super().__init__(logging.ERROR)
        self._folder, self._name, self._began, self._began_at = folder, name, monotonic(), time()
        self._commands: deque[tuple[datetime, str]] = deque(maxlen=_COMMANDS)
        self._seen: set[str] = set()
        self.told: Callable[[tuple[str, Path]], None] = lambda _: None
        """Called with the exception's type and the report that was written, from the thread of the fault."""

    def newest_before(self) -> Path | None:
        """The newest report that an earlier run left within the last day; None without one."""
        since = self._began_at - _DAY_S
        older = [path for path in reports_in(self._folder) if since < path.stat().st_mtime < self._began_at]
        return older[-1] if older else None

    def note(self, kind: str) -> None:
        """Remember that a command of this kind was given; kinds only, no values. From any thread."""
        self._commands.append((datetime.now(UTC), kind))

    def emit(self, record: logging.LogRecord) -> None:
        """A line of the log with an exception that is none of the program's own."""
        fault = record.exc_info[1] if record.exc_info else None
        if fault is not None and not isinstance(fault, (*_NO_DEFECTS, OSError)):
            self.write(fault)

    def write(self, fault: BaseException) -> Path | None:
        """Write a report; None for a defect that this run has reported already, and where the folder cannot be written."""
        frames = _frames(fault)
        mark = hashlib.sha256("\n".join(frames).encode()).hexdigest()[:8]
        if mark in self._seen:
            return None
        self._seen.add(mark)
        now = datetime.now(UTC)
        path = self._folder / f"{_PREFIX}{now:%Y%m%dT%H%M%S}-{self._name}-{mark}.txt"
        lines = [
            *_about(),
            f"at {now:%Y-%m-%dT%H:%M:%SZ}, {monotonic() - self._began:.0f} s after the start, thread {_thread_kind()}",
            "",
            *frames,
            "",
            "last commands:",
            *(f"  {at:%H:%M:%S} {kind}" for at, kind in self._commands),
            "",
            "Left out, as they may be of people: messages, values, paths, names. The log of this time has them.",
        ]
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(lines) + "\n", encoding="utf-8")
            for old in reports_in(self._folder)[:-KEPT]:
                old.unlink(missing_ok=True)
        except OSError as refused:
            print(f"crash report {path}: {refused.strerror}", file=sys.stderr)  # noqa: T201 — not to the log: that calls this
            return None
        self.told((type(fault).__name__, path))
        return path


def reports_in(folder: Path) -> list[Path]:
    """Reports of a folder, the newest last."""
    return sorted(folder.glob(f"{_PREFIX}*.txt"))


@contextmanager
def reported_to(folder: Path, name: str) -> Iterator[CrashReports]:
    """While this lasts, each unexpected exception of any thread gets its line in the log and its report in ``folder``.

    Qt calls ``sys.excepthook`` for an exception in a slot and then goes on: the window stays.
    """
    reports = CrashReports(folder, name)
    before, before_threads = sys.excepthook, threading.excepthook

    def hook(kind: type[BaseException], fault: BaseException, trace: TracebackType | None) -> None:
        if isinstance(fault, _NO_DEFECTS):
            before(kind, fault, trace)
            return
        log.critical("unexpected %s", kind.__name__, exc_info=(kind, fault, trace))
        reports.write(fault)  # an OSError that nobody expected is a defect too

    def thread_hook(given: threading.ExceptHookArgs) -> None:
        if given.exc_value is not None:
            hook(given.exc_type, given.exc_value, given.exc_traceback)

    sys.excepthook, threading.excepthook = hook, thread_hook
    logging.getLogger().addHandler(reports)
    try:
        yield reports
    except Exception as fault:
        if not isinstance(fault, _NO_DEFECTS):
            reports.write(fault)
        raise
    finally:
        logging.getLogger().removeHandler(reports)
        sys.excepthook, threading.excepthook = before, before_threads


def _about() -> list[str]:
    try:
        version = metadata.version("quanmai")
    except metadata.PackageNotFoundError:
        version = "0"
    frozen = ", frozen" if getattr(sys, "frozen", False) else ""
    lines = [f"Quanmai {version}{frozen}", f"Python {platform.python_version()}, {platform.system()} {platform.machine()}"]
    for name in ("PySide6-Essentials", "numpy", "owa-epanet"):
        try:
            lines.append(f"{name} {metadata.version(name)}")
        except metadata.PackageNotFoundError:  # a frozen program need not have it
            continue
    return lines


def _frames(fault: BaseException) -> list[str]:
    """The exception and its causes: type, then module, line and function of each frame, the innermost last."""
    lines: list[str] = []
    seen: set[int] = set()
    one: BaseException | None = fault
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        lines.append(f"{type(one).__qualname__}:")
        for frame, line in traceback.walk_tb(one.__traceback__):
            lines.append(f"  {_module(frame.f_code.co_filename)}:{line} {frame.f_code.co_qualname}")
        one = one.__cause__ or (None if one.__suppress_context__ else one.__context__)
    return lines


def _module(path: str) -> str:
    """A source file without the folders above its package: those name accounts."""
    parts = Path(path).parts
    for root in ("console", "maps", "resources", "site-packages"):
        if root in parts:
            at = len(parts) - 1 - parts[::-1].index(root)
            return "/".join(parts[at + (root == "site-packages") :])
    return parts[-1] if parts else "?"


def _thread_kind() -> str:
    return "main" if threading.current_thread() is threading.main_thread() else threading.current_thread().name
