"""Location: the candidates with probabilities, the site check, and judging.

Looking at a pipe does not judge it: a pipe chosen on the map, in the list or by search gets a button that names it.
"""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QPushButton, QSizePolicy, QWidget

from console.domain.delivery import Undelivered
from console.domain.incidents import Incident, OrderKind, OrderState, Phase, WorkOrder
from console.domain.readings import Channel
from console.services.incidents.candidate_distance import candidate_distance
from console.services.incidents.judging import DismissIncident, JudgeBurst
from console.services.location.gauge_readings import EnterReading
from console.services.tickets.location import UseCalls
from console.ui.commands.dispatch import Submit
from console.ui.commands.key_bindings import KEYS
from console.ui.painted_marks import ProbabilityBar
from console.ui.panels.case.section import CaseView, Section
from console.ui.permitted import needs
from console.ui.widgets import ElidedLabel, button, clear, label, row, tab_in_order, with_key
from console.ui.words import Words
from maps.locate.next_reading import WORTH_GOING_BITS, ReadingPlace
from maps.locate.result import Candidate

_SHOWN = 4
JUDGED_IN = (Phase.SUSPECTED, Phase.VERIFIED, Phase.ISOLATING)


class LocationSection(Section):
    """Candidates with bars; click one to see it; judging names its pipe."""

    pipe_chosen = Signal(str)
    judgement_asked = Signal(object, str, str, str)
    """(Incident, pipe to judge, ground, another pipe that is being looked at or "")."""
    dismissal_asked = Signal(str)
    """Incident id: not a burst, a reason is needed."""
    place_chosen = Signal(object)
    """ReadingPlace: show it on the map."""
    reading_asked = Signal(object, object)
    """(Incident, ReadingPlace): what was read there is to be asked."""

    def __init__(self, submit: Submit, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._submit = submit
        self._seen, self._seen_in = "", ""
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(1, 3)
        self._grid.setColumnStretch(2, 2)
        self._all, self._more = False, button("", "flat")
        self._more.clicked.connect(self._on_more)
        self._middle = label(name="muted", wrap=True)
        self._next, self._enter = button("", "flat"), button("")
        self._next.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)  # long ids must not widen the column
        self._next.clicked.connect(lambda: self._with_place(self.place_chosen.emit))
        self._enter.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._enter.clicked.connect(self._on_enter)
        self._read = label(name="muted", wrap=True)
        self._calls, self._use = label(name="muted", wrap=True), button("", "flat")
        self._use.clicked.connect(self._on_use)
        needs(UseCalls, self._use)
        self._check, self._found = label(wrap=True), label(name="warning", wrap=True)
        self._hint = label(name="muted", wrap=True)
        self._judge, self._dismiss = with_key(button("", "primary"), KEYS["judge"]), button("")
        self._judge.clicked.connect(self._on_judge)
        self._seen_label, self._judge_seen = label(wrap=True), button("")
        self._judge_seen.clicked.connect(self.judge_seen)
        self._dismiss.clicked.connect(self._on_dismiss)
        needs(JudgeBurst, self._judge, self._judge_seen)
        needs(DismissIncident, self._dismiss)
        needs(EnterReading, self._enter)
        self.box.addLayout(self._grid)
        self.box.addWidget(self._middle)
        self.box.addLayout(row(self._next, self._enter))
        self.box.addWidget(self._read)
        self.box.addWidget(self._calls)
        self.box.addLayout(row(self._use, 1))
        self.box.addWidget(self._hint)
        self.box.addWidget(self._check)
        self.box.addWidget(self._found)
        self.box.addLayout(row(self._more, 1))
        self.box.addWidget(self._seen_label)
        self.box.addLayout(row(self._judge_seen, 1))

    @property
    def steps(self) -> tuple[QPushButton, QPushButton]:
        """The buttons to judge or dismiss; the column keeps them in sight below, at one place in every state."""
        return self._judge, self._dismiss

    def look_at(self, pipe_id: str) -> None:
        """A pipe is being looked at (on the map, by search, in the list); "" for none. What ``judge`` judges stays."""
        self._seen = pipe_id
        if self.view is not None:
            self._fill(self.view)

    def _fill(self, view: CaseView) -> None:
        self.setVisible(view.incident.work is None)  # planned work was neither found nor located
        words, incident = view.appearance.words, view.incident
        if incident.incident_id != self._seen_in:
            self._seen_in, self._all = incident.incident_id, False
        self._heading(view)
        clear(self._grid)
        listed = _listed(incident, self._all)
        names = [self._candidate(line, one.pipe_id, one.probability, view) for line, one in enumerate(listed)]
        tab_in_order(self, *names)
        is_middle = incident.location is not None and incident.location.begins_in_the_middle and not incident.burst_pipes
        self._middle.setVisible(is_middle)
        self._middle.setText(words("location.middle") if is_middle else "")
        hidden = len(_listed(incident, True)) - len(listed)
        self._more.setVisible(hidden > 0 or (self._all and len(listed) > _SHOWN))
        self._more.setText(words("plan.more", n=hidden) if hidden else words("plan.fewer"))
        self._reading(view)
        self._weighing(view)
        check = next((o for o in reversed(incident.orders) if o.kind is OrderKind.SITE_CHECK), None)
        self._check.setText(order_words(view, check) if check is not None else "")
        self._check.setVisible(check is not None)
        judged, found = bool(incident.burst_pipes), self._found_elsewhere(view)
        self._found.setVisible(bool(found))
        judged_as = words.listed(incident.burst_pipes)
        self._found.setText(words("location.elsewhere" if judged else "location.found_first", pipe=found, judged=judged_as))
        target = self._target(view)
        self._judge.setVisible(bool(target))
        self._judge.setText(words("location.correct" if judged else "location.judge", pipe=target))
        self._looking(view)
        self._dismiss.setVisible(incident.is_open() and not judged)
        self._dismiss.setText(words("location.dismiss"))
        self._hint.setVisible(not judged or not _listed(incident))
        self._hint.setText(
            words("location.judged", pipes=words.listed(incident.burst_pipes)) if judged else words("location.hint")
        )

    def _looking(self, view: CaseView) -> None:
        """The pipe that is looked at, with the button to judge it."""
        words, seen, incident = view.appearance.words, self._seen, view.incident
        shown = bool(seen) and view.city.network.pipes.has(seen)
        may = shown and incident.phase in JUDGED_IN and seen not in incident.burst_pipes and seen != self._target(view)
        self._seen_label.setVisible(shown)
        self._judge_seen.setVisible(may)
        if shown:
            self._seen_label.setText(
                words("location.looking", pipe=seen, kind=_pipe_words(view, seen), far=far_words(view, seen))
            )
            self._judge_seen.setText(words("location.correct_ask" if incident.burst_pipes else "location.judge_ask", pipe=seen))

    def _weighing(self, view: CaseView) -> None:
        """What calls did to the probabilities, and the way back."""
        words, incident = view.appearance.words, view.incident
        moved, aside = incident.calls, incident.calls_set_aside
        is_open = incident.phase is Phase.SUSPECTED and not incident.burst_pipes
        self._calls.setVisible(moved is not None or (aside and is_open))
        self._use.setVisible(is_open and (moved is not None or aside))
        self._use.setText(words("location.calls_use" if aside else "location.calls_aside"))
        if moved is not None and incident.location is not None:
            before = {one.pipe_id: words.share(one.probability) for one in moved.by_readings.candidates}
            changed = [
                words("location.call_share", pipe=pipe, before=before.get(pipe, "–"), after=words.share(one.probability))
                for one in incident.location.candidates[:3]
                for pipe in (one.pipe_id,)
            ]
            self._calls.setText(words("location.calls", n=len(moved.ticket_ids), shares=words.listed(changed)))
        elif aside:
            self._calls.setText(words("location.calls_ignored"))

    def _on_use(self) -> None:
        if self.view is not None:
            incident = self.view.incident
            self._submit(UseCalls(incident.incident_id, incident.calls_set_aside))

    def _reading(self, view: CaseView) -> None:
        """Where to read next, and what was read."""
        words, incident, place = view.appearance.words, view.incident, next_place(view.incident)
        self._next.setVisible(place is not None)
        self._enter.setVisible(place is not None and incident.is_open())
        if place is not None:
            name = words("location.place", kind=words.of("kind", place.kind), id=place.asset_id)
            self._next.setText(words(_promise(place), place=name, now=place.set_before, after=f"{place.set_after:.0f}"))
            expected = words.value(Channel.PRESSURE, place.expected_kpa)
            self._next.setToolTip(words("location.next_why", expected=expected, falls=falls_words(view, place)))
            self._enter.setText(words("location.enter"))
        told = [words("location.no_next")] if place is None and _undecided(incident) else []
        told += [
            words(
                "location.read",
                place=one.place_id,
                value=words.value(Channel.PRESSURE, one.pressure_kpa),
                change=words.deviation(Channel.PRESSURE, one.pressure_kpa - one.expected_kpa),
                by=one.by,
            )
            for one in incident.hand_readings
        ]
        self._read.setVisible(bool(told))
        self._read.setText("\n".join(told))

    def _with_place(self, action: Callable[[ReadingPlace], None]) -> None:
        place = next_place(self.view.incident) if self.view is not None else None
        if place is not None:
            action(place)

    def _on_enter(self) -> None:
        view = self.view
        if view is not None:
            self._with_place(lambda place: self.reading_asked.emit(view.incident, place))

    def _heading(self, view: CaseView) -> None:
        words, location = view.appearance.words, view.incident.location
        if location is None:
            self.heading.setText(words("location.reported"))
            return
        model = words.of("model", location.model)
        self.heading.setText(words("location.title", n=len(location.set_90), model=model))

    def _candidate(self, line: int, pipe_id: str, probability: float, view: CaseView) -> QWidget:
        theme = view.appearance.theme
        name = button(pipe_id, "flat")
        name.clicked.connect(lambda: self._on_choose(pipe_id))
        if pipe_id == self._target(view):
            name.setStyleSheet(f"font-weight: 700; color: {theme.colours['text.strong']};")
        self._grid.addWidget(name, line, 0)
        self._grid.addWidget(ElidedLabel(_pipe_words(view, pipe_id), "muted"), line, 1)
        self._grid.addWidget(ProbabilityBar(probability, theme.colour("case.candidate"), theme.colour("surface.raised")), line, 2)
        self._grid.addWidget(label(view.appearance.words.share(probability), "strong"), line, 3)
        return name

    def _on_more(self) -> None:
        self._all = not self._all
        if self.view is not None:
            self._fill(self.view)

    def _target(self, view: CaseView) -> str:
        """What can be judged next: what the crew found, else – not yet judged – the first candidate or what was reported."""
        if view.incident.phase not in JUDGED_IN:
            return ""
        if found := self._found_elsewhere(view):
            return found
        targets = () if view.incident.burst_pipes else view.incident.target_pipes()
        return targets[0] if targets else ""

    def _found_elsewhere(self, view: CaseView) -> str:
        """What the crew found, while the case can still be judged anew: wrong valves would be closed."""
        pipe = view.incident.found_elsewhere()
        return pipe if view.incident.phase in JUDGED_IN and view.city.network.pipes.has(pipe) else ""

    def _on_choose(self, pipe_id: str) -> None:
        self.look_at(pipe_id)
        self.pipe_chosen.emit(pipe_id)

    def judge(self, by_key: bool = False) -> None:
        """The pipe on the first button is the burst. A key names no pipe: with another one in sight it is asked which."""
        if self.view is not None and (target := self._target(self.view)):
            other = self._seen if by_key and self._seen != target else ""
            self.judgement_asked.emit(self.view.incident, target, self._ground(self.view, target), other)

    def _on_judge(self) -> None:
        self.judge()

    def judge_seen(self) -> None:
        """The pipe that is being looked at is the burst."""
        if self.view is not None and self._seen and not self._judge_seen.isHidden():
            self.judgement_asked.emit(self.view.incident, self._seen, self._ground(self.view, self._seen), "")

    def _ground(self, view: CaseView, pipe_id: str) -> str:
        return "on_site" if pipe_id == self._found_elsewhere(view) else "judgement"

    def _on_dismiss(self) -> None:
        if self.view is not None:
            self.dismissal_asked.emit(self.view.incident.incident_id)


