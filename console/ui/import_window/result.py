"""ResultView: what an import wrote, what it serves, and every fault; or why it was refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from console.services.network.foreign_models import Imported
from console.ui.appearance import Appearance
from console.ui.widgets import Card, PlainLabel, label, row, tip
from console.ui.words import one_line
from maps.errors import Fault, InputFault, Severity
from maps.fitness import Fitness

_HEADS = ("kind", "severity", "count", "where", "message")
_MOST = 200
"""Faults listed below each kind; the saved list has all of them."""
_COLOURS = {Severity.FATAL: "state.critical", Severity.WARNING: "state.high", Severity.INFO: "text.muted"}
_LOW, _FAIR = 50, 80
"""Scores below which a purpose is shown as poor, and as partly served."""


class ResultView(QWidget):
    """Scores in a row, counts, and the faults by kind."""

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self.headline = label(name="title", wrap=True)
        self.counts, self.kept = label(name="muted", wrap=True), label(name="muted", wrap=True, selectable=True)
        self.scores = QWidget()
        self._scores = row(spacing=10)
        self.scores.setLayout(self._scores)
        self.listed = label(name="strong")
        self.faults: tuple[Fault, ...] = ()
        """The faults of the import that is shown."""
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([self._t(f"head.{key}") for key in _HEADS])
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName(self._t("head.kind"))
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        for part in (self.headline, self.counts, self.scores, self.listed):
            box.addWidget(part)
        box.addWidget(self.tree, 1)
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

    def _t(self, key: str, **params: object) -> str:
        return self._appearance.words.catalogue.text(f"import.{key}", **params)

    def _show(self, faults: Sequence[Fault]) -> None:
        self.listed.setText(self._t("window.faults", n=len(faults)) if faults else self._t("window.no_faults"))
        self.faults = tuple(faults)
        self.tree.clear()
        kinds: dict[tuple[Severity, str], list[Fault]] = {}
        for fault in faults:
            kinds.setdefault((fault.severity, fault.code), []).append(fault)
        for (severity, code), found in kinds.items():
            key = f"import.fault.{code}"
            kind = self._appearance.words.catalogue.text(key) if self._appearance.words.catalogue.has(key) else code
            texts = [kind, self._t(f"severity.{severity.value}"), f"{len(found):,}"]
            top = self._item(
                [*texts, *self._place(found[0])] if len(found) == 1 else [*texts, "", self._example(found)], found[0]
            )
            top.setForeground(1, self._appearance.theme.colour(_COLOURS[severity]))
            self.tree.addTopLevelItem(top)
            if len(found) > 1:
                top.addChildren([self._item(["", "", "", *self._place(fault)], fault) for fault in found[:_MOST]])
            if len(found) > _MOST:
                top.addChild(QTreeWidgetItem(["", "", "", "", self._t("window.more_faults", n=f"{len(found) - _MOST:,}")]))
        for at, width in enumerate((230, 120, 70, 240)):
            self.tree.setColumnWidth(at, width)

    def _item(self, texts: list[str], fault: Fault) -> QTreeWidgetItem:
        made = QTreeWidgetItem(texts)
        made.setToolTip(4, tip(one_line(fault.line())))
        return made

    def _place(self, fault: Fault) -> tuple[str, str]:
        """Where a fault is, and what it says."""
        layer = (
            self._t(f"layer.{fault.layer}")
            if self._appearance.words.catalogue.has(f"import.layer.{fault.layer}")
            else fault.layer
        )
        parts = (layer, "" if fault.row is None else str(fault.row), fault.asset_id, fault.column)
        return one_line(" · ".join(part for part in parts if part)), one_line(fault.message)

    def _example(self, found: Sequence[Fault]) -> str:
        """The message that all have in common, "" where they differ."""
        return one_line(found[0].message) if len({fault.message for fault in found}) == 1 else ""

    def _clear_scores(self) -> None:
        while (item := self._scores.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
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
