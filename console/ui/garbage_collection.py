"""Python's collections of reference cycles on the window's thread only."""

from __future__ import annotations

import gc

from PySide6.QtCore import QObject, QTimer, Slot

_EVERY_MS = 500


class CollectsOnWindowThread(QObject):
    """Switches automatic collections off and runs them from a timer of the thread that made this object.

    An automatic collection runs on whichever thread allocates. On a worker thread it would delete the widgets of a closed window
    there, which Qt does not allow: the process ends with a segmentation fault.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        gc.disable()
        self._timer = QTimer(self)
        self._timer.setInterval(_EVERY_MS)
        self._timer.timeout.connect(self.collect_due)
        self._timer.start()

    @Slot()
    def collect_due(self) -> None:
        """Collect the oldest generation that is over Python's threshold; nothing where none is."""
        due = [age for age, (count, most) in enumerate(zip(gc.get_count(), gc.get_threshold(), strict=True)) if count > most]
        if due:
            gc.collect(due[-1])

    def end(self) -> None:
        """Automatic collections again."""
        self._timer.stop()
        gc.enable()
