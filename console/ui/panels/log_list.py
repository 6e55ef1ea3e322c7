"""The log of actions of the case in focus."""

from __future__ import annotations

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QHeaderView, QVBoxLayout

from console.domain.clock import moment
from console.domain.picture import Picture
from console.ui.appearance import Appearance
from console.ui.models.timeline import TimelineModel
from console.ui.panels.panel import Panel, PanelContext
from console.ui.panels.tables import STAMP_SAMPLE, TIME_SAMPLE, FontWatcher, fit_column, plain_table
from console.ui.widgets import label

_NAME_PX = 84


class LogList(Panel):
    """The log of actions, the newest in sight."""

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        model = self.model = TimelineModel(appearance.theme, appearance.words, self)
        self._title = label(name="heading")
        self._incident_id = ""
        self._appearance = appearance
        self.table = plain_table(model)
        self.table.horizontalHeader().setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setResizeContentsPrecision(0)  # what is in sight
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 6, 6, 4)
        box.setSpacing(3)
        box.addWidget(self._title)
        box.addWidget(self.table, 1)
        model.rowsInserted.connect(self.table.scrollToBottom)
        model.rowsInserted.connect(self._fit)
        FontWatcher(self.table).changed.connect(self._fit)
        self.set_appearance(appearance)

    def show_picture(self, picture: Picture) -> None:
        """The time: entries of another day show their date."""
        self.model.show_now(moment(picture.now_us))

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        self.model.set_appearance(appearance.theme, appearance.words)
        self.table.setAccessibleName(appearance.words("panels.log"))
        self.show_of(self._incident_id)
        self._fit()

    @Slot()
    def _fit(self) -> None:
        """Times are never cut; names take what they need, up to a fifth of the list or a short name's width."""
        fit_column(self.table, 0, (TIME_SAMPLE, STAMP_SAMPLE))
        header = self.table.horizontalHeader()
        most = max(self.table.viewport().width() // 5, header.sectionSizeHint(1), _NAME_PX)
        header.resizeSection(1, min(max(self.table.sizeHintForColumn(1), header.sectionSizeHint(1)), most))

    def show_of(self, incident_id: str) -> None:
        """Whose log this is."""
        self._incident_id = incident_id
        words = self._appearance.words
        self._title.setText(words("log.title_of", incident=incident_id) if incident_id else words("log.title"))


def make(context: PanelContext) -> LogList:
    """The log of the case in focus."""
    panel, focus = LogList(context.appearance), context.focus
    focus.changed.connect(lambda: panel.show_of(focus.incident.incident_id if focus.incident is not None else ""))
    focus.log_ready.connect(panel.model.apply)
    return panel
