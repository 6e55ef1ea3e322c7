"""OutageCommands: opens the window of planned outages and its questions, draws the chosen outage on the map."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget

from console.domain.actors import Actor
from console.domain.clock import micros
from console.domain.incidents import Incident
from console.domain.intents import Intent
from console.domain.outages import OUTAGE, CriticalContact, Outage, OutagePurpose, OutageState
from console.domain.picture import Picture
from console.services.network.what_if import WhatIf
from console.services.notices.holders import case_of
from console.services.notices.lifecycle import DraftNotice
from console.services.outages.calendar import span_of, week_of
from console.services.outages.planning import CancelOutage, ConfirmOutage, PlanOutage
from console.services.outages.running import StartOutage
from console.services.outages.undo import UndoOutage
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.dispatch import Submit
from console.ui.commands.questions import Questions
from console.ui.dialogs.ask import ReasonQuestion
from console.ui.map.canvas import MapCanvas
from console.ui.map.live.case_marks import case_marks
from console.ui.outages.questions import OutageQuestion, ToldQuestion
from console.ui.outages.window import OutagesWindow
from console.ui.port import ConsolePort
from console.ui.session import Session
from maps.errors import QuanmaiError


class OutageCommands(QObject):
    """One per window."""

    case_asked = Signal(str)
    """Go to the case that an outage runs as."""

    def __init__(
        self,
        port: ConsolePort,
        submit: Submit,
        session: Session,
        questions: Questions,
        canvas: MapCanvas,
        appearance: Appearance,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._port, self._submit, self._session, self._questions = port, submit, session, questions
        self._map, self._appearance, self._window = canvas, appearance, window
        self._tasks = BackgroundTasks("outages", self)
        self._past: dict[str, Outage] = {}
        self._drawn: Outage | None = None
        self._wanted = ""
        self.opened: OutagesWindow | None = None
        self.chosen_pipe: Callable[[], str] = lambda: ""
        """The pipe that is selected on the map."""

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language: an open window is opened anew in it."""
        self._appearance = appearance
        if self.opened is not None:
            outage_id = self.opened.outage_id
            self.opened.close()
            self.open(outage_id)

    def show_picture(self, picture: Picture) -> None:
        """The window follows; an outage that this window has just planned is chosen."""
        if self.opened is None:
            return
        self.opened.show_outages(self._known(picture))
        if self._wanted:
            final = picture.given.get(self._wanted, self._wanted)
            if any(one.outage_id == final for one in picture.of(OUTAGE)):
                self._wanted = ""
                self.opened.choose(final)
        self._draw(self.opened.outage)
        self._mark_week()

    def done(self, intent: Intent) -> None:
        """An intent of this window is on disk: a new outage is shown."""
        if isinstance(intent, PlanOutage):
            made = [one for one in self._port.latest().of(OUTAGE) if one.pipe_ids == intent.pipe_ids]
            self.open(made[-1].outage_id if made else "")

    def refused(self, intent: Intent, _actor: Actor, fault: QuanmaiError) -> None:
        """Said in the window, which covers the message bar."""
        if self.opened is not None and type(intent).__module__.startswith("console.services.outages"):
            self.opened.show_refused(self._appearance.words.fault(fault))

    def open(self, outage_id: str = "") -> OutagesWindow:
        """Open the window, or bring it up, with an outage chosen."""
        if self.opened is None:
            made = OutagesWindow(self._appearance, self._session, self._port.now, self._window)
            made.chosen.connect(self._on_chosen)
            made.plan_asked.connect(self.plan_here)
            made.week_asked.connect(self._read_past)
            made.detail.step_asked.connect(self._step)
            made.detail.told_asked.connect(self._told)
            made.finished.connect(self._forget)
            self.opened = made
            made.show_outages(self._known(self._port.latest()))
            made.show()
            self._read_past()
        self.opened.raise_()
        if outage_id:
            self.opened.choose(outage_id)
        return self.opened

    def plan_here(self) -> OutageQuestion:
        """Plan one on the pipe that is selected on the map."""
        pipe = self.chosen_pipe()
        return self.plan((pipe,) if pipe else ())

    def plan(
        self,
        pipes: tuple[str, ...],
        unable: tuple[str, ...] = (),
        from_case: str = "",
        purpose: OutagePurpose = OutagePurpose.REPAIR,
        reason: str = "",
    ) -> OutageQuestion:
        """Ask for the rest of a new outage."""
        question = OutageQuestion(
            self._appearance, self._port.now(), self._above(), pipes=pipes, unable=unable, from_case=from_case,
            purpose=purpose, reason=reason,
        )  # fmt: skip
        question.accepted.connect(lambda: self._submit(question.intent()))
        self._open(question)
        return question

    def plan_what_if(self, what_if: WhatIf) -> OutageQuestion:
        """Plan what a what-if shows."""
        return self.plan(what_if.pipes, tuple(valve for valve, _ in what_if.unable))

    def plan_connection(self, pipe_id: str) -> OutageQuestion:
        """Plan what an accepted connection needs. The reason, which goes into the notice, names nobody."""
        reason = self._appearance.words("outages.connection_reason")
        return self.plan((pipe_id,), purpose=OutagePurpose.CONNECTION, reason=reason)

    def plan_repair(self, incident: Incident) -> OutageQuestion:
        """Plan the repair of a case for another day."""
        return self.plan(incident.burst_pipes, incident.unable_valves(), incident.incident_id)

    def close(self) -> None:
        """Close the window and end reading."""
        if self.opened is not None:
            self.opened.close()
        self._tasks.close()

    def _known(self, picture: Picture) -> tuple[Outage, ...]:
        newest = {one.outage_id: one for one in picture.of(OUTAGE)}
        return tuple({**self._past, **newest}.values())

    def _read_past(self) -> None:
        """Done and cancelled outages of the week are not in the picture: they are read from the store."""
        if self.opened is None:
            return
        self._mark_week()
        port, (begin, end) = self._port, span_of(self.opened.monday, self.opened.zone)
        since, until = micros(begin), micros(end)

        def work() -> tuple[Outage, ...]:
            return tuple(one for one in port.records_of((OUTAGE,), since, until) if isinstance(one, Outage))

        self._tasks.request("past", work, self._take_past)

    def _take_past(self, found: tuple[Outage, ...]) -> None:
        self._past = {one.outage_id: one for one in found if not one.is_open()}
        if self.opened is not None:
            self.opened.show_outages(self._known(self._port.latest()))

    def _on_chosen(self, outage: Outage | None) -> None:
        self._draw(outage, fit=True)

    def _draw(self, outage: Outage | None, fit: bool = False) -> None:
        """The chosen outage's plan on the map, in the colours of a what-if, named as what it is."""
        if outage == self._drawn and not fit:
            return
        self._drawn = outage
        self._mark_week()
        if outage is None or not outage.is_ahead():
            self._map.show_what_if(None)
            return
        words = self._appearance.words
        title = words("outages.on_map", outage=outage.outage_id), words("outages.on_map_note")
        marks = case_marks(self._port.city, case_of(outage))
        self._map.show_what_if(marks, title)
        if fit:
            self._map.navigation.bring_into_view(marks.points())

    def _mark_week(self) -> None:
        """The outages of the week that the window shows are marked on the map; none of them once it is closed."""
        if self.opened is None:
            self._map.show_outages(frozenset())
            return
        week = week_of(self._known(self._port.latest()), self.opened.monday, self.opened.zone)
        chosen = self._drawn.outage_id if self._drawn is not None and self._drawn.is_ahead() else ""
        self._map.show_outages(frozenset(bar.outage.outage_id for bar in week.bars), chosen)

    def _step(self, outage: Outage, step: str) -> None:
        words = self._appearance.words
        match step:
            case "confirm" if outage.conflicts:
                text = words("outages.confirm_conflict", outage=outage.outage_id)
                self._ask_reason(text, lambda why: ConfirmOutage(outage.outage_id, why))
            case "confirm":
                self._submit(ConfirmOutage(outage.outage_id))
            case "notice":
                self._notice(outage)
            case "start" if outage.state is not OutageState.ANNOUNCED:
                text = words("outages.start_unannounced", outage=outage.outage_id)
                self._ask_reason(text, lambda why: StartOutage(outage.outage_id, why))
            case "start":
                self._submit(StartOutage(outage.outage_id))
            case "case":
                self.case_asked.emit(outage.case_id)
            case "change":
                question = OutageQuestion(self._appearance, self._port.now(), self._above(), outage=outage)
                question.accepted.connect(lambda: self._submit(question.intent()))
                self._open(question)
            case "undo":
                self._submit(UndoOutage(outage.outage_id))
            case "cancel":
                text = words("outages.cancel_text", outage=outage.outage_id)
                self._ask_reason(text, lambda why: CancelOutage(outage.outage_id, why))

    def _notice(self, outage: Outage) -> None:
        if outage.notices:
            self._questions.notice(case_of(outage))
        else:
            self._submit(DraftNotice(outage.outage_id))

    def _told(self, outage: Outage, contact: CriticalContact) -> None:
        question = ToldQuestion(self._appearance, outage.outage_id, contact, self._above())
        question.accepted.connect(lambda: self._submit(question.intent()))
        self._open(question)

    def _ask_reason(self, text: str, intent: Callable[[str], Intent]) -> None:
        question = ReasonQuestion(self._appearance, self._appearance.words("outages.title"), text, parent=self._above())
        question.accepted.connect(lambda: self._submit(intent(question.reason)))
        self._open(question)

    def _above(self) -> QWidget:
        return self.opened or self._window

    def _forget(self) -> None:
        if self.opened is not None:
            self.opened.deleteLater()
        self.opened = None
        self._draw(None)

    @staticmethod
    def _open(dialog: QDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
