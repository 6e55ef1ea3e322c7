"""MatchingView: per layer, which column of the file feeds which standard column, with confidence and samples; correctable."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QColor, QWheelEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHeaderView,
    QListWidget,
    QListWidgetItem,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from console.services.network.own_data import Preview, SourceLayer
from console.ui.appearance import Appearance
from console.ui.import_window.units import unit_for, units_of
from console.ui.widgets import label, row
from console.ui.words import one_line
from maps.importers.guessing import Choices, ColumnGuess, LayerGuess
from maps.importers.guessing.guess import SURE, USABLE

Place = tuple[str, str, str]
"""Source, layer, standard layer ("" where the layer is not used)."""
_HEADS = ("standard", "source", "unit", "sure", "samples", "note")
_STANDARD, _SOURCE, _UNIT, _SURE, _SAMPLES, _NOTE = range(6)
_SHADE = 0.22


class QuietCombo(QComboBox):
    """A combo box in a table: the wheel scrolls the table and changes nothing."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave the wheel to the table."""
        event.ignore()


class MatchingView(QWidget):
    """The layers on the left, the columns of the chosen one on the right."""

    kind_changed = Signal()
    """A layer is to hold something else: the guess has to be made again."""
    changed = Signal()

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self._preview: Preview | None = None
        self._kinds: dict[tuple[str, str], str] = {}
        self._columns: dict[Place, dict[str, str]] = {}
        self._touched: set[Place] = set()
        self._factors: dict[Place, dict[str, float]] = {}
        self._chosen: set[tuple[Place, str]] = set()
        self.layers, self.kind = QListWidget(), QuietCombo()
        self.table = QTableWidget(0, len(_HEADS))
        self.left_out = label(name="muted", wrap=True)
        self._build()

    # What is shown and what was decided

    def show_preview(self, preview: Preview) -> None:
        """Show a guess; what was corrected by hand before stays corrected."""
        self._preview = preview
        fed = {self._place(guess): guess for guess in preview.guess.layers}
        self._columns = {
            place: {one.standard: one.source for one in guess.columns if one.confidence >= USABLE} for place, guess in fed.items()
        }
        self._touched &= fed.keys()
        row_before = self.layers.currentRow()
        self.layers.clear()
        for place in (*fed, *((source, layer, "") for source, layer in preview.guess.unknown)):
            self._add_layer(place, fed.get(place))
        self.layers.setCurrentRow(min(max(row_before, 0), self.layers.count() - 1))
        self.changed.emit()

    def forget(self) -> None:
        """Other files: nothing was decided about them."""
        self._kinds.clear()
        self._touched.clear()
        self._factors.clear()
        self._chosen.clear()

    def take(self, decided: Choices) -> None:
        """Take over what was decided before for these layers, in place of what was corrected."""
        self.forget()
        self._kinds.update(decided.layers)
        for place, columns in decided.columns.items():
            self._touched.add(place)
            self._columns[place] = {standard: source for standard, source in columns.items() if source}
        self._factors.update({place: dict(chosen) for place, chosen in decided.factors.items()})
        self.kind_changed.emit()

    def choices(self) -> Choices:
        """What the next guess has to keep: kinds of layers, and the columns of each layer that was corrected, as shown."""
        factors = {place: dict(chosen) for place, chosen in self._factors.items()}
        if self._preview is None:
            return Choices(dict(self._kinds), factors=factors)
        columns = {}
        for place in self._touched:
            known = self._preview.columns.get(place[2], ())
            columns[place] = {standard: self._columns[place].get(standard, "") for standard in known}
        return Choices(dict(self._kinds), columns, factors)

    def faults(self) -> list[str]:
        """Why this cannot be imported, one line each; a column used twice stands beside its rows, too."""
        if self._preview is None:
            return []
        found = [] if any(place[2] == "pipes" for place in self._columns) else [self._t("window.no_pipes")]
        for place, columns in self._columns.items():
            twice = _twice(columns)
            found += [self._twice_line(place, source) for source in sorted(set(twice.values()))]
        return found

    def choose(self, standard: str, source: str) -> None:
        """Correct a column of the layer that is shown; "" for none."""
        place = self._shown_place()
        self._touched.add(place)
        self._chosen.add((place, standard))
        columns = self._columns.setdefault(place, {})
        columns.pop(standard, None)
        if source:
            columns[standard] = source
        self._show_notes()
        self.changed.emit()

    # Parts

    def _build(self) -> None:
        self.layers.currentRowChanged.connect(self._on_layer)
        self.kind.activated.connect(self._on_kind)
        self.layers.setMinimumWidth(220)
        self.table.setHorizontalHeaderLabels([self._t(f"head.{key}") for key in _HEADS])
        self.table.verticalHeader().hide()
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.table.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setAccessibleName(self._t("head.standard"))
        head = self.table.horizontalHeader()
        head.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for at, width in enumerate((130, 180, 80, 120, 220)):
            self.table.setColumnWidth(at, width)
        head.setSectionResizeMode(_NOTE, QHeaderView.ResizeMode.Stretch)
        right = QWidget()
        box = QVBoxLayout(right)
        box.setContentsMargins(0, 0, 0, 0)
        self.kind.setMinimumWidth(160)
        box.addLayout(row(label(self._t("window.holds"), "muted"), self.kind, 1))
        box.addWidget(self.table, 1)
        box.addWidget(self.left_out)
        split = QSplitter()
        split.addWidget(self.layers)
        split.addWidget(right)
        split.setStretchFactor(1, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(split)

    def _t(self, key: str, **params: object) -> str:
        return self._appearance.words.catalogue.text(f"import.{key}", **params)

    @staticmethod
    def _place(guess: LayerGuess) -> Place:
        return guess.source, guess.layer, guess.standard

    def _add_layer(self, place: Place, guess: LayerGuess | None) -> None:
        source, layer, standard = place
        rows = self._layer(place).rows
        held = self._t(f"layer.{standard}") if standard else self._t("window.unused_layer")
        sure = "" if guess is None else f"  {self._sureness(guess.confidence, (source, layer) in self._kinds)}"
        item = QListWidgetItem(f"{one_line(layer)}\n{held}{sure} · {self._t('window.layer_rows', n=rows)}")
        item.setToolTip(one_line(f"{source}: {layer}"))
        item.setData(Qt.ItemDataRole.UserRole, place)
        self.layers.addItem(item)

    def _sureness(self, confidence: float, chosen: bool) -> str:
        percent = int(100 * confidence)
        if chosen:
            return self._t("sureness.chosen")
        key = "sure" if confidence >= SURE else "check" if confidence >= USABLE else "unlikely"
        return self._t(f"sureness.{key}", percent=percent)

    def _shown_place(self) -> Place:
        item = self.layers.currentItem()
        found: Place = tuple(item.data(Qt.ItemDataRole.UserRole)) if item is not None else ("", "", "")
        return found

    def _layer(self, place: Place) -> SourceLayer:
        assert self._preview is not None
        return self._preview.layer(place[0], place[1])

    def _guess(self, place: Place) -> LayerGuess | None:
        if self._preview is None:
            return None
        return next((guess for guess in self._preview.guess.layers if self._place(guess) == place), None)

    # The layer shown

    @Slot(int)
    def _on_layer(self, at: int) -> None:
        place = self._shown_place()
        self.table.setRowCount(0)
        self.left_out.setText("")
        if at < 0 or self._preview is None:
            return
        self._show_kinds(place)
        guess = self._guess(place)
        if guess is None:
            return
        for standard in self._ordered(place, guess):
            self._add_row(place, standard, guess.column(standard))
        self._show_notes()
        lines = [
            self._t("window.left_out", rows=rows, value=one_line(value), column=one_line(next(iter(guess.where), "")))
            for value, rows in guess.left_out.items()
        ]
        if guess.unused:
            lines.append(self._t("window.unused", names=self._appearance.words.listed(map(one_line, guess.unused[:12]))))
        self.left_out.setText("\n".join(lines))

    def _ordered(self, place: Place, guess: LayerGuess) -> list[str]:
        """The guessed columns first, then the others that could be fed."""
        assert self._preview is not None
        taken = [one.standard for one in guess.columns]
        known = [*dict.fromkeys(taken), *(one for one in self._preview.columns.get(place[2], ()) if one not in taken)]
        return [one for one in known if self._appearance.words.catalogue.has(f"import.column.{one}")]

    def _show_kinds(self, place: Place) -> None:
        self.kind.clear()
        self.kind.addItem(self._t("window.unused_layer"), "")
        for key in self._preview.columns if self._preview is not None else ():
            self.kind.addItem(self._t(f"layer.{key}"), key)
        self.kind.setCurrentIndex(max(self.kind.findData(place[2]), 0))

    def _add_row(self, place: Place, standard: str, guess: ColumnGuess | None) -> None:
        at = self.table.rowCount()
        self.table.insertRow(at)
        name = QTableWidgetItem(self._t(f"column.{standard}"))
        name.setData(Qt.ItemDataRole.UserRole, standard)
        name.setToolTip(standard)
        self.table.setItem(at, _STANDARD, name)
        combo = QuietCombo()
        combo.addItem(self._t("window.not_used"), "")
        for column in self._layer(place).samples:
            combo.addItem(one_line(column), column)
        combo.setCurrentIndex(max(combo.findData(self._columns[place].get(standard, "")), 0))
        combo.setAccessibleName(self._t(f"column.{standard}"))
        combo.activated.connect(lambda _, made=combo, standard=standard: self.choose(standard, str(made.currentData())))
        self.table.setCellWidget(at, _SOURCE, combo)
        if units_of(standard):
            self.table.setCellWidget(at, _UNIT, self._unit_combo(place, standard, guess))
        for cell in (_SURE, _SAMPLES, _NOTE):
            self.table.setItem(at, cell, QTableWidgetItem())
        self.table.setRowHeight(at, combo.sizeHint().height() + 4)

    def _unit_combo(self, place: Place, standard: str, guess: ColumnGuess | None) -> QuietCombo:
        combo = QuietCombo()
        factor = self._factors.get(place, {}).get(standard, 1.0 if guess is None or guess.factor is None else guess.factor)
        for unit, own in units_of(standard):
            combo.addItem(unit, own)
        if not unit_for(standard, factor):
            combo.addItem(f"× {factor:g}", factor)
        combo.setCurrentIndex(
            max(combo.findText(unit_for(standard, factor)), 0) if unit_for(standard, factor) else combo.count() - 1
        )
        combo.setAccessibleName(f"{self._t(f'column.{standard}')}, {self._t('head.unit')}")
        combo.activated.connect(lambda _, made=combo, standard=standard: self.choose_unit(standard, float(made.currentData())))
        return combo

    def choose_unit(self, standard: str, factor: float) -> None:
        """Take the numbers of a column in another unit."""
        self._factors.setdefault(self._shown_place(), {})[standard] = factor
        self._show_notes()
        self.changed.emit()

    def _show_notes(self) -> None:
        """Confidence, samples and what is wrong, of every row."""
        place, guess = self._shown_place(), self._guess(self._shown_place())
        if guess is None:
            return
        columns, samples = self._columns[place], self._layer(place).samples
        twice = _twice(columns)
        for at in range(self.table.rowCount()):
            standard = str(self._cell(at, _STANDARD).data(Qt.ItemDataRole.UserRole))
            source, guessed = columns.get(standard, ""), guess.column(standard)
            combo = self.table.cellWidget(at, _SOURCE)
            if isinstance(combo, QComboBox) and combo.currentData() != source:
                combo.setCurrentIndex(max(combo.findData(source), 0))
            sure, colour = self._shown_sureness(place, standard, source, guessed)
            self._cell(at, _SURE).setText(sure)
            self._cell(at, _SURE).setBackground(colour)
            self._cell(at, _SAMPLES).setText(" · ".join(one_line(text) for text in samples.get(source, ())))
            note = self._cell(at, _NOTE)
            is_wrong = standard in twice
            note.setText(self._twice_line(place, twice[standard]) if is_wrong else self._conversion(source, guessed))
            note.setToolTip(note.text())
            note.setForeground(self._appearance.theme.colour("state.critical" if is_wrong else "text.muted"))

    def _conversion(self, source: str, guessed: ColumnGuess | None) -> str:
        """What is done to the values of the guessed column: a factor, or words that are translated."""
        if guessed is None or guessed.source != source:
            return ""
        factor = self._factors.get(self._shown_place(), {}).get(guessed.standard, guessed.factor)
        if factor is not None and factor != 1.0:
            return self._t("window.converted", factor=f"{factor:g}")
        words = [f"{one_line(said)} → {meant}" for said, meant in guessed.values.items() if said != meant][:4]
        return self._appearance.words.listed(words)

    def _cell(self, at: int, column: int) -> QTableWidgetItem:
        found = self.table.item(at, column)
        assert found is not None, "each row is filled when it is made"
        return found

    def _shown_sureness(self, place: Place, standard: str, source: str, guessed: ColumnGuess | None) -> tuple[str, QColor]:
        theme, none = self._appearance.theme, QColor(0, 0, 0, 0)
        if (place, standard) in self._chosen:
            return self._t("sureness.chosen"), theme.colour("accent.normal", _SHADE)
        if guessed is None:
            return self._t("sureness.none"), none
        role = "state.ok" if guessed.confidence >= SURE else "state.high"
        shade = none if not source else theme.colour(role, _SHADE)
        return self._sureness(guessed.confidence, guessed.grounds == ("chosen",)), shade

    def _twice_line(self, place: Place, source: str) -> str:
        users = [standard for standard, used in self._columns[place].items() if used == source]
        names = self._appearance.words.listed(self._t(f"column.{standard}") for standard in users)
        return self._t("window.twice", source=one_line(source), other=names)

    @Slot(int)
    def _on_kind(self, at: int) -> None:
        source, layer, standard = self._shown_place()
        chosen = str(self.kind.itemData(at))
        if chosen != standard:
            self._kinds[source, layer] = chosen
            self.kind_changed.emit()


def _twice(columns: Mapping[str, str]) -> dict[str, str]:
    """Standard column -> source column that feeds another one too; an asset's id may be that of its node."""
    users: dict[str, list[str]] = {}
    for standard, source in columns.items():
        users.setdefault(source, []).append(standard)
    doubled = {source: found for source, found in users.items() if len(found) > 1 and set(found) != {"asset_id", "node"}}
    return {standard: source for source, found in doubled.items() for standard in found}
