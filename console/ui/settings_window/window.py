"""SettingsWindow: all settings by subject, with a search; each says when it takes effect."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFrame, QLabel, QLineEdit, QScrollArea, QVBoxLayout, QWidget

from console.ui.appearance import Appearance
from console.ui.commands.appearance_choice import AppearanceChoice
from console.ui.help.window import help_key
from console.ui.settings_window.entries import SettingParts
from console.ui.settings_window.look import look_rows, sound_rows
from console.ui.settings_window.rows import FileSettingRow, SettingRow
from console.ui.sounds.alarm_sounds import AlarmSounds
from console.ui.widgets import button, label, row
from maps.errors import InputFault

_SIZE_PX = (820, 720)


class SettingsWindow(QDialog):
    """Beside the window: what is chosen there is seen at once."""

    def __init__(
        self,
        appearance: Appearance,
        choice: AppearanceChoice,
        sounds: AlarmSounds,
        parts: SettingParts,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        words = appearance.words
        text = words.catalogue.text
        self.setWindowTitle(text("settings.title"))
        room = self.screen().availableSize()
        self.resize(min(_SIZE_PX[0], room.width() - 60), min(_SIZE_PX[1], room.height() - 80))
        self.sought = QLineEdit()
        self.sought.setPlaceholderText(text("settings.sought"))
        self.sought.setAccessibleName(text("settings.sought"))
        self.sought.setClearButtonEnabled(True)
        self.sought.textChanged.connect(self._seek)
        self.restart = label(text("settings.restart"), "warning", wrap=True)
        self.restart.hide()
        self._nothing = label(text("settings.nothing"), "muted")
        self._nothing.hide()
        inside = QWidget()
        inside.setObjectName("column")
        self._box = QVBoxLayout(inside)
        self._box.setSpacing(0)
        self._groups: list[tuple[QLabel, Sequence[SettingRow]]] = []
        self._group(text("settings.group.look"), look_rows(choice, appearance))
        self._group(text("settings.group.sound"), sound_rows(sounds, appearance))
        if parts.file is not None:
            self._of_file(parts, appearance)
        self._box.addWidget(self._nothing)
        self._box.addStretch(1)
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(inside)
        close = button(words("notice.close"))
        close.clicked.connect(self.close)
        where = label(
            text("settings.where", path=parts.file.path) if parts.file is not None else "", "muted", wrap=True, selectable=True
        )
        box = QVBoxLayout(self)
        box.addWidget(self.sought)
        box.addWidget(self.restart)
        box.addWidget(area, 1)
        below = row(where, close)
        below.setStretch(0, 1)
        box.addLayout(below)
        help_key(self, "settings", appearance)
        self.sought.setFocus()

    @property
    def rows(self) -> dict[str, SettingRow]:
        """Rows in sight by their name in words."""
        return {one.field.accessibleName(): one for _, rows in self._groups for one in rows if not one.isHidden()}

    def _of_file(self, parts: SettingParts, appearance: Appearance) -> None:
        text = appearance.words.catalogue.text
        if parts.file is None:
            return
        try:
            found = parts.file.read()
        except InputFault as fault:
            self._box.addWidget(label(str(fault), "warning", wrap=True))
            return
        refusal = parts.refusal()
        for group in dict.fromkeys(one.group for one in found):
            rows = [
                FileSettingRow(one, parts.file, refusal, appearance, self.restart.show) for one in found if one.group == group
            ]
            self._group(text(f"settings.group.{group}"), rows)

    def _group(self, title: str, rows: Sequence[SettingRow]) -> None:
        head = label(title, "title")
        head.setContentsMargins(0, 12, 0, 2)
        self._box.addWidget(head)
        for one in rows:
            self._box.addWidget(one)
        self._groups.append((head, rows))

    def _seek(self, sought: str) -> None:
        """Rows whose words, or whose subject, hold all that is sought."""
        wanted = sought.casefold().split()
        any_found = False
        for head, rows in self._groups:
            subject, shown = head.text().casefold(), False
            for one in rows:
                fits = all(part in one.said or part in subject for part in wanted)
                one.setVisible(fits)
                shown = shown or fits
            head.setVisible(shown)
            any_found = any_found or shown
        self._nothing.setVisible(not any_found)
