"""NewVersionWindow: what a newer export adds, removes, moves and changes, listed and drawn; accepted wholly or in parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QFileDialog, QSplitter, QTreeWidget, QTreeWidgetItem, QVBoxLayout, QWidget

from console.services.network.new_version import NewVersion, read_new_version, write_accepted
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.import_window.sketch_map import Segments, SketchLines, SketchMap, SketchMarks, segments_of
from console.ui.widgets import ElidedLabel, button, label, make_primary, row, tip
from console.ui.words import one_line
from maps.city import City
from maps.comparison import LayerDifference, Part
from maps.network import PipeTable

KINDS = ("added", "removed", "moved", "changed")
_ROLES: Mapping[str, str] = {"added": "state.ok", "removed": "state.critical", "moved": "accent.normal", "changed": "state.high"}
_SHAPES: Mapping[str, str] = {"added": "plus", "removed": "cross", "moved": "ring", "changed": "ring"}
_MOST = 500
"""Assets listed below each kind; a kind as a whole counts all of them."""
_NEAR_M_PER_PX = 0.3
_ROLE = Qt.ItemDataRole.UserRole
_CHECKED, _UNCHECKED, _SOME = Qt.CheckState.Checked, Qt.CheckState.Unchecked, Qt.CheckState.PartiallyChecked


class NewVersionWindow(QWidget):
    """Opens on the dataset in use; nothing of it is changed: what is accepted is written to a file of its own."""

    written = Signal(object)
    """Path of the accepted version."""

    def __init__(
        self, appearance: Appearance, before: City, in_use: Mapping[str, str] | None = None, parent: QWidget | None = None
    ) -> None:
        """``in_use``: asset id -> the open case that names it."""
        super().__init__(parent, Qt.WindowType.Window)
        self._appearance, self._before, self._in_use = appearance, before, dict(in_use or {})
        self._tasks = BackgroundTasks("new-version", self)
        self.new: NewVersion | None = None
        self._source = Path()
        self._rejected: set[Part] = set()
        self._is_filling = self._is_busy = False
        self._shapes: dict[tuple[str, str], Segments] = {}
        self._places: dict[tuple[str, str], tuple[float, float]] = {}
        self.setObjectName("window")
        self.setWindowTitle(self._t("title"))
        self.resize(1240, 720)
        self.file, self.told = ElidedLabel(self._t("choose_first"), "strong"), ElidedLabel("", "warning")
        self.choose = button(self._t("choose"))
        self.summary, self.warned = label(name="muted", wrap=True), label(name="warning", wrap=True)
        self.tree = QTreeWidget()
        self.tree.setHeaderLabels([self._t(f"head_{key}") for key in ("what", "count", "detail")])
        self.tree.setUniformRowHeights(True)
        self.tree.setAccessibleName(self._t("head_what"))
        self.map = SketchMap(appearance, self._t("map"))
        self.leave, self.write = button(self._t("close")), button(self._t("write"))
        self._build()
        self._show_state()

    def open_file(self, path: Path) -> None:
        """Read and compare in the background."""
        self._is_busy, self._source = True, path
        self.told.setText(self._t("comparing"))
        self._tasks.request("compare", lambda: read_new_version(path, self._before), self._show)
        self._show_state()

    def rejected(self) -> frozenset[Part]:
        """What is not ticked."""
        return frozenset(self._rejected)

    def reject(self, layer: str, kind: str, names: Collection[str] = ()) -> None:
        """Take the tick from a kind of difference, or from some of its assets."""
        for top in self._items(None):
            if top.data(0, _ROLE)[:2] != (layer, kind):
                continue
            if not names:
                top.setCheckState(0, _UNCHECKED)
            for child in self._items(top):
                if child.data(0, _ROLE) and child.data(0, _ROLE)[2] in names:
                    child.setCheckState(0, _UNCHECKED)

    def write_to(self, to: Path) -> None:
        """Write the accepted version in the background."""
        if self.new is None or self._is_busy:
            return
        if to.resolve() == self._source.resolve():
            self.told.setText(self._t("same_file"))
            return
        self._is_busy = True
        new, rejected = self.new, self.rejected()
        self.told.setText(self._t("writing"))
        self._tasks.request("write", lambda: write_accepted(self._before, new, rejected, to), lambda n: self._on_written(to, n))
        self._show_state()

    def closeEvent(self, event: QCloseEvent) -> None:
        """End the worker thread."""
        self._tasks.close()
        super().closeEvent(event)

    # Parts

    def _t(self, key: str, **params: object) -> str:
        return self._appearance.words.catalogue.text(f"import.version.{key}", **params)

    def _layer(self, layer: str) -> str:
        return self._appearance.words.catalogue.text(f"import.layer.{layer}")

    def _build(self) -> None:
        self.choose.clicked.connect(self._on_choose)
        self.leave.clicked.connect(self.close)
        self.write.clicked.connect(self._on_write)
        self._tasks.failed.connect(self._on_failed)
        self.tree.itemChanged.connect(self._on_changed)
        self.tree.currentItemChanged.connect(self._on_current)
        left = QWidget()
        box = QVBoxLayout(left)
        box.setContentsMargins(0, 0, 0, 0)
        for part in (self.summary, self.warned):
            box.addWidget(part)
        box.addWidget(self.tree, 1)
        split = QSplitter()
        split.addWidget(left)
        split.addWidget(self.map)
        split.setSizes([580, 640])
        whole = QVBoxLayout(self)
        whole.setContentsMargins(16, 14, 16, 14)
        whole.setSpacing(10)
        top = row(self.choose)
        top.insertWidget(0, self.file, 1)
        whole.addLayout(top)
        whole.addWidget(split, 1)
        below = row(self.leave, self.write)
        below.insertWidget(0, self.told, 1)
        whole.addLayout(below)

    def _show(self, new: NewVersion) -> None:
        self._is_busy, self.new = False, new
        self._rejected = set()
        self.file.setText(one_line(self._source.name))
        self.told.setText("")
        listed = [one for one in new.found if one.layer != "nodes" and not one.is_empty]
        kept = [self._t("kept", n=len(new.kept))] if new.kept else []
        recut = sum(len(one.recut) for one in new.found)
        recut_said = [self._t("recut", n=recut)] if recut else []
        self.summary.setText(" · ".join([*([] if listed else [self._t("none")]), *kept, *recut_said]))
        lost = [name for one in new.found for name in one.removed if name in self._in_use]
        named = self._appearance.words.listed(f"{one_line(name)} ({self._in_use[name]})" for name in lost[:5])
        self.warned.setText(self._t("in_use", names=named) if lost else "")
        self.warned.setVisible(bool(lost))
        self._gather(new)
        self._fill(listed)
        self._show_map(new)
        self._show_state()

    def _fill(self, listed: list[LayerDifference]) -> None:
        self._is_filling = True
        self.tree.clear()
        for one in listed:
            for kind in KINDS:
                details = _details(one, kind)
                if not details:
                    continue
                top = QTreeWidgetItem([f"{self._layer(one.layer)} · {self._t(kind)}", f"{len(details):,}", ""])
                top.setData(0, _ROLE, (one.layer, kind, ""))
                top.setCheckState(0, _CHECKED)
                top.setForeground(0, self._appearance.theme.colour(_ROLES[kind]))
                self.tree.addTopLevelItem(top)
                for name, said in list(details.items())[:_MOST]:
                    child = QTreeWidgetItem([one_line(name), "", one_line(said)])
                    child.setToolTip(2, tip(one_line(said)))
                    child.setData(0, _ROLE, (one.layer, kind, name))
                    child.setCheckState(0, _CHECKED)
                    top.addChild(child)
                if len(details) > _MOST:
                    top.addChild(QTreeWidgetItem([self._t("more", n=len(details) - _MOST), "", ""]))
        for at, width in enumerate((250, 70)):
            self.tree.setColumnWidth(at, width)
        self._is_filling = False

    def _gather(self, new: NewVersion) -> None:
        """Where each differing asset is drawn: of removed ones in the older version."""
        self._shapes.clear()
        self._places.clear()
        for one in new.found:
            for kind in KINDS:
                table = _table(self._before if kind == "removed" else new.city, one.layer)
                names = set(_details(one, kind))
                if table is None or not names:
                    continue
                if isinstance(table, PipeTable):
                    self._gather_pipes(table, kind, names)
                elif hasattr(table, "x"):
                    for name in names:
                        if table.has(name):
                            at = table.row(name)
                            self._places[one.layer, name] = (float(table.x[at]), float(table.y[at]))

    def _gather_pipes(self, pipes: PipeTable, kind: str, names: set[str]) -> None:
        found: dict[str, list[Segments]] = {}
        for at, (piece, whole) in enumerate(zip(pipes.asset_id, pipes.source_id, strict=True)):
            name = str(whole or piece)
            if name in names:
                points = pipes.points(at)
                found.setdefault(name, []).append(segments_of(points, np.array([0, len(points)])))
        for name, parts in found.items():
            self._shapes[kind, name] = np.concatenate(parts)
            x, y = parts[0][len(parts[0]) // 2, :2] if len(parts[0]) else (np.nan, np.nan)
            self._places["pipes", name] = (float(x), float(y))

    def _show_map(self, new: NewVersion) -> None:
        pipes = new.city.network.pipes
        ground = SketchLines(segments_of(pipes.vertices, pipes.offsets), "map.pipe_0", 1.0)
        self.map.show_lines([ground], new.city.network.crs)
        self._mark({})

    def _mark(self, only: Mapping[str, Collection[Part]]) -> None:
        """Draw the differences, or only some of them."""
        assert self.new is not None
        lines, marks, legend = list[SketchLines](), list[SketchMarks](), list[tuple[str, str]]()
        for kind in KINDS:
            parts = (
                only.get(kind, ())
                if only
                else [(one.layer, kind, name) for one in self.new.found for name in _details(one, kind)]
            )
            shapes = [self._shapes[kind, name] for layer, _, name in parts if layer == "pipes" and (kind, name) in self._shapes]
            places = [
                self._places[layer, name]
                for layer, _, name in parts
                if layer not in ("pipes", "nodes") and (layer, name) in self._places
            ]
            if shapes:
                lines.append(SketchLines(np.concatenate(shapes), _ROLES[kind], 3.0, dashed=kind == "removed"))
            if places:
                marks.append(SketchMarks(np.array(places), _ROLES[kind], _SHAPES[kind]))
            if shapes or places:
                legend.append((_ROLES[kind], self._t(kind)))
        self.map.mark(marks, lines, legend)

    @Slot(QTreeWidgetItem, QTreeWidgetItem)
    def _on_current(self, item: QTreeWidgetItem | None, before: QTreeWidgetItem | None = None) -> None:
        part = item.data(0, _ROLE) if item is not None else None
        if not part or self.new is None:
            return
        layer, kind, name = part
        if not name:
            found = next(one for one in self.new.found if one.layer == layer)
            self._mark({kind: [(layer, kind, other) for other in _details(found, kind)]})
            return
        self._mark({kind: [(layer, kind, name)]})
        if (place := self._places.get((layer, name))) is not None and np.isfinite(place).all():
            self.map.go_to(*place, _NEAR_M_PER_PX)

    @Slot(QTreeWidgetItem, int)
    def _on_changed(self, item: QTreeWidgetItem, column: int) -> None:
        part = item.data(0, _ROLE)
        if self._is_filling or column or not part or self.new is None:
            return
        self._is_filling = True
        layer, kind, name = part
        is_accepted = item.checkState(0) is _CHECKED
        found = next(one for one in self.new.found if one.layer == layer)
        names = [name] if name else list(_details(found, kind))
        change = self._rejected.discard if is_accepted else self._rejected.add
        for one in names:
            change((layer, kind, one))
        if not name:
            item.setText(1, f"{len(names):,}" if is_accepted else f"0 / {len(names):,}")
            for child in self._items(item):
                if child.data(0, _ROLE):
                    child.setCheckState(0, item.checkState(0))
        elif (top := item.parent()) is not None:
            all_names = _details(found, kind)
            left = sum((layer, kind, one) in self._rejected for one in all_names)
            top.setCheckState(0, _CHECKED if not left else _UNCHECKED if left == len(all_names) else _SOME)
            top.setText(1, f"{len(all_names) - left:,} / {len(all_names):,}" if left else f"{len(all_names):,}")
        self._is_filling = False
        self._show_state()

    def _items(self, top: QTreeWidgetItem | None) -> list[QTreeWidgetItem]:
        found = (
            [self.tree.topLevelItem(at) for at in range(self.tree.topLevelItemCount())]
            if top is None
            else [top.child(at) for at in range(top.childCount())]
        )
        return [one for one in found if one is not None]

    @Slot()
    def _show_state(self) -> None:
        self.choose.setEnabled(not self._is_busy)
        self.write.setEnabled(self.new is not None and not self._is_busy)
        self.write.setText(self._t("write_part", n=len(self._rejected)) if self._rejected else self._t("write"))
        make_primary(self.choose, self.new is None)
        make_primary(self.write, self.new is not None)

    def _on_written(self, to: Path, pipes: int) -> None:
        self._is_busy = False
        self.told.setText(self._t("written", path=one_line(str(to)), n=f"{pipes:,}"))
        self._show_state()
        self.written.emit(to)

    @Slot(str)
    def _on_failed(self, line: str) -> None:
        self._is_busy = False
        self.told.setText(one_line(line))
        self.told.setToolTip(tip(one_line(line)))
        self._show_state()

    @Slot()
    def _on_choose(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self._t("choose"), "", "GeoPackage (*.gpkg)")
        if name:
            self.open_file(Path(name))

    @Slot()
    def _on_write(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self._t("write"), "", "GeoPackage (*.gpkg)")
        if name:
            self.write_to(Path(name if name.lower().endswith(".gpkg") else f"{name}.gpkg"))


def _details(one: LayerDifference, kind: str) -> dict[str, str]:
    """Asset id -> what differs, in the order of the comparison."""
    if kind == "added":
        return dict.fromkeys(one.added, "")
    if kind == "removed":
        return dict.fromkeys(one.removed, "")
    if kind == "moved":
        return {name: f"{away:.1f} m" for name, away in one.moved}
    found: dict[str, list[str]] = {}
    for change in one.changed:
        found.setdefault(change.asset_id, []).append(f"{change.column}: {change.before or '–'} → {change.after or '–'}")
    return {name: "; ".join(said) for name, said in found.items()}


def _table(city: City, layer: str) -> Any:
    places = (city.network, city)
    return next((getattr(place, layer) for place in places if hasattr(place, layer)), None)
