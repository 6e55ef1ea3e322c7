"""The quiet-hours page of the case column: health of the feeds, works, what comes up, the last cases, gaps in the data."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from console.domain.alarms import Alarm, AlarmKind, AlarmState
from console.domain.clock import moment
from console.domain.health import feeds_set_up
from console.domain.incidents import Incident
from console.domain.outages import OUTAGE, OutageState
from console.domain.picture import Picture
from console.domain.reports import REPORT
from console.domain.tickets import TICKET
from console.services.network.data_gaps import lacking
from console.services.overview.network_now import works
from console.ui.appearance import Appearance
from console.ui.panels.case.clock import short_title
from console.ui.panels.status_words import feed_line, feed_words, station_words
from console.ui.widgets import Card, label
from console.ui.words import Words, one_line
from maps.city import City

_SHOWN = 5
"""So many of each are listed, and the rest are counted."""
_DAYS_AHEAD = timedelta(days=7)
_PARTS = ("feeds", "works", "due", "recent", "gaps")


class QuietPage(QWidget):
    """Shown while no case is open. It reads pictures; the closed cases are read in the background when the log has grown."""

    recent_wanted = Signal()

    def __init__(self, city: City, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._city, self._appearance = city, appearance
        self._picture: Picture | None = None
        self._recent: tuple[Incident, ...] | None = None
        self._asked_at = -1
        self._title = label(name="title")
        self._hint = label(name="muted", wrap=True)
        self._cards = {name: Card() for name in _PARTS}
        self._texts: dict[str, QLabel] = {name: label(wrap=True, selectable=True) for name in _PARTS}
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(7)
        box.addWidget(self._title)
        for name, card in self._cards.items():
            card.box.addWidget(self._texts[name])
            box.addWidget(card)
        box.addWidget(self._hint)
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        words = appearance.words
        self._title.setText(words("quiet.title"))
        self._hint.setText(words("quiet.hint"))
        for name, card in self._cards.items():
            card.heading.setText(words(f"quiet.{name}"))
        gaps = lacking(self._city)
        self._texts["gaps"].setText("\n".join(f"• {words(f'lacking.{code}')}" for code in gaps))
        self._cards["gaps"].setVisible(bool(gaps))
        self._fill()

    def show_picture(self, picture: Picture) -> None:
        """The newest picture; the closed cases are asked for when the log has grown."""
        self._picture = picture
        if picture.seq != self._asked_at:
            self._asked_at = picture.seq
            self.recent_wanted.emit()
        self._fill()

    def show_recent(self, incidents: tuple[Incident, ...]) -> None:
        """Cases closed in the last days, newest first."""
        self._recent = incidents
        self._fill()

    def _fill(self) -> None:
        picture, appearance = self._picture, self._appearance
        if picture is None:
            return
        words, now = appearance.words, moment(picture.now_us)
        feeds = [feed_line(feed, appearance) for feed in feeds_set_up(picture.feeds)] or [feed_words(picture, appearance)[0]]
        self._show("feeds", [*feeds, station_words(picture, words)[0]])
        self._show("works", [self._work(one, now) for one in works(picture.alarms)] or [words("quiet.works_none")])
        self._show("due", coming_up(picture, words) or [words("quiet.due_none")])
        if self._recent is None:
            self._show("recent", [words("quiet.recent_reading")])
        else:
            closed = [f"{one.incident_id} · {short_title(one, words)} · {_ended(one, now, words)}" for one in self._recent]
            self._show("recent", closed or [words("quiet.recent_none")])

    def _show(self, name: str, lines: list[str]) -> None:
        more = [self._appearance.words("notice.more_differences", n=len(lines) - _SHOWN)] if len(lines) > _SHOWN else []
        text = "\n".join(one_line(line) for line in [*lines[:_SHOWN], *more])
        if text != self._texts[name].text():  # a label set anew lays out the whole column
            self._texts[name].setText(text)

    def _work(self, alarm: Alarm, now: datetime) -> str:
        words = self._appearance.words
        start, end = words.hour(alarm.raised_at, now), words.hour(alarm.ends_at, now)
        return f"{_what(alarm, words)} · {words('alarms.from_to', start=start, end=end)}"


def coming_up(picture: Picture, words: Words) -> list[str]:
    """What is late, then what comes, the next first: works, shelvings, reports due, planned outages; calls back above them."""
    now = moment(picture.now_us)
    due = [*_of_alarms(picture, words, now), *_of_reports(picture, words), *_of_outages(picture, words, now)]
    coming = sorted(due, key=lambda one: one[:2])
    lines = [words(f"quiet.{key}", time=words.hour(at, now), what=what) for at, key, what in coming]
    back = [one for one in picture.of(TICKET) if one.is_due_back]
    return [words("quiet.callbacks_due", n=len(back)), *lines] if back else lines


_Due = tuple[datetime, str, str]
"""(when, key of the text, what)."""


def _of_alarms(picture: Picture, words: Words, now: datetime) -> list[_Due]:
    ends = [
        *((one.ends_at, "works_end", one) for one in picture.alarms if one.kind is AlarmKind.OPERATION),
        *((one.shelved_until, "shelved_end", one) for one in picture.alarms if one.state is AlarmState.SHELVED),
    ]
    return [(at, key, _what(one, words)) for at, key, one in ends if at is not None and at >= now]


def _of_reports(picture: Picture, words: Words) -> list[_Due]:
    """Late ones stay until they are sent."""
    waiting = [one for one in picture.of(REPORT) if one.closed_at is None]
    return [
        (one.due_at, "report_due", f"{words.of('report_kind', one.kind.value)} {one.report_id} · {one.incident_id}")
        for one in waiting
    ]


def _of_outages(picture: Picture, words: Words, now: datetime) -> list[_Due]:
    """Those of the next days that are not started, late ones too, and the ends of those that run."""
    found = list[_Due]()
    for one in picture.of(OUTAGE):
        road = one.place.road if one.place is not None else ""
        what = " ".join(part for part in (one.outage_id, road, words.of("outage_state", one.state.value)) if part)
        if one.state is OutageState.RUNNING:
            found.append((one.ends_at, "outage_end", what))
        elif one.is_ahead() and one.starts_at <= now + _DAYS_AHEAD:
            found.append((one.starts_at, "outage_start", what))
    return found


def _what(alarm: Alarm, words: Words) -> str:
    kind = words.of("operation", alarm.code) if alarm.kind is AlarmKind.OPERATION else words.of("alarm_kind", alarm.kind.value)
    return f"{kind} {words('alarms.network') if alarm.subject == 'network' else alarm.subject}"


def _ended(incident: Incident, now: datetime, words: Words) -> str:
    return words.stamp(incident.closed_at or incident.opened_at, now)