def _listed(incident: Incident, all_: bool = False) -> list[Candidate]:
    """Candidates to list: the first few or all; once judged only the judged ones, the room is for what comes next."""
    candidates = incident.location.candidates if incident.location is not None else ()
    if incident.burst_pipes:
        return [candidate for candidate in candidates if candidate.pipe_id in incident.burst_pipes]
    return list(candidates if all_ else candidates[:_SHOWN])


def next_place(incident: Incident) -> ReadingPlace | None:
    """Where to read next while that still helps."""
    if incident.outlook is None or incident.phase is not Phase.SUSPECTED:
        return None
    return next(iter(incident.outlook.next_readings), None)


def _promise(place: ReadingPlace) -> str:
    """Text key for the expected gain of a reading: fewer pipes, likelier ones among as many, or little."""
    if place.gain_bits < WORTH_GOING_BITS:
        return "location.next_little"
    return "location.next" if round(place.set_after) < place.set_before else "location.next_plain"


def _undecided(incident: Incident) -> bool:
    """Whether several candidates are left and the next reading was searched for."""
    foreseen = incident.outlook is not None and bool(incident.outlook.predictions)
    several = incident.location is not None and len(incident.location.set_90) > 1
    return foreseen and several and incident.phase is Phase.SUSPECTED


