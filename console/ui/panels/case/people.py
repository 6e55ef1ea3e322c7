"""People: households without water, with low pressure, critical customers first."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QWidget

from console.services.notices.community_names import names_of_customers
from console.ui.panels.case.plan_words import hydraulics_state
from console.ui.panels.case.section import CaseView, Section
from console.ui.widgets import clear, label

_CRITICAL_SHOWN = 4


class PeopleSection(Section):
    """The numbers of the plan's effect."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._numbers = [(label(name="big"), label(name="muted", wrap=True)) for _ in range(3)]
        grid = QGridLayout()
        grid.setVerticalSpacing(0)
        for column, (number, what) in enumerate(self._numbers):
            grid.addWidget(number, 0, column)
            grid.addWidget(what, 1, column)
            grid.setColumnStretch(column, 1)
        self._critical = QGridLayout()
        self.box.addLayout(grid)
        self.box.addLayout(self._critical)

    def _fill(self, view: CaseView) -> None:
        plan, words = view.incident.plan, view.appearance.words
        self.setVisible(plan is not None)
        if plan is None:
            return
        impact, estimated = view.incident.impact, bool(len(view.city.customers) and view.city.customers.estimated.any())
        title = words("people.title_estimated" if estimated else "people.title")
        names = names_of_customers(view.city, plan.customers_without_water)
        self.heading.setText(" · ".join([title, words.listed(names)]) if names else title)
        low = f"{impact.low_pressure_households:,}" if impact is not None and impact.converged else "?"
        critical = plan.critical_customers
        figures = (
            (f"{plan.households_without_water:,}", words("people.no_water")),
            (low, words("people.low_pressure") if low != "?" else _unknown(view)),
            (str(len(critical)), words("people.critical")),
        )
        for (number, what), (figure, meaning) in zip(self._numbers, figures, strict=True):
            number.setText(figure)
            what.setText(meaning)
        clear(self._critical)
        for line, customer in enumerate(critical[:_CRITICAL_SHOWN]):
            kind = words.of("critical", customer.critical)
            text = f"! {customer.name or customer.asset_id} · {kind}" + (
                f" · {customer.critical_hours}" if customer.critical_hours else ""
            )
            self._critical.addWidget(label(text, "critical"), line, 0)


def _unknown(view: CaseView) -> str:
    """Why the households with low pressure are not known."""
    words, state = view.appearance.words, hydraulics_state(view)
    return words.catalogue.text("tools.what_if.untried") if state == "untried" else words(f"people.low_{state}")
