"""The log of actions of the case in focus, and the kind of table the bottom of the window is made of."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QSize, Qt
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from console.ui.looks import Looks, label
from console.ui.models.timeline import TimelineModel

_ROW_PX = 27


class LogList(QWidget):
    """The log of actions, the newest in sight."""

    def __init__(self, model: TimelineModel, looks: Looks, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._title = label(name="heading")
        self._incident_id = ""
        self._looks = looks
        self.table = plain_table(model)
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


def plain_table(model: QAbstractItemModel) -> QTableView:
    """A table without a grid: whole rows, one line each, no way sideways."""
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
