"""One row of the plan's list: a valve, what it is, what was reported of it or how long it takes."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy

from console.domain.incidents import ValveMark
from console.ui.map.live.case_marks import StepStatus
from console.ui.painted_marks import NumberDisc
from console.ui.panels.case.section import CaseView
from console.ui.widgets import ElidedLabel, fitted
from maps.isolation.plan.result import ValveStep

_ROW_PX = 25
_REPORT_PX = 290
_ID_PX, _REPORT_LEAST_PX = 120, 60


class ValveRow(QFrame):
    """A valve with a number or sign, a name, and a report. A click, Enter or Space chooses it."""

    chosen = Signal(str)

    def __init__(
        self, view: CaseView, valve_id: str, order: int, name: str, status: StepStatus, report: str, is_chosen: bool
    ) -> None:
        """``order``: number in closing order, 0 for a valve that is not in the plan."""
        super().__init__()
        theme = view.appearance.theme
        self._valve_id = valve_id
        self.setMinimumHeight(_ROW_PX)  # a layout short of room presses frames together rather than scroll
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        if is_chosen:
            self.setStyleSheet(f"ValveRow {{ background: {theme.colours['surface.selected']}; border-radius: 3px; }}")
        role = {"closed": "case.valve_done", "unable": "case.valve_unable", "doubt": "case.valve_doubt"}.get(
            status.value, "case.valve_open"
        )
        text = {StepStatus.CLOSED: "✓", StepStatus.UNABLE: "✕"}.get(status, str(order))
        light = status in (StepStatus.CLOSED, StepStatus.UNABLE)
        line = QHBoxLayout(self)
        line.setContentsMargins(2, 1, 6, 1)
        line.addWidget(NumberDisc(text, theme.colour(role), QColor("white") if light else QColor("#14181c")))
        named = ElidedLabel(name)
        # The id never gives way.
        named.setMinimumWidth(min(named.fontMetrics().horizontalAdvance(f"{valve_id} …") + 4, _ID_PX))
        line.addWidget(named, 1)
        done = ElidedLabel(report, "ok" if status is StepStatus.CLOSED else "muted")
        done.setText(fitted(done, report, _REPORT_PX))
        done.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        done.setMinimumWidth(_REPORT_LEAST_PX)
        line.addWidget(done)
        self.setAccessibleName(f"{order} {valve_id}" if order else valve_id)
        self.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """A click, Enter or Space chooses the row's valve."""
        if event.type() == QEvent.Type.MouseButtonRelease:
            self.chosen.emit(self._valve_id)
            return True
        if event.type() == QEvent.Type.KeyPress and getattr(event, "key", lambda: 0)() in (Qt.Key.Key_Return, Qt.Key.Key_Space):
            self.chosen.emit(self._valve_id)
            return True
        return super().eventFilter(watched, event)


def step_row(view: CaseView, step: ValveStep, status: StepStatus, mark: ValveMark | None, crew: str, is_chosen: bool) -> ValveRow:
    """A valve of the plan. ``crew``: who closes it, in words."""
    report = _report_words(view, step, mark, crew)
    return ValveRow(view, step.asset_id, step.order, _step_words(view, step), status, report, is_chosen)


def operated_row(view: CaseView, mark: ValveMark, is_chosen: bool) -> ValveRow:
    """A valve that was operated and is not in the plan: it has to be reported back all the same."""
    words = view.appearance.words
    unable = mark.unable is not None
    name = unable_words(view, mark).removeprefix("✕ ") if unable else mark.valve_id
    report = words("plan.closed_at", time=words.hour(mark.at, view.now), by=mark.by)
    return ValveRow(view, mark.valve_id, 0, name, StepStatus.UNABLE if unable else StepStatus.CLOSED, report, is_chosen)


def unable_words(view: CaseView, mark: ValveMark) -> str:
    """A valve that cannot be closed, with its reason."""
    reason = view.appearance.words.of("unable", mark.unable.value) if mark.unable is not None else ""
    return f"✕ {mark.valve_id} · {reason}"


def _step_words(view: CaseView, step: ValveStep) -> str:
    size = f" DN{step.diameter_mm:.0f}" if step.diameter_mm else ""
    remote = f" · {view.appearance.words('plan.remote')}" if step.control == "remote" else ""
    assumed = f" · {view.appearance.words('plan.assumed_short')}" if step.assumed else ""
    doubtful = f" · {view.appearance.words.catalogue.text('tools.plan.doubtful_short')}" if step.placing else ""
    return f"{step.asset_id}{size}{remote}{assumed}{doubtful}"


def _report_words(view: CaseView, step: ValveStep, mark: ValveMark | None, crew: str) -> str:
    words = view.appearance.words
    if mark is not None and mark.restored_at is not None:
        return words("plan.restored_at", time=words.stamp(mark.restored_at, view.now), by=mark.restored_by)
    if mark is not None and mark.closed:
        return words("plan.closed_at", time=words.hour(mark.at, view.now), by=mark.by)
    if mark is not None and mark.unable is not None:
        return words.of("unable", mark.unable.value)
    turns = words("plan.turns", n=f"{step.turns:.0f}") + " · " if step.turns else ""
    return turns + words.minutes(step.minutes, short=True) + (f" · {crew}" if crew else "")
