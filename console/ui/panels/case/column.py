"""The incident column: the whole case top to bottom, evidence → location → plan → people → crew → notice."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from console.domain.incidents import Incident
from console.domain.picture import Picture
from console.domain.targets import Targets
from console.services.areas.sight import AreaSight
from console.ui.appearance import Appearance
from console.ui.commands.dispatch import Submit
from console.ui.focus import CaseFocus
from console.ui.panels.case.area import AreaSection
from console.ui.panels.case.calls import CallsSection
from console.ui.panels.case.evidence import EvidenceSection
from console.ui.panels.case.head import HeadSection
from console.ui.panels.case.level import LevelSection
from console.ui.panels.case.location import LocationSection
from console.ui.panels.case.notice import NoticeSection
from console.ui.panels.case.people import PeopleSection
from console.ui.panels.case.plan import PlanSection
from console.ui.panels.case.public import PublicSection
from console.ui.panels.case.quiet import QuietPage
from console.ui.panels.case.response import ResponseSection
from console.ui.panels.case.section import CaseView, Section
from console.ui.panels.case.stillness import Stillness
from console.ui.panels.panel import Panel, PanelContext
from console.ui.permitted import over_recording
from console.ui.widgets import make_primary, row
from maps.city import City

_BAR_PX, _WIDEST_PX = 14, 480
_ROOMY_PX = 780
"""From this height on there is room for what each candidate predicts, above the candidates and their buttons."""


class CaseColumn(Panel):
    """All sections of the case in focus, or the quiet page when there is none.

    Below stands what can be decided next, always at the same place; one button of it is the primary one.
    """

    head: HeadSection
    area: AreaSection
    evidence: EvidenceSection
    calls: CallsSection
    location: LocationSection
    plan: PlanSection
    people: PeopleSection
    public: PublicSection
    response: ResponseSection
    notice: NoticeSection
    level: LevelSection

    def __init__(
        self,
        focus: CaseFocus,
        city: City,
        appearance: Appearance,
        submit: Submit,
        sight: AreaSight | None = None,
        targets: Targets | None = None,
    ) -> None:
        super().__init__()
        self._targets = targets or Targets()
        self._focus, self._city, self._appearance = focus, city, appearance
        self.head, self.evidence, self.location = HeadSection(), EvidenceSection(), LocationSection(submit)
        self.area, self.calls = AreaSection(submit, sight), CallsSection()
        self.plan, self.people, self.public = PlanSection(submit), PeopleSection(), PublicSection(sees_needs=sight is None)
        self.level = LevelSection()
        self.response, self.notice = ResponseSection(submit), NoticeSection(submit)
        first, after = ((), (self.area,)) if sight is None else ((self.area,), ())  # its terminal acknowledges; the centre judges
        self._sections: tuple[Section, ...] = (
            self.head, *first, self.evidence, self.calls, self.location, *after, self.plan, self.people, self.public,
            self.level, self.response, self.notice,
        )  # fmt: skip
        column = self._column = QWidget()
        column.setObjectName("column")
        box = QVBoxLayout(column)
        box.setContentsMargins(10, 8, 10, 4)
        box.setSpacing(7)
        self.quiet = QuietPage(city, appearance)
        box.addWidget(self.quiet)
        for section in self._sections:
            if section is not self.notice:
                box.addWidget(section)
        box.addStretch(1)
        self._scroll = QScrollArea()
        self._scroll.setObjectName("panel")
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setWidget(column)
        self._still = Stillness(self._scroll, column, self._sections)
        self.setFocusProxy(self._scroll)
        self._below = QWidget()
        below = QVBoxLayout(self._below)
        below.setContentsMargins(10, 3, 10, 8)
        below.addWidget(self.notice)
        below.addLayout(row(*self.location.steps, 1, self.notice.step))
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addWidget(self._scroll, 1)
        outer.addWidget(self._below)
        self.show_nothing(appearance)
        focus.changed.connect(self._show_focus)

    def show_picture(self, picture: Picture) -> None:
        """The case in focus as of the newest picture."""
        if self._focus.incident is not None:
            self.show_case(self._focus.incident, picture)
        else:
            self.quiet.show_picture(picture)

    def next_step(self) -> QWidget | None:
        """The primary button of the case, None where there is nothing to decide."""
        judge, _ = self.location.steps
        return next((one for one in (judge, self.notice.step) if one.isVisible() and one.isEnabled()), None)

    def _show_focus(self) -> None:
        if self._focus.incident is None:
            self.show_nothing(self._appearance)
        else:
            self.show_case(self._focus.incident, self._focus.picture)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a low window the evidence takes less room."""
        super().resizeEvent(event)
        self.evidence.set_cramped(self.height() < _ROOMY_PX)

    def set_appearance(self, appearance: Appearance) -> None:
        """Another theme or language; the next picture fills it in."""
        self._appearance = appearance
        self.quiet.set_appearance(appearance)

    def show_nothing(self, appearance: Appearance) -> None:
        """No case is open."""
        self.set_appearance(appearance)
        self.quiet.show()
        self._below.hide()
        for section in self._sections:
            section.hide()

    def show_case(self, incident: Incident, picture: Picture) -> None:
        """The case as it stands."""
        view = CaseView(self._city, incident, picture, self._appearance, self._targets)
        was_hidden = not self.quiet.isHidden()
        self.quiet.hide()
        self._below.show()
        for section in self._sections:
            if was_hidden:
                section.show()
            section.show_case(view)
        judge, _ = self.location.steps
        self.notice.step.setVisible(bool(incident.burst_pipes or incident.notices))
        make_primary(self.notice.step, judge.isHidden() and not over_recording(self))  # a replay's is Play
        # Words of one language are wider than the other's: what does not wrap must not be cut off.
        self._scroll.setMinimumWidth(min(self._column.minimumSizeHint().width() + _BAR_PX, _WIDEST_PX))


