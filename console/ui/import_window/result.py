"""ResultView: what an import wrote, what it serves, and every fault; or why it was refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QVBoxLayout, QWidget

from console.services.network.foreign_models import Imported
from console.ui.appearance import Appearance
from console.ui.widgets import Card, PlainLabel, label, row, tip
from console.ui.words import one_line
from maps.errors import Fault, InputFault, Severity
from maps.fitness import Fitness

Index = QModelIndex | QPersistentModelIndex
_HEADS = ("severity", "kind", "count", "where", "message")
_COLOURS = {Severity.FATAL: "state.critical", Severity.WARNING: "state.high", Severity.INFO: "text.muted"}
_LOW, _FAIR = 50, 80
"""Scores below which a purpose is shown as poor, and as partly served."""


class FaultsModel(QAbstractTableModel):
    """Faults in the order given, one a row; ``count``: how many of the same kind there are."""

    def __init__(self, faults: Sequence[Fault], appearance: Appearance, parent: QWidget) -> None:
        super().__init__(parent)
        self.faults, self._appearance = tuple(faults), appearance
        self._counts: dict[str, int] = {}
        for fault in self.faults:
            self._counts[fault.code] = self._counts.get(fault.code, 0) + 1

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 — Qt's signature
        """One row a fault."""
        return 0 if parent.isValid() else len(self.faults)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008
        """Level, kind, count, place, message."""
        return 0 if parent.isValid() else len(_HEADS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Names of the columns."""
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return self._t(f"head.{_HEADS[section]}")
        return None

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Text; colour of the level; the whole message as a tip."""
        fault = self.faults[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return self._cell(fault, index.column())
        if role == Qt.ItemDataRole.ForegroundRole and index.column() == 0:
            return self._appearance.theme.colour(_COLOURS[fault.severity])
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip(one_line(fault.line()))
        return None

    def _cell(self, fault: Fault, column: int) -> str:
        if column == 0:
            return self._t(f"severity.{fault.severity.value}")
        if column == 1:
            key = f"import.fault.{fault.code}"
            has = self._appearance.words.catalogue.has(key)
            return self._appearance.words.catalogue.text(key) if has else fault.code
        if column == 2:
            return f"{self._counts[fault.code]:,}"
        if column == 3:
            parts = (fault.layer, "" if fault.row is None else str(fault.row), fault.asset_id, fault.column)
            return one_line(" · ".join(part for part in parts if part))
        return one_line(fault.message)

    def _t(self, key: str) -> str:
        return self._appearance.words.catalogue.text(f"import.{key}")


class ResultView(QWidget):
    """Scores in a row, counts, and the list of faults."""

    chosen = Signal(object)
    """The fault of a row that was double-clicked."""

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self.headline = label(name="title", wrap=True)
        self.counts, self.kept = label(name="muted", wrap=True), label(name="muted", wrap=True, selectable=True)
        self.scores = QWidget()
        self._scores = row(spacing=10)
        self.scores.setLayout(self._scores)
        self.listed = label(name="strong")
        self.table = QTableView()
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.setAccessibleName(self._t("head.kind"))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        for part in (self.headline, self.counts, self.scores, self.listed):
            box.addWidget(part)
        box.addWidget(self.table, 1)
        box.addWidget(self.kept)

    def show_imported(self, found: Imported, to: Path, profile: Path) -> None:
        """A city was written."""
        self.headline.setText(self._t("window.done", path=str(to)))
        self.counts.setText(self._t("window.counts", **{name: f"{n:,}" for name, n in found.counts.items()}))
        self.kept.setText(self._t("window.profile", path=str(profile)) if profile.exists() else "")
        self._clear_scores()
        for one in found.fitness:
            self._scores.addWidget(self._score(one), 1)
        self._show(found.faults)

    def show_refused(self, refused: InputFault) -> None:
        """Nothing was written; every fatal fault is listed."""
        faults = refused.faults or (Fault(Severity.FATAL, "refused", str(refused)),)
        self.headline.setText(self._t("window.refused", n=len(faults)))
        self.counts.setText("")
        self.kept.setText("")
        self._clear_scores()
        self._show(faults)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults that are listed."""
        model = self.table.model()
        return model.faults if isinstance(model, FaultsModel) else ()

    def _t(self, key: str, **params: object) -> str:
        return self._appearance.words.catalogue.text(f"import.{key}", **params)

    def _show(self, faults: Sequence[Fault]) -> None:
        self.listed.setText(self._t("window.faults", n=len(faults)) if faults else self._t("window.no_faults"))
        self.table.setModel(FaultsModel(faults, self._appearance, self))
        head = self.table.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for at, width in enumerate((110, 190, 60, 240)):
            self.table.setColumnWidth(at, width)
        head.setSectionResizeMode(4, QHeaderView.ResizeMode.Stretch)

    def _clear_scores(self) -> None:
        while (item := self._scores.takeAt(0)) is not None:
            widget = item.widget()
            widget.hide()
            widget.deleteLater()

    def _score(self, one: Fitness) -> QWidget:
        card = Card(self)
        card.heading.setText(self._t(f"purpose.{one.purpose}"))
        score = PlainLabel(f"{one.score} / 100")
        score.setObjectName("critical" if one.score < _LOW else "warning" if one.score < _FAIR else "ok")
        font = self._appearance.theme.font(16)
        score.setFont(font)
        card.box.addWidget(score)
        part = one.parts[0] if one.weakest else None
        said = (
            self._t("weakest.none")
            if part is None
            else self._t("weakest.text", part=self._t(f"part.{part[0]}"), percent=int(100 * part[1]))
        )
        card.box.addWidget(label(said, wrap=True))
        return card
