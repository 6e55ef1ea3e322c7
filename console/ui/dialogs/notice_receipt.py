"""NoticeReceipt: what has become of an issued notice, and its files to open, copy, save or print."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QTemporaryDir, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QGuiApplication, QPainter, QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import QComboBox, QDialog, QFileDialog, QFrame, QVBoxLayout, QWidget

from console.documents.pdf import page_images, render
from console.documents.preview import NoticePreview
from console.domain.delivery import ARRIVED
from console.domain.notices import Notice, NoticeStatus
from console.ui.appearance import Appearance
from console.ui.dialogs.public.deliveries import Way
from console.ui.widgets import button, label, row
from console.ui.words import one_line
from maps.errors import InputFault
from maps.files import write_aside

OUT = (NoticeStatus.ISSUED, NoticeStatus.UPDATED, NoticeStatus.LIFTED)
"""States of a notice that has gone out."""


class NoticeReceipt(QFrame):
    """Shown once the notice is issued. The files are those of its issue, made again from what is on record."""

    failed = Signal(str)
    """Why a file could not be written or opened."""

    def __init__(self, appearance: Appearance, made: Callable[[Notice], NoticePreview], parent: QWidget | None = None) -> None:
        """``made``: the notice as it went out."""
        super().__init__(parent)
        self.setObjectName("card")
        self._appearance, self._made, self._notice = appearance, made, None
        self._folder = QTemporaryDir()
        words = appearance.words
        self._head, self._ways = label(name="strong", wrap=True), label(wrap=True, selectable=True)
        self.form = QComboBox()
        self.form.setAccessibleName(words("notice.files"))
        for name in ("pdf", "zh", "en", "cap"):
            self.form.addItem(words(f"notice.file_{name}"), name)
        self.open, self.copy = button(words("notice.open_file")), button(words("notice.copy_file"))
        self.save, self.print = button(words("notice.save_file")), button(words("notice.print_file"))
        self.open.clicked.connect(self.open_file)
        self.copy.clicked.connect(self.copy_file)
        self.save.clicked.connect(self._on_save)
        self.print.clicked.connect(self._on_print)
        box = QVBoxLayout(self)
        box.setContentsMargins(10, 6, 10, 6)
        for widget in (self._head, self._ways, self.form):
            box.addWidget(widget)
        box.addLayout(row(self.open, self.copy, self.save, self.print, 1, spacing=4))
        self.hide()

    _notice: Notice | None

    def show_notice(self, notice: Notice, ways: Sequence[Way]) -> None:
        """``ways``: each message of the notice by each channel, as recorded."""
        self._notice = notice
        self.setVisible(notice.status in OUT)
        if notice.status not in OUT or notice.issued_at is None:
            return
        words = self._appearance.words
        said = words("notice.receipt", at=words.full_time(notice.issued_at), by=notice.approved_by or notice.drafted_by)
        if notice.lifted_at is not None:
            said += "\n" + words("notice.receipt_lifted", at=words.full_time(notice.lifted_at))
        self._head.setText(said)
        mine = [way for way in ways if way.subject == notice.notice_id]
        self._ways.setText("\n".join(dict.fromkeys(map(self._way, mine))) or words("notice.nothing_recorded"))

    def _way(self, way: Way) -> str:
        words = self._appearance.words
        mark = "✓" if way.state in ARRIVED else "○" if not way.failure and way.state != "no_channel" else "!"
        at = f" {words.time(way.at)}" if way.at is not None and way.state in ARRIVED else ""
        why = f" · {one_line(way.failure)}" if way.failure else ""
        channel = f"{way.channel or words('notice.channel_none')}{way.form}"
        return f"{mark} {channel} · {words.of('delivery_state', way.state)}{at}{why}"

    # Files

    def content(self) -> tuple[str, bytes]:
        """(file name, content) of the chosen form, as it went out."""
        if self._notice is None:
            raise ValueError("no notice is shown")
        made, name = self._made(self._notice), self.form.currentData()
        stem = "".join(letter if letter.isalnum() or letter in "-_" else "-" for letter in self._notice.notice_id)
        if name == "pdf":
            return f"{stem}.pdf", render(made.page)
        if name == "cap":
            return f"{stem}.cap.xml", made.cap_xml.encode()
        return f"{stem}.{'zh_CN' if name == 'zh' else 'en'}.txt", (made.text_zh if name == "zh" else made.text_en).encode()

    def open_file(self) -> Path | None:
        """Open the file in this machine's program for it; its path, None where it could not be written."""
        path = self._written(Path(self._folder.path()))
        if path is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))):
            self.failed.emit(self._appearance.words("notice.no_program", path=path))
        return path

    def copy_file(self) -> None:
        """Put it on the clipboard: a text as text, every form as a file."""
        path = self._written(Path(self._folder.path()))
        if path is None:
            return
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(path))])
        if path.suffix != ".pdf":
            data.setText(path.read_text("utf-8"))
        QGuiApplication.clipboard().setMimeData(data)

    def save_to(self, path: Path) -> bool:
        """Save a copy; False, with a message, where that failed."""
        _, content = self.content()
        try:
            write_aside(path, content)
        except InputFault as fault:
            self.failed.emit(str(fault))
            return False
        return True

    def _written(self, folder: Path) -> Path | None:
        name, _ = self.content()
        return folder / name if self.save_to(folder / name) else None

    def _on_save(self) -> None:
        name, _ = self.content()
        chosen, _ = QFileDialog.getSaveFileName(self, "", name)
        if chosen:
            self.save_to(Path(chosen))

    def _on_print(self) -> None:
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        dialog = QPrintDialog(printer, self)
        if dialog.exec() == QDialog.DialogCode.Accepted:
            self.print_on(printer)

    def print_on(self, printer: QPrinter) -> None:
        """Print the chosen form: the page as it is, a text as text."""
        if self._notice is None:
            return
        if self.form.currentData() != "pdf":
            document = QTextDocument()
            document.setPlainText(self.content()[1].decode())
            document.print_(printer)
            return
        painter = QPainter(printer)
        for number, image in enumerate(page_images(self._made(self._notice).page)):
            if number:
                printer.newPage()
            room = printer.pageLayout().paintRectPixels(printer.resolution()).size()
            fitted = image.size().scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
            painter.drawImage(painter.viewport().topLeft(), image.scaled(fitted, mode=Qt.TransformationMode.SmoothTransformation))
        painter.end()
