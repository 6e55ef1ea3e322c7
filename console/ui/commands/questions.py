"""Questions that complete an intent: a reason, a time, a kind, a confirmation. Each answered question is submitted."""

from __future__ import annotations

from datetime import timedelta

from PySide6.QtCore import QObject
from PySide6.QtGui import QCursor
from PySide6.QtWidgets import QDialog, QMenu, QWidget

from console.domain.alarms import Alarm
from console.domain.area_alerts import AreaAlert
from console.domain.field_reports import CREW_DUTY
from console.domain.incidents import Incident, Phase
from console.domain.intents import Intent
from console.domain.notices import Notice, NoticeStatus
from console.domain.outages import OUTAGE
from console.domain.picture import Picture
from console.domain.readings import CHANNEL_BY_NAME, Channel
from console.domain.reports import REPORT, Report
from console.domain.water_points import WATER_POINT
from console.services.alarms.operations import EnterOperation
from console.services.alarms.station_alarms import ShelveAlarm
from console.services.areas.answers import AcknowledgeAreaAlert, ReportFromArea
from console.services.crews.choices import crew_choices
from console.services.crews.orders import SendCrew
from console.services.crews.valve_reports import MarkValveUnable, RecordSample
from console.services.incidents.candidate_distance import candidate_distance
from console.services.incidents.event_level import LevelTable
from console.services.incidents.isolation_evidence import IsolationSign, Sign, isolation_signs
from console.services.incidents.judging import AdvancePhase, DismissIncident, JudgeBurst, SetRestoration
from console.services.incidents.opening import OpenIncident
from console.services.incidents.undo import UndoLast
from console.services.location.gauge_readings import EnterReading
from console.services.notices.contradictions import Contradiction, contradictions
from console.services.notices.demands import Around, Demand, demand_gaps, demands_of, with_water
from console.services.notices.holders import case_of
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.crew_menu import crew_menu
from console.ui.commands.dispatch import Submit
from console.ui.commands.notice_sources import notice_sources
from console.ui.dialogs.ask import (
    OperationQuestion,
    PressureQuestion,
    Question,
    ReasonQuestion,
    SampleQuestion,
    TimeQuestion,
    UnableQuestion,
)
from console.ui.dialogs.confirm import Confirmation
from console.ui.dialogs.judgement import judgement_question
from console.ui.dialogs.level import LevelQuestion
from console.ui.dialogs.notice import NoticeDialog
from console.ui.dialogs.notice_parts import lift_confirmation
from console.ui.dialogs.public.view import PublicView
from console.ui.dialogs.report import ReportDialog
from console.ui.dialogs.shelve import ShelveQuestion
from console.ui.models.alarms import AlarmModel
from console.ui.panels.case.notice import channel_words, latest_notice
from console.ui.permitted import needs
from console.ui.port import ConsolePort
from console.ui.session import Session
from maps.errors import QuanmaiError
from maps.locate.next_reading import ReadingPlace


