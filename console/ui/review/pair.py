"""PairWindow: two packages side by side, moving together from their first abnormal readings on, or each for itself."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import QCheckBox, QMainWindow, QSplitter, QVBoxLayout, QWidget

from console.domain.clock import micros
from console.services.review.record import CaseRecord
from console.ui.review.window import ReviewWindow
from console.ui.settings import WindowSettings
from console.ui.widgets import label, row


class PairWindow(QMainWindow):
    """Both are whole review windows; ``linked``: the same time since the first abnormal reading in both."""

    def __init__(
        self,
        first: tuple[CaseRecord, Path | None],
        second: tuple[CaseRecord, Path | None],
        settings: WindowSettings | None = None,
    ) -> None:
        super().__init__()
        self.left, self.right = ReviewWindow(*first, settings), ReviewWindow(*second, settings)
        self.linked = QCheckBox()
        self.linked.setChecked(True)
        splitter = QSplitter()
        for window in (self.left, self.right):
            window.setWindowFlags(Qt.WindowType.Widget)
            window.compact()
            splitter.addWidget(window)
            for action in window.findChildren(QAction):
                # Two windows in one: a key belongs to the half that has the focus.
                action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        splitter.setSizes([1, 1])
        middle = QWidget()
        middle.setObjectName("window")
        box = QVBoxLayout(middle)
        box.setContentsMargins(0, 0, 0, 0)
        box.setSpacing(2)
        names = [
            label(f"{w.record.incident.incident_id} · {w.record.incident.title}"[:90], "strong") for w in (self.left, self.right)
        ]
        line = row(names[0], 1, self.linked, 1, names[1])
        line.setContentsMargins(12, 2, 12, 0)
        box.addLayout(line)
        box.addWidget(splitter, 1)
        self.setCentralWidget(middle)
        text = self.left._appearance.words.catalogue.text
        self.linked.setText(text("review.replay.link"))
        self.setWindowTitle(text("review.replay.pair"))
        self.resize(1920, 1080)
        self._moving = False
        self.left.moved.connect(lambda at_us: self._follow(self.left, self.right, at_us))
        self.right.moved.connect(lambda at_us: self._follow(self.right, self.left, at_us))
        self._follow(self.left, self.right, self.left.replaying.at_us)

    @Slot()
    def _follow(self, leader: ReviewWindow, follower: ReviewWindow, at_us: int) -> None:
        if self._moving or not self.linked.isChecked():
            return
        self._moving = True
        since = at_us - micros(leader.record.incident.first_abnormal_at)
        follower.bar.pause()
        follower.go(micros(follower.record.incident.first_abnormal_at) + since)
        self._moving = False

    def closeEvent(self, event: QCloseEvent) -> None:
        """Close both reviews."""
        self.left.close()
        self.right.close()
        super().closeEvent(event)
