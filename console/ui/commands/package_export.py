"""CasePackages: writes the package of the case in focus in the background, to a file that the user chooses."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from console.domain.incidents import Incident
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks


class PackageWriter(Protocol):
    """Writes the package of a case. Takes seconds, so it is called on a worker thread. Raises QuanmaiError."""

    def __call__(self, incident_id: str, to: Path, language: str) -> Path:
        """Write the package of a case to ``to``; gives the path that was written."""
        ...


class CasePackages(QObject):
    """``writer`` does the writing; None (a recording, a window without a store): the command reports that there is no store."""

    told = Signal(str)
    """One line for the message bar: why there is no package."""
    noted = Signal(str)
    """One line for the message bar that reports no fault."""

    def __init__(self, appearance: Appearance, window: QWidget) -> None:
        super().__init__(window)
        self._appearance, self._window = appearance, window
        self.writer: PackageWriter | None = None
        self.nowhere = "messages.package_nowhere"
        """Key of the text where there is no writer."""
        # Not the window's tasks: a package of a large city would hold up the charts for seconds.
        self._tasks = BackgroundTasks("package", self)
        self._tasks.failed.connect(self.told)

    @property
    def busy(self) -> bool:
        """Whether a package is being written."""
        return self._tasks.busy

    def set_appearance(self, appearance: Appearance) -> None:
        """Another language."""
        self._appearance = appearance

    def ask(self, incident: Incident) -> None:
        """Ask for a place and write."""
        words = self._appearance.words
        if self.writer is None:
            self.told.emit(words(self.nowhere))
            return
        proposed = f"{incident.incident_id}.incident"
        name, _ = QFileDialog.getSaveFileName(self._window, words("commands.package"), proposed, "*.incident")
        if name:
            self.write(incident.incident_id, Path(name))

    def write(self, incident_id: str, to: Path) -> None:
        """Write in the background; the message bar shows the beginning and the path at the end."""
        writer, words = self.writer, self._appearance.words
        if writer is None:
            return
        to = to if to.suffix else to.with_suffix(".incident")
        self.noted.emit(words("messages.package_writing", incident=incident_id))
        self._tasks.request(str(to), lambda: writer(incident_id, to, words.language), self._written)

    def close(self) -> None:
        """Finish what is being written."""
        self._tasks.close()

    def _written(self, path: Path) -> None:
        self.noted.emit(self._appearance.words("messages.package_written", path=path))
