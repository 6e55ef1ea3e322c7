"""Short questions: a reason, why a valve cannot be closed, what a gauge shows, when water comes back."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from PySide6.QtCore import QDateTime, QLocale, Qt, QTimeZone
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDateTimeEdit,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from console.domain.incidents import Unable
from console.services.alarms.operations import ENTERED, EnterOperation
from console.services.crews.valve_reports import RecordSample
from console.ui.appearance import Appearance
from console.ui.widgets import button, label, row
from maps.units import kpa_from_mpa

LONGEST_REASON = 200
"""Longest text: it is shown in rows, in the log and in reports."""
_NOTHING_READ_MPA = -0.01
"""Below every reading, 0 is one."""
_USUAL_CODE = {"valve": "valve", "hydrant": "hydrant", "plant": "pump"}
"""The likeliest operation on an asset of this kind."""


class Question(QDialog):
    """A question with OK and cancel; ``accepted`` is Qt's own signal."""

    def __init__(self, appearance: Appearance, title: str, text: str, parent: QWidget | None = None, do: str = "") -> None:
        """``do``: text of the accepting button; "OK" by default."""
        super().__init__(parent)
        self._lost: QLabel | None = None
        self._entered: list[str] = []
        self.setWindowTitle(title)
        self.setMinimumWidth(420)
        self.box = QVBoxLayout(self)
        self.box.setSpacing(8)
        self.box.addWidget(label(text, wrap=True))
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setText(do or appearance.words("dialog.ok"))
        self._buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(appearance.words("dialog.cancel"))
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    def finish(self) -> None:
        """Put the buttons below what the subclass added."""
        self.box.addWidget(self._buttons)

    def accept(self) -> None:
        """Accept once: the second click of a double click is ignored."""
        if self.isVisible():
            super().accept()

    def keep_at_escape(self, appearance: Appearance) -> None:
        """For questions of several answers: Esc says first that what was entered would be lost, a second one leaves."""
        self._entered = self._answers()
        self._lost = label(appearance.words("dialog.escape_again"), name="warning", wrap=True)
        self._lost.hide()
        self.box.insertWidget(self.box.count() - 1, self._lost)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc with something entered asks once."""
        lost = self._lost
        is_loss = event.key() == Qt.Key.Key_Escape and lost is not None and self._answers() != self._entered
        if lost is not None and is_loss and (lost.isHidden() or event.isAutoRepeat()):
            lost.show()
            return
        super().keyPressEvent(event)

    def _answers(self) -> list[str]:
        return [field.text() for field in self.findChildren(QLineEdit)]

    @property
    def ok(self) -> QPushButton:
        """The button that accepts."""
        return self._buttons.button(QDialogButtonBox.StandardButton.Ok)


class ReasonQuestion(Question):
    """Asks for a reason in words; not accepted without one. The usual reasons can be chosen with a click."""

    def __init__(
        self,
        appearance: Appearance,
        title: str,
        text: str,
        required: bool = True,
        parent: QWidget | None = None,
        do: str = "",
        usual: Iterable[str] = (),
    ) -> None:
        super().__init__(appearance, title, text, parent, do)
        self.field = QLineEdit()
        self.field.setMaxLength(LONGEST_REASON)
        self.field.setPlaceholderText(appearance.words("dialog.reason"))
        self.field.setAccessibleName(text or title)
        self.box.addWidget(self.field)
        self.usual = [button(reason) for reason in usual]
        for choice, reason in zip(self.usual, usual, strict=True):
            choice.clicked.connect(lambda _=False, reason=reason: self._take(reason))
        if self.usual:
            self.box.addLayout(row(*self.usual, 1))
        self.finish()
        if required:
            self.ok.setEnabled(False)
            self.field.textChanged.connect(lambda text: self.ok.setEnabled(bool(text.strip())))

    def _take(self, reason: str) -> None:
        self.field.setText(reason)
        self.field.setFocus()

    @property
    def reason(self) -> str:
        """What was typed."""
        return self.field.text().strip()


class UnableQuestion(Question):
    """关不动 关不严 找不到 井下不能作业."""

    def __init__(self, appearance: Appearance, valve_id: str, parent: QWidget | None = None) -> None:
        words = appearance.words
        super().__init__(appearance, words("unable_dialog.title", valve=valve_id), words("unable_dialog.text"), parent)
        self._group = QButtonGroup(self)
        for number, unable in enumerate(Unable):
            choice = QRadioButton(words.of("unable", unable.value))
            self._group.addButton(choice, number)
            self.box.addWidget(choice)
        self._group.button(0).setChecked(True)
        self.finish()

    @property
    def unable(self) -> Unable:
        """The chosen reason."""
        return list(Unable)[self._group.checkedId()]


class SampleQuestion(Question):
    """The sample before service resumes, or who waives it and why."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        words = appearance.words
        super().__init__(appearance, words("sample.title"), words("sample.text"), parent)
        self._fields = {name: QLineEdit() for name in ("turbidity", "chlorine", "waived_by", "reason")}
        form = QFormLayout()
        for name, field in self._fields.items():
            field.textChanged.connect(self._check)
            form.addRow(words(f"sample.{name}"), field)
        self.box.addLayout(form)
        self.finish()
        self._check()

    def _check(self) -> None:
        measured = self._number("turbidity") is not None and self._number("chlorine") is not None
        waived = all(self._fields[name].text().strip() for name in ("waived_by", "reason"))
        self.ok.setEnabled(measured or waived)

    def _number(self, name: str) -> float | None:
        text = self._fields[name].text().strip().replace("，", ".").replace(",", ".")
        return float(text) if text.replace(".", "", 1).isdecimal() else None

    def intent(self, incident_id: str) -> RecordSample:
        """What was entered."""
        waived_by, reason = (self._fields[name].text().strip() for name in ("waived_by", "reason"))
        return RecordSample(incident_id, self._number("turbidity"), self._number("chlorine"), waived_by, reason)


