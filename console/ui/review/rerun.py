"""Rerun of the isolation on the recorded state with another valve; computed in the background."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QVBoxLayout, QWidget

from console.children import shared_calls
from console.services.review.record import CaseRecord
from console.services.review.what_if import Outcome, rerun
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.widgets import button, label, row


class RerunPanel(QWidget):
    """A valve, what had been otherwise with it, and what that gives."""

    shown = Signal(object)
    """Outcome."""

    def __init__(self, record: CaseRecord, tasks: BackgroundTasks, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("panel")
        self._record, self._tasks, self._appearance = record, tasks, appearance
        self.outcome: Outcome | None = None
        self._valve_label, self._was = label(name="muted"), label(name="muted", wrap=True)
        self.valve, self.how, self.run = QComboBox(), QComboBox(), button("", "primary")
        self.valve.setEditable(True)
        plan = record.incident.plan
        near = [step.asset_id for step in plan.valves_to_close] if plan else []
        near += [valve for step in (plan.alternatives if plan else ()) for valve in step.more_valves]
        near += list(plan.valves_bounding) if plan else []
        self.valve.addItems(list(dict.fromkeys([*near, *record.incident.unable_valves()])))
        self.result = label(wrap=True, selectable=True)
        self.run.clicked.connect(self.rerun)
        box = QVBoxLayout(self)
        box.setContentsMargins(12, 10, 12, 10)
        box.addLayout(row(self._valve_label, self.valve, 1))
        box.addLayout(row(self.how, self.run, 1))
        box.addWidget(self._was)
        box.addWidget(self.result)
        box.addStretch(1)
        self.set_appearance(appearance)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language."""
        self._appearance = appearance
        text, chosen = appearance.words.catalogue.text, max(self.how.currentIndex(), 0)
        self._valve_label.setText(text("review.replay.valve"))
        self.run.setText(text("review.replay.run"))
        self.how.clear()
        self.how.addItem(text("review.replay.had_failed"), "unable")
        self.how.addItem(text("review.replay.had_closed"), "closed")
        self.how.setCurrentIndex(chosen)
        plan = self._record.incident.plan
        was = Outcome(plan, self._record.incident.impact) if plan else None
        self._was.setText(f"{text('review.decision.as_it_was')}: {self._words(was)}" if was else "–")
        if self.outcome is not None:
            self.result.setText(self._words(self.outcome))

    def rerun(self) -> None:
        """Start the calculation."""
        valve, record = self.valve.currentText().strip(), self._record
        stuck = [one for one in record.incident.unable_valves() if one != valve and record.city.network.valves.has(one)]
        if self.how.currentData() == "closed":
            asked = partial(rerun, closed=[valve], unable=stuck)
        else:
            asked = partial(rerun, unable=[*stuck, valve])
        self._tasks.request("what_if", lambda: _answered(record, asked), self._show)
        self.result.setText("…")

    def _show(self, outcome: Outcome) -> None:
        self.outcome = outcome
        self.result.setText(self._words(outcome))
        self.shown.emit(outcome)

    def _words(self, outcome: Outcome) -> str:
        plan, impact = outcome.plan, outcome.impact
        text = self._appearance.words.catalogue.text
        low = f"{impact.low_pressure_households:,}" if impact and impact.converged else "–"
        minutes = "–" if plan.minutes is None else f"{plan.minutes:.0f}"
        said = text(
            "review.replay.what_if_result",
            valves=len(plan.valves_to_close),
            households=f"{plan.households_without_water:,}",
            people=f"{plan.people_without_water:,}",
            minutes=minutes,
            low=low,
        )
        valves = ", ".join(step.asset_id for step in plan.valves_to_close)
        without = "" if impact is not None else f" ({text('review.replay.no_model')})"
        return f"{said}{without}\n{valves}"


def _answered(record: CaseRecord, asked: Callable[[CaseRecord], Outcome]) -> Outcome:
    """A package's model comes from outside: EPANET may crash on it, so it is solved in a process of its own."""
    if record.city.epanet is None:
        return asked(record)
    return shared_calls().call(asked, record, reads=record.incident.incident_id)
