"""Open alarms as a table: shape, time, place, what was seen against what was expected, state."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PySide6.QtCore import QObject, QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QPixmap

from console.domain.alarms import Alarm, AlarmKind, AlarmState, Evidence, Priority
from console.domain.notes import Note
from console.domain.readings import CHANNEL_BY_NAME, Channel
from console.ui.map.drawing.symbols import priority_path
from console.ui.models.rows import Column, RowsModel
from console.ui.theme import Theme
from console.ui.words import Words, one_line
from maps.city import City


class AlarmModel(RowsModel[Alarm]):
    """The picture's alarms, most pressing first."""

    def __init__(self, city: City, theme: Theme, words: Words, parent: QObject | None = None) -> None:
        self._city, self._theme, self._words = city, theme, words
        self._now: datetime | None = None
        super().__init__(lambda alarm: alarm.alarm_id, self._columns_in(words), parent)

    def set_appearance(self, theme: Theme, words: Words) -> None:
        """Another theme or language."""
        self._theme, self._words = theme, words
        self.set_columns(self._columns_in(words))

    def show(self, alarms: Sequence[Alarm], now: datetime) -> None:
        """These alarms, as of now: one raised on another day says so."""
        before, self._now = self._now, now
        if before is not None and self._words.local(before).date() != self._words.local(now).date():
            self._changed(0, self.rowCount() - 1)
        self.apply(alarms)

    def told(self, alarm: Alarm) -> str:
        """The whole text of an alarm, which a narrow row cuts."""
        words, seen_at = self._words, alarm.acknowledged_at
        by = words("alarms.seen_by", user=alarm.acknowledged_by, time=self._stamp(seen_at)) if seen_at is not None else ""
        return one_line(f"{self.headline(alarm)} · {self._state(alarm)}{by}")

    def headline(self, alarm: Alarm) -> str:
        """Where and what, in one line."""
        return one_line(f"{self._place(alarm)} · {self._content(alarm)}")

    def _stamp(self, moment: datetime) -> str:
        return self._words.stamp(moment, self._now or moment)

    def _columns_in(self, words: Words) -> Sequence[Column[Alarm]]:
        return (
            Column(words("alarms.priority"), lambda alarm: self._words.of("priority", alarm.priority.name.lower())),
            Column(words("alarms.time"), lambda alarm: self._stamp(alarm.raised_at)),
            Column(words("alarms.place"), self._place),
            Column(words("alarms.content"), self._content),
            Column(words("alarms.deviation"), self._deviation, figures=True),
            Column(words("alarms.state"), self._state),
        )

    def _place(self, alarm: Alarm) -> str:
        worst = _worst(alarm)
        station_id = worst.station_id if worst is not None else alarm.subject
        return self._station(station_id)

    def _station(self, station_id: str) -> str:
        stations = self._city.stations
        name = str(stations.name[stations.row(station_id)]) if stations.has(station_id) else ""
        return name or (self._words("alarms.network") if station_id == "network" else station_id)

    def _content(self, alarm: Alarm) -> str:
        words, worst = self._words, _worst(alarm)
        if alarm.kind is AlarmKind.OPERATION:
            if _is_readable(alarm.detail, words):
                return words.note(alarm.detail)
            named, note = words.of("operation", alarm.code), alarm.detail.text.partition("，")[2]
            return f"{named[:1].upper()}{named[1:]}{f' · {note}' if note else ''}"
        kind = words.of("station_code", alarm.code) if alarm.code else words.of("alarm_kind", alarm.kind.value)
        if alarm.kind is AlarmKind.BOUNDARY:
            moved = alarm.detail.params.get("detail")
            return f"{kind} · {words.note(moved) if isinstance(moved, Note) else alarm.detail.text.partition('：')[2]}"
        if worst is None:
            return f"{kind} · {words.note(alarm.detail)}" if _is_readable(alarm.detail, words) else kind
        channel = CHANNEL_BY_NAME.get(worst.channel, Channel.PRESSURE)
        if alarm.limit is not None:
            seen = words.over_limit(alarm)
            return seen[:1].upper() + seen[1:]
        seen = words(
            "alarms.seen",
            channel=words.of("channel", worst.channel),
            observed=words.value(channel, worst.observed),
            expected=words.value(channel, worst.expected, unit=False),
        )
        more = len(alarm.evidence) - 1
        seen += words("alarms.more_stations", n=more) if more > 0 else ""
        return f"{kind} · {seen}{words.explained(alarm.explanations)}"

    def _deviation(self, alarm: Alarm) -> str:
        worst = _worst(alarm)
        if worst is None:
            return ""
        return self._words.deviation(CHANNEL_BY_NAME.get(worst.channel, Channel.PRESSURE), worst.deviation)

    def _state(self, alarm: Alarm) -> str:
        words = self._words
        if alarm.kind is AlarmKind.OPERATION and alarm.ends_at == alarm.raised_at:
            return words("alarms.momentary")
        if alarm.kind is AlarmKind.OPERATION:
            return words("alarms.from_to", start=self._until(alarm.raised_at), end=self._until(alarm.ends_at))
        text = words.of("alarm_state", alarm.state.value)
        if alarm.state is AlarmState.SHELVED and alarm.shelved_until is not None:
            text += words("alarms.until", time=self._until(alarm.shelved_until), reason=alarm.shelved_reason)
        elif alarm.state in (AlarmState.SHELVED, AlarmState.OUT_OF_SERVICE):
            text += words("alarms.because", reason=alarm.shelved_reason)
        if alarm.incident_id:
            text += words("alarms.part_of", incident=alarm.incident_id)
        return text

    def _until(self, moment: datetime | None) -> str:
        return self._words.hour(moment, self._now or moment) if moment is not None else "–"

    def decoration(self, item: Alarm, column: int, role: int) -> Any:
        """Shape and colour of the priority; the row's background while it is not acknowledged."""
        quiet = item.state in (AlarmState.SHELVED, AlarmState.RETURNED, AlarmState.OUT_OF_SERVICE)
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return priority_pixmap(self._theme, item.priority, filled=item.state is AlarmState.ACTIVE)
        if role == Qt.ItemDataRole.BackgroundRole and item.state is AlarmState.ACTIVE and item.priority <= Priority.HIGH:
            return self._theme.colour("surface.alert")
        if role == Qt.ItemDataRole.ForegroundRole and quiet:
            return self._theme.colour("text.muted")
        return None


def priority_pixmap(theme: Theme, priority: Priority, size: int = 16, filled: bool = True) -> QPixmap:
    """A priority's shape; hollow once acknowledged."""
    ratio = 2.0
    pixmap = QPixmap(int(size * ratio), int(size * ratio))
    pixmap.setDevicePixelRatio(ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(QPointF(size / 2, size / 2))
    painter.setPen(QPen(theme.priority(priority), 1.6))
    if filled:
        painter.setBrush(theme.priority(priority))
    painter.drawPath(priority_path(priority, size * 0.38))
    painter.end()
    return pixmap


def _is_readable(note: Note, words: Words) -> bool:
    """Whether a note can be read in this language: literal ones are Chinese."""
    return bool(note.key or (note and words.language == "zh_CN"))


def _worst(alarm: Alarm) -> Evidence | None:
    """The pressure that moved most against what was expected (relative), or whatever else moved where no pressure did.

    A burst reverses small flows: relative to themselves they would always come first, though they say least.
    """
    weights = ((e.channel == "pressure", abs(e.deviation) / max(abs(e.expected), 1e-6), e) for e in alarm.evidence)
    return max(weights, key=lambda weighed: weighed[:2], default=(False, 0.0, None))[2]
