"""The handover dialog: what is open, what changed since it was first shown, two signatures, the document."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from console.documents.shift import head_of, write_handover
from console.domain.clock import micros, moment
from console.domain.picture import Picture
from console.domain.shift import HANDOVER, Handover, ItemChange, Part, Signature
from console.services.ports import Signers
from console.services.shift.handover import Items, SignHandover, differences, picture_items
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.dispatch import Submit
from console.ui.models.shift_log import shift_text
from console.ui.permitted import needs
from console.ui.port import ConsolePort
from console.ui.widgets import button, label, row
from console.ui.words import one_line
from maps.errors import QuanmaiError

_WIDTH_PX, _HEIGHT_PX = 860, 680
_INDENT = "    "


class HandoverDialog(QDialog):
    """Follows the picture until both have signed; the list that was first shown is the preview."""

    def __init__(
        self,
        port: ConsolePort,
        submit: Submit,
        signers: Signers,
        user: str,
        appearance: Appearance,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._port, self._submit, self._signers, self._appearance = port, submit, signers, appearance
        self._tasks = BackgroundTasks("handover", self)
        self._tasks.failed.connect(self._say)
        picture = port.latest()
        self._preview = self._items = picture_items(port.targets, picture)
        self._previewed_at = moment(picture.now_us)
        self._signing_at: datetime | None = None
        self._signatures: tuple[Signature, ...] = ()
        """Of those who signed here: another seat may sign the same list at the same time."""
        self.signed: Handover | None = None
        self.setWindowTitle(self._t("handover.title"))
        self.resize(_WIDTH_PX, min(_HEIGHT_PX, parent.height() - 40 if parent is not None else _HEIGHT_PX))
        self.head, self.message = label(wrap=True), label(name="warning", wrap=True)
        self.message.hide()
        self.list = QListWidget()
        self.list.setWordWrap(True)
        self.list.setResizeMode(QListWidget.ResizeMode.Adjust)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.remarks = QPlainTextEdit()
        self.remarks.setPlaceholderText(self._t("handover.remarks"))
        self.remarks.setTabChangesFocus(True)
        self.remarks.setFixedHeight(58)
        by_password = signers.need_password
        self.names = (QLineEdit(user), QLineEdit())
        self.passwords = (QLineEdit(), QLineEdit())
        form = QFormLayout()
        for key, name, password in zip(("outgoing", "incoming"), self.names, self.passwords, strict=True):
            name.textChanged.connect(self._check)
            password.setEchoMode(QLineEdit.EchoMode.Password)
            password.setPlaceholderText(self._t("handover.password"))
            password.setVisible(by_password)
            password.textChanged.connect(self._check)
            line = row(name, password)
            form.addRow(self._t(f"handover.{key}"), line)
        self._name_fields()
        self.sign, self.save = button(self._t("handover.sign"), "primary"), button(self._t("handover.save"))
        needs(SignHandover, self.sign)
        self.sign.clicked.connect(self.begin_signing)
        self.save.clicked.connect(self._on_save)
        self.save.hide()
        box = QVBoxLayout(self)
        box.addWidget(self.head)
        box.addWidget(self.list, 1)
        box.addWidget(self.remarks)
        box.addLayout(form)
        box.addWidget(label(self._t("handover.proven" if by_password else "handover.typed"), "muted", wrap=True))
        box.addWidget(self.message)
        box.addLayout(row(1, self.save, self.sign))
        self._fill()
        self._check()

    def show_picture(self, picture: Picture) -> None:
        """What is open now; once signed, the list stays as it was signed."""
        if self._signing_at is None and self.signed is None:
            items = picture_items(self._port.targets, picture)
            if items != self._items:
                self._items = items
                self._fill()

    def changes(self) -> tuple[ItemChange, ...]:
        """What differs from the preview."""
        return differences(self._preview, self._items)

    def begin_signing(self) -> None:
        """Prove both signatures, then submit the handover."""
        signers, pairs = self._signers, [(n.text(), p.text()) for n, p in zip(self.names, self.passwords, strict=True)]
        seen, remarks = self._items, self.remarks.toPlainText()  # of this moment: the check of passwords takes a while
        self.sign.setEnabled(False)

        def proven(signatures: tuple[Signature, Signature]) -> None:
            self._signing_at, self._signatures = self._port.now(), signatures
            self._submit(SignHandover(*signatures, self._preview, self._previewed_at, seen, remarks))

        self._tasks.request("sign", lambda: tuple(signers.signature(*pair) for pair in pairs), proven)

    def refused(self, fault: QuanmaiError) -> None:
        """The handover was not taken; what changed is shown, and both sign again."""
        if self._signing_at is None:
            return
        self._signing_at = None
        self.show_picture(self._port.latest())
        self._say(self._appearance.words.fault(fault))

    def accepted_by_store(self) -> None:
        """The handover is on disk."""
        if self._signing_at is not None and self.signed is None:
            since_us = micros(self._signing_at) - 60_000_000
            self._tasks.request("signed", lambda: self._newest(since_us), self._show_signed)

    def write(self, to: Path) -> None:
        """Write the document's files in the background."""
        one, port, words = self.signed, self._port, self._appearance.words
        if one is None:
            return

        def work() -> Path:
            head = head_of(port.changes_of(HANDOVER.subject(one.handover_id)))
            return write_handover(one, head, to, words.language, port.city.info.time_zone)[0]

        self._tasks.request("save", work, lambda path: self._say(self._t("handover.saved", path=path), is_fault=False))

    def settle(self) -> None:
        """Wait for what runs in the background (screenshots, tests)."""
        self._tasks.finish()

    def done(self, result: int) -> None:
        """Close, once what is being written is there."""
        for password in self.passwords:
            password.clear()
        self._tasks.close()
        super().done(result)

    def _newest(self, since_us: int) -> Handover | None:
        found = self._port.records_of((HANDOVER,), since_us, since_us + 86_400_000_000)
        mine = _ids(*self._signatures)
        signed = [one for one in found if isinstance(one, Handover) and _ids(one.outgoing, one.incoming) == mine]
        return max(signed, key=lambda one: one.signed_at, default=None)

    def _show_signed(self, one: Handover | None) -> None:
        if one is None:
            return
        self.signed = one
        for part in (*self.names, *self.passwords):
            part.setEnabled(False)
        for password in self.passwords:
            password.clear()
        self.remarks.setReadOnly(True)
        self.sign.hide()
        self.save.show()
        self._say(self._t("handover.signed", handover=one.handover_id), is_fault=False)

    def _say(self, text: str, *, is_fault: bool = True) -> None:
        self.message.setObjectName("warning" if is_fault else "strong")
        self.message.style().polish(self.message)
        self.message.setText(text)
        self.message.show()
        self._check()

    def _check(self) -> None:
        by_password = self._signers.need_password
        full = all(name.text().strip() for name in self.names) and (not by_password or all(p.text() for p in self.passwords))
        self.sign.setEnabled(full and self._signing_at is None and not self._tasks.busy)

    def _fill(self) -> None:
        words, changes = self._appearance.words, self.changes()
        at = words.full_time(self._previewed_at)
        text = self._t("handover.preview", at=at, n=len(self._items))
        self.head.setText(f"{text}\n{self._t('handover.changed', n=len(changes))}" if changes else text)
        self.list.clear()
        for part in Part:
            self._add_part(part, self._items, changes)

    def _add_part(self, part: Part, items: Items, changes: tuple[ItemChange, ...]) -> None:
        words = self._appearance.words
        mark = {(one.after.part, one.after.key): "came" if one.before is None else "other" for one in changes if one.after}
        gone = [one.before for one in changes if one.after is None and one.before is not None and one.before.part is part]
        top = self._add(words.of("handover_part", part.value))
        font = top.font()
        font.setBold(True)
        top.setFont(font)
        shown = [(item, mark.get((item.part, item.key), "")) for item in items if item.part is part]
        for item, how in (*shown, *((item, "went") for item in gone)):
            text = one_line(words.note(item.note))
            line = self._add(f"{_INDENT}【{self._t(f'handover.{how}')}】{text}" if how else f"{_INDENT}{text}")
            if how:
                line.setForeground(self._appearance.theme.colour("state.high"))
        if not shown and not gone:
            self._add(f"{_INDENT}{self._t('handover.none')}").setForeground(self._appearance.theme.colour("text.muted"))

    def _add(self, text: str) -> QListWidgetItem:
        line = QListWidgetItem(text)
        line.setFlags(Qt.ItemFlag.ItemIsEnabled)
        self.list.addItem(line)
        return line

    def _on_save(self) -> None:
        if self.signed is None:
            return
        name, _ = QFileDialog.getSaveFileName(
            self, self._t("handover.save"), f"handover-{self.signed.handover_id}.pdf", "PDF (*.pdf)"
        )
        if name:
            self.write(Path(name))

    def _name_fields(self) -> None:
        """Names for screen readers."""
        self.list.setAccessibleName(self._t("handover.title"))
        for key, name, password in zip(("outgoing", "incoming"), self.names, self.passwords, strict=True):
            name.setAccessibleName(self._t(f"handover.{key}"))
            password.setAccessibleName(f"{self._t(f'handover.{key}')} {self._t('handover.password')}")

    def _t(self, key: str, **params: object) -> str:
        return shift_text(self._appearance.words, key, **params)


def _ids(*signatures: Signature) -> tuple[str, ...]:
    return tuple(one.actor_id for one in signatures)
