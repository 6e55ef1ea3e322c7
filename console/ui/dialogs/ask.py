"""Short questions: a reason, why a valve cannot be closed, how long to shelve, when water comes back."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtCore import QDateTime, QTimeZone
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QDateTimeEdit,
    QDialog,
    QDialogButtonBox,
    QDoubleSpinBox,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from console.domain.incidents import Unable
from console.domain.intents import EnterOperation, RecordSample, ShelveAlarm, TakeOutOfService
from console.services.operations import ENTERED
from console.ui.looks import Looks, label
from maps.units import kpa_from_mpa, mpa_from_kpa

_SHELVE_MINUTES = (15, 30, 60, 120, 480)
_ONE_SHOT, _OUT_OF_SERVICE = 0, -1


_USUAL_CODE = {"valve": "valve", "hydrant": "hydrant", "plant": "pump"}
"""What is likely meant when somebody asks on such an asset."""


class Question(QDialog):
    """A question with OK and cancel; ``accepted`` is Qt's own signal."""

    def __init__(self, looks: Looks, title: str, text: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(420)
        self.box = QVBoxLayout(self)
        self.box.setSpacing(8)
        self.box.addWidget(label(text, wrap=True))
        self._buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        self._buttons.button(QDialogButtonBox.StandardButton.Ok).setText(looks.words("dialog.ok"))
        self._buttons.button(QDialogButtonBox.StandardButton.Cancel).setText(looks.words("dialog.cancel"))
        self._buttons.accepted.connect(self.accept)
        self._buttons.rejected.connect(self.reject)

    def finish(self) -> None:
        """Put the buttons below what the subclass added."""
        self.box.addWidget(self._buttons)

    @property
    def ok(self) -> QPushButton:
        """The button that accepts."""
        return self._buttons.button(QDialogButtonBox.StandardButton.Ok)


class ReasonQuestion(Question):
    """Asks for a reason in words; not accepted without one."""

    def __init__(self, looks: Looks, title: str, text: str, required: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(looks, title, text, parent)
        self.field = QLineEdit()
        self.field.setPlaceholderText(looks.words("dialog.reason"))
        self.box.addWidget(self.field)
        self.finish()
        if required:
            self.ok.setEnabled(False)
            self.field.textChanged.connect(lambda text: self.ok.setEnabled(bool(text.strip())))

    @property
    def reason(self) -> str:
        """What was typed."""
        return self.field.text().strip()


class UnableQuestion(Question):
    """关不动 关不严 找不到 井下不能作业."""

    def __init__(self, looks: Looks, valve_id: str, parent: QWidget | None = None) -> None:
        words = looks.words
        super().__init__(looks, words("unable_dialog.title", valve=valve_id), words("unable_dialog.text"), parent)
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


class ShelveQuestion(ReasonQuestion):
    """How long an alarm rests, and why."""

    def __init__(self, looks: Looks, parent: QWidget | None = None) -> None:
        words = looks.words
        super().__init__(looks, words("shelve.title"), words("shelve.text"), parent=parent)
        self._time = QComboBox()
        for minutes in _SHELVE_MINUTES:
            self._time.addItem(words("shelve.minutes", n=minutes), minutes)
        self._time.addItem(words("shelve.one_shot"), _ONE_SHOT)
        self._time.addItem(words("shelve.out_of_service"), _OUT_OF_SERVICE)
        self.box.insertWidget(1, self._time)

    def intent(self, alarm_id: str, now: datetime) -> ShelveAlarm | TakeOutOfService:
        """What was chosen."""
        minutes = int(self._time.currentData())
        if minutes == _OUT_OF_SERVICE:
            return TakeOutOfService(alarm_id, self.reason)
        return ShelveAlarm(alarm_id, None if minutes == _ONE_SHOT else now + timedelta(minutes=minutes), self.reason)


class SampleQuestion(Question):
    """The sample before service resumes, or who waives it and why."""

    def __init__(self, looks: Looks, parent: QWidget | None = None) -> None:
        words = looks.words
        super().__init__(looks, words("sample.title"), words("sample.text"), parent)
        self._fields = {name: QLineEdit() for name in ("turbidity", "chlorine", "waived_by", "reason")}
        for name, field in self._fields.items():
            field.setPlaceholderText(words(f"sample.{name}"))
            field.textChanged.connect(self._check)
            self.box.addWidget(field)
        self.finish()
        self._check()

    def _check(self) -> None:
        measured = self._number("turbidity") is not None and self._number("chlorine") is not None
        waived = all(self._fields[name].text().strip() for name in ("waived_by", "reason"))
        self.ok.setEnabled(measured or waived)

    def _number(self, name: str) -> float | None:
        text = self._fields[name].text().strip().replace("，", ".").replace(",", ".")
        return float(text) if text.replace(".", "", 1).isdigit() else None

    def intent(self, incident_id: str) -> RecordSample:
        """What was entered."""
        waived_by, reason = (self._fields[name].text().strip() for name in ("waived_by", "reason"))
        return RecordSample(incident_id, self._number("turbidity"), self._number("chlorine"), waived_by, reason)


class PressureQuestion(Question):
    """A pressure read on a gauge, in MPa."""

    def __init__(self, looks: Looks, title: str, text: str, usual_kpa: float, parent: QWidget | None = None) -> None:
        super().__init__(looks, title, text, parent)
        self.field = QDoubleSpinBox()
        self.field.setRange(0.0, 3.0)
        self.field.setDecimals(3)
        self.field.setSingleStep(0.01)
        self.field.setSuffix(" MPa")
        self.field.setValue(mpa_from_kpa(usual_kpa))
        self.field.selectAll()
        self.box.addWidget(self.field)
        self.finish()

    @property
    def pressure_kpa(self) -> float:
        """What was entered."""
        return kpa_from_mpa(self.field.value())


class MomentEdit(QDateTimeEdit):
    """A date and time in the city's zone."""

    def __init__(self, looks: Looks, moment: datetime, parent: QWidget | None = None) -> None:
        zone = QTimeZone(str(looks.words.zone).encode())
        super().__init__(QDateTime.fromSecsSinceEpoch(int(moment.timestamp()), zone), parent)
        self.setDisplayFormat("yyyy-MM-dd HH:mm")
        self.setCalendarPopup(True)
        self._zone = looks.words.zone

    @property
    def moment(self) -> datetime:
        """What was chosen, aware."""
        return datetime.fromtimestamp(self.dateTime().toSecsSinceEpoch(), self._zone)


class TimeQuestion(Question):
    """Asks for a date and time."""

    def __init__(self, looks: Looks, title: str, text: str, moment: datetime, parent: QWidget | None = None) -> None:
        super().__init__(looks, title, text, parent)
        self._edit = MomentEdit(looks, moment)
        self.box.addWidget(self._edit)
        self.finish()

    @property
    def moment(self) -> datetime:
        """What was chosen, aware."""
        return self._edit.moment


class OperationQuestion(Question):
    """Planned works or an operation: what, where, from when to when."""

    def __init__(self, looks: Looks, asset_id: str, kind: str, now: datetime, parent: QWidget | None = None) -> None:
        words = looks.words
        super().__init__(looks, words("operation_dialog.title"), words("operation_dialog.text"), parent)
        self.code, self.asset, self.note = QComboBox(), QLineEdit(asset_id), QLineEdit()
        for code in ENTERED:
            self.code.addItem(words.of("operation", code), code)
        self.code.setCurrentIndex(ENTERED.index(_USUAL_CODE.get(kind, "works")))
        self.start, self.end = MomentEdit(looks, now), MomentEdit(looks, now + timedelta(hours=2))
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
