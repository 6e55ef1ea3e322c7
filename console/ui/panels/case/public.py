"""The public: customers told, people in need, emergency water and dispatch orders in numbers, and the way to their window."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QWidget

from console.ui.dialogs.public.view import PublicView
from console.ui.panels.case.section import CaseView, Section
from console.ui.widgets import button, label

_LINES = ("customers", "needs", "water", "orders")


class PublicSection(Section):
    """One line a subject; what is late or open is marked with a sign and a colour."""

    page_asked = Signal(str)
    """Title of a page of the window."""

    def __init__(self, parent: QWidget | None = None, *, sees_needs: bool = True) -> None:
        """``sees_needs``: an area's terminal does not have the register, and could not tell who is helped."""
        super().__init__(parent)
        self._basis: tuple[object, ...] | None = None
        grid = QGridLayout()
        grid.setVerticalSpacing(2)
        self._lines = {name: label(wrap=True) for name in _LINES}
        self._more = {name: button("", "flat") for name in _LINES}
        for at, name in enumerate(_LINES):
            grid.addWidget(self._lines[name], at, 0)
            grid.addWidget(self._more[name], at, 1)
            for part in (self._lines[name], self._more[name]):
                part.setVisible(sees_needs or name != "needs")
            self._more[name].clicked.connect(lambda _=False, name=name: self.page_asked.emit(name))
        grid.setColumnStretch(0, 1)
        self.box.addLayout(grid)

    def _fill(self, view: CaseView) -> None:
        self._basis = None

    def _tick(self, view: CaseView) -> None:
        """Records of their own change without the case."""
        picture = view.picture
        made = PublicView.of(view.city, view.incident, picture) if self._differs(view) else None
        if made is None:
            return
        words = view.appearance.words
        self.setVisible(view.incident.plan is not None or bool(made.orders))
        self.heading.setText(words("public.title"))
        sums = made.sums
        texts = {
            "customers": (words("public.line_customers", told=sums.told, all=sums.customers), False),
            "needs": (
                words("public.line_needs", open=made.open_needs, all=len(made.needs)) if made.needs else words("public.no_needs"),
                made.open_needs > 0,
            ),
            "water": self._water(view, made),
            "orders": (
                words("public.line_orders", open=sum(one.is_open for one in made.orders), late=made.silent_orders)
                if made.orders
                else words("public.no_orders"),
                made.silent_orders > 0 or bool(made.pumps),
            ),
        }
        for name, (text, is_open) in texts.items():
            self._lines[name].setText(f"! {text}" if is_open else text)
            self._lines[name].setObjectName("critical" if is_open else "")
            self._lines[name].style().polish(self._lines[name])
            self._more[name].setText(words("public.open"))

    def _differs(self, view: CaseView) -> bool:
        minute = view.picture.now_us // 60_000_000
        basis = (*PublicView.basis(view.incident, view.picture), minute)
        before, self._basis = self._basis, basis
        return before != basis

    @staticmethod
    def _water(view: CaseView, made: PublicView) -> tuple[str, bool]:
        words = view.appearance.words
        if made.points:
            text = words("public.line_points", open=made.open_points, all=len(made.points))
        elif made.people:
            text = words("public.line_people", people=f"{made.people:,}")
        else:
            text = words("public.nobody_dry")
        return text, made.supply == "due"
