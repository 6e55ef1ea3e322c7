"""What is asked about a planned outage: its plan, and who was told."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtWidgets import QComboBox, QFormLayout, QLineEdit, QWidget

from console.domain.outages import CriticalContact, Outage, OutagePurpose
from console.services.outages.planning import ChangeOutage, PlanOutage, TellCritical
from console.ui.appearance import Appearance
from console.ui.dialogs.ask import LONGEST_REASON, MomentEdit, Question

_USUAL_H, _AHEAD_H = 6, 48


class OutageQuestion(Question):
    """Pipes, purpose, reason, window, crews, valves that do not close: of a new outage, or of one that is planned already."""

    def __init__(
        self,
        appearance: Appearance,
        now: datetime,
        parent: QWidget,
        *,
        outage: Outage | None = None,
        pipes: tuple[str, ...] = (),
        unable: tuple[str, ...] = (),
        from_case: str = "",
        purpose: OutagePurpose = OutagePurpose.REPAIR,
        reason: str = "",
    ) -> None:
        words = appearance.words
        title = words("outages.change_title", outage=outage.outage_id) if outage is not None else words("outages.plan_title")
        super().__init__(appearance, title, words("outages.plan_text"), parent, words("outages.plan_do"))
        self.setMinimumWidth(520)
        self._outage, self._from_case = outage, from_case
        begin = (now + timedelta(hours=_AHEAD_H)).replace(minute=0, second=0, microsecond=0)
        self.pipes = QLineEdit(", ".join(outage.pipe_ids if outage is not None else pipes))
        self.pipes.setReadOnly(outage is not None)
        self.purpose, self.reason = QComboBox(), QLineEdit(outage.reason if outage is not None else reason)
        for one in OutagePurpose:
            self.purpose.addItem(words.of("outage_purpose", one.value), one)
        self.purpose.setCurrentIndex(list(OutagePurpose).index(outage.purpose if outage is not None else purpose))
        self.start = MomentEdit(appearance, outage.starts_at if outage is not None else begin)
        self.end = MomentEdit(appearance, outage.ends_at if outage is not None else begin + timedelta(hours=_USUAL_H))
        self.crews = QLineEdit(", ".join(outage.crews) if outage is not None else "")
        self.unable = QLineEdit(", ".join(outage.unable if outage is not None else unable))
        self.reason.setMaxLength(LONGEST_REASON)
        self.reason.setPlaceholderText(words("outages.reason_hint"))
        form = QFormLayout()
        fields: tuple[tuple[str, QWidget], ...] = (
            ("pipes", self.pipes), ("purpose", self.purpose), ("reason", self.reason), ("start", self.start), ("end", self.end),
            ("crews", self.crews), ("unable", self.unable),
        )  # fmt: skip
        for name, field in fields:
            if name == "crews" and outage is None:
                continue
            form.addRow(words(f"outages.{name}"), field)
        self.box.addLayout(form)
        self.finish()
        self.keep_at_escape(appearance)

    def intent(self) -> PlanOutage | ChangeOutage:
        """What was entered."""
        purpose, reason, unable = OutagePurpose(self.purpose.currentData()), self.reason.text().strip(), _named(self.unable)
        if self._outage is not None:
            held = self._outage.outage_id
            return ChangeOutage(held, purpose, self.start.moment, self.end.moment, reason, _named(self.crews), unable)
        return PlanOutage(_named(self.pipes), purpose, self.start.moment, self.end.moment, reason, unable, self._from_case)


class ToldQuestion(Question):
    """That a critical customer was told: on which phone, how, who answered."""

    def __init__(self, appearance: Appearance, outage_id: str, contact: CriticalContact, parent: QWidget) -> None:
        words = appearance.words
        text = words("outages.told_text", name=contact.name)
        super().__init__(appearance, words("outages.told_title"), text, parent, words("outages.told_do"))
        self._outage_id, self._customer_id = outage_id, contact.customer_id
        self.phone, self.how = QLineEdit(contact.phone), QLineEdit()
        self.how.setMaxLength(LONGEST_REASON)
        form = QFormLayout()
        form.addRow(words("outages.phone"), self.phone)
        form.addRow(words("outages.how"), self.how)
        self.box.addLayout(form)
        self.how.textChanged.connect(lambda _: self.ok.setEnabled(bool(self.how.text().strip())))
        self.ok.setEnabled(False)
        self.finish()

    def intent(self) -> TellCritical:
        """What was entered."""
        return TellCritical(self._outage_id, self._customer_id, self.how.text().strip(), self.phone.text().strip())


def _named(field: QLineEdit) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part.strip() for part in field.text().replace("，", ",").split(",") if part.strip()))
