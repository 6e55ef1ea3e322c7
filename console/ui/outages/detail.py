"""One planned outage: window, plan, customers, conflicts, who was told, and the one step that comes next."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from console.domain.outages import CriticalContact, Outage, OutageState
from console.services.notices.lifecycle import DraftNotice
from console.services.outages.planning import CancelOutage, ChangeOutage, ConfirmOutage, TellCritical
from console.services.outages.running import StartOutage
from console.services.outages.undo import UndoOutage
from console.ui.appearance import Appearance
from console.ui.permitted import needs
from console.ui.widgets import button, clear, label, row


class OutageDetail(QFrame):
    """Shows one outage; what is asked for goes to the commands."""

    step_asked = Signal(object, str)
    """(outage, step): confirm, notice, start, case, change, undo, cancel."""
    told_asked = Signal(object, object)
    """(outage, contact)."""

    def __init__(self, appearance: Appearance, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._appearance = appearance
        self.outage: Outage | None = None
        self._title, self._lines = label(name="strong", wrap=True), label(wrap=True, selectable=True)
        self._conflict, self._told_title = label(name="warning", wrap=True), label(name="heading", wrap=True)
        self._told = QVBoxLayout()
        self._told.setSpacing(2)
        self.next, self.other = button("", "primary"), button("")
        self.change, self.undo, self.cancel = (
            button(appearance.words(f"outages.{name}"), "flat") for name in ("change", "undo", "cancel")
        )
        self.undo.setToolTip(appearance.words("outages.undo_tip"))
        self.next.clicked.connect(lambda: self._ask(self._next_step()))
        self.other.clicked.connect(lambda: self._ask("start" if self._next_step() == "notice" else "notice"))
        self.change.clicked.connect(lambda: self._ask("change"))
        self.undo.clicked.connect(lambda: self._ask("undo"))
        self.cancel.clicked.connect(lambda: self._ask("cancel"))
        needs(ChangeOutage, self.change)
        needs(UndoOutage, self.undo)
        needs(CancelOutage, self.cancel)
        inside = QWidget()
        inside.setObjectName("column")
        box = QVBoxLayout(inside)
        box.setContentsMargins(4, 2, 4, 2)
        for one in (self._title, self._conflict, self._lines, self._told_title):
            box.addWidget(one)
        box.addLayout(self._told)
        box.addStretch(1)
        area = QScrollArea()
        area.setObjectName("panel")
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setWidgetResizable(True)
        area.setWidget(inside)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(10, 8, 10, 8)
        outer.addWidget(area, 1)
        outer.addLayout(row(self.next, self.other, 1, self.undo, self.change, self.cancel))
        self.show_outage(None)

    def show_outage(self, outage: Outage | None) -> None:
        """None: nothing is chosen."""
        if outage is not None and outage == self.outage:
            return
        self.outage = outage
        words = self._appearance.words
        clear(self._told)
        for one in (self.next, self.other, self.change, self.undo, self.cancel, self._conflict, self._told_title):
            one.hide()
        if outage is None:
            self._title.setText(words("outages.none_chosen"))
            self._lines.setText("")
            return
        purpose, state = words.of("outage_purpose", outage.purpose.value), words.of("outage_state", outage.state.value)
        self._title.setText(f"{outage.outage_id} · {purpose} · {state}")
        self._lines.setText("\n".join(self._words(outage)))
        self._conflict.setVisible(bool(outage.conflicts))
        self._conflict.setText("\n".join(self._conflicts(outage)))
        self._show_contacts(outage)
        self._show_steps(outage)

    def _words(self, outage: Outage) -> list[str]:
        words, plan, place = self._appearance.words, outage.plan, outage.place
        start, end = (f"{words.local(at):%Y-%m-%d %H:%M}" for at in (outage.starts_at, outage.ends_at))
        lines = [words("outages.window", start=start, end=end)]
        if place is not None:
            pipe = words.pipe(place.diameter_mm, place.material, place.year_laid)
            lines.append(words("outages.place", road=place.road or "–", pipe=pipe, pipes=words.listed(outage.pipe_ids)))
        lines.append(words("outages.reason_line", reason=outage.reason or words("outages.reason_missing")))
        if plan is not None:
            valves = words.listed(step.asset_id for step in plan.valves_to_close)
            lines.append(words("outages.valves", n=len(plan.valves_to_close), valves=valves))
            if not plan.isolatable:
                lines.append(words("outages.not_isolatable"))
            lines.append(words("outages.dry", n=f"{plan.households_without_water:,}", m=len(plan.critical_customers)))
        impact = outage.impact
        if impact is None:
            lines.append(words("outages.low_pending"))
        elif impact.converged:
            lines.append(words("outages.low", n=f"{impact.low_pressure_households:,}"))
        else:
            lines.append(words("outages.low_failed", reason=impact.message))
        lines.append(words("outages.crews_line", crews=words.listed(outage.crews) or "–"))
        if outage.notices:
            last = outage.notices[-1]
            state = words.of("notice_status", last.status.value)
            lines.append(words("outages.notice_line", notice=last.notice_id, state=state))
        if outage.case_id:
            lines.append(words("outages.case_line", case=outage.case_id))
        if outage.from_case:
            lines.append(words("outages.from_case", case=outage.from_case))
        if outage.cancel_reason:
            lines.append(words("outages.cancelled_line", reason=outage.cancel_reason))
        return lines

    def _conflicts(self, outage: Outage) -> list[str]:
        words = self._appearance.words
        return [
            words(
                "outages.conflict",
                others=words.listed(one.with_incidents),
                n=f"{one.households:,}",
                m=len(one.critical),
            )
            for one in outage.conflicts
        ]

    def _show_contacts(self, outage: Outage) -> None:
        words = self._appearance.words
        told = sum(one.is_told for one in outage.contacts)
        self._told_title.setVisible(bool(outage.contacts))
        self._told_title.setText(words("outages.critical", told=told, all=len(outage.contacts)))
        for one in outage.contacts:
            line = label(self._contact(one), "" if one.is_told else "warning", wrap=True)
            parts: list[QWidget | int] = [line]
            if outage.is_open() and not one.is_told:
                say = button(words("outages.told"), "flat")
                say.clicked.connect(lambda _=False, one=one: self.told_asked.emit(self.outage, one))
                needs(TellCritical, say)
                parts.append(say)
            made = row(*parts)
            made.setStretch(0, 1)
            self._told.addLayout(made)

    def _contact(self, one: CriticalContact) -> str:
        words = self._appearance.words
        name = f"{one.name} · {one.phone or words('outages.no_phone')}"
        if one.told_at is None:
            return f"○ {name}"
        return f"✓ {name} · " + words(
            "outages.told_by", user=one.told_by, at=f"{words.local(one.told_at):%m-%d %H:%M}", how=one.how
        )

    def _next_step(self) -> str:
        """The step that comes next: one button."""
        outage = self.outage
        if outage is None:
            return ""
        match outage.state:
            case OutageState.DRAFT:
                return "confirm"
            case OutageState.PLANNED:
                return "notice"
            case OutageState.ANNOUNCED:
                return "start"
            case OutageState.RUNNING:
                return "case"
        return ""

    def _show_steps(self, outage: Outage) -> None:
        words, step = self._appearance.words, self._next_step()
        self.next.setVisible(bool(step))
        if step:
            key = "notice_open" if step == "notice" and outage.notices else step
            self.next.setText(words(f"outages.do_{key}"))
            intent = {"confirm": ConfirmOutage, "notice": DraftNotice, "start": StartOutage}.get(step)
            needs(intent, self.next)
        self.other.setVisible(outage.state in (OutageState.PLANNED, OutageState.ANNOUNCED))
        self.other.setText(words("outages.do_start" if step == "notice" else "outages.do_notice_open"))
        for one in (self.change, self.cancel):
            one.setVisible(outage.is_ahead())
        self.undo.setVisible(outage.is_ahead() and outage.version > 1)

    def _ask(self, step: str) -> None:
        if self.outage is not None and step:
            self.step_asked.emit(self.outage, step)
