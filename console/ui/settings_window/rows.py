"""One row of the settings window: name, field, and below it when it takes effect, where it is set, or what is wrong."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QGridLayout, QLineEdit, QPushButton, QWidget

from console.ui.appearance import Appearance
from console.ui.settings_window.entries import FileSetting, SettingsFile, Source
from console.ui.widgets import button, label
from maps.errors import InputFault

NAME_PX = 250


class SettingRow(QWidget):
    """``field``: what the value is changed with; ``said``: all words of the row, which the search looks at."""

    def __init__(self, name: str, field: QWidget, note: str = "", more: QWidget | None = None) -> None:
        super().__init__()
        self.said = f"{name} {note}".casefold()
        self._note, self.field = label(note, "muted", wrap=True), field
        title = label(name, wrap=True)
        title.setFixedWidth(NAME_PX)
        title.setBuddy(field)
        field.setAccessibleName(name)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 3, 0, 3)
        grid.setVerticalSpacing(1)
        grid.addWidget(title, 0, 0)
        grid.addWidget(field, 0, 1)
        if more is not None:
            grid.addWidget(more, 0, 2)
        grid.addWidget(self._note, 1, 1, 1, 2)
        grid.setColumnStretch(1, 1)
        self._note.setVisible(bool(note))

    def say(self, text: str, tone: str = "muted") -> None:
        """Another note below the field; ``tone``: muted, ok, warning."""
        self._note.setObjectName(tone)
        self._note.style().polish(self._note)
        self._note.setText(text)
        self._note.setVisible(bool(text))


class FileSettingRow(SettingRow):
    """A setting of the file: saved when Enter is pressed or the field is left."""

    def __init__(
        self, one: FileSetting, file: SettingsFile, refusal: str, appearance: Appearance, changed: Callable[[], None]
    ) -> None:
        """``refusal``: why the person at the seat may not change it, "" when it may; ``changed``: called once it is saved."""
        text, has = appearance.words.catalogue.text, appearance.words.catalogue.has
        self._one, self._file, self._text, self._changed = one, file, text, changed
        self.edit = QLineEdit(_shown(one, text))
        self.edit.setPlaceholderText(text("settings.none"))
        self.usual: QPushButton = button(text("settings.usual"), "flat")
        more = text(f"settings.more.{one.name}") if has(f"settings.more.{one.name}") else ""
        self._more = more
        super().__init__(text(f"settings.of.{one.name}"), self.edit, "", more=self.usual)
        self.said += f" {one.name} {more}".casefold()
        may = not (one.is_installation or one.is_secret or refusal or one.source is Source.ENVIRONMENT)
        self.edit.setReadOnly(not may)
        self.edit.setEnabled(may)
        self.usual.setVisible(may and one.source is Source.FILE)
        self.usual.clicked.connect(self._take_usual)
        self.edit.editingFinished.connect(self._save)
        if one.source is Source.ENVIRONMENT:
            self._tell(text("settings.by_environment", name=f"QUANMAI_{one.name.upper()}"))
        elif one.is_installation or one.is_secret:
            self._tell(text("settings.installation"))
        elif refusal:
            self._tell(refusal)
        else:
            self._tell(text("settings.at_restart"))

    def _tell(self, text: str, tone: str = "muted") -> None:
        self.say(f"{self._more} {text}".strip() if tone == "muted" else text, tone)

    def _save(self) -> None:
        value = self.edit.text().strip()
        if self.edit.isReadOnly() or value == self._one.value:
            return
        try:
            self._file.write(self._one.name, value)
        except InputFault as fault:
            self._tell(self._text("settings.refused", why=str(fault)), "warning")
            return
        self._taken()

    def _take_usual(self) -> None:
        try:
            self._file.write(self._one.name, None)
        except InputFault as fault:
            self._tell(self._text("settings.refused", why=str(fault)), "warning")
            return
        self._taken()

    def _taken(self) -> None:
        """As it stands in the file now."""
        self._one = next(one for one in self._file.read() if one.name == self._one.name)
        self.edit.setText(_shown(self._one, self._text))
        self.usual.setVisible(self._one.source is Source.FILE)
        self._tell(self._text("settings.saved"), "ok")
        self._changed()


def _shown(one: FileSetting, text: Callable[..., str]) -> str:
    if one.is_secret:
        return text("settings.unset" if one.source is Source.DEFAULT else "settings.set")
    return one.value
