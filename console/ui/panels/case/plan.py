"""Plan: the valves to close in their order, what was reported of each, why it is in the plan, and what if it cannot be closed."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from console.domain.incidents import Incident, Phase, Unable
from console.services.crews.valve_assignment import SendValveCards
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored, MarkValveUnable
from console.services.network.data_gaps import WITHOUT_NO_PLAN, lacking
from console.services.network.what_if import WHAT_IF_ID
from console.ui.commands.dispatch import Submit
from console.ui.commands.key_bindings import KEYS
from console.ui.map.live.case_marks import StepStatus, step_marks
from console.ui.panels.case.plan_words import (
    around_words,
    cards_words,
    crew_names,
    crews_for,
    crews_words,
    hydraulics_state,
    trust_words,
    why_words,
)
from console.ui.panels.case.reliance_words import tight_list
from console.ui.panels.case.section import CaseView, Section
from console.ui.panels.case.valve_rows import ValveRow, operated_row, step_row, unable_words
from console.ui.permitted import needs
from console.ui.widgets import button, clear, label, row, tab_in_order, with_key
from maps.isolation import Schedule, restoring
from maps.isolation.plan.result import IsolationPlan, ValveStep

_SHOWN = 6
_CLOSING = (Phase.VERIFIED, Phase.ISOLATING)
_RESTORING = (Phase.REPAIRING, Phase.RESTORING)


class PlanSection(Section):
    """Checklist of valves; one is chosen at a time and the buttons below are about it."""

    valve_chosen = Signal(str)
    unable_asked = Signal(str, str)
    """(incident id, valve id): the reason is to be asked."""
    cards_asked = Signal(object)
    """CaseView: the valve cards of its plan are to be printed."""

    def __init__(self, submit: Submit, parent: QWidget | None = None, *, is_supposed: bool = False) -> None:
        """``is_supposed``: of a what-if, in which everybody may try everything."""
        super().__init__(parent)
        self._submit = submit
        self._chosen = ""
        self._list = QVBoxLayout()
        self._lines: list[ValveRow] = []
        self._list.setSpacing(1)
        self._why = label(name="muted", wrap=True)
        self._trust = label(name="muted", wrap=True)
        self._closed, self._unable = with_key(button(""), KEYS["closed"]), with_key(button(""), KEYS["unable"])
        self._ask_why = button("")
        self._closed.clicked.connect(self.report_closed)
        self._unable.clicked.connect(self.report_unable)
        self._ask_why.clicked.connect(self._on_why)
        self._kinds = {kind: button("", "flat") for kind in Unable}
        for kind, made in self._kinds.items():
            made.clicked.connect(lambda _=False, kind=kind: self.report_unable_as(kind))
        self._explained, self._all, self._by_hand = False, False, False
        self._reports, self._restores = False, False
        self._around = label(name="muted", wrap=True)
        self._sent = label(name="muted", wrap=True)
        self.cards = button("", "flat")
        self.cards.clicked.connect(self._on_cards)
        self.send = button("", "flat")
        self.send.clicked.connect(self._on_send)
        if not is_supposed:
            needs(MarkValveClosed, self._closed)
            needs(MarkValveUnable, self._unable, self._ask_why, *self._kinds.values())
            needs(SendValveCards, self.send)
        self._more = button("", "flat")
        self._more.clicked.connect(self._on_more)
        head = row(self.send, self.cards, spacing=0)
        self.box.removeWidget(self.heading)
        head.insertWidget(0, self.heading, 1)
        self.box.addLayout(head)
        self.box.addLayout(self._list)
        self.box.addLayout(row(self._more, 1))
        self.box.addLayout(row(self._closed, self._unable, self._ask_why, 1))
        self.box.addLayout(row(*self._kinds.values(), 1, spacing=2))
        self.box.addWidget(self._why)
        self.box.addWidget(self._trust)
        self.box.addWidget(self._sent)
        self.box.addWidget(self._around)

    def choose(self, valve_id: str) -> None:
        """Choose a valve of the plan (from the list or the map)."""
        self._chosen, self._explained, self._by_hand = valve_id, False, True
        if self.view is not None:
            self._fill(self.view)

    def _fill(self, view: CaseView) -> None:
        plan = view.incident.plan
        self.setVisible(plan is not None)
        if plan is None:
            self._reports = False
            return
        self._choose_next(view, plan)
        crews = crews_for(view, plan)
        self._heading(view, plan, crews)
        self._rows(view, plan, crew_names(view, crews))
        self._buttons(view)
        self._explain(view, plan)
        gaps = [view.appearance.words(f"lacking.{code}") for code in lacking(view.city) if code in WITHOUT_NO_PLAN]
        self._trust.setText("\n".join(filter(None, (*gaps, trust_words(view, plan)))))
        self._trust.setToolTip(tight_list(view, plan))
        self._trust.setVisible(bool(self._trust.text()))
        self._sent.setText(cards_words(view))
        self._sent.setVisible(bool(self._sent.text()))
        self._around.setText(around_words(view, plan, crews))
        self._around.setVisible(bool(self._around.text()))

    def _choose_next(self, view: CaseView, plan: IsolationPlan) -> None:
        """Keep the valve that was picked, else the next to report: in closing order, or in the order of reopening."""
        ids = [step.asset_id for step in plan.valves_to_close]
        outside = _operated_outside(view.incident, plan)
        if self._by_hand and self._chosen in (*ids, *outside):
            return
        if view.incident.phase in _RESTORING:
            operated = set(view.incident.closed_valves())
            waiting = [step.asset_id for step in restoring(view.city, plan) if step.asset_id in operated] + outside
        else:
            reported = {mark.valve_id for mark in view.incident.valve_marks}
            waiting = [valve for valve in ids if valve not in reported]
        self._by_hand = False
        self._chosen = next(iter(waiting), ids[0] if ids else "")

    def _heading(self, view: CaseView, plan: IsolationPlan, crews: Schedule | None) -> None:
        """Minutes with the crews of the city; without crews those of one crew, travel left out."""
        words = view.appearance.words
        self.heading.setToolTip(crews_words(view, crews) if crews is not None else "")
        if not plan.isolatable:
            self.heading.setText(words("plan.not_isolatable", sources=words.listed(plan.sources_inside) or "–"))
            return
        dealt = crews is not None and crews.minutes is not None
        minutes = words.minutes(crews.minutes if crews is not None and dealt else plan.minutes)
        if dealt:
            minutes = words.catalogue.text("tools.plan.stopped_in", minutes=minutes)
        text = words("plan.title", n=len(plan.valves_to_close), minutes=minutes)
        state = hydraulics_state(view)
        self.heading.setText(text if state == "untried" else text + " · " + words(f"plan.hydraulics_{state}"))

    def _rows(self, view: CaseView, plan: IsolationPlan, crews: dict[str, str]) -> None:
        clear(self._list)
        self._lines = []
        marks = {mark.valve_id: mark for mark in view.incident.valve_marks}
        statuses = {step.valve_id: step.status for step in step_marks(view.incident)}
        steps = plan.valves_to_close
        shown = steps if self._all or len(steps) <= _SHOWN + 1 else self._pressing(steps, statuses)
        for step in shown:
            mark, crew = marks.get(step.asset_id), crews.get(step.asset_id, "")
            self._add(step_row(view, step, statuses[step.asset_id], mark, crew, step.asset_id == self._chosen))
        self._more.setVisible(len(steps) > _SHOWN + 1)
        self._more.setText(
            view.appearance.words("plan.fewer") if self._all else view.appearance.words("plan.more", n=len(steps) - len(shown))
        )
        outside = _operated_outside(view.incident, plan)
        for valve_id in view.incident.unable_valves():
            if valve_id not in statuses and valve_id not in outside:
                self._list.addWidget(label(unable_words(view, marks[valve_id]), "warning", wrap=True))
        for valve_id in outside:
            self._add(operated_row(view, marks[valve_id], valve_id == self._chosen))
        tab_in_order(self.cards, *self._lines)

    def _add(self, line: ValveRow) -> None:
        line.chosen.connect(self._on_row)
        self._lines.append(line)
        self._list.addWidget(line)

    def _pressing(self, steps: tuple[ValveStep, ...], statuses: dict[str, StepStatus]) -> list[ValveStep]:
        """The few rows shown of many: the chosen one, the last two closed, the next to close; in closing order."""
        waiting = [step for step in steps if statuses[step.asset_id] is not StepStatus.CLOSED]
        first = [step for step in steps if step.asset_id == self._chosen]
        done = [step for step in steps if statuses[step.asset_id] is StepStatus.CLOSED and step not in first][-2:]
        kept = {step.asset_id for step in (first + done + [step for step in waiting if step not in first])[:_SHOWN]}
        return [step for step in steps if step.asset_id in kept]

    def _on_more(self) -> None:
        self._all = not self._all
        if self.view is not None:
            self._fill(self.view)

    def _buttons(self, view: CaseView) -> None:
        words, incident = view.appearance.words, view.incident
        marks = {mark.valve_id: mark for mark in incident.valve_marks}
        mark, judged = marks.get(self._chosen), bool(incident.burst_pipes)
        operated = mark is not None and mark.operated
        way_back = incident.phase in _RESTORING
        in_plan = incident.plan is not None and any(step.asset_id == self._chosen for step in incident.plan.valves_to_close)
        restores = self._restores = operated and (way_back or not in_plan)
        # On the way back only a valve that was picked is closed again: a press too many reports nothing.
        closes = not operated and (not way_back or self._by_hand)
        self._closed.setText(words("plan.restored" if restores or (way_back and not closes) else "plan.closed"))
        self._reports = judged and self._chosen != "" and (restores or closes)
        self._closed.setEnabled(self._reports)
        self._closed.setToolTip("" if judged else words("plan.judge_first"))
        self._unable.setText(words("plan.unable"))
        self._unable.setEnabled(self._chosen != "" and not operated)
        # The reasons are shown under a valve that was picked: one click changes the plan.
        for kind, made in self._kinds.items():
            made.setText(words.catalogue.text(f"tools.what_if.{kind.value}"))
            made.setVisible(self._by_hand and judged and not operated and incident.incident_id != WHAT_IF_ID)
        self._ask_why.setText(words("plan.why"))
        self.cards.setText(words.catalogue.text("tools.plan.cards"))
        self.cards.setToolTip(words.catalogue.text("tools.plan.cards_tip"))
        self.send.setText(words.catalogue.text("tools.plan.send"))
        self.send.setToolTip(words.catalogue.text("tools.plan.send_tip"))
        self.send.setVisible(incident.incident_id != WHAT_IF_ID)
        self.send.setEnabled(judged and incident.phase in _CLOSING)
        self._ask_why.setEnabled(self._chosen != "")

    def _explain(self, view: CaseView, plan: IsolationPlan) -> None:
        self._why.setVisible(self._explained)
        if self._explained:
            self._why.setText(why_words(view, plan, self._chosen))

    def _on_row(self, valve_id: str) -> None:
        self.choose(valve_id)
        self.valve_chosen.emit(valve_id)

    def report_closed(self) -> None:
        """What the button says, also by its key: the chosen valve is closed, or, when restoring, back as it was.

        The key pressed once too often, after the last valve, reports nothing: else a closed valve would be told open again.
        """
        if self.view is None or not self._reports:
            return
        self._by_hand = False  # reported: on to the next one
        kind = MarkValveRestored if self._restores else MarkValveClosed
        self._submit(kind(self.view.incident.incident_id, self._chosen))

    def report_unable(self) -> None:
        """The chosen valve cannot be closed: ask why."""
        if self.view is not None and self._chosen:
            self.unable_asked.emit(self.view.incident.incident_id, self._chosen)

    def report_unable_as(self, kind: Unable) -> None:
        """The chosen valve cannot be closed, for this reason."""
        if self.view is not None and self._chosen:
            self._by_hand = False
            self._submit(MarkValveUnable(self.view.incident.incident_id, self._chosen, kind))

    def _on_send(self) -> None:
        if self.view is not None:
            self._submit(SendValveCards(self.view.incident.incident_id))

    def _on_cards(self) -> None:
        if self.view is not None and self.view.incident.plan is not None:
            self.cards_asked.emit(self.view)

    def _on_why(self) -> None:
        self._explained = not self._explained
        if self.view is not None and self.view.incident.plan is not None:
            self._explain(self.view, self.view.incident.plan)


def _operated_outside(incident: Incident, plan: IsolationPlan) -> list[str]:
    """Valves operated for the case that its present plan does not close: closed before a correction, or not tight.

    They have to be reported back like the others before the case closes.
    """
    ids = {step.asset_id for step in plan.valves_to_close}
    return [valve for valve in incident.closed_valves() if valve not in ids]
