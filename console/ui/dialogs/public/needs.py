"""People in need in the case: what was done for each; the register. Personal data: only for roles that may see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QFileDialog

from console.domain.outreach import CareKind, Need
from console.services.public.care import AddNeeds, InNeed, NeedFields, RecordCare, RemoveNeed, open_by_need
from console.services.public.need_file import read_needs
from console.services.shift.words import plain
from console.ui.appearance import Appearance
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.public.page import FormQuestion, Page, number
from console.ui.dialogs.public.view import PublicView
from console.ui.models.rows import Column
from maps.errors import QuanmaiError


class NeedsPage(Page[InNeed]):
    """``may_see``: whether who is at the seat may see personal data; else the page shows numbers only."""

    title = "needs"

    def __init__(self, appearance: Appearance, submit: Submit, say: Callable[[str], None], may_see: Callable[[], bool]) -> None:
        self._may_see, self._say = may_see, say
        super().__init__(appearance, submit)
        self.reached = self.act("reached", lambda: self.record(CareKind.REACHED), RecordCare)
        self.missed = self.act("not_reached", lambda: self.record(CareKind.NOT_REACHED), RecordCare)
        self.no_help = self.act("no_help", lambda: self.record(CareKind.NO_HELP_NEEDED), RecordCare)
        self.water = self.act("bring_water", self.ask_water, RecordCare, "primary")
        self.add, self.take = self.act("add_need", self.ask_need, AddNeeds), self.act("import", self._on_import, AddNeeds)
        self.remove = self.act("remove_need", self.ask_remove, RemoveNeed)
        self.below(self.add, self.take, self.remove, 1, self.missed, self.reached, self.no_help, self.water)

    def key(self, item: InNeed) -> object:
        """Customer and entry of the register."""
        return item.key

    def columns(self) -> Sequence[Column[InNeed]]:
        """Who, why, how to reach them, what was done."""
        words = self.appearance.words
        return (
            Column(self.t("need"), lambda one: words.of("need", one.need)),
            Column(self.t("name"), lambda one: one.name),
            Column(self.t("phones"), lambda one: " / ".join(one.phones)),
            Column(self.t("hours"), lambda one: one.hours),
            Column(self.t("address"), lambda one: one.customer.address or one.customer.community),
            Column(self.t("effect"), lambda one: words.of("effect", one.customer.effect)),
            Column(self.t("done"), self._done),
        )

    def items(self, view: PublicView) -> Sequence[InNeed]:
        """All, where they may be seen."""
        return view.needs if self._may_see() else ()

    def told(self, view: PublicView) -> str:
        """How many still need help, by need."""
        words = self.appearance.words
        parts = [f"{words.of('need', need)} {n}" for need, n in open_by_need(view.needs).items()]
        line = self.t("needs_sum", open=view.open_needs, all=len(view.needs))
        line = f"{line}: {words.listed(parts)}" if parts else line
        return line if self._may_see() else f"{line}\n{self.t('personal_data')}"

    def check(self) -> None:
        """Steps are for one entry."""
        chosen = self.one()
        for one in (self.reached, self.missed, self.no_help, self.water):
            one.setEnabled(chosen is not None)
        self.remove.setEnabled(chosen is not None and bool(chosen.need_id))

    def record(self, kind: CareKind, litres: float = 0.0, said: str = "") -> None:
        """A step for the chosen one."""
        one, view = self.one(), self.view
        if one is not None and view is not None and view.incident is not None:
            case = view.incident.incident_id
            self.submit(RecordCare(case, one.customer.customer_id, kind, litres, said, one.need_id))

    def ask_water(self) -> FormQuestion:
        """How many litres were brought."""

        def then(litres: str, remark: str) -> None:
            self.record(CareKind.WATER, number(litres), remark)

        return self.ask("bring_water", {"litres": "20", "remark": ""}, then)

    def ask_need(self) -> FormQuestion:
        """A new entry of the register."""

        def then(customer: str, need: str, name: str, phones: str, hours: str, remark: str) -> None:
            numbers = tuple(one.strip() for one in plain(phones).split(";") if one.strip())
            self.submit(AddNeeds((NeedFields(customer.strip(), Need(need), name, numbers, hours, remark),)))

        one = self.one()
        customer = one.customer.customer_id if one is not None else ""
        fields: dict[str, str | Sequence[tuple[str, str]]] = {"customer": customer, "need": self.of("need", Need)}
        fields |= dict.fromkeys(("name", "phones", "hours", "remark"), "")
        return self.ask("add_need", fields, then)

    def ask_remove(self) -> FormQuestion | None:
        """Take the chosen entry out of the register; what the dataset says of the customer stays."""
        one = self.one()
        if one is None or not one.need_id:
            return None
        text = self.t("remove_text", need=self.appearance.words.of("need", one.need), name=one.name)
        return self.ask("remove_need", {}, lambda: self.submit(RemoveNeed(one.need_id)), text)

    def import_file(self, path: Path) -> None:
        """Take the entries of a file; a fault names its cells, and nothing is taken."""
        if self.view is None:
            return
        try:
            found = read_needs(path, self.view.city.customers.has)
        except QuanmaiError as fault:
            self._say(self.appearance.words.fault(fault))
            return
        self.submit(AddNeeds(found))

    def _done(self, one: InNeed) -> str:
        if one.last is None or self.view is None:
            return self.t("nothing_done")
        words = self.appearance.words
        litres = f" {one.litres:g} L" if one.litres else ""
        text = f"{words.of('care_kind', one.last.kind)}{litres} · {words.stamp(one.last.at, self.view.now)} {one.last.by}"
        return f"{text} · {one.last.said}" if one.last.said else text

    def _on_import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.t("import"), "", "CSV (*.csv)")
        if name:
            self.import_file(Path(name))