def make(context: PanelContext) -> CaseColumn:
    """The column of the case in focus, its sections connected to map, questions and tools."""
    column = CaseColumn(context.focus, context.city, context.appearance, context.submit, context.sight, context.port.targets)
    focus, locator, questions = context.focus, context.locator, context.questions
    focus.log_ready.connect(column.response.take_log)
    focus.series_ready.connect(column.evidence.show_series)
    locator.pipe_selected.connect(column.location.look_at)
    locator.valve_picked.connect(column.plan.choose)
    column.area.phone_asked.connect(questions.area_by_phone)
    column.area.report_asked.connect(questions.area_report)
    column.calls.list_asked.connect(lambda: context.run("case_tickets"))
    column.evidence.history_wanted.connect(focus.read_series)
    column.location.pipe_chosen.connect(locator.select_pipe)
    column.location.place_chosen.connect(locator.show_reading_place)
    column.location.judgement_asked.connect(questions.judgement)
    column.location.dismissal_asked.connect(questions.dismissal)
    column.location.reading_asked.connect(questions.reading)
    column.plan.valve_chosen.connect(locator.show_valve)
    column.plan.unable_asked.connect(questions.why_unable)
    column.plan.cards_asked.connect(context.tools.print_cards)
    column.quiet.recent_wanted.connect(context.focus.read_recent)
    context.focus.recent_ready.connect(column.quiet.show_recent)
    column.quiet.show_picture(context.picture)
    column.response.crew_asked.connect(questions.crew)
    column.public.page_asked.connect(context.public.show)
    column.response.restoration_asked.connect(lambda _: focus.with_incident(questions.restoration))
    column.response.sample_asked.connect(questions.sample)
    column.response.phase_asked.connect(questions.phase)
    column.response.withdrawal_asked.connect(questions.withdrawal)
    column.level.level_asked.connect(questions.level)
    column.level.report_asked.connect(questions.authority_report)
    column.notice.notice_opened.connect(lambda _, notice_id: focus.with_incident(lambda case: questions.notice(case, notice_id)))
    return column
