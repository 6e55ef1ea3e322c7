"""NoticeSide: beside the texts of a notice its sketch as published, the channels with their state, and its receipt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QVBoxLayout, QWidget

from console.documents.preview import NoticePreview
from console.domain.notices import Notice
from console.ui.appearance import Appearance
from console.ui.dialogs.notice_questions import NoticeSources
from console.ui.dialogs.notice_receipt import OUT, NoticeReceipt
from console.ui.dialogs.notice_sketch import NoticeSketch
from console.ui.dialogs.public.deliveries import Way
from console.ui.widgets import label

_READ_EVERY_MS = 2000


class NoticeSide(QWidget):
    """Follows the notice in the window. After its issue the deliveries are read again every few seconds."""

    def __init__(self, appearance: Appearance, sources: NoticeSources, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sources, self._incident_id, self._ways = sources, "", tuple[Way, ...]()
        self._notice: Notice | None = None
        self.sketch = NoticeSketch(appearance)
        self.channels = label(wrap=True)
        self.receipt = NoticeReceipt(appearance, self._as_issued)
        self.fault = label(name="warning", wrap=True)
        self.fault.hide()
        self.receipt.failed.connect(self._tell)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.sketch, 1)
        box.addWidget(label(appearance.words("notice.to_channels"), "heading"))
        box.addWidget(self.channels)
        box.addWidget(self.receipt)
        box.addWidget(self.fault)
        self._timer = QTimer(self)
        self._timer.setInterval(_READ_EVERY_MS)
        self._timer.timeout.connect(self.read)

    def show_notice(self, incident_id: str, notice: Notice) -> None:
        """Another notice, or its next state."""
        self.channels.setText("\n".join(self._sources.channel_states()))
        if (incident_id, notice) == (self._incident_id, self._notice):
            return
        self._incident_id, self._notice = incident_id, notice
        self.sketch.show_page(self._sources.preview(notice).page)
        self.receipt.show_notice(notice, self._ways)
        if notice.status in OUT:
            self.read()
            self._timer.start()
        else:
            self._timer.stop()

    def read(self) -> None:
        """Read what is recorded of the notice's deliveries."""
        if self._incident_id and self.isVisible():
            self._sources.read_ways(self._incident_id, self._take)

    def _take(self, ways: Sequence[Way]) -> None:
        self._ways = tuple(ways)
        if self._notice is not None:
            self.receipt.show_notice(self._notice, self._ways)

    def _as_issued(self, notice: Notice) -> NoticePreview:
        """As it went out first: a later lift is a message of its own."""
        return self._sources.preview(replace(notice, status=OUT[0], lifted_at=None, lift_reason="", withdrawn=False))

    def _tell(self, text: str) -> None:
        self.fault.setText(text)
        self.fault.show()
