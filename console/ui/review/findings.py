"""Findings entered after the repair: cause, frost, where it was dug, customers, calls, satisfaction."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QLabel, QLineEdit, QWidget

from console.services.review.notes import Findings
from console.ui.appearance import Appearance
from console.ui.widgets import label

_FIELDS = (
    "cause", "frost", "excavated_pipe", "restored_at", "customers", "water_lost_m3", "calls", "reports", "satisfaction_process",
    "satisfaction_result",
)  # fmt: skip


class FindingsForm(QWidget):
    """Emits ``changed`` when a field was filled; what cannot be read is marked and stays in its field."""

    changed = Signal(object)
    """Findings."""

    def __init__(self, findings: Findings, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.findings, self._appearance = findings, appearance
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        self.edits: dict[str, QLineEdit] = {}
        self._labels: dict[str, QLabel] = {}
        for name in _FIELDS:
            edit, text = QLineEdit(), label(name="muted")
            edit.setText(self._shown(name))
            edit.editingFinished.connect(lambda name=name: self._take(name))
            self.edits[name], self._labels[name] = edit, text
            form.addRow(text, edit)
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        text = appearance.words.catalogue.text
        for name, head in self._labels.items():
            head.setText(text(f"review.finding.{name}"))
            self.edits[name].setAccessibleName(text(f"review.finding.{name}"))
        hints = {
            "restored_at": "2024-01-04 09:30",
            "reports": text("review.finding.reports_hint"),
            "frost": text("review.finding.yes_no"),
        }
        for name, hint in hints.items():
            self.edits[name].setPlaceholderText(hint)

    def _take(self, name: str) -> None:
        edit, written = self.edits[name], self.edits[name].text().strip()
        try:
            value = self._readers()[name](written)
        except ValueError:
            edit.setStyleSheet(f"border: 1px solid {self._appearance.theme.colours['state.critical']};")
            return
        edit.setStyleSheet("")
        if value != getattr(self.findings, name):
            changes: dict[str, Any] = {name: value}
            self.findings = replace(self.findings, **changes)
            self.changed.emit(self.findings)

    def _readers(self) -> dict[str, Callable[[str], Any]]:
        return {
            "cause": str, "frost": self._yes_no, "excavated_pipe": str, "restored_at": self._moment, "customers": _whole,
            "water_lost_m3": _number, "calls": lambda text: tuple(text.replace("，", ",").replace(",", " ").split()),
            "reports": self._reports, "satisfaction_process": _rating, "satisfaction_result": _rating,
        }  # fmt: skip

    def _shown(self, name: str) -> str:
        value = getattr(self.findings, name)
        if value is None:
            return ""
        if name == "restored_at":
            return f"{self._appearance.words.local(value):%Y-%m-%d %H:%M}"
        if name == "reports":
            return "; ".join(f"{report} {self._appearance.words.local(at):%Y-%m-%d %H:%M}" for report, at in value)
        if name == "frost":
            return self._appearance.words.catalogue.text(f"review.word.{'yes' if value else 'no'}")
        return ", ".join(value) if name == "calls" else str(value)

    def _moment(self, text: str) -> datetime | None:
        """A time on the city's clock."""
        return datetime.fromisoformat(text).replace(tzinfo=self._appearance.words.zone) if text else None

    def _reports(self, text: str) -> tuple[tuple[str, datetime], ...]:
        found = []
        for part in text.replace("；", ";").split(";"):
            name, _, at = part.strip().partition(" ")
            if name:
                moment = self._moment(at.strip())
                if moment is None:
                    raise ValueError("a report needs its time")
                found.append((name, moment))
        return tuple(found)

    def _yes_no(self, text: str) -> bool | None:
        catalogue = self._appearance.words.catalogue.text
        known = {"": None, catalogue("review.word.yes"): True, catalogue("review.word.no"): False}
        if text not in known:
            raise ValueError(text)
        return known[text]


def _whole(text: str) -> int | None:
    value = int(text) if text else None
    if value is not None and value < 0:
        raise ValueError(text)
    return value


def _number(text: str) -> float | None:
    value = float(text) if text else None
    if value is not None and not 0 <= value < 1e9:
        raise ValueError(text)
    return value


def _rating(text: str) -> float | None:
    value = _number(text)
    if value is not None and not 1 <= value <= 5:
        raise ValueError(text)
    return value
