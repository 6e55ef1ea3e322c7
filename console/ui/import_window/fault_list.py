"""FaultList: the faults of an import by kind, why each kind matters, and the repairs chosen for them."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHeaderView, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from console.ui.appearance import Appearance
from console.ui.widgets import label, tip
from console.ui.words import one_line
from maps.errors import Fault, Severity
from maps.importers.repairs import Repair

_HEADS = ("kind", "severity", "count", "where", "repair", "message")
_KIND, _SEVERITY, _COUNT, _WHERE, _REPAIR, _MESSAGE = range(6)
_MOST = 200
"""Faults listed below each kind; the saved list has all of them."""
_COLOURS = {Severity.FATAL: "state.critical", Severity.WARNING: "state.high", Severity.INFO: "text.muted"}
_ROLE = Qt.ItemDataRole.UserRole
_CHECKED, _UNCHECKED, _SOME = Qt.CheckState.Checked, Qt.CheckState.Unchecked, Qt.CheckState.PartiallyChecked


class FaultList(QWidget):
    """The tree; a kind or a single fault with a proposal can be ticked. ``chosen()``: the repairs that are ticked."""

    selected = Signal(object)
    """Indices of the faults to show on the map: one, or all of a kind."""
    ticked = Signal()

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self.faults: tuple[Fault, ...] = ()
        self._proposals: tuple[Repair | None, ...] = ()
        self._ticked: set[int] = set()
        self._is_filling = False
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([self._t(f"head.{key}") for key in _HEADS])
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName(self._t("head.kind"))
        self.tree.header().setSectionResizeMode(_MESSAGE, QHeaderView.ResizeMode.Stretch)
        self.why = label(name="muted", wrap=True)
        self.why.setMinimumHeight(3 * self.why.fontMetrics().height() + 4)  # reserved: nothing below moves
        self.why.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        box.addWidget(self.tree, 1)
        box.addWidget(self.why)
        self.tree.currentItemChanged.connect(self._on_current)
        self.tree.itemChanged.connect(self._on_changed)

    def show_faults(self, faults: Sequence[Fault], proposals: Sequence[Repair | None]) -> None:
        """Show faults; a proposal is ticked by nobody but the person."""
        self.faults, self._proposals = tuple(faults), tuple(proposals)
        self._ticked = set()
        self._is_filling = True
        self.tree.clear()
        kinds: dict[tuple[Severity, str], list[int]] = {}
        order = list(Severity)
        for at in sorted(range(len(faults)), key=lambda at: order.index(faults[at].severity)):
            kinds.setdefault((faults[at].severity, faults[at].code), []).append(at)
        for (severity, code), found in kinds.items():
            self._add_kind(severity, code, found)
        for at, width in enumerate((220, 90, 60, 190, 150)):
            self.tree.setColumnWidth(at, width)
        self._is_filling = False
        self.why.setText("")
        self.ticked.emit()

    def chosen(self) -> tuple[Repair, ...]:
        """The repairs that are ticked, in the order of the faults."""
        return tuple(repair for at, repair in enumerate(self._proposals) if repair is not None and at in self._ticked)

    def tick(self, code: str) -> None:
        """Tick all proposals of a kind of fault."""
        for at in range(self.tree.topLevelItemCount()):
            item = self.tree.topLevelItem(at)
            if item is not None and item.data(_SEVERITY, _ROLE) == code and _has_box(item):
                item.setCheckState(_REPAIR, _CHECKED)

    # Parts

    def _t(self, key: str, **params: object) -> str:
        return self._appearance.words.catalogue.text(f"import.{key}", **params)

    def _named(self, key: str, otherwise: str) -> str:
        return self._t(key) if self._appearance.words.catalogue.has(f"import.{key}") else otherwise

    def _add_kind(self, severity: Severity, code: str, found: list[int]) -> None:
        kind = self._named(f"fault.{code}", code)
        first = self.faults[found[0]]
        place, message = self._place(first) if len(found) == 1 else ("", self._example(found))
        proposed = [at for at in found if self._proposals[at] is not None]
        top = QTreeWidgetItem([kind, self._t(f"severity.{severity.value}"), f"{len(found):,}", place, "", message])
        top.setToolTip(_MESSAGE, tip(one_line(first.line())))
        top.setForeground(_SEVERITY, self._appearance.theme.colour(_COLOURS[severity]))
        top.setData(_KIND, _ROLE, found)
        top.setData(_SEVERITY, _ROLE, code)
        if proposed:
            kinds = dict.fromkeys(str(repair.kind) for at in proposed if (repair := self._proposals[at]) is not None)
            said = self._appearance.words.listed(self._t(f"repair.{one}") for one in kinds)
            top.setText(_REPAIR, said if len(found) == 1 else f"{said} ({len(proposed):,})")
            top.setCheckState(_REPAIR, _UNCHECKED)
        self.tree.addTopLevelItem(top)
        if len(found) == 1:
            return
        for at in found[:_MOST]:
            top.addChild(self._one(at))
        if len(found) > _MOST:
            top.addChild(QTreeWidgetItem(["", "", "", "", "", self._t("window.more_faults", n=f"{len(found) - _MOST:,}")]))

    def _one(self, at: int) -> QTreeWidgetItem:
        fault, repair = self.faults[at], self._proposals[at]
        place, message = self._place(fault)
        made = QTreeWidgetItem(["", "", "", place, "" if repair is None else self._t(f"repair.{repair.kind}"), message])
        made.setToolTip(_MESSAGE, tip(one_line(fault.line())))
        made.setData(_KIND, _ROLE, [at])
        if repair is not None:
            made.setCheckState(_REPAIR, _UNCHECKED)
        return made

    def _place(self, fault: Fault) -> tuple[str, str]:
        """Where a fault is, and what it says."""
        layer = self._named(f"layer.{fault.layer}", fault.layer) if fault.layer else ""
        parts = (layer, "" if fault.row is None else str(fault.row), fault.asset_id, fault.column)
        return one_line(" · ".join(part for part in parts if part)), one_line(fault.message)

    def _example(self, found: Sequence[int]) -> str:
        """The message that all have in common, "" where they differ."""
        messages = {self.faults[at].message for at in found}
        return one_line(messages.pop()) if len(messages) == 1 else ""

    @Slot(QTreeWidgetItem, QTreeWidgetItem)
    def _on_current(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None = None) -> None:
        found = list(item.data(_KIND, _ROLE) or []) if item is not None else []
        if not found:
            return
        code = self.faults[found[0]].code
        lines = [self._named(f"why.{code}", "")]
        repair = next((one for at in found if (one := self._proposals[at]) is not None), None)
        if repair is not None:
            key = f"repair_says.{repair.kind}_{repair.layer}"
            lines.append(self._named(key, self._named(f"repair_says.{repair.kind}", "")))
        self.why.setText(" ".join(line for line in lines if line))
        self.selected.emit(found)

    @Slot(QTreeWidgetItem, int)
    def _on_changed(self, item: QTreeWidgetItem, column: int) -> None:
        if self._is_filling or column != _REPAIR:
            return
        self._is_filling = True
        is_ticked = item.checkState(_REPAIR) is _CHECKED
        for at in item.data(_KIND, _ROLE) or []:
            if self._proposals[at] is not None:
                (self._ticked.add if is_ticked else self._ticked.discard)(at)
        parent = item.parent()
        if parent is None:
            for at in range(item.childCount()):
                child = item.child(at)
                if child is not None and _has_box(child):
                    child.setCheckState(_REPAIR, _CHECKED if is_ticked else _UNCHECKED)
        else:
            mine = [at for at in parent.data(_KIND, _ROLE) if self._proposals[at] is not None]
            ticked = sum(at in self._ticked for at in mine)
            said = parent.text(_REPAIR).partition(" (")[0]
            parent.setText(
                _REPAIR, f"{said} ({ticked:,} / {len(mine):,})" if 0 < ticked < len(mine) else f"{said} ({len(mine):,})"
            )
            parent.setCheckState(_REPAIR, _CHECKED if ticked == len(mine) else _SOME if ticked else _UNCHECKED)
        self._is_filling = False
        self.ticked.emit()


def _has_box(item: QTreeWidgetItem) -> bool:
    return item.data(_REPAIR, Qt.ItemDataRole.CheckStateRole) is not None
