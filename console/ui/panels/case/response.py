"""Response: crew and its arrival, restoration time, and the case's next phase."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from console.domain.changes import Change
from console.domain.incidents import OrderKind, OrderState, Phase
from console.services.crews.orders import SendCrew
from console.services.crews.valve_reports import RecordSample
from console.services.desk import UNDOABLE
from console.services.incidents.judging import AdvancePhase, SetRestoration
from console.services.incidents.undo import UndoLast, withdraws_notice
from console.services.outages.planning import PlanOutage
from console.ui.commands.dispatch import Submit
from console.ui.commands.key_bindings import KEYS
from console.ui.panels.case.location import order_words
from console.ui.panels.case.section import CaseView, Section
from console.ui.permitted import needs
from console.ui.widgets import button, label, row, with_key

_NEXT = {
    Phase.VERIFIED: Phase.ISOLATING,
    Phase.ISOLATING: Phase.ISOLATED,
    Phase.ISOLATED: Phase.REPAIRING,
    Phase.REPAIRING: Phase.RESTORING,
    Phase.RESTORING: Phase.CLOSED,
}
_OVER = (OrderState.REFUSED, OrderState.COUNTERMANDED, OrderState.DONE)


class ResponseSection(Section):
    """Crew, restoration time, next phase, undo."""

    restoration_asked = Signal(str)
    crew_asked = Signal(object)
    """Incident: which crew is to be sent."""
    sample_asked = Signal(str)
    phase_asked = Signal(str, object)
    """(incident id, Phase): its evidence is to be asked."""

    withdrawal_asked = Signal(object)
    """Incident: undoing would withdraw its public notice."""

    outage_asked = Signal(object)
    """Incident: its repair is to be planned for another day."""

    def __init__(self, submit: Submit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._submit = submit
        self._crew, self._back = label(wrap=True), label(wrap=True)
        self._withdraws = False
        self._send, self._undo = with_key(button(""), KEYS["crew"]), with_key(button("", "flat"), KEYS["undo"])
        self._correct, self._next = button("", "flat"), button("")
        self._send.clicked.connect(self.send_crew)
        self._choose = button("", "flat")
        self._choose.clicked.connect(self._on_choose)
        self._correct.clicked.connect(self._on_correct)
        self._next.clicked.connect(self._on_next)
        self._undo.clicked.connect(self.undo)
        self._later = button("", "flat")
        self._later.clicked.connect(self._on_later)
        needs(PlanOutage, self._later)
        self._sample, self._sampled = button(""), label(wrap=True)
        self._sample.clicked.connect(self._on_sample)
        needs(SendCrew, self._send, self._choose)
        needs(SetRestoration, self._correct)
        needs(AdvancePhase, self._next)
        needs(UndoLast, self._undo)
        needs(RecordSample, self._sample)
        self.box.removeWidget(self.heading)
        self.box.addLayout(row(self.heading, 1, self._undo))
        self.box.addWidget(self._crew)
        line = row(self._back, self._correct)
        line.setStretch(0, 1)
        self.box.addLayout(line)
        self.box.addWidget(self._sampled)
        self.box.addLayout(row(self._send, self._choose, 1))
        self.box.addLayout(row(self._sample, self._next, 1, self._later))

    def _fill(self, view: CaseView) -> None:
        words, incident = view.appearance.words, view.incident
        self.heading.setText(words("response.title"))
        repairs = [order for order in incident.orders if order.kind is OrderKind.REPAIR]
        live = [order for order in repairs if order.state not in _OVER]
        lines = [order_words(view, order) for order in live or repairs[-1:]]
        self._crew.setText("\n".join(lines) if lines else words("response.no_crew"))
        by = words("response.by", user=incident.restoration_by) if incident.restoration_by else words("response.by_table")
        if incident.work is not None and not incident.restoration_by:
            by = words("response.by_plan")
        when = words.hour(incident.restoration_at, view.now)
        self._back.setText(
            words("response.back_at", time=when, by=by) if incident.restoration_at is not None else words("response.back_unknown")
        )
        self._correct.setText(words("response.correct"))
        self._correct.setVisible(incident.is_open())
        self._send.setText(words("response.send"))
        self._send.setVisible(incident.is_open() and not live)
        self._send.setEnabled(bool(incident.burst_pipes))
        self._choose.setText(words("response.another" if live else "response.choose"))
        self._choose.setVisible(incident.is_open())
        self._choose.setEnabled(bool(incident.burst_pipes))
        restoring = incident.phase in (Phase.REPAIRING, Phase.RESTORING)
        self._sample.setText(words("response.sample"))
        self._sample.setVisible(restoring)
        self._sampled.setText(sample_words(view))
        self._sampled.setVisible(restoring)
        following = _NEXT.get(incident.phase)
        self._next.setVisible(following is not None)
        if following is not None:
            self._next.setText(words("response.next", phase=words.of("phase", following.value)))
        self._undo.setText(words("response.undo"))
        self._later.setText(words("response.plan_repair"))
        self._later.setVisible(bool(incident.burst_pipes) and incident.work is None and incident.is_open())

    def send_crew(self) -> None:
        """The nearest free crew."""
        if self.view is not None:
            self._submit(SendCrew(self.view.incident.incident_id))

    def _on_choose(self) -> None:
        if self.view is not None:
            self.crew_asked.emit(self.view.incident)

    def _on_sample(self) -> None:
        if self.view is not None:
            self.sample_asked.emit(self.view.incident.incident_id)

    def _on_correct(self) -> None:
        if self.view is not None:
            self.restoration_asked.emit(self.view.incident.incident_id)

    def _on_later(self) -> None:
        if self.view is not None:
            self.outage_asked.emit(self.view.incident)

    def _on_next(self) -> None:
        if self.view is not None and (following := _NEXT.get(self.view.incident.phase)) is not None:
            self.phase_asked.emit(self.view.incident.incident_id, following)

    def take_log(self, changes: tuple[Change, ...]) -> None:
        """The log of actions of the case."""
        self._withdraws = withdraws_notice(changes, UNDOABLE)

    def undo(self) -> None:
        """Take back the last step of the case; what would withdraw a public notice is asked about first."""
        if self.view is None:
            return
        if self._withdraws:
            self.withdrawal_asked.emit(self.view.incident)
        else:
            self._submit(UndoLast(self.view.incident.incident_id))


def sample_words(view: CaseView) -> str:
    """What the water sample says, and how many valves are not yet back as they were."""
    words, sample = view.appearance.words, view.incident.sample
    left = words("response.valves_left", n=len(view.incident.closed_valves())) if view.incident.closed_valves() else ""
    if sample is None:
        return words("response.no_sample") + left
    if sample.waived_by:
        return words("response.waived", by=sample.waived_by, reason=sample.reason) + left
    return words("response.sample_passed" if sample.passed else "response.sample_failed", by=sample.by) + left
