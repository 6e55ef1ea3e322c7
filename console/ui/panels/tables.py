"""The bottom: alarms, and the log of actions of the case in focus."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from console.domain.alarms import Alarm, AlarmKind, AlarmState
from console.domain.intents import AcknowledgeAlarm, EndOperation, RestoreAlarm
from console.ui.looks import Looks, button, label, row
from console.ui.models.alarms import AlarmModel
from console.ui.models.rows import RowsModel
from console.ui.models.timeline import TimelineModel

_ROW_PX = 27
_SET_ASIDE = (AlarmState.SHELVED, AlarmState.OUT_OF_SERVICE)


class AlarmList(QWidget):
    """Open alarms with what can be done about the chosen one."""

    intent_asked = Signal(object)
    shelving_asked = Signal(object)
    """Alarm: how long and why is to be asked."""
    alarm_chosen = Signal(object)

    def __init__(self, model: AlarmModel, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._model, self._looks = model, looks
        self._title = label(name="heading")
        self._acknowledge, self._shelve = button(""), button("")
        self._acknowledge.clicked.connect(self.acknowledge)
        self._shelve.clicked.connect(self._on_shelve)
        self.table = _table(model)
        self._widths()
        self.table.selectionModel().currentRowChanged.connect(self._on_row)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 6, 6, 4)
        box.setSpacing(3)
        box.addLayout(row(self._title, 1, self._acknowledge, self._shelve))
        box.addWidget(self.table, 1)
        model.settled.connect(self._refresh)
        self.set_looks(looks)

    def set_looks(self, looks: Looks) -> None:
        """Another theme or language."""
        self._looks = looks
        self._acknowledge.setText(looks.words("alarms.acknowledge"))
        self._refresh()

    def chosen(self) -> Alarm | None:
        """The alarm of the current row."""
        index = self.table.currentIndex()
        return self._model.item(index.row()) if index.isValid() else None

    def _widths(self) -> None:
        header = self.table.horizontalHeader()
        for column, width in enumerate((80, 76, 130, 300, 70, 150)):
            header.resizeSection(column, width)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)

    def _refresh(self) -> None:
        unseen = sum(alarm.state is AlarmState.ACTIVE for alarm in self._model.items())
        words = self._looks.words
        self._title.setText(words("alarms.title", n=self._model.rowCount(), unseen=unseen))
        alarm = self.chosen()
        self._acknowledge.setEnabled(alarm is not None and alarm.state in (AlarmState.ACTIVE, AlarmState.RETURNED))
        self._shelve.setEnabled(alarm is not None and alarm.state is not AlarmState.RETURNED)
        if alarm is not None and alarm.kind is AlarmKind.OPERATION:
            self._shelve.setText(words("alarms.end"))
            return
        self._shelve.setText(words("alarms.restore" if alarm is not None and alarm.state in _SET_ASIDE else "alarms.shelve"))

    def _on_row(self, current: QModelIndex, _: QModelIndex) -> None:
        self._refresh()
        if current.isValid():
            self.alarm_chosen.emit(self._model.item(current.row()))

    def acknowledge(self) -> None:
        """The chosen alarm, or the most pressing unseen one, is seen."""
        alarm = self.chosen() or next((a for a in self._model.items() if a.state is AlarmState.ACTIVE), None)
        if alarm is not None:
            self.intent_asked.emit(AcknowledgeAlarm(alarm.alarm_id))

    def _on_shelve(self) -> None:
        alarm = self.chosen()
        if alarm is not None and alarm.kind is AlarmKind.OPERATION:
            self.intent_asked.emit(EndOperation(alarm.alarm_id))
        elif alarm is not None and alarm.state in _SET_ASIDE:
            self.intent_asked.emit(RestoreAlarm(alarm.alarm_id))
        elif alarm is not None:
            self.shelving_asked.emit(alarm)


class LogList(QWidget):
    """The log of actions, the newest in sight."""

    def __init__(self, model: TimelineModel, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = label(name="heading")
        self._incident_id = ""
        self._looks = looks
        self.table = _table(model)
        header = self.table.horizontalHeader()
        header.resizeSection(0, 76)
        header.resizeSection(1, 76)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 6, 6, 4)
        box.setSpacing(3)
        box.addWidget(self._title)
        box.addWidget(self.table, 1)
        model.rowsInserted.connect(self.table.scrollToBottom)
        self.set_looks(looks)

    def set_looks(self, looks: Looks) -> None:
        """Another theme or language."""
        self._looks = looks
        self.show_of(self._incident_id)

    def show_of(self, incident_id: str) -> None:
        """Whose log this is."""
        self._incident_id = incident_id
        words = self._looks.words
        self._title.setText(words("log.title_of", incident=incident_id) if incident_id else words("log.title"))


def _table(model: RowsModel[Alarm] | TimelineModel) -> QTableView:
    table = QTableView()
    table.setModel(model)
    table.setShowGrid(False)
    table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
    table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    table.setTabKeyNavigation(False)
    table.setIconSize(QSize(16, 16))
    table.setWordWrap(False)
    table.verticalHeader().hide()
    table.verticalHeader().setDefaultSectionSize(_ROW_PX)
    header = table.horizontalHeader()
    header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    header.setHighlightSections(False)
    return table
