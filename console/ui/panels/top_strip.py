"""The strip at the top: time with zone, feeds, alarms by priority, running cases with their clocks, search, the seat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QKeySequence, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy, QWidget, QWidgetItem

from console.domain.alarms import AlarmKind, AlarmState, Priority
from console.domain.clock import moment
from console.domain.incidents import Incident
from console.domain.picture import Picture
from console.domain.targets import Targets
from console.ui.appearance import Appearance
from console.ui.commands.key_bindings import KEYS, LIVE_ONLY
from console.ui.models.alarms import priority_pixmap
from console.ui.panels.case.clock import elapsed_s, escalated_words, is_late, short_title
from console.ui.panels.panel import Panel, PanelContext
from console.ui.panels.status_words import feed_tip, feed_words, station_tip, station_words
from console.ui.permitted import over_recording
from console.ui.widgets import ElidedLabel, button, fitted, label, menu_over, row, tip
from console.ui.words import one_line

_CASES_SHOWN = 3
_MORE = ("help", "settings", "tour", "mute", "layout", "lock", "change_person")
"""Commands of the menu at the right."""
_ALARMS_PER_10_MIN = 10
_CHIP_PX, _NAME_PX, _PERSON_PX, _CASE_PX = 340, 110, 150, 190
_LEAST_PX, _LEAST_CASE_PX, _LEAST_CHIP_PX = 90, 130, 100
_ROOMY_PX = 1500
"""From here on the one running case is written out; below, its clock and title, and the search is a short button."""
_WIDER_FROM_PX, _WIDE_CASE_PX = 1280, 330
_NAMED_FROM_PX, _WIDE_RATE = 1340, 88
_SHORT_SEARCH_PX, _LONG_SEARCH_FROM_PX = 120, 1700
_LEAST_STRIP_PX, _SPACING_PX = 1024, 10
_MARGINS_PX = (14, 10)
"""Left and right."""
"""The strip is as wide as its words: what comes from outside (a broker's error, names) must not push it off the screen."""


@dataclass(frozen=True, slots=True)
class Seat:
    """Whose console this is."""

    city: str
    user: str


class Chip(QFrame):
    """A boxed text of the strip."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("chip")
        self.box = QHBoxLayout(self)
        self.box.setContentsMargins(9, 3, 9, 3)
        self.box.setSpacing(6)
        self.text = ElidedLabel("")
        self.text.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.text.setMinimumWidth(_LEAST_CHIP_PX)
        self.box.addWidget(self.text)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)

    def say(self, text: str, tone: str = "", more: str = "") -> None:
        """Show a text; the whole of it, or ``more``, in the tip; ``tone``: critical, warning, ok, muted."""
        short = fitted(self.text, text, _CHIP_PX)
        if self.text.text() != short:
            self.text.setText(short)
        whole = tip(more or text)
        if self.toolTip() != whole:
            self.setToolTip(whole)
            self.setAccessibleName(text)
        if self.text.objectName() != tone:
            self.text.setObjectName(tone)
            self.text.style().polish(self.text)


class TopStrip(Panel):
    """One line with the state of the city."""

    case_chosen = Signal(str)
    search_requested = Signal()
    language_requested = Signal()
    command_requested = Signal(str)
    """Name of a command of the menu at the right."""
    theme_requested = Signal()

    def __init__(self, appearance: Appearance, seat: Seat, targets: Targets | None = None) -> None:
        super().__init__()
        self._appearance, self._seat, self._targets = appearance, seat, targets or Targets()
        self._name, self._time = label(name="title"), label(name="strong")
        self._feed, self._alarms, self._stations = Chip(), Chip(), Chip()
        self._alarms.text.hide()
        self._counts: list[tuple[QLabel, QLabel]] = []
        for _ in Priority:
            shape, number = label(), label(name="strong")
            self._alarms.box.addWidget(shape)
            self._alarms.box.addWidget(number)
            self._counts.append((shape, number))
        self._rate = label(name="muted")
        self._alarms.box.addWidget(self._rate)
        self._cases = [button("", "flat", elided=True) for _ in range(_CASES_SHOWN)]
        self._case_ids = [""] * _CASES_SHOWN
        for index, case in enumerate(self._cases):
            case.clicked.connect(lambda _=False, i=index: self.case_chosen.emit(self._case_ids[i]))
            case.hide()
        self._more_cases = button("", "flat")
        self._more_cases.clicked.connect(self.offer_hidden_cases)
        self._hidden: tuple[Incident, ...] = ()
        self._shows_user = True
        self._picture: Picture | None = None
        self._search = button("", elided=True)
        self._theme, self._language, self._more = button("", "flat"), button("", "flat"), button("☰", "flat")
        self._search.clicked.connect(self.search_requested)
        self._theme.clicked.connect(self.theme_requested)
        self._language.clicked.connect(self.language_requested)
        self._more.clicked.connect(self.offer_more)
        self._user = label(name="muted")
        self._search.setMinimumWidth(_LEAST_PX)
        line = row(
            self._name,
            self._time,
            *self._cases,
            self._more_cases,
            self._feed,
            self._stations,
            self._alarms,
            1,
            self._user,
            self._search,
            self._theme,
            self._language,
            self._more,
            spacing=_SPACING_PX,
        )
        line.setContentsMargins(_MARGINS_PX[0], 5, _MARGINS_PX[1], 5)
        self.setLayout(line)
        self.setMinimumWidth(_LEAST_STRIP_PX)  # else the window grows beyond a small screen with each further case
        self._kept: tuple[QWidget, ...] = (
            self._name, self._time, self._feed, self._stations, self._alarms, self._search, self._theme, self._language,
            self._more,
        )  # fmt: skip
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        words = appearance.words
        self._name.setText(words("app.name"))
        self._search.setText(words("search.button"))
        self._name_seat()
        self._language.setText(words("app.other_language"))
        self._more.setAccessibleName(words("strip.more"))
        self._more.setToolTip(tip(words("strip.more")))
        self._theme.setText(words(f"app.theme_{'light' if appearance.theme.name == 'dark' else 'dark'}"))
        for priority, (shape, _) in zip(Priority, self._counts, strict=True):
            shape.setPixmap(priority_pixmap(appearance.theme, priority, 15))
            shape.setToolTip(words.of("priority", priority.name.lower()))

    def _name_seat(self) -> None:
        """City and person; where it is narrow the person alone, whom the acts are recorded for."""
        seat = (self._seat.city, self._seat.user)
        names = [fitted(self._user, name, _NAME_PX) for name in seat]
        if self.width() < _ROOMY_PX:
            names = [fitted(self._user, self._seat.user, _PERSON_PX)]
        self._user.setText(" · ".join(names))
        self._user.setToolTip(tip(" · ".join(seat)))
        self._user.setMinimumWidth(self._user.fontMetrics().horizontalAdvance(self._user.text()) + 2)

    def show_person(self, name: str) -> None:
        """Another person is signed in."""
        self._seat = replace(self._seat, user=name)
        self.set_appearance(self._appearance)

    def leave_out_live(self) -> None:
        """Hide feeds and seat: they have no meaning over a recording, and the review needs the room."""
        self._feed.hide()
        self._user.hide()
        self._shows_user = False

    def show_picture(self, picture: Picture) -> None:
        """The newest state of everything."""
        words, self._picture = self._appearance.words, picture
        self._time.setText(words.full_time(moment(picture.now_us)))
        self._feed.say(*feed_words(picture, self._appearance), feed_tip(picture, self._appearance))
        self._stations.say(*station_words(picture, words), station_tip(picture, words))
        open_ = (AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED)
        live = [alarm for alarm in picture.alarms if alarm.state in open_ and alarm.kind is not AlarmKind.OPERATION]
        for priority, (shape, number) in zip(Priority, self._counts, strict=True):
            count = sum(alarm.priority is priority for alarm in live)
            number.setText(str(count))
            number.setToolTip(words.of("priority", priority.name.lower()))
            shape.setAccessibleName(f"{words.of('priority', priority.name.lower())}: {count}")
        rate = picture.alarms_per_10_min
        self._rate.setText(words("strip.rate", n=rate))
        self._rate.setMinimumWidth(self._rate.fontMetrics().horizontalAdvance(words("strip.rate", n=max(rate, _WIDE_RATE))) + 2)
        tone = "warning" if rate > _ALARMS_PER_10_MIN else "muted"
        if self._rate.objectName() != tone:
            self._rate.setObjectName(tone)
            self._rate.style().polish(self._rate)
        self._show_cases(picture)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Show as many cases as there is room for."""
        super().resizeEvent(event)
        self._search.setFixedWidth(_SHORT_SEARCH_PX if self.width() < _LONG_SEARCH_FROM_PX else self._search.sizeHint().width())
        self._name.setVisible(self.width() >= _NAMED_FROM_PX)
        self._name_seat()
        if self._picture is not None:
            self._show_cases(self._picture)

    def _show_cases(self, picture: Picture) -> None:
        cases = picture.incidents
        count, with_user = self._room_for(len(cases))
        self._user.setVisible(with_user)
        self._show_shown(cases[len(cases) - count :], moment(picture.now_us))
        self._hidden = cases[: len(cases) - count]
        self._more_cases.setVisible(bool(self._hidden))
        self._more_cases.setText(f"+{len(self._hidden)}")
        self._more_cases.setToolTip(tip("\n".join(one.incident_id for one in self._hidden)))

    def _room_for(self, cases: int) -> tuple[int, bool]:
        """(cases shown, whether the seat is): as many as have room; the seat's name gives way first."""
        kept = [QWidgetItem(one).minimumSize().width() + _SPACING_PX for one in self._kept if not one.isHidden()]
        free = self.width() - sum(_MARGINS_PX) - sum(kept)
        most = min(cases, _CASES_SHOWN)
        for count, with_user in [(most, True), *((fewer, False) for fewer in range(most, 1, -1))]:
            wanted = count * (_LEAST_CASE_PX + _SPACING_PX) + (self._user.minimumWidth() + _SPACING_PX if with_user else 0)
            if cases > count:
                wanted += self._more_cases.sizeHint().width() + _SPACING_PX
            if wanted <= free:
                return count, with_user and self._shows_user
        return min(most, 1), False

    def offer_more(self) -> QMenu:
        """Settings, help and what belongs to the seat, with their keys."""
        menu, words = menu_over(self), self._appearance.words
        for name in _MORE:
            if name in LIVE_ONLY and over_recording(self):
                continue
            key = QKeySequence(KEYS[name]).toString(QKeySequence.SequenceFormat.NativeText)
            text = one_line(words(f"commands.{name}")).replace("&", "&&")
            menu.addAction(f"{text}\t{key}" if key else text, partial(self.command_requested.emit, name))
        menu.popup(self._more.mapToGlobal(QPoint(0, self._more.height())))
        return menu

    def offer_hidden_cases(self) -> QMenu:
        """A menu of the running cases that have no room in the strip."""
        menu, now = QMenu(self), moment(self._picture.now_us) if self._picture is not None else None
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for incident in self._hidden:
            clock = self._appearance.words.elapsed(elapsed_s(incident, now)) if now is not None else ""
            text = f"{incident.incident_id} · {clock} · {short_title(incident, self._appearance.words)}"
            menu.addAction(one_line(text).replace("&", "&&"), partial(self.case_chosen.emit, incident.incident_id))
        menu.popup(self._more_cases.mapToGlobal(QPoint(0, self._more_cases.height())))
        return menu

    def _show_shown(self, shown: Sequence[Incident], now: datetime) -> None:
        for index, case in enumerate(self._cases):
            if index >= len(shown):
                case.hide()
                continue
            incident = shown[index]
            words = self._appearance.words
            title = fitted(case, short_title(incident, words), _CASE_PX)
            minutes = self._targets.issue.minutes if incident.work is None else 0
            alone = "strip.case" if minutes else "strip.case_no_target"
            key = alone if len(shown) == 1 and self.width() >= _ROOMY_PX else "strip.case_of_several"
            text = words(key, title=title, elapsed=words.elapsed(elapsed_s(incident, now)), n=f"{minutes:g}")
            self._case_ids[index] = incident.incident_id
            escalated = escalated_words(incident, now, self._targets, words)
            case.setText(("⚠ " if escalated else "◆ ") + text)
            # Of one width whatever the clock says: no button beside it moves. Where it is narrow the title gives way.
            case.setFixedWidth(self._case_px(len(shown)))
            case.setToolTip(tip("\n".join(filter(None, (f"{incident.incident_id} {text}", escalated)))))
            alert = f"color: {self._appearance.theme.colours['state.critical']};" if is_late(incident, now, self._targets) else ""
            if case.styleSheet() != alert:
                case.setStyleSheet(alert)
            case.show()

    def _case_px(self, shown: int) -> int:
        """Width of a case's button: a lone case is written out where there is room."""
        if shown > 1 or self.width() < _WIDER_FROM_PX:
            return _LEAST_CASE_PX
        return _WIDE_CASE_PX if self.width() >= _ROOMY_PX else _CASE_PX


def make(context: PanelContext) -> TopStrip:
    """The strip of this seat; its buttons run the window's commands."""
    panel = TopStrip(context.appearance, Seat(context.city.info.name, context.session.person.name), context.port.targets)
    context.session.changed.connect(lambda: panel.show_person(context.session.person.name))
    panel.case_chosen.connect(context.locator.choose_case)
    panel.search_requested.connect(partial(context.run, "search"))
    panel.language_requested.connect(partial(context.run, "language"))
    panel.theme_requested.connect(partial(context.run, "theme"))
    panel.command_requested.connect(context.run)
    return panel
