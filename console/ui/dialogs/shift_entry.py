"""The dialog of a new entry of the shift log, an answer or a correction."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, Qt
from PySide6.QtGui import QImage, QImageReader, QImageWriter, QPainter
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QFormLayout, QLineEdit, QPlainTextEdit, QWidget

from console.domain.attachments import LARGEST_BYTES
from console.domain.shift import Level, LogEntry, MapPlace
from console.services.shift.entries import WriteEntry
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import Question
from console.ui.models.shift_log import shift_text
from console.ui.widgets import button, label, row

_MOST_PX, _MOST_MB, _QUALITY = 1600, 256, 85


@dataclass(frozen=True, slots=True)
class About:
    """What an entry is about: a case, an alarm, a place, another entry that it answers or ``corrects``."""

    incident_id: str = ""
    alarm_id: str = ""
    place: MapPlace | None = None
    reply_to: LogEntry | None = None
    corrects: LogEntry | None = None
    former: str = ""


class EntryQuestion(Question):
    """Text, level, tags, case, place, picture."""

    def __init__(self, appearance: Appearance, about: About, parent: QWidget | None = None) -> None:
        words = self._words = appearance.words
        super().__init__(appearance, _title(about, appearance), shift_text(words, "entry.text"), parent, self._t("entry.save"))
        self._about, self._picture, self._picture_name = about, b"", ""
        self.field = QPlainTextEdit(about.former)
        self.field.setTabChangesFocus(True)
        self.field.setFixedHeight(96)
        self.level, self.tags = QComboBox(), QLineEdit()
        for level in Level:
            self.level.addItem(words.of("level", level.value), level)
        self.tags.setPlaceholderText(self._t("entry.tags_hint"))
        self.case = QCheckBox(self._t("entry.case", incident=about.incident_id))
        self.case.setChecked(bool(about.incident_id))
        self.case.setVisible(bool(about.incident_id))
        self.chosen = label(self._t("entry.no_picture"), "muted", wrap=True)
        choose = button(self._t("entry.picture"))
        choose.clicked.connect(self._choose)
        form = QFormLayout()
        form.addRow(self._t("entry.level"), self.level)
        form.addRow(self._t("entry.tags"), self.tags)
        self.box.addWidget(self.field)
        self.box.addLayout(form)
        self.box.addWidget(self.case)
        for key, shown in (("place", about.place.asset_id if about.place else ""), ("alarm", about.alarm_id)):
            if shown:
                self.box.addWidget(label(self._t(f"entry.{key}", **{key: shown}), "muted", wrap=True))
        line = row(choose, self.chosen)
        line.setStretch(1, 1)
        self.box.addLayout(line)
        self.finish()
        self.field.textChanged.connect(self._check)
        self.field.setFocus()
        self._check()

    def attach(self, path: Path) -> None:
        """Attach a picture: read, scaled down and written anew, so that nothing else of the file is kept."""
        content = picture_bytes(path)
        if not content:
            self.chosen.setText(self._t("entry.picture_bad", name=path.name))
            return
        self._picture, self._picture_name = content, path.name
        self.chosen.setText(self._t("entry.picture_chosen", name=path.name, kb=f"{len(content) / 1e3:.0f}"))
        self._check()

    def intent(self) -> WriteEntry:
        """What was entered."""
        about = self._about
        return WriteEntry(
            self.field.toPlainText(),
            Level(self.level.currentData()),
            tuple(self.tags.text().split()),
            about.incident_id if self.case.isChecked() else "",
            about.alarm_id,
            about.place,
            self._picture,
            self._picture_name,
            about.reply_to.entry_id if about.reply_to is not None else "",
            about.corrects.entry_id if about.corrects is not None else "",
            about.former if about.corrects is not None else "",
        )

    def _t(self, key: str, **params: object) -> str:
        return shift_text(self._words, key, **params)

    def _check(self) -> None:
        text = self.field.toPlainText().strip()
        changed = self._about.corrects is None or text != self._about.former
        self.ok.setEnabled(bool(text or self._picture) and changed)

    def _choose(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self._t("entry.picture"), "", "*.png *.jpg *.jpeg")
        if name:
            self.attach(Path(name))


def picture_bytes(path: Path) -> bytes:
    """A file's picture as JPEG of at most 1600 pixels a side; empty for what is no picture, or needs too much memory."""
    reader = QImageReader(str(path))
    reader.setAutoTransform(True)
    reader.setAllocationLimit(_MOST_MB)
    if bytes(reader.format().data()) not in (b"png", b"jpeg"):
        return b""
    image = reader.read()
    if image.isNull():
        return b""
    if max(image.width(), image.height()) > _MOST_PX:
        image = image.scaled(_MOST_PX, _MOST_PX, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation)
    content = _written(image)
    return content if len(content) <= LARGEST_BYTES else b""


def _written(image: QImage) -> bytes:
    """As JPEG. Only what is drawn goes over: neither texts in the file nor where it was taken."""
    drawn = QImage(image.size(), QImage.Format.Format_RGB32)
    drawn.fill(Qt.GlobalColor.white)
    painter = QPainter(drawn)
    painter.drawImage(0, 0, image)
    painter.end()
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, QByteArray(b"jpeg"))
    writer.setQuality(_QUALITY)
    writer.write(drawn)
    buffer.close()
    return bytes(data.data())


def _title(about: About, appearance: Appearance) -> str:
    if about.corrects is not None:
        return shift_text(appearance.words, "entry.correct", entry=about.corrects.entry_id)
    if about.reply_to is not None:
        return shift_text(appearance.words, "entry.reply", entry=about.reply_to.entry_id)
    return shift_text(appearance.words, "entry.title")