class Questions(QObject):
    """Opens dialogs over the window without blocking it: pictures and alarms go on behind them."""

    def __init__(
        self,
        port: ConsolePort,
        submit: Submit,
        session: Session,
        appearance: Appearance,
        tasks: BackgroundTasks,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._submit, self._tasks = submit, tasks
        self._port, self._session, self._appearance, self._window = port, session, appearance, window
        self._notice: NoticeDialog | None = None
        self._report: ReportDialog | None = None

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language, for the next dialog."""
        self._appearance = appearance

    def show_picture(self, picture: Picture) -> None:
        """An open notice dialog follows its case, whichever case is in focus, and an open report its record."""
        if self._report is not None:
            held = self._report.report.report_id
            known = next((one for one in picture.of(REPORT) if one.report_id == held), None)
            self._report.done(QDialog.DialogCode.Rejected) if known is None else self._report.follow(known)
        if self._notice is not None:
            incident_id = self._notice.incident_id
            incident = next((case for case in picture.incidents if case.incident_id == incident_id), None)
            outage = next((one for one in picture.of(OUTAGE) if one.outage_id == incident_id), None)
            if incident is None and outage is not None:
                running = next((case for case in picture.incidents if case.incident_id == outage.case_id), None)
                incident = running or case_of(outage)
            if incident is not None:
                self._notice.follow(incident)

    def why_unable(self, incident_id: str, valve_id: str) -> None:
        """Why the valve cannot be closed."""
        question = UnableQuestion(self._appearance, valve_id, self._window)
        question.accepted.connect(lambda: self._submit(MarkValveUnable(incident_id, valve_id, question.unable)))
        self._ask(question, MarkValveUnable)

    def judgement(self, incident: Incident, pipe_id: str, ground: str = "judgement", looked_at: str = "") -> None:
        """Judge a pipe as burst.

        Confirmed first: a correction, a pipe outside the 90 % set, and any pipe while another one is looked at.
        """
        intent = JudgeBurst(incident.incident_id, (pipe_id,), ground)
        far = candidate_distance(self._port.city.network, incident.location, pipe_id)
        expected = pipe_id in incident.target_pipes() if far is None else far.in_set
        if expected and not incident.burst_pipes and not looked_at:
            self._submit(intent)
            return
        question = judgement_question(self._appearance, self._port.city, incident, intent, far, looked_at, self._window)
        question.accepted.connect(lambda: self._submit(intent))
        self._ask(question, JudgeBurst)

    def dismissal(self, incident_id: str) -> None:
        """Why it is not a burst."""
        words = self._appearance.words
        question = ReasonQuestion(
            self._appearance,
            words("location.dismiss"),
            words("dialog.dismiss_text", incident=incident_id),
            parent=self._window,
            do=words("dialog.dismiss_do"),
            usual=words.catalogue.section("ui.not_burst").values(),
        )
        question.accepted.connect(lambda: self._submit(DismissIncident(incident_id, question.reason)))
        self._ask(question, DismissIncident)

    def shelving(self, alarm: Alarm) -> None:
        """How long, and why."""
        model = AlarmModel(self._port.city, self._appearance.theme, self._appearance.words)
        question = ShelveQuestion(self._appearance, alarm, model.headline(alarm), self._port.now, self._window)
        question.accepted.connect(lambda: self._submit(question.intent()))
        self._ask(question, ShelveAlarm)

    def restoration(self, incident: Incident) -> None:
        """When water comes back."""
        words = self._appearance.words
        start = incident.restoration_at or self._port.now() + timedelta(hours=4)
        question = TimeQuestion(
            self._appearance, words("response.correct"), words("dialog.restoration_text"), start, self._window
        )
        question.accepted.connect(lambda: self._submit(SetRestoration(incident.incident_id, question.moment)))
        self._ask(question, SetRestoration)

    def crew(self, incident: Incident) -> QMenu:
        """Which crew is sent, the nearest free one first; each with what speaks against it."""
        picture, case = self._port.latest(), incident.incident_id
        choices = crew_choices(
            self._port.city, picture.crews, picture.incidents, picture.of(CREW_DUTY), incident,
            speed_kmh=self._port.crew_speed_kmh, now_us=picture.now_us,
        )  # fmt: skip
        menu = crew_menu(self._window, choices, self._appearance.words, lambda crew: self._submit(SendCrew(case, crew)))
        menu.popup(QCursor.pos())
        return menu

    def phase(self, incident_id: str, phase: Phase) -> None:
        """The evidence for a phase (required for "isolated")."""
        words = self._appearance.words
        name = words.of("phase", phase.value)
        signs = self._signs(incident_id) if phase is Phase.ISOLATED else ()
        against = words.clauses(self._sign(sign) for sign in signs if sign.sign is Sign.STILL_PRESSURE)
        text = words("dialog.isolated_text") if phase is Phase.ISOLATED else words("dialog.phase_text", phase=name)
        if phase is Phase.CLOSED:
            text = "\n".join((text, *self._left_open(incident_id)))
        if against:
            text = f"{text}\n{words('dialog.still_pressure', stations=against)}"
        question = ReasonQuestion(
            self._appearance, words("response.next", phase=name), text, phase is Phase.ISOLATED, self._window
        )
        question.field.setText(words.clauses(self._sign(sign) for sign in signs if sign.sign is not Sign.STILL_PRESSURE))
        question.accepted.connect(lambda: self._submit(AdvancePhase(incident_id, phase, question.reason)))
        self._ask(question, AdvancePhase)

    def _left_open(self, incident_id: str) -> list[str]:
        """What of the public is not finished when a case is closed."""
        picture, words = self._port.latest(), self._appearance.words
        incident = next((case for case in picture.incidents if case.incident_id == incident_id), None)
        view = PublicView.of(self._port.city, incident, picture)
        open_orders = sum(one.is_open and one.incident_id == incident_id for one in view.orders)
        found = (("needs", view.open_needs), ("points", view.open_points), ("orders", open_orders))
        return [words(f"dialog.left_{name}", n=n) for name, n in found if n]

    def _signs(self, incident_id: str) -> tuple[IsolationSign, ...]:
        picture = self._port.latest()
        incident = next((case for case in picture.incidents if case.incident_id == incident_id), None)
        return isolation_signs(self._port.city, incident, picture) if incident is not None else ()

    def _sign(self, sign: IsolationSign) -> str:
        """What one station shows, as it is written to the log."""
        words = self._appearance.words
        value = words.value(CHANNEL_BY_NAME[sign.channel], sign.value)
        return words(f"dialog.sign_{sign.sign.value}", station=sign.station_id, value=value)

    def sample(self, incident_id: str) -> None:
        """The water sample before service resumes."""
        question = SampleQuestion(self._appearance, self._window)
        question.accepted.connect(lambda: self._submit(question.intent(incident_id)))
        self._ask(question, RecordSample)

    def reading(self, incident: Incident, place: ReadingPlace) -> None:
        """What the crew read on a gauge at the place proposed."""
        words = self._appearance.words
        name = words("location.place", kind=words.of("kind", place.kind), id=place.asset_id)
        text = words("dialog.reading_text", expected=words.value(Channel.PRESSURE, place.expected_kpa))
        title = words("dialog.reading", place=name)
        question = PressureQuestion(self._appearance, title, text, self._window, words("dialog.reading_do"))
        question.accepted.connect(lambda: self._submit(EnterReading(incident.incident_id, place.asset_id, question.pressure_kpa)))
        self._ask(question, EnterReading)

    def area_by_phone(self, incident_id: str, alert: AreaAlert) -> None:
        """Whether somebody of the area really acknowledged by phone."""
        words = self._appearance.words
        text = words("area.by_phone_text", area=alert.area_name, incident=incident_id)
        do = words("area.by_phone_do")
        question = Confirmation(self._appearance, words("area.by_phone"), text, do, parent=self._window)
        question.accepted.connect(lambda: self._submit(AcknowledgeAreaAlert(incident_id, alert.area_id)))
        self._ask(question, AcknowledgeAreaAlert)

    def area_report(self, incident_id: str, area_id: str = "") -> None:
        """What the people of an area found."""
        words = self._appearance.words
        text = words("area.report_text", incident=incident_id)
        question = ReasonQuestion(self._appearance, words("area.report"), text, parent=self._window, do=words("area.report_do"))
        question.accepted.connect(lambda: self._submit(ReportFromArea(incident_id, question.reason, area_id)))
        self._ask(question, ReportFromArea)

    def operation(self, asset_id: str = "", kind: str = "") -> None:
        """Planned works or an operation, on an asset or on the whole network."""
        question = OperationQuestion(self._appearance, asset_id, kind, self._port.now(), self._window)
        question.accepted.connect(lambda: self._submit(question.intent()))
        self._ask(question, EnterOperation)

    def level(self, incident: Incident) -> LevelQuestion:
        """Another event level, with its ground."""
        question = LevelQuestion(self._appearance, incident, self._window)
        question.accepted.connect(lambda: self._submit(question.intent()))
        self._open(question)
        return question

    def authority_report(self, report: Report) -> ReportDialog:
        """A report to the authorities."""
        if self._report is not None and not self._report.close():
            return self._report  # it asks first: its edits are not saved
        incident = next((one for one in self._port.latest().incidents if one.incident_id == report.incident_id), None)
        table = LevelTable.load()
        codes = table.level_of(incident).tell if incident is not None else table.told_at(report.level)
        dialog = ReportDialog(self._appearance, self._session, self._port.now, report, codes, self._window)
        dialog.asked.connect(self._submit)
        dialog.finished.connect(self._forget_report)
        self._report = dialog
        self._open(dialog)
        return dialog

    def next_report(self) -> None:
        """The report that is due first, of any case, also of one that is closed."""
        waiting = sorted(self._port.latest().of(REPORT), key=lambda one: one.due_at)
        if waiting:
            self.authority_report(waiting[0])

    def _forget_report(self) -> None:
        self._report = None

    def report(self, pipe_id: str) -> None:
        """A burst reported by a call on this pipe."""
        self._submit(OpenIncident(pipe_id))

    def withdrawal(self, incident: Incident) -> None:
        """Why a public notice is withdrawn, which is what undoing its issue does."""
        notice = latest_notice(incident)
        if notice is None:
            return
        words = self._appearance.words
        question = lift_confirmation(
            self._appearance, notice, channel_words(words, self._port.latest()), self._window, is_undo=True
        )
        question.accepted.connect(lambda: self._submit(UndoLast(incident.incident_id, question.reason)))
        self._ask(question, UndoLast)

    def notice(self, incident: Incident, notice_id: str = "") -> None:
        """Preview and all that follows."""
        notice = next((n for n in incident.notices if n.notice_id == notice_id), latest_notice(incident))
        if notice is None:
            return
        if self._notice is not None:
            self._notice.close()
            if self._notice is not None:  # it has edits and asks about them first
                self._notice.raise_()
                return
        sources = notice_sources(self._port, self._tasks, self._appearance.words, self._contradicted, self._demands)
        dialog = NoticeDialog(self._appearance, self._session, incident, notice, sources, self._window)
        dialog.asked.connect(self._submit)
        dialog.finished.connect(self._forget_notice)
        self._notice = dialog
        self._open(dialog)

    def _around(self, incident: Incident, notice: Notice) -> Around:
        """The critical customers of the planned outage that a case is, and the case's emergency water."""
        outage_id, picture = incident.work.outage_id if incident.work is not None else "", self._port.latest()
        contacts = next((one.contacts for one in picture.of(OUTAGE) if one.outage_id == outage_id), ())
        return with_water(self._port.city, Around(contacts), incident, notice, picture.of(WATER_POINT))

    def _contradicted(self, incident: Incident, notice: Notice) -> tuple[Contradiction, ...]:
        """How a notice differs from its case, and before its issue what the rules demand and is not done."""
        found = contradictions(self._port.city, incident, notice)
        if notice.status is not NoticeStatus.APPROVED:
            return found
        return (*found, *demand_gaps(notice, self._around(incident, notice), self._port.now()))

    def _demands(self, incident: Incident, notice: Notice) -> tuple[Demand, ...]:
        return demands_of(notice, self._around(incident, notice), self._port.now())

    def show_refused(self, fault: QuanmaiError) -> None:
        """Why a step was not taken, also in the notice dialog, which covers the window's own message."""
        for dialog in (self._notice, self._report):
            if dialog is not None:
                dialog.show_refused(self._appearance.words.fault(fault))

    @property
    def open_notice(self) -> NoticeDialog | None:
        """The notice dialog while it is open."""
        return self._notice

    def _forget_notice(self) -> None:
        self._notice = None

    def _ask(self, question: Question, intent: type[Intent]) -> None:
        """Open a question whose answer is this intent."""
        needs(intent, question.ok)
        self._open(question)

    def _open(self, dialog: QDialog) -> None:
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