def falls_words(view: CaseView, place: ReadingPlace) -> str:
    """What the gauge would show under each of the first candidates."""
    words, falls = view.appearance.words, dict(place.falls_kpa)
    first = [c.pipe_id for c in _listed(view.incident) if c.pipe_id in falls]
    return " · ".join(f"{pipe} {words.value(Channel.PRESSURE, place.expected_kpa - falls[pipe], unit=False)}" for pipe in first)


def undelivered_words(failed: Undelivered, words: Words) -> str:
    """Why a message is not delivered, and when a channel that could not deliver it tries again."""
    reason = words.of("undelivered", failed.reason.value)
    if failed.next_try is None:
        return words("case.undelivered", reason=reason)
    return words("case.undelivered_again", reason=reason, n=failed.attempts, time=words.time(failed.next_try))


def order_words(view: CaseView, order: WorkOrder) -> str:
    """An order in words: what, who, state, time to arrival or the answer."""
    words = view.appearance.words
    crews = {fix.crew_id: fix.name for fix in view.picture.crews}
    kind, state = words.of("order_kind", order.kind.value), words.of("order_state", order.state.value)
    failed = next((one for one in view.undelivered if one.subject == order.order_id), None)
    if failed is not None:
        state = undelivered_words(failed, words)
    text = f"{kind} → {crews.get(order.crew_id) or order.crew_id} · {state}"
    if failed is None and order.state is OrderState.SENT and order.sends > 1:
        text = f"{kind} → {crews.get(order.crew_id) or order.crew_id} · "
        text += words("crew.no_answer", n=order.sends, time=words.stamp(order.sent_at, view.now))
    if order.answered_at is not None:
        text += f" {words.stamp(order.answered_at, view.now)}"
    elif order.eta_minutes is not None:
        text += " · " + words("crew.eta", eta=words.minutes(order.eta_minutes))
    if order.found_pipe:
        text += " · " + words("location.found", pipe=order.found_pipe)
    return text + (f" · {order.reply}" if order.reply else "")


def far_words(view: CaseView, pipe_id: str) -> str:
    """How far a pipe lies from where the burst is suspected; "" where nothing is located."""
    words, far = view.appearance.words, candidate_distance(view.city.network, view.incident.location, pipe_id)
    if far is None:
        return ""
    return (
        words("location.in_set")
        if far.in_set
        else words("location.outside_set", first=metres(far.to_first_m), set=metres(far.to_set_m))
    )


def metres(distance_m: float) -> str:
    """A distance as it is said: 350 m, 2.4 km."""
    return f"{distance_m:.0f} m" if distance_m < 1000.0 else f"{distance_m / 1000.0:.1f} km"


def _pipe_words(view: CaseView, pipe_id: str) -> str:
    pipes = view.city.network.pipes
    if not pipes.has(pipe_id):
        return ""
    row_ = pipes.row(pipe_id)
    return view.appearance.words.pipe(float(pipes.diameter_mm[row_]), str(pipes.material[row_]), int(pipes.year_laid[row_]))
