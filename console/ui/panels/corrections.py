"""Corrections of the dataset that crews propose: accepted, refused or ended here."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QHeaderView, QVBoxLayout

from console.domain.clock import moment
from console.domain.corrections import CORRECTION, Correction, CorrectionState, Layer
from console.domain.picture import Picture
from console.services.crews.corrections import DecideCorrection, EndCorrection
from console.ui.appearance import Appearance
from console.ui.commands.asset_locator import AssetLocator
from console.ui.commands.corrections import CorrectionCommands
from console.ui.models.rows import Column, RowsModel
from console.ui.panels.panel import Panel, PanelContext
from console.ui.panels.tables import STAMP_SAMPLE, TIME_SAMPLE, FontWatcher, fit_column, plain_table
from console.ui.permitted import needs
from console.ui.widgets import ElidedLabel, button, label, row
from console.ui.words import Words

_WHAT, _TEXT = 2, 3


class CorrectionsPanel(Panel):
    """Open corrections, those to be decided first; the buttons are for the row that is chosen."""

    asset_chosen = Signal(str)
    """Id of a valve whose row was chosen: the map shows it."""

    def __init__(self, appearance: Appearance, commands: CorrectionCommands) -> None:
        super().__init__()
        self._appearance, self._commands = appearance, commands
        self._picture: Picture | None = None
        self._title, self._none = ElidedLabel("", "heading"), label(name="muted", wrap=True)
        self._accept, self._refuse, self._end, self._export = (button("") for _ in range(4))
        needs(DecideCorrection, self._accept, self._refuse)
        needs(EndCorrection, self._end)
        self._accept.clicked.connect(lambda _=False: self._with(commands.accept))
        self._refuse.clicked.connect(lambda _=False: self._with(commands.refuse))
        self._end.clicked.connect(lambda _=False: self._with(commands.end))
        self._export.clicked.connect(lambda _=False: self._save())
        self.model: RowsModel[Correction] = RowsModel(lambda one: one.correction_id, self._columns(appearance.words), self)
        self.table = plain_table(self.model)
        self.table.horizontalHeader().setSectionResizeMode(_TEXT, QHeaderView.ResizeMode.Stretch)
        self.table.selectionModel().selectionChanged.connect(self._on_chosen)
        FontWatcher(self.table).changed.connect(self._fit)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 6, 6, 4)
        box.setSpacing(3)
        head = row(self._title, self._accept, self._refuse, self._end, self._export)
        head.setStretch(0, 1)
        box.addLayout(head)
        box.addWidget(self._none)
        box.addWidget(self.table, 1)
        self.set_appearance(appearance)

    def show_picture(self, picture: Picture) -> None:
        """Corrections that are open."""
        before, self._picture = self._picture, picture
        if before is None or before.of(CORRECTION) != picture.of(CORRECTION):
            self._fill()

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = self._commands.appearance = appearance
        words = appearance.words
        self._title.setText(words("corrections.title"))
        self._none.setText(words("corrections.none"))
        for name, one in (("accept", self._accept), ("refuse", self._refuse), ("end", self._end), ("export", self._export)):
            one.setText(words(f"corrections.{name}"))
        self.model.set_columns(self._columns(words))
        self._fill()
        self._fit()

    def chosen(self) -> Correction | None:
        """That of the row that is chosen."""
        rows = self.table.selectionModel().selectedRows()
        return self.model.item(rows[0].row()) if rows else None

    def _fill(self) -> None:
        found = self._picture.of(CORRECTION) if self._picture is not None else ()
        self.model.apply(sorted(found, key=lambda one: (one.state is not CorrectionState.PROPOSED, one.at, one.correction_id)))
        waiting = sum(1 for one in found if one.state is CorrectionState.PROPOSED)
        title = self._appearance.words("corrections.title")
        self._title.setText(f"{title} · {self._appearance.words('corrections.waiting', n=waiting)}" if waiting else title)
        self._none.setVisible(not found)
        self.table.setVisible(bool(found))
        self._export.setEnabled(bool(found))
        self._enable()

    def _enable(self) -> None:
        one = self.chosen()
        is_proposed = one is not None and one.state is CorrectionState.PROPOSED
        self._accept.setEnabled(is_proposed)
        self._refuse.setEnabled(is_proposed)
        self._end.setEnabled(one is not None and one.state is CorrectionState.ACCEPTED)

    @Slot()
    def _on_chosen(self) -> None:
        one = self.chosen()
        self._enable()
        if one is not None and one.layer is Layer.VALVE:
            self.asset_chosen.emit(one.asset_id)

    def _with(self, act: object) -> None:
        one = self.chosen()
        if one is not None and callable(act):
            act(one)

    def _save(self) -> None:
        name, _ = QFileDialog.getSaveFileName(
            self, self._appearance.words("corrections.export"), "corrections.csv", "CSV (*.csv);;GeoJSON (*.geojson)"
        )
        if name and self._picture is not None:
            self._commands.export(name, self._picture.of(CORRECTION))

    @Slot()
    def _fit(self) -> None:
        words = self._appearance.words
        fit_column(self.table, 0, (TIME_SAMPLE, STAMP_SAMPLE))
        fit_column(self.table, 1, (words.of("correction_state", state.value) for state in CorrectionState))
        fit_column(self.table, _WHAT, (f"{words.of('correction_layer', layer.value)} V-888888" for layer in Layer))

    def _columns(self, words: Words) -> tuple[Column[Correction], ...]:
        def at(one: Correction) -> str:
            now = moment(self._picture.now_us) if self._picture is not None else one.at
            return words.stamp(one.at, now)

        def text(one: Correction) -> str:
            parts = (words.of("correction_fault", one.fault.value), one.text, one.by, one.incident_id, one.decided_by, one.reason)
            return " · ".join(part for part in parts if part)

        return (
            Column(words("corrections.at"), at),
            Column(words("corrections.state"), lambda one: words.of("correction_state", one.state.value)),
            Column(words("corrections.asset"), lambda one: f"{words.of('correction_layer', one.layer.value)} {one.asset_id}"),
            Column(words("corrections.text"), text),
        )


def make(context: PanelContext) -> CorrectionsPanel:
    """The corrections; a chosen valve is shown on the map."""
    commands = CorrectionCommands(
        context.city, context.appearance, context.submit, context.questions.show_refused, context.map.window()
    )
    panel = CorrectionsPanel(context.appearance, commands)
    locator: AssetLocator = context.locator
    panel.asset_chosen.connect(locator.show_valve, Qt.ConnectionType.DirectConnection)
    return panel
