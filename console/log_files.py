"""Log files of a long-running program: rotated by size; a full disk never stops the program."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from logging.handlers import RotatingFileHandler
from pathlib import Path

log = logging.getLogger(__name__)

MOST_BYTES, FILES = 5_000_000, 10
"""Size of one file, and how many older ones are kept: at most 55 MB."""
_FORM = "%(asctime)s.%(msecs)03d %(levelname)s %(name)s: %(message)s"


class LogFile(RotatingFileHandler):
    """A rotated log file. When it cannot be written, stderr gets one line, and another when it can be written again."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=MOST_BYTES, backupCount=FILES, encoding="utf-8", errors="replace")
        self._faults: list[BaseException | None] = []
        self.setFormatter(logging.Formatter(_FORM, "%Y-%m-%dT%H:%M:%S"))

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, and rotate where due."""
        was_failing = bool(self._faults)
        self._faults.clear()
        super().emit(record)  # calls handleError when writing fails
        if was_failing and not self._faults:
            print(f"log file {self.baseFilename} is written again", file=sys.stderr)  # noqa: T201
        elif self._faults and not was_failing:
            print(f"log file {self.baseFilename} cannot be written ({self._faults[0]}); see this log", file=sys.stderr)  # noqa: T201

    def handleError(self, record: logging.LogRecord) -> None:
        """Keep the fault for ``emit``. The default prints a trace for each record."""
        self._faults.append(sys.exc_info()[1])


@contextmanager
def logged_to(folder: Path, name: str) -> Iterator[Path | None]:
    """Write the log to ``folder/name.log`` too, beside stderr; None when that is not possible, which is logged."""
    path = folder / f"{name}.log"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = LogFile(path)
    except OSError as fault:
        log.warning("no log file: %s: %s; the log goes to stderr only", path, fault.strerror)
        yield None
        return
    logging.getLogger().addHandler(handler)
    try:
        yield path
    finally:
        logging.getLogger().removeHandler(handler)
        handler.close()
