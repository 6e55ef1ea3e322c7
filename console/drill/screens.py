"""Pictures of the window during a drill, on the offscreen platform when there is no screen."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path

from console.drill.dispatcher import DISPATCHER, Stage
from console.runtime import Runtime
from maps.errors import InputFault

log = logging.getLogger(__name__)

_SIZE = (1920, 1080)


class Screens:
    """A window on the drill's runtime; Qt is imported here, so that a drill without pictures never loads it."""

    def __init__(self, runtime: Runtime, folder: Path, size: tuple[int, int] = _SIZE) -> None:
        if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        try:
            from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
            from PySide6.QtWidgets import QApplication

            from console.ui.screenshots import grab_stage
            from console.ui.settings import WindowSettings
            from console.ui.window import MainWindow
        except ImportError as missing:
            raise InputFault(
                f"pictures need Qt's system libraries ({missing}); run 'make run', or drill --no-screens"
            ) from missing

        def tell(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
            """Qt's messages, without those of the offscreen platform at every window."""
            if "propagateSizeHints" not in message:
                log.warning("Qt: %s", message)

        qInstallMessageHandler(tell)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._grab = folder, grab_stage
        self._app = QApplication.instance() or QApplication([])
        self._window = MainWindow(runtime.engine, WindowSettings(user=DISPATCHER))
        self._window.resize(*size)
        self._window.show()

    def show(self, stage: Stage | None) -> None:
        """At a stage, let the window catch up and save its picture; between stages it does not take the drill's time."""
        if stage is not None:
            self._app.processEvents()
            self._grab(self._window, self._folder / f"{stage.name}.png")

    def close(self) -> None:
        """Close the window and end its threads."""
        self._window.close()
        self._app.processEvents()
