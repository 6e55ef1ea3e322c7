"""Head of the case column: what, where, the clock against ten minutes, the phases."""

from __future__ import annotations

from collections import Counter

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetricsF, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from console.domain.incidents import Phase
from console.ui.appearance import Appearance
from console.ui.panels.case.clock import elapsed_s, escalated_words, is_late, short_title
from console.ui.panels.case.section import CaseView, Section
from console.ui.widgets import label, row
from console.ui.words import one_line

_SMALLEST_PT, _GAP_PX = 5.5, 4.0
"""Of the phases' letters: below this size they are cut, not smaller; and what keeps two words apart."""


class HeadSection(Section):
    """Title, clock, phase strip, place in words."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("column")
        self.box.setContentsMargins(4, 4, 4, 2)
        self.heading.hide()
        self._title, self._clock = label(name="title", wrap=True), label(name="clock")
        self._place, self._target = label(name="muted", wrap=True, selectable=True), label(name="muted", wrap=True)
        self._escalated = label(name="warning", wrap=True)
        self._phases, self._unsent = PhaseStrip(), label(name="warning", wrap=True)
        self._clock.setAlignment(Qt.AlignmentFlag.AlignRight)
        self._target.setAlignment(Qt.AlignmentFlag.AlignRight)
        top = row(self._title, self._clock)
        top.setStretch(0, 1)
        self.box.addLayout(top)
        self.box.addWidget(self._target)
        self.box.addWidget(self._phases)
        self.box.addWidget(self._place)
        self.box.addWidget(self._escalated)
        self.box.addWidget(self._unsent)

    def _fill(self, view: CaseView) -> None:
        incident, words = view.incident, view.appearance.words
        self._title.setText(one_line(f"◆ {incident.incident_id} {short_title(incident, words)}"))
        self._place.setText(place_words(view))
        self._phases.show_phase(incident.phase, view.appearance)
        escalated = escalated_words(incident, view.now, view.targets, words)
        self._escalated.setText(escalated)
        self._escalated.setVisible(bool(escalated))
        self._unsent.setText(unsent_words(view))
        self._unsent.setVisible(bool(view.undelivered))

    def _tick(self, view: CaseView) -> None:
        incident, words = view.incident, view.appearance.words
        elapsed = words.elapsed(elapsed_s(incident, view.now))
        key = "case.took" if incident.issued_at is not None and incident.work is None else "case.elapsed"
        self._clock.setText(words(key, elapsed=elapsed))
        status, minutes = words.of("status", status_of(view)), view.targets.issue.minutes
        target = words("case.target", n=f"{minutes:g}", status=status) if minutes else status
        if incident.work is not None:
            purpose = words.of("outage_purpose", incident.work.purpose)
            target = words("case.work_target", outage=incident.work.outage_id, purpose=purpose)
        self._target.setText(target)
        late = is_late(incident, view.now, view.targets)
        if bool(self._clock.property("late")) != late:
            self._clock.setProperty("late", late)
            self._clock.style().polish(self._clock)


def unsent_words(view: CaseView) -> str:
    """Undelivered messages of the case with the reason: "✕ not delivered, no channel: 2 × order, 1 × notice"."""
    words, reasons = view.appearance.words, dict[str, Counter[str]]()
    # A message counts once for a reason, however many channels have not delivered it.
    for one in {(one.outgoing_id, one.reason): one for one in view.undelivered}.values():
        reasons.setdefault(one.reason.value, Counter())[words.of("message_kind", one.kind.value)] += 1
    return "\n".join(
        words(
            "case.unsent",
            reason=words.of("undelivered", reason),
            what=words.listed(f"{kind} × {count}" for kind, count in kinds.items()),
        )
        for reason, kinds in reasons.items()
    )


def status_of(view: CaseView) -> str:
    """State of the case within the ten minutes: to_judge, checking, drafting, to_approve, to_issue, issued, closed."""
    incident = view.incident
    if incident.closed_at is not None:
        return "closed"
    if incident.issued_at is not None:
        return "issued"
    if not incident.burst_pipes:
        return "to_judge"
    if incident.notices:
        return {"draft": "to_submit", "submitted": "to_approve", "approved": "to_issue"}.get(
            incident.notices[-1].status.value, "issued"
        )
    return "checking"


def place_words(view: CaseView) -> str:
    """Road, side, from–to, depth, district: what is said on the phone."""
    place, words = view.incident.place, view.appearance.words
    if place is None:
        return view.incident.title
    stretch = (
        f"{place.from_place} — {place.to_place}" if place.from_place and place.to_place else place.from_place or place.to_place
    )
    parts = [
        f"{place.road} {words.of('side', place.side) if place.side else ''}".strip(),
        stretch,
        words.pipe(place.diameter_mm, place.material, place.year_laid),
        words("case.depth", m=f"{place.depth_m:.1f}") if place.depth_m is not None else "",
        place.pipe_id,
        place.area_name or place.district,
    ]
    return " · ".join(part for part in parts if part)


class PhaseStrip(QWidget):
    """疑似 核实 关阀 已止水 抢修 恢复 销案, the present one marked by weight and a bar."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._phase, self._appearance = Phase.SUSPECTED, None

    _appearance: Appearance | None

    def show_phase(self, phase: Phase, appearance: Appearance) -> None:
        """Mark this phase."""
        self._phase, self._appearance = phase, appearance
        self.setAccessibleName(appearance.words.of("phase", phase.value))
        self.update()

    def sizeHint(self) -> QSize:
        """The preferred size."""
        return QSize(300, 30)

    def minimumSizeHint(self) -> QSize:
        """The smallest size."""
        return QSize(200, 30)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the widget."""
        if self._appearance is None:
            return
        theme, phases = self._appearance.theme, list(Phase)
        at, left = phases.index(self._phase), 0.0
        size, widths = self._fitted()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        for index, phase in enumerate(phases):
            now = index == at
            role = "text.strong" if now else "text.normal" if index < at else "text.muted"
            painter.setFont(theme.font(size, QFont.Weight.Bold if now else QFont.Weight.Normal))
            painter.setPen(theme.colour(role))
            cell = QRectF(left, 0, widths[index], 20)
            left += widths[index]
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, self._appearance.words.of("phase", phase.value))
            painter.setPen(QPen(theme.colour("accent.focus" if now else "text.muted" if index < at else "surface.line"), 3))
            painter.drawLine(cell.bottomLeft() + QRectF(2, 5, 0, 0).topLeft(), cell.bottomRight() + QRectF(-2, 5, 0, 0).topLeft())
        painter.end()

    def _fitted(self) -> tuple[float, list[float]]:
        """(size of letters in points, width of each phase's cell): each word gets its room, smaller where it is narrow."""
        if self._appearance is None:
            return 0.0, []
        theme, words = self._appearance.theme, self._appearance.words
        largest = 9.5 if words.language == "zh_CN" else 8.0
        names = [words.of("phase", phase.value) for phase in Phase]
        for size in np.arange(largest, _SMALLEST_PT, -0.5).tolist():
            metrics = QFontMetricsF(theme.font(size, QFont.Weight.Bold))
            needed = [metrics.horizontalAdvance(name) + _GAP_PX for name in names]
            if sum(needed) <= self.width():
                spare = (self.width() - sum(needed)) / len(names)
                return size, [width + spare for width in needed]
        return _SMALLEST_PT, [width * self.width() / sum(needed) for width in needed]
