"""TargetForm: name, coordinate system and place of the city to write; each refusal stands beside its field."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QFileDialog, QGridLayout, QLineEdit, QWidget

from console.ui.appearance import Appearance
from console.ui.import_window.work import free_target
from console.ui.widgets import ElidedLabel, button, label, row, tip
from console.ui.words import one_line
from maps import crs as crs_of
from maps.errors import InputFault
from maps.importers.options import ImportOptions

_KNOWN = ("EPSG:4490", "EPSG:4546", "EPSG:4547", "EPSG:4548", "EPSG:4549", "EPSG:4550", "EPSG:4551", "EPSG:4326")
"""CGCS2000 in degrees and its 3-degree zones of 111°–126° E, and WGS 84."""


class TargetForm(QWidget):
    """Three fields; ``faults()`` looks at each of them."""

    changed = Signal()

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self._sources: list[Path] = []
        self._declared = ""
        self._may_replace: Path | None = None
        self._moved = False
        self.lines: list[str] = []
        """What is wrong with the fields, as it stands beside them."""
        self.name, self.to, self.crs = QLineEdit(), QLineEdit(), QComboBox()
        self.crs.setEditable(True)
        self.crs.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.crs.setMinimumWidth(240)
        self.browse = button(self._t("window.browse"))
        self.told = {key: ElidedLabel("", "critical") for key in ("name", "crs", "to")}
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        self.tolerance = QDoubleSpinBox()
        self.tolerance.setRange(0.0, 100.0)
        self.tolerance.setDecimals(2)
        self.tolerance.setSingleStep(0.1)
        self.tolerance.setValue(ImportOptions().snap_m)
        self.tolerance.setSuffix(" m")
        self.tolerance.setAccessibleName(self._t("window.tolerance"))
        self.tolerance.setToolTip(tip(self._t("window.tolerance_about")))
        crs_row = QWidget()
        fields = row(label(self._t("window.tolerance"), "muted"), self.tolerance)
        fields.insertWidget(0, self.crs, 1)
        crs_row.setLayout(fields)
        place = QWidget()
        place.setLayout(row(self.to, self.browse))
        for at, (key, field) in enumerate((("name", self.name), ("crs", crs_row), ("to", place))):
            grid.addWidget(label(self._t(f"window.{key}"), "muted"), at, 0)
            grid.addWidget(field, at, 1)
            grid.addWidget(self.told[key], at, 2)
        grid.setColumnStretch(1, 3)
        grid.setColumnStretch(2, 2)
        self.name.textEdited.connect(self._on_name)
        self.to.textEdited.connect(self._on_place)
        self.crs.editTextChanged.connect(lambda _: self.changed.emit())
        self.browse.clicked.connect(self._on_browse)

    def show_sources(self, sources: Sequence[Path], declared: str) -> None:
        """Other files: a name and a place beside them are proposed, and the CRS that they declare."""
        is_new = bool(sources) and self._sources[:1] != list(sources[:1])
        self._sources = list(sources)
        if is_new:
            self.name.setText(sources[0].stem)
            self._moved = False
            self._propose()
        if is_new or declared != self._declared:
            self._declared = declared
            self.crs.clear()
            self.crs.addItems([*([declared] if declared else []), *(known for known in _KNOWN if known != declared)])
            self.crs.addItem(self._t("crs.local"))
            self.crs.setCurrentIndex(0 if declared else -1)
            self.crs.setEditText(declared)
        if (line := self.crs.lineEdit()) is not None:
            line.setPlaceholderText(self._t("crs.hint"))
        self.changed.emit()

    def chosen_crs(self) -> str | None:
        """What the import is told: None where the files declare it themselves."""
        text = self.crs.currentText().strip()
        if text == self._t("crs.local"):
            return crs_of.LOCAL
        return None if text == self._declared or not text else text

    @property
    def path(self) -> Path:
        """Where the city goes."""
        return Path(self.to.text().strip()).expanduser()

    def look(self, needs_crs: bool) -> list[str]:
        """Show what is wrong beside each field; the lines are returned."""
        found = {"name": self._name_fault(), "crs": self._crs_fault(needs_crs), "to": self._place_fault()}
        for key, line in found.items():
            shown = self.told[key]
            note = self._t("window.crs_declared", crs=one_line(self._declared)) if key == "crs" and self._declared else ""
            shown.setText(line or note)
            shown.setToolTip(tip(line or note))
            name = "critical" if line else "muted"
            if shown.objectName() != name:
                shown.setObjectName(name)
                shown.style().unpolish(shown)
                shown.style().polish(shown)
        self.lines = [line for line in found.values() if line]
        return self.lines

    def _t(self, key: str, **params: object) -> str:
        return self._appearance.words.catalogue.text(f"import.{key}", **params)

    def _name_fault(self) -> str:
        return "" if self.name.text().strip() else self._t("window.name_missing")

    def _crs_fault(self, needs_crs: bool) -> str:
        told = self.chosen_crs()
        if told is None:
            return self._t("window.crs_missing") if needs_crs and not self._declared else ""
        if told == crs_of.LOCAL:
            return ""
        try:
            crs_of.parse(told)
        except InputFault as fault:
            return one_line(str(fault))
        return ""

    def _place_fault(self) -> str:
        to = self.path
        if to.suffix.lower() != ".gpkg":
            return self._t("window.to_kind")
        if not to.parent.is_dir():
            return self._t("window.to_folder")
        if any(to.exists() and source.exists() and to.samefile(source) for source in self._sources):
            return self._t("window.to_source")
        if to.exists() and to != self._may_replace:
            return self._t("window.to_exists")
        return ""

    def propose_anew(self) -> None:
        """The place is taken by the city just written: propose another one."""
        self._moved = False
        self._propose()

    def _propose(self) -> None:
        if self._sources and not self._moved:
            self.to.setText(str(free_target(self._sources[0], self.name.text().strip())))

    def _on_name(self) -> None:
        self._propose()
        self.changed.emit()

    def _on_place(self) -> None:
        self._moved, self._may_replace = True, None
        self.changed.emit()

    def _on_browse(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self._t("window.to"), self.to.text(), "GeoPackage (*.gpkg)")
        if name:
            to = Path(name) if name.lower().endswith(".gpkg") else Path(f"{name}.gpkg")
            self._moved, self._may_replace = True, to if str(to) == name else None  # the dialog asked about this name only
            self.to.setText(str(to))
            self.changed.emit()
