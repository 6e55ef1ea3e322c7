"""Text that is typed and not submitted, kept on disk until it is: a crash or a power cut loses at most a few seconds of it.

The file may be of people (a caller's name and telephone number): only its owner may read it, and it is no part of a crash report.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QApplication, QFormLayout, QLabel, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

from console.ui.dialogs.palette import Palette
from console.ui.window import MainWindow

log = logging.getLogger(__name__)

_EVERY_MS = 3000


@dataclass(frozen=True, slots=True)
class Draft:
    """One typed text: title of its window, name of its field."""

    window: str
    field: str
    text: str


@dataclass(frozen=True, slots=True)
class LeftOver:
    """What a session that did not end properly left."""

    at: datetime
    drafts: tuple[Draft, ...]


class DraftKeeper(QObject):
    """Writes the drafts of ``window`` and its dialogs to ``path`` whenever they have changed; an orderly end deletes it."""

    def __init__(self, window: MainWindow, path: Path, unsent: Callable[[], Iterable[Draft]]) -> None:
        super().__init__(window)
        self._path, self._unsent = path, unsent
        self._written: tuple[Draft, ...] | None = None
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.keep)
        self._timer.start()
        self.keep()

    def keep(self) -> None:
        """Write the drafts as they are now. While nothing is typed the file is there without any: it marks a running session."""
        drafts = (*open_drafts(), *self._unsent())
        if drafts == self._written:
            return
        try:
            _write_private(self._path, _content(LeftOver(datetime.now(UTC), drafts)))
        except OSError as fault:
            log.warning("drafts cannot be kept: %s: %s", self._path, fault.strerror)
            return
        self._written = drafts

    def end(self) -> None:
        """The session ends properly: nothing is left to be recovered."""
        self._timer.stop()
        self._path.unlink(missing_ok=True)


def drafts_path(folder: Path, seat: str) -> Path:
    """Where a seat's drafts are kept."""
    return folder / f"drafts-{seat}.json"


def take_left_over(path: Path) -> LeftOver | None:
    """What earlier sessions left, moved aside so that the new session has the place; None after an orderly end.

    It stays aside until ``drop_left_over``. An unreadable file is taken as one without drafts.
    """
    aside = _aside(path)
    found = [_read(one) for one in (aside, path) if one.exists()]
    if not found:
        return None
    left = LeftOver(found[-1].at, tuple(dict.fromkeys(draft for one in found for draft in one.drafts)))
    try:
        _write_private(aside, _content(left))
        path.unlink(missing_ok=True)
    except OSError as fault:
        log.warning("%s: %s", aside, fault.strerror)
    return left


def drop_left_over(path: Path) -> None:
    """Delete what earlier sessions left."""
    _aside(path).unlink(missing_ok=True)


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.stem}-left.json")


def _content(left: LeftOver) -> str:
    return json.dumps({"at": left.at.isoformat(), "drafts": [asdict(one) for one in left.drafts]}, ensure_ascii=False)


def _read(path: Path) -> LeftOver:
    try:
        found = json.loads(path.read_text("utf-8"))
        drafts = tuple(Draft(str(one["window"]), str(one["field"]), str(one["text"])) for one in found["drafts"])
        return LeftOver(datetime.fromisoformat(found["at"]), drafts)
    except (OSError, ValueError, KeyError, TypeError) as fault:
        log.warning("%s: cannot be read (%s)", path, type(fault).__name__)
        return LeftOver(datetime.fromtimestamp(path.stat().st_mtime, UTC), ())


def open_drafts() -> tuple[Draft, ...]:
    """Typed texts of all visible dialogs; passwords, searches and texts that nobody changed are none."""
    found: list[Draft] = []
    for top in QApplication.topLevelWidgets():
        if top.isVisible() and not isinstance(top, MainWindow | Palette):
            found += [
                Draft(top.windowTitle(), _name_of(field), text)
                for field, text in _texts(top)
                if field.isVisible() and text.strip()
            ]
    return tuple(found)


def _texts(top: QWidget) -> Iterable[tuple[QWidget, str]]:
    for line in top.findChildren(QLineEdit):
        is_own = line.objectName() != "qt_spinbox_lineedit" and not line.isReadOnly()
        if is_own and line.echoMode() is QLineEdit.EchoMode.Normal and line.isModified() and not line.isClearButtonEnabled():
            yield line, line.text()
    areas: list[QPlainTextEdit | QTextEdit] = [*top.findChildren(QPlainTextEdit), *top.findChildren(QTextEdit)]
    for area in areas:
        if not area.isReadOnly() and area.document().isModified():
            yield area, area.toPlainText()


def _name_of(field: QWidget) -> str:
    """The field's name for people: its name for screen readers, else its label's, else what stands in it while it is empty."""
    if field.accessibleName():
        return field.accessibleName()
    parent = field.parentWidget()
    form = parent.layout() if parent is not None else None
    if isinstance(form, QFormLayout):
        named = form.labelForField(field)
        if isinstance(named, QLabel):
            return named.text()
    return field.placeholderText() if isinstance(field, QLineEdit | QPlainTextEdit | QTextEdit) else ""


def _write_private(path: Path, text: str) -> None:
    """Whole or not at all, readable by its owner only."""
    aside = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    aside.replace(path)
