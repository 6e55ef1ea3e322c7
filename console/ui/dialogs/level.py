"""Asks for the event level of a case, with its ground."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget

from console.domain.incidents import Incident
from console.services.incidents.event_level import LevelTable
from console.services.reports.authority import SetEventLevel
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import LONGEST_REASON, Question


class LevelQuestion(Question):
    """A level or "as the rules propose"; not accepted without a ground."""

    def __init__(self, appearance: Appearance, incident: Incident, parent: QWidget) -> None:
        words, table = appearance.words, LevelTable.load()
        level = table.level_of(incident)
        text = words("level.question", case=incident.incident_id, proposed=level.proposed)
        super().__init__(appearance, words("level.set_title"), text, parent, words("level.do"))
        self._incident_id = incident.incident_id
        self.level, self.ground = QComboBox(), QLineEdit()
        for name in table.names:
            self.level.addItem(words("level.name", level=name), name)
        self.level.addItem(words("level.rules", level=level.proposed), "")
        self.level.setCurrentIndex(max(self.level.findData(level.name), 0))
        self.ground.setMaxLength(LONGEST_REASON)
        form = QFormLayout()
        form.addRow(words("level.which"), self.level)
        form.addRow(words("level.ground"), self.ground)
        self.box.addLayout(form)
        self.ground.textChanged.connect(lambda _: self._check())
        self._check()
        self.finish()

    def _check(self) -> None:
        self.ok.setEnabled(bool(self.ground.text().strip()))

    def intent(self) -> SetEventLevel:
        """What was chosen."""
        return SetEventLevel(self._incident_id, str(self.level.currentData()), self.ground.text().strip())
