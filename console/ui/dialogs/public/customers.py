"""Customers of the case: who was told, by community, building and grid; many marked at once; CSV out and in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QLineEdit

from console.domain.outreach import Way
from console.services.public.affected import AffectedCustomer, told_by
from console.services.public.tellings import TellCustomers, TellResults
from console.services.public.told_file import read_results, told_csv
from console.services.shift.words import folded
from console.ui.appearance import Appearance
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.public.page import Page
from console.ui.dialogs.public.view import PublicView
from console.ui.models.rows import Column
from console.ui.widgets import row
from maps.errors import QuanmaiError
from maps.files import write_aside

_GROUPS: dict[str, Callable[[AffectedCustomer], str]] = {
    "community": lambda one: one.community,
    "building": lambda one: one.building,
    "grid": lambda one: one.grid,
}
_GROUPS_SHOWN = 8


class CustomersPage(Page[AffectedCustomer]):
    """Rows are the case's customers that the filters leave."""

    title = "customers"

    def __init__(self, appearance: Appearance, submit: Submit, say: Callable[[str], None]) -> None:
        super().__init__(appearance, submit)
        self._say = say
        self.search, self.group, self.state = QLineEdit(), QComboBox(), QComboBox()
        self.search.setPlaceholderText(self.t("search"))
        self.search.setAccessibleName(self.t("search"))
        self.search.setClearButtonEnabled(True)
        for name in _GROUPS:
            self.group.addItem(self.t(f"by_{name}"), name)
        for name in ("all", "untold", "told"):
            self.state.addItem(self.t(f"show_{name}"), name)
        self.way, self.asked = QComboBox(), QCheckBox(self.t("asked_first"))
        for code, word in self.of("told_way", Way):
            self.way.addItem(word, code)
        self.box.insertLayout(1, row(self.search, self.group, self.state))
        self.search.textChanged.connect(lambda _: self._again())
        self.group.currentIndexChanged.connect(lambda _: self._again())
        self.state.currentIndexChanged.connect(lambda _: self._again())
        self.mark = self.act("mark", self.tell, TellCustomers, "primary")
        self.mark_all = self.act("mark_all", self.tell_all, TellCustomers)
        self.take = self.act("import", self._on_import, TellResults)
        self.below(self.act("export", self._on_export), self.take, 1, self.way, self.asked, self.mark_all, self.mark)

    def key(self, item: AffectedCustomer) -> object:
        """The asset id."""
        return item.customer_id

    def columns(self) -> Sequence[Column[AffectedCustomer]]:
        """Who, where, what happens to them, who told them."""
        words = self.appearance.words
        return (
            Column(self.t("name"), lambda one: one.name or one.customer_id),
            Column(self.t("community"), lambda one: one.community),
            Column(self.t("building"), lambda one: one.building),
            Column(self.t("grid"), lambda one: one.grid),
            Column(self.t("effect"), lambda one: words.of("effect", one.effect)),
            Column(self.t("households"), lambda one: str(one.households), figures=True),
            Column(self.t("told"), self._telling),
        )

    def items(self, view: PublicView) -> Sequence[AffectedCustomer]:
        """What the filters leave, grouped."""
        sought, state = folded(self.search.text()).split(), self.state.currentData()
        told, group = view.told or {}, _GROUPS[str(self.group.currentData() or "community")]
        found = [
            one
            for one in view.customers
            if (state == "all" or (one.customer_id in told) == (state == "told"))
            and all(word in folded(f"{one.name} {one.community} {one.building} {one.grid} {one.address}") for word in sought)
        ]
        return sorted(found, key=lambda one: (group(one), one.building, one.name, one.customer_id))

    def told(self, view: PublicView) -> str:
        """Sums of the case and of its groups, those with most left to do first."""
        sums, words = view.sums, self.appearance.words
        if not sums.customers:
            return self.t("nobody_affected")
        groups = told_by(view.customers, view.told or {}, _GROUPS[str(self.group.currentData() or "community")])
        listed = sorted(groups.items(), key=lambda item: (item[1].told - item[1].customers, item[0]))
        parts = [f"{name or self.t('unnamed')} {one.told}/{one.customers}" for name, one in listed[:_GROUPS_SHOWN]]
        if len(listed) > _GROUPS_SHOWN:
            parts.append(self.t("more", n=len(listed) - _GROUPS_SHOWN))
        line = self.t(
            "told_sum", told=sums.told, all=sums.customers, households=sums.households_told, of=sums.households, first=sums.first
        )
        return f"{line}\n{words.listed(parts)}"

    def check(self) -> None:
        """Marks need somebody to mark."""
        is_case = self.view is not None and self.view.incident is not None
        self.mark.setEnabled(is_case and bool(self.chosen()))
        self.mark_all.setEnabled(is_case and bool(self.model.rowCount()))
        self.take.setEnabled(is_case)

    def tell(self) -> None:
        """The chosen ones were told."""
        self._tell([one.customer_id for one in self.chosen()])

    def tell_all(self) -> None:
        """All rows in the table that nobody has told yet."""
        told = (self.view.told if self.view is not None else None) or {}
        self._tell([one.customer_id for one in self.model.items() if one.customer_id not in told])

    def import_file(self, path: Path) -> None:
        """Take the results of others; a fault names its cells, and nothing is taken."""
        view = self.view
        if view is None or view.incident is None:
            return
        known = frozenset(one.customer_id for one in view.customers)
        zone = view.city.info.time_zone
        try:
            results = read_results(path, view.incident.incident_id, zone, view.told or {}, known)
        except QuanmaiError as fault:
            self._say(self.appearance.words.fault(fault))
            return
        if results:
            self.submit(TellResults(results))
        else:
            self._say(self.t("nothing_new"))

    def export_file(self, path: Path) -> None:
        """Write the rows in the table."""
        view = self.view
        if view is None:
            return
        text = told_csv(self.model.items(), view.told or {}, view.city.info.time_zone)
        try:
            write_aside(path, text.encode())
        except OSError as fault:
            self._say(f"{path}: {fault.strerror}")

    def _tell(self, customers: list[str]) -> None:
        if self.view is not None and self.view.incident is not None and customers:
            way = Way(str(self.way.currentData()))
            self.submit(TellCustomers(self.view.incident.incident_id, tuple(customers), way, self.asked.isChecked()))

    def _telling(self, one: AffectedCustomer) -> str:
        telling = (self.view.told or {}).get(one.customer_id) if self.view is not None else None
        if telling is None or self.view is None:
            return ""
        words = self.appearance.words
        text = f"{words.of('told_way', telling.way)} {words.stamp(telling.at, self.view.now)} {telling.by}"
        return f"{text} · {self.t('asked_first')}" if telling.asked_first else text

    def _again(self) -> None:
        if self.view is not None:
            self.show_view(self.view)

    def _on_import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, self.t("import"), "", "CSV (*.csv)")
        if name:
            self.import_file(Path(name))

    def _on_export(self) -> None:
        case = self.view.incident.incident_id if self.view is not None and self.view.incident is not None else "customers"
        name, _ = QFileDialog.getSaveFileName(self, self.t("export"), f"{case}.csv", "CSV (*.csv)")
        if name:
            self.export_file(Path(name).with_suffix(".csv"))
