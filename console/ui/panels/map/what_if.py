"""WhatIfPanel: the plan of a what-if, what is assumed of the chosen valve, and the alternatives."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from console.domain.actors import Actor
from console.domain.incidents import Incident, Unable
from console.domain.intents import Intent
from console.domain.picture import Picture
from console.services.crews.valve_reports import MarkValveClosed, MarkValveRestored
from console.services.incidents.opening import OpenIncident
from console.ui.appearance import Appearance
from console.ui.panels.case.people import PeopleSection
from console.ui.panels.case.plan import PlanSection
from console.ui.panels.case.section import CaseView
from console.ui.panels.map.tool_frame import ToolFrame
from console.ui.permitted import needs
from console.ui.widgets import button, label, row
from maps.city import City
from maps.isolation.plan.result import Alternative, IsolationPlan

_ALTERNATIVES = 6


class WhatIfPanel(ToolFrame):
    """Shows a what-if like a case; reports about valves change the what-if only."""

    unable_supposed = Signal(str, object)
    """(valve id, Unable, or None: it closes after all)."""
    shut_supposed = Signal(str, bool)
    valve_chosen = Signal(str)
    cards_asked = Signal(object)
    report_asked = Signal()
    outage_asked = Signal()

    def __init__(self, over: QWidget, city: City, appearance: Appearance) -> None:
        super().__init__(over, appearance)
        self.setObjectName("what_if")
        self.title.setObjectName("what_if")
        self._city, self._chosen = city, ""
        self.plan, self.people = PlanSection(self._on_intent, is_supposed=True), PeopleSection()
        self.plan.valve_chosen.connect(self._on_chosen)
        self.plan.valve_chosen.connect(self.valve_chosen)
        self.plan.unable_asked.connect(lambda _, valve: self.unable_supposed.emit(valve, Unable.SEIZED))
        self.plan.cards_asked.connect(self.cards_asked)
        self._kinds: dict[Unable | None, QPushButton] = {kind: button("", "flat") for kind in (*Unable, None)}
        for kind, made in self._kinds.items():
            made.clicked.connect(lambda _=False, kind=kind: self.suppose(kind))
        self.valve = label(name="strong")
        self.alternatives = label(name="muted", wrap=True)
        self.reopen = label(name="muted", wrap=True)
        self.report, self.outage = button(""), button("")
        self.report.clicked.connect(self.report_asked)
        self.outage.clicked.connect(self.outage_asked)
        needs(OpenIncident, self.report)
        self.plan.hide()  # until a pipe is chosen
        self.box.addWidget(self.plan)
        self.box.addWidget(self.valve)
        self.box.addLayout(row(*self._kinds.values(), 1, spacing=2))
        for part in (self.people, self.alternatives, self.reopen):
            self.box.addWidget(part)
        self.box.addLayout(row(self.outage, self.report, 1))
        self.box.addStretch(1)
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language; the next what-if fills it in."""
        self.appearance = appearance
        self.title.setText(self.text("what_if.title"))
        self.hint.setText(self.text("what_if.hint"))
        self.report.setText(self.text("what_if.report"))
        self.outage.setText(self.text("what_if.outage"))
        for made, key in ((self.undo, "undo"), (self.redo, "redo"), (self.shut, "close")):
            made.setToolTip(self.text(f"trace.{key}"))
            made.setAccessibleName(self.text(f"trace.{key}"))
        for kind, made in self._kinds.items():
            made.setText(self.text(f"what_if.{kind.value if kind is not None else 'can'}"))

    def show_working(self) -> None:
        """Segments are being built: once per city."""
        self.hint.setText(self.text("what_if.working"))

    def show_what_if(self, incident: Incident | None, picture: Picture) -> None:
        """The what-if as it is; None: no pipe is chosen."""
        self.hint.setText(self.text("what_if.hint"))
        shown = incident is not None and incident.plan is not None
        for part in (self.plan, self.people, self.alternatives, self.reopen, self.report, self.outage):
            part.setVisible(shown)
        if incident is None or incident.plan is None:
            self._show_valve("")
            return
        view = CaseView(self._city, incident, picture, self.appearance)
        self.plan.show_case(view)
        self.people.show_case(view)
        self._show_alternatives(incident.plan)
        self.reopen.setVisible(bool(incident.plan.reopen_candidates))
        valves = [name for name in incident.plan.reopen_candidates if name not in incident.plan.reopen_pipes]
        pipes = [self.text("plan.reopen_pipe", pipe=name) for name in incident.plan.reopen_pipes]
        named = self.appearance.words.listed([*valves, *pipes][:6])
        self.reopen.setText(self.text("what_if.reopen", valves=named) + self.text("what_if.reopen_check"))
        known = {step.asset_id for step in incident.plan.valves_to_close} | {mark.valve_id for mark in incident.valve_marks}
        self._show_valve(self._chosen if self._chosen in known else "")

    def choose(self, valve_id: str) -> None:
        """A valve, from the map."""
        self.plan.choose(valve_id)
        self._on_chosen(valve_id)

    def suppose(self, kind: Unable | None) -> None:
        """The chosen valve cannot be closed for this reason, or closes after all."""
        if self._chosen:
            self.unable_supposed.emit(self._chosen, kind)

    def _on_chosen(self, valve_id: str) -> None:
        self._show_valve(valve_id)

    def _show_valve(self, valve_id: str) -> None:
        self._chosen = valve_id
        self.valve.setText(valve_id)
        self.valve.setVisible(bool(valve_id))
        for made in self._kinds.values():
            made.setVisible(bool(valve_id))

    def _on_intent(self, intent: Intent, actor: Actor | None = None) -> None:
        """A what-if changes no case: reports about valves are assumptions."""
        match intent:
            case MarkValveClosed(valve_id=valve_id):
                self.shut_supposed.emit(valve_id, True)
            case MarkValveRestored(valve_id=valve_id):
                self.shut_supposed.emit(valve_id, False)

    def _show_alternatives(self, plan: IsolationPlan) -> None:
        lines = [self._alternative(other) for other in plan.alternatives[:_ALTERNATIVES]]
        self.alternatives.setVisible(bool(lines))
        self.alternatives.setText("\n".join([self.text("what_if.alternatives"), *lines]))

    def _alternative(self, other: Alternative) -> str:
        if not other.isolatable:
            return self.text("what_if.alternative_no", valve=other.cannot_close)
        return self.text(
            "what_if.alternative",
            valve=other.cannot_close,
            more=self.appearance.words.listed(other.more_valves) or "–",
            households=f"{other.households_without_water:,}",
            minutes=self.appearance.words.minutes(other.minutes),
        )
