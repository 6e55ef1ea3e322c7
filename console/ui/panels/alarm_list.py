"""The alarm list: open alarms, what can be done about the chosen one, and all of its words."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QSizePolicy, QTableView, QVBoxLayout

from console.domain.alarms import Alarm, AlarmKind, AlarmState
from console.domain.clock import moment
from console.domain.picture import Picture
from console.services.alarms.operations import EndOperation
from console.services.alarms.station_alarms import AcknowledgeAlarm, AcknowledgeAlarms, RestoreAlarm, ShelveAlarm
from console.ui.appearance import Appearance
from console.ui.commands.dispatch import Submit
from console.ui.commands.key_bindings import KEYS
from console.ui.models.alarms import AlarmModel
from console.ui.panels.panel import Panel, PanelContext
from console.ui.panels.tables import STAMP_SAMPLE, TIME_SAMPLE, FontWatcher, fit_column, plain_table
from console.ui.permitted import needs
from console.ui.sounds.alarm_sounds import AlarmSounds
from console.ui.sounds.mute_button import MuteButton
from console.ui.widgets import button, label, row, with_key
from maps.city import City

_SET_ASIDE = (AlarmState.SHELVED, AlarmState.OUT_OF_SERVICE)
_UNSEEN = (AlarmState.ACTIVE, AlarmState.RETURNED)
_CONTENT = 3
_TIME = 1
_DEVIATION, _NARROW_PX = 4, 440
"""The deviation is left out of a narrow list: the content has the value and what was expected."""
_SHARES = {0: (64, 1.0), 2: (70, 0.17), _DEVIATION: (64, 1.0), 5: (90, 0.23)}
"""Column: (least pixels, most of the list's width). They take what their words need; the content has the rest.

Priorities, times and figures are short and never cut: a cut time would be read as another time.
"""

_TOLD_LINES = 3


class AlarmList(Panel):
    """Open alarms with what can be done about the chosen one."""

    shelving_asked = Signal(object)
    """Alarm: how long and why is to be asked."""
    entry_asked = Signal(object)
    """Alarm: an entry of the shift log about it."""
    alarm_chosen = Signal(object)
    alarm_opened = Signal(object)
    """Alarm: double click or Enter."""

    def __init__(self, city: City, appearance: Appearance, submit: Submit, sounds: AlarmSounds | None = None) -> None:
        super().__init__()
        self._appearance, self._submit = appearance, submit
        self._mute = MuteButton(sounds, appearance) if sounds is not None else None
        model = self._model = AlarmModel(city, appearance.theme, appearance.words, self)
        self._title = label(name="heading")
        self._acknowledge, self._shelve = with_key(button(""), KEYS["acknowledge"]), button("")
        self._acknowledge.clicked.connect(self.acknowledge)
        needs(AcknowledgeAlarm, self._acknowledge)
        needs(ShelveAlarm, self._shelve)
        self._shelve.clicked.connect(self._on_shelve)
        # Before the table's own selection hears of it: it would pass the row on to a neighbour, and the next press of
        # "Acknowledge" would apply to an alarm that has not been read.
        model.rowsAboutToBeRemoved.connect(self._on_leaving)
        self.table: QTableView = plain_table(model)
        self.table.horizontalHeader().setResizeContentsPrecision(0)  # what is in sight; thousands more would be measured
        self.table.horizontalHeader().setSectionResizeMode(_CONTENT, QHeaderView.ResizeMode.Stretch)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        self.table.selectionModel().selectionChanged.connect(self._refresh)
        self.table.activated.connect(lambda index: self.alarm_opened.emit(model.item(index.row())))
        self._told = label(wrap=True, selectable=True)
        self._told.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Minimum)  # one endless word must not widen it
        self._told.setAlignment(Qt.AlignmentFlag.AlignTop)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 6, 6, 4)
        box.setSpacing(3)
        box.addLayout(row(self._title, 1, *([self._mute] if self._mute is not None else []), self._acknowledge, self._shelve))
        box.addWidget(self.table, 1)
        box.addWidget(self._told)
        model.settled.connect(self._refresh)
        model.settled.connect(self._fit)
        FontWatcher(self.table).changed.connect(lambda: self._fit(anew=True))
        self.set_appearance(appearance)

    def show_picture(self, picture: Picture) -> None:
        """The newest alarms."""
        self._model.show(picture.alarms, moment(picture.now_us))
        self._tell()  # at midnight its times get their dates, without a change of the alarm

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        if self._mute is not None:
            self._mute.set_appearance(appearance)
        self._model.set_appearance(appearance.theme, appearance.words)
        self.table.setAccessibleName(appearance.words("panels.alarms"))
        self._refresh()
        self._fit(anew=True)

    def chosen(self) -> Alarm | None:
        """The alarm of the current row."""
        index = self.table.currentIndex()
        return self._model.item(index.row()) if index.isValid() else None

    def waiting(self) -> list[Alarm]:
        """The alarms of the selected rows, else of the current row, that nobody has acknowledged yet.

        A table that gets the focus by a key has a current row, whose text is shown, and no selection.
        """
        rows = sorted(index.row() for index in self.table.selectionModel().selectedRows())
        if not rows and self.table.currentIndex().isValid():
            rows = [self.table.currentIndex().row()]
        return [alarm for alarm in map(self._model.item, rows) if alarm.state in _UNSEEN]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the columns to the new width."""
        super().resizeEvent(event)
        self._fit(anew=True)

    def _fit(self, anew: bool = False) -> None:
        """Columns as wide as their words, within their share. Between alarms they only grow, so that the list stays still."""
        header, whole = self.table.horizontalHeader(), self.table.viewport().width()
        header.setSectionHidden(_DEVIATION, whole < _NARROW_PX)
        fit_column(self.table, _TIME, (TIME_SAMPLE, STAMP_SAMPLE))
        for column, (least, share) in _SHARES.items():
            needed = max(self.table.sizeHintForColumn(column), header.sectionSizeHint(column), least)
            width = min(needed, max(int(whole * share), least))
            if anew or width > header.sectionSize(column):
                header.resizeSection(column, width)

    def _refresh(self) -> None:
        words, alarms = self._appearance.words, self._model.items()
        unseen = sum(alarm.state is AlarmState.ACTIVE for alarm in alarms)
        aside = sum(alarm.state in _SET_ASIDE for alarm in alarms)
        title = words("alarms.title", n=len(alarms), unseen=unseen)
        self._title.setText(title + (words("alarms.aside", n=aside) if aside else ""))
        alarm = self.chosen()
        self._tell()
        self._told.setMaximumHeight(_TOLD_LINES * self._told.fontMetrics().lineSpacing())
        waiting, several = len(self.waiting()), len(self.table.selectionModel().selectedRows()) > 1
        self._acknowledge.setEnabled(waiting > 0)
        self._acknowledge.setText(words("alarms.acknowledge_several" if several else "alarms.acknowledge", n=waiting))
        self._shelve.setEnabled(alarm is not None and not several and alarm.state is not AlarmState.RETURNED)
        if alarm is not None and alarm.kind is AlarmKind.OPERATION:
            needs(EndOperation, self._shelve)
            self._shelve.setText(words("alarms.end"))
            return
        is_aside = alarm is not None and alarm.state in _SET_ASIDE
        needs(RestoreAlarm if is_aside else ShelveAlarm, self._shelve)
        self._shelve.setText(words("alarms.restore" if is_aside else "alarms.shelve"))

    def _tell(self) -> None:
        alarm = self.chosen()
        self._told.setVisible(alarm is not None)
        self._told.setText(self._model.told(alarm) if alarm is not None else "")

    def _on_leaving(self, _: QModelIndex, first: int, last: int) -> None:
        if first <= self.table.currentIndex().row() <= last:
            self.table.selectionModel().clear()

    def _on_row(self, current: QModelIndex, _: QModelIndex) -> None:
        self._refresh()
        if current.isValid():
            self.alarm_chosen.emit(self._model.item(current.row()))

    def acknowledge(self) -> None:
        """Acknowledge the selected alarms; without a selection the current one, else the most pressing not acknowledged."""
        first = next((alarm for alarm in self._model.items() if alarm.state is AlarmState.ACTIVE), None)
        chosen = self.waiting() or ([first] if self.chosen() is None and first is not None else [])
        if len(chosen) > 1:
            self._submit(AcknowledgeAlarms(tuple(alarm.alarm_id for alarm in chosen)))
        elif chosen:
            self._submit(AcknowledgeAlarm(chosen[0].alarm_id))

    def write_entry(self) -> None:
        """Write into the shift log about the chosen alarm."""
        alarm = self.chosen()
        if alarm is not None:
            self.entry_asked.emit(alarm)

    def _on_shelve(self) -> None:
        alarm = self.chosen()
        if alarm is not None and alarm.kind is AlarmKind.OPERATION:
            self._submit(EndOperation(alarm.alarm_id))
        elif alarm is not None and alarm.state in _SET_ASIDE:
            self._submit(RestoreAlarm(alarm.alarm_id))
        elif alarm is not None:
            self.shelving_asked.emit(alarm)


def make(context: PanelContext) -> AlarmList:
    """The alarm list. A case's alarm opens the case, another one the card of its station."""
    panel, locator, stations = (
        AlarmList(context.city, context.appearance, context.submit, context.sounds),
        context.locator,
        context.city.stations,
    )

    def open_alarm(alarm: Alarm) -> None:
        if not alarm.incident_id and stations.has(alarm.subject):
            context.station_cards.show(stations.row(alarm.subject))
        else:
            locator.on_alarm(alarm)

    panel.shelving_asked.connect(context.questions.shelving)
    panel.entry_asked.connect(context.shift.write_about_alarm)
    panel.alarm_chosen.connect(locator.on_alarm)
    panel.alarm_opened.connect(open_alarm)
    return panel
