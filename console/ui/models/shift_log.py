"""Lines of the shift log as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject, Qt

from console.domain.shift import Level
from console.services.shift.log import LogLine, shown_text
from console.ui.models.rows import Column, RowsModel
from console.ui.theme import Theme
from console.ui.words import Words

_TEXT_COLUMN = 2
_COLOURS = {Level.IMPORTANT: "state.high", Level.URGENT: "state.critical"}


def shift_text(words: Words, key: str, **params: object) -> str:
    """The text ``shift.<key>`` (``resources/translations/*/shift.toml``)."""
    return words.catalogue.text(f"shift.{key}", **params)


def line_text(line: LogLine, words: Words) -> str:
    """A line in words: level, text as it stands after its corrections, tags."""
    entry = line.entry
    if entry is None or entry.corrects or entry.reply_to:
        text = words.note(line.note)
    else:
        level = f"【{words.of('level', line.level)}】" if line.level is not Level.ROUTINE else ""
        mark = shift_text(words, "log.corrected") if line.corrections else ""
        picture = shift_text(words, "log.picture") if entry.picture is not None else ""
        text = f"{level}{picture}{shown_text(line)}{mark}"
    case = f"{line.incident_id} · " if line.incident_id else ""
    return " ".join((f"{case}{text}", *(f"#{tag}" for tag in line.tags)))


class ShiftLogModel(RowsModel[LogLine]):
    """Lines, oldest first."""

    def __init__(self, theme: Theme, words: Words, parent: QObject | None = None) -> None:
        self._theme, self._words = theme, words
        self._now: datetime | None = None
        self._is_narrow = False
        super().__init__(lambda line: line.key, self._columns_in(words), parent)

    def set_appearance(self, theme: Theme, words: Words) -> None:
        """Another theme or language."""
        self._theme, self._words = theme, words
        self.set_columns(self._columns_in(words))

    def show_now(self, now: datetime) -> None:
        """As of now: a line of another day has its date."""
        before, self._now = self._now, now
        if before is None or self._words.local(before).date() != self._words.local(now).date():
            self._changed(0, self.rowCount() - 1)

    def set_narrow(self, is_narrow: bool) -> None:
        """Where there is no room for a column of names, a person's line begins with the name."""
        if is_narrow != self._is_narrow:
            self._is_narrow = is_narrow
            self._changed(0, self.rowCount() - 1)

    def _text(self, line: LogLine) -> str:
        text = line_text(line, self._words)
        if not self._is_narrow or line.is_automatic:
            return text
        return shift_text(self._words, "log.said", author=self._words.of("user", line.author), text=text)

    def _columns_in(self, words: Words) -> Sequence[Column[LogLine]]:
        return (
            Column(shift_text(words, "log.time"), lambda line: self._words.stamp(line.at, self._now or line.at)),
            Column(shift_text(words, "log.author"), lambda line: self._words.of("user", line.author)),
            Column(shift_text(words, "log.text"), self._text),
        )

    def decoration(self, item: LogLine, column: int, role: int) -> Any:
        """Levels by colour and word; what the program wrote is muted."""
        if role != Qt.ItemDataRole.ForegroundRole:
            return None
        if column == _TEXT_COLUMN and item.entry is not None and item.level in _COLOURS:
            return self._theme.colour(_COLOURS[item.level])
        return self._theme.colour("text.muted") if item.is_automatic or column < _TEXT_COLUMN else None
