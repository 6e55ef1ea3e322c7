"""ResultView: what an import wrote, what it serves, every fault with its place and repair; or why it was refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from console.services.network.own_data import Imported
from console.ui.appearance import Appearance
from console.ui.import_window.fault_list import FaultList
from console.ui.import_window.sketch_map import SketchLines, SketchMap, SketchMarks
from console.ui.widgets import Card, PlainLabel, label, row, tip
from maps.errors import Fault, InputFault, Severity
from maps.fitness import Fitness
from maps.importers.repairs import Repair, proposals_of_refusal

_LOW, _FAIR = 50, 80
"""Scores below which a purpose is shown as poor, and as partly served."""
_NEAR_M_PER_PX = 0.15
_NOT_LISTED = frozenset({"guessed_column"})
"""Faults that are shown elsewhere: the matching of the columns has its own page."""


class ResultView(QWidget):
    """Scores in a row, counts, the faults by kind, and a map of them."""

    def __init__(self, appearance: Appearance) -> None:
        super().__init__()
        self._appearance = appearance
        self._before: dict[str, Fitness] = {}
        self.headline = label(name="title", wrap=True)
        self.counts, self.kept = label(name="muted", wrap=True), label(name="muted", wrap=True, selectable=True)
        self.scores = QWidget()
        self._scores = row(spacing=10)
        self.scores.setLayout(self._scores)
        self.listed = label(name="strong")
        self.list = FaultList(appearance)
        self.map = SketchMap(appearance, self._t("window.fault_map"))
        self.list.selected.connect(self._show_places)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.list)
        split.addWidget(self.map)
        split.setStretchFactor(0, 3)
        split.setStretchFactor(1, 2)
        split.setSizes([720, 420])
        box = QVBoxLayout(self)
        box.setContentsMargins(0, 0, 0, 0)
        for part in (self.headline, self.counts, self.scores, self.listed):
            box.addWidget(part)
        box.addWidget(split, 1)
        box.addWidget(self.kept)

    @property
    def faults(self) -> tuple[Fault, ...]:
        """The faults of the import that is shown."""
        return self.list.faults

    def forget(self) -> None:
        """Another import: there are no scores from before."""
        self._before = {}

    def show_imported(self, found: Imported, to: Path, profile: Path, repairs: int) -> None:
        """A city was written, after so many repairs."""
        self.headline.setText(self._t("window.done", path=str(to)))
        counts = self._t("window.counts", **{name: f"{n:,}" for name, n in found.counts.items()})
        self.counts.setText(" · ".join((counts, *([self._t("window.repaired", n=repairs)] if repairs else []))))
        self.kept.setText(self._t("window.profile", path=str(profile)) if profile.exists() else "")
        self._clear_scores()
        for one in found.fitness:
            self._scores.addWidget(self._score(one), 1)
        if not self._before or not repairs:
            self._before = {one.purpose: one for one in found.fitness}
        listed = [at for at, fault in enumerate(found.faults) if fault.code not in _NOT_LISTED]
        self._show([found.faults[at] for at in listed], [found.proposals[at] for at in listed])

    def show_refused(self, refused: InputFault) -> None:
        """Nothing was written; every fatal fault is listed."""
        faults = refused.faults or (Fault(Severity.FATAL, "refused", str(refused)),)
        self.headline.setText(self._t("window.refused", n=len(faults)))
        self.counts.setText("")
        self.kept.setText("")
        self._clear_scores()
        self.map.show_lines(())
        self._show(faults, proposals_of_refusal(faults))

    def show_network(self, segments: Mapping[str, np.ndarray], crs: str) -> None:
        """The network under the faults: segments of the roads and of the pipes."""
        roads, pipes = segments["roads"], segments["pipes"]
        self.map.show_lines((SketchLines(roads, "map.road_major", 1.0), SketchLines(pipes, "map.pipe_1", 1.2)), crs)

    def _t(self, key: str, **params: object) -> str:
        return self._appearance.words.catalogue.text(f"import.{key}", **params)

    def _show(self, faults: Sequence[Fault], proposals: Sequence[Repair | None]) -> None:
        self.listed.setText(self._t("window.faults", n=len(faults)) if faults else self._t("window.no_faults"))
        self.map.mark()
        self.list.show_faults(faults, proposals)

    @Slot(object)
    def _show_places(self, found: list[int]) -> None:
        """Mark the chosen faults; a single one comes into the middle, near enough to see it."""
        placed = [fault for at in found if (fault := self.list.faults[at]).x is not None and fault.y is not None]
        points = np.array([[fault.x, fault.y] for fault in placed], dtype=np.float64).reshape(-1, 2)
        text = self._t("window.shown", n=len(placed)) if placed else self._t("window.no_place")
        self.map.mark([SketchMarks(points, "state.critical")], legend=[("state.critical", text)])
        if len(found) == 1 and len(placed) == 1:
            self.map.go_to(float(points[0, 0]), float(points[0, 1]), _NEAR_M_PER_PX)
        elif len(placed) > 1:
            self.map.fit(np.concatenate([points, points], axis=1))

    def _clear_scores(self) -> None:
        while (item := self._scores.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()

    def _score(self, one: Fitness) -> QWidget:
        card = Card(self)
        card.heading.setText(self._t(f"purpose.{one.purpose}"))
        before = self._before.get(one.purpose)
        is_new = before is None or before.score == one.score
        shown = f"{one.score} / 100" if before is None or is_new else f"{before.score} → {one.score} / 100"
        score = PlainLabel(shown)
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
        card.setToolTip(tip(self._parts(one, before)))
        return card

    def _parts(self, one: Fitness, before: Fitness | None) -> str:
        """All parts of a score, with what they were before the repairs."""
        was = dict(before.parts) if before is not None else {}
        lines = []
        for part, share in one.parts:
            now, then = int(100 * share), int(100 * was.get(part, share))
            lines.append(f"{self._t(f'part.{part}')}: {f'{then} → ' if then != now else ''}{now} %")
        return "\n".join(lines)
