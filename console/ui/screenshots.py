"""Pictures of the window, for the drill's screens and for documents."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication

from console.ui.window import MainWindow
from maps.errors import QuanmaiError


class ScreenNotSaved(QuanmaiError):
    """A picture of the window could not be written."""


def grab_stage(window: MainWindow, path: Path) -> None:
    """Save the window as it is now (PNG); the map is finished first. Raises ScreenNotSaved.

    Answers that are under way (log, chart) are waited for shortly, so that the picture is whole.
    """
    window.settle(2.0)
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)
    QApplication.processEvents()
    window.map.settle()
    aside = path.with_name(f".{path.name}.part")
    if not window.grab().save(str(aside), "PNG"):
        raise ScreenNotSaved(f"{path}: the picture could not be written; is the folder writable and the disk not full?")
    aside.replace(path)