class PressureQuestion(Question):
    """A pressure read on a gauge, in MPa.

    The field starts empty: the expected value, entered by a stray Enter, would be evidence against the burst.
    """

    def __init__(self, appearance: Appearance, title: str, text: str, parent: QWidget | None = None, do: str = "") -> None:
        super().__init__(appearance, title, text, parent, do)
        self.field = QDoubleSpinBox()
        self.field.setLocale(QLocale.c())  # a point on every machine, as everywhere else on the screen
        self.field.setRange(_NOTHING_READ_MPA, 3.0)
        self.field.setSpecialValueText("–")
        self.field.setDecimals(3)
        self.field.setSingleStep(0.01)
        self.field.setValue(_NOTHING_READ_MPA)
        self.field.selectAll()
        self.field.valueChanged.connect(self._check)
        line = row(self.field, label("MPa"))
        line.setStretch(0, 1)
        self.box.addLayout(line)
        self.finish()
        self._check()

    def _check(self) -> None:
        self.ok.setEnabled(self.field.value() >= 0.0)

    @property
    def pressure_kpa(self) -> float:
        """What was entered."""
        return kpa_from_mpa(self.field.value())


class MomentEdit(QDateTimeEdit):
    """A date and time in the city's zone."""

    def __init__(self, appearance: Appearance, moment: datetime, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        zone = QTimeZone(str(appearance.words.zone).encode())
        self.setTimeZone(zone)  # the field's own, else it shows this machine's clock time, hours off in another zone
        self.setDateTime(QDateTime.fromSecsSinceEpoch(int(moment.timestamp()), zone))
        self.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.setCalendarPopup(True)
        self._zone = appearance.words.zone

    @property
    def moment(self) -> datetime:
        """What was chosen, aware."""
        return datetime.fromtimestamp(self.dateTime().toSecsSinceEpoch(), self._zone)


class TimeQuestion(Question):
    """Asks for a date and time."""

    def __init__(self, appearance: Appearance, title: str, text: str, moment: datetime, parent: QWidget | None = None) -> None:
        super().__init__(appearance, title, text, parent)
        self._edit = MomentEdit(appearance, moment)
        self.box.addWidget(self._edit)
        self.finish()

    @property
    def moment(self) -> datetime:
        """What was chosen, aware."""
        return self._edit.moment


class OperationQuestion(Question):
    """Planned works or an operation: what, where, from when to when."""

    def __init__(self, appearance: Appearance, asset_id: str, kind: str, now: datetime, parent: QWidget | None = None) -> None:
        words = appearance.words
        super().__init__(appearance, words("operation_dialog.title"), words("operation_dialog.text"), parent)
        self.code, self.asset, self.note = QComboBox(), QLineEdit(asset_id), QLineEdit()
        for code in ENTERED:
            self.code.addItem(words.of("operation", code), code)
        self.code.setCurrentIndex(ENTERED.index(_USUAL_CODE.get(kind, "works")))
        self.start, self.end = MomentEdit(appearance, now), MomentEdit(appearance, now + timedelta(hours=2))
        form = QFormLayout()
        fields = {"what": self.code, "place": self.asset, "start": self.start, "end": self.end, "note": self.note}
        for name, field in fields.items():
            form.addRow(words(f"operation_dialog.{name}"), field)
        self.asset.setPlaceholderText(words("operation_dialog.everywhere"))
        self.box.addLayout(form)
        self.finish()

    def intent(self) -> EnterOperation:
        """What was entered."""
        place, note = self.asset.text().strip(), self.note.text().strip()
        return EnterOperation(str(self.code.currentData()), place, self.start.moment, self.end.moment, note)
