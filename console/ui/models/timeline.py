"""The log of actions of the case in focus."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject, Qt

from console.domain.changes import Change
from console.ui.models.rows import Column, RowsModel
from console.ui.theme import Theme
from console.ui.words import Words

_USER_COLUMN = 1


class TimelineModel(RowsModel[Change]):
    """Changes, oldest first: when, who, what. Literal notes are Chinese; other languages word their kind."""

    def __init__(self, theme: Theme, words: Words, parent: QObject | None = None) -> None:
        self._theme, self._words = theme, words
        self._now: datetime | None = None
        super().__init__(lambda change: change.seq, self._columns_in(words), parent)

    def set_appearance(self, theme: Theme, words: Words) -> None:
        """Another theme or language."""
        self._theme, self._words = theme, words
        self.set_columns(self._columns_in(words))

    def show_now(self, now: datetime) -> None:
        """As of now: a change of another day says so."""
        before, self._now = self._now, now
        if before is None or self._words.local(before).date() != self._words.local(now).date():
            self._changed(0, self.rowCount() - 1)

    def _columns_in(self, words: Words) -> Sequence[Column[Change]]:
        return (
            Column(words("log.time"), lambda change: self._words.stamp(change.at, self._now or change.at)),
            Column(words("log.user"), lambda change: self._words.of("user", change.user)),
            Column(words("log.action"), self._action),
        )

    def _action(self, change: Change) -> str:
        undone = self._words("log.undo", seq=change.undoes) if change.undoes is not None else ""
        if change.note.key or (change.note and self._words.language == "zh_CN"):
            return undone + self._words.note(change.note)
        return undone + self._words.of("change", change.kind)

    def decoration(self, item: Change, column: int, role: int) -> Any:
        """Times and names muted; the record's own note on hovering."""
        if role == Qt.ItemDataRole.ForegroundRole and column <= _USER_COLUMN:
            return self._theme.colour("text.muted")
        return None
