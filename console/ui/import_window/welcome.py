"""WelcomeWindow: what to open, when the program was started without a city."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QFileDialog, QVBoxLayout, QWidget

from console.ui.appearance import Appearance
from console.ui.import_window.window import ImportWindow, dropped
from console.ui.widgets import Card, button, label, make_primary, row


@dataclass(frozen=True, slots=True)
class Opening:
    """What was chosen: the demo drill, or a city."""

    city: Path | None = None


class WelcomeWindow(QWidget):
    """Three ways in: the demo drill, a city dataset, one's own data. Closes itself once something is chosen."""

    chosen = Signal(object)
    """An ``Opening``."""

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self.importing: ImportWindow | None = None
        self.setObjectName("window")
        self.setWindowTitle(self._t("title"))
        self.setAcceptDrops(True)
        self.resize(640, 420)
        self.demo, self.city, self.own = (button(self._t(key)) for key in ("demo", "city", "own"))
        make_primary(self.own, True)
        self.leave = button(self._t("quit"))
        box = QVBoxLayout(self)
        box.setContentsMargins(28, 24, 28, 20)
        box.setSpacing(10)
        box.addWidget(label(self._t("question"), "big"))
        for made, key in ((self.own, "own"), (self.city, "city"), (self.demo, "demo")):
            box.addWidget(self._way(made, key))
        box.addStretch(1)
        box.addLayout(row(1, self.leave))
        self.demo.clicked.connect(lambda: self._choose(Opening()))
        self.city.clicked.connect(self._ask_city)
        self.own.clicked.connect(lambda: self.bring_own([]))
        self.leave.clicked.connect(self.close)
        self.own.setFocus()

    def bring_own(self, paths: list[Path]) -> None:
        """Open the import window, over these files if there are any."""
        if self.importing is None or not self.importing.isVisible():
            self.importing = ImportWindow(self._appearance)
            self.importing.opened.connect(lambda path: self._choose(Opening(path)))
        self.importing.show()
        self.importing.raise_()
        if paths:
            self.importing.add_files(paths)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Files may be dropped."""
        if dropped(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Files dropped here are imported."""
        self.bring_own(dropped(event.mimeData()))

    def _t(self, key: str) -> str:
        return self._appearance.words.catalogue.text(f"import.welcome.{key}")

    def _way(self, made: QWidget, key: str) -> QWidget:
        card = Card(self)
        card.heading.hide()
        made.setMinimumWidth(200)
        about = label(self._t(f"{key}_about"), "muted", wrap=True)
        line = row(made, spacing=16)
        line.addWidget(about, 1)
        line.setAlignment(made, Qt.AlignmentFlag.AlignVCenter)
        card.box.addLayout(line)
        return card

    def _ask_city(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self._t("city"), "", self._t("city_files"))
        if name:
            self._choose(Opening(Path(name)))

    def _choose(self, opening: Opening) -> None:
        if self.importing is not None:
            self.importing.close()
        self.chosen.emit(opening)
        self.close()
