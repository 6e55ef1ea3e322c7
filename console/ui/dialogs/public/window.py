"""PublicWindow: customers told, people in need, emergency water, dispatch orders and deliveries of the case in focus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from time import monotonic
from typing import Any

from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QDialog, QTabWidget, QVBoxLayout, QWidget

from console.domain.actors import Permission
from console.domain.clock import moment
from console.domain.incidents import Incident
from console.domain.picture import Picture
from console.domain.shift import MapPlace
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.public.customers import CustomersPage
from console.ui.dialogs.public.deliveries import DeliveriesPage
from console.ui.dialogs.public.needs import NeedsPage
from console.ui.dialogs.public.orders import OrdersPage
from console.ui.dialogs.public.page import Page
from console.ui.dialogs.public.view import PublicView
from console.ui.dialogs.public.water import WaterPage
from console.ui.port import ConsolePort
from console.ui.session import Session
from console.ui.widgets import label

_TICK_S = 1.0


class PublicWindow(QDialog):
    """Opened over the window without blocking it; follows picture and case."""

    def __init__(
        self,
        port: ConsolePort,
        submit: Submit,
        session: Session,
        place: Callable[[], MapPlace | None],
        appearance: Appearance,
        parent: QWidget | None = None,
        *,
        sees_needs: bool = True,
    ) -> None:
        """``sees_needs``: an area's terminal does not have the register of people in need."""
        super().__init__(parent)
        self._appearance, self._city = appearance, port.city
        self._basis: tuple[object, ...] | None = None
        self._view: PublicView | None = None
        self._ticked_at = -_TICK_S
        self._tasks = BackgroundTasks("public", self)
        self._tasks.failed.connect(self.say)
        self.resize(1180, 620)
        self.message = label(name="warning", wrap=True)
        self.message.hide()
        self.customers = CustomersPage(appearance, submit, self.say)
        self.needs = NeedsPage(appearance, submit, self.say, lambda: session.actor().may(Permission.PERSONAL_DATA))
        self.water = WaterPage(appearance, submit, self.say, place)
        self.orders = OrdersPage(appearance, submit, place)
        self.deliveries = DeliveriesPage(appearance, submit, port, self._tasks)
        self.pages: tuple[Page[Any], ...] = (self.customers, self.needs, self.water, self.orders, self.deliveries)
        self.tabs = QTabWidget()
        for page in self.pages:
            if page is self.needs and not sees_needs:
                page.setParent(self)
                page.hide()
                continue
            self.tabs.addTab(page, appearance.words(f"public.{page.title}"))
            page.table.setAccessibleName(appearance.words(f"public.{page.title}"))
        box = QVBoxLayout(self)
        box.setContentsMargins(8, 8, 8, 8)
        box.addWidget(self.tabs, 1)
        box.addWidget(self.message)
        session.changed.connect(self._show_again)

    def show_picture(self, incident: Incident | None, picture: Picture) -> None:
        """The case in focus as of the newest picture: anew where it differs, its clocks once a second."""
        basis = PublicView.basis(incident, picture)
        if basis != self._basis or self._view is None:
            self._basis, self._view = basis, PublicView.of(self._city, incident, picture)
            self._name(incident)
        elif monotonic() - self._ticked_at < _TICK_S:
            return
        self._ticked_at = monotonic()
        self._view = replace(self._view, now=moment(picture.now_us))
        self.deliveries.read(self._view, picture.undelivered, monotonic())
        self._show_again()

    @property
    def page(self) -> str:
        """Title of the page that is up."""
        return next(page.title for page in self.pages if page is self.tabs.currentWidget())

    def turn_to(self, page: str) -> None:
        """Bring a page up by its title."""
        for one in self.pages:
            if one.title == page and self.tabs.indexOf(one) >= 0:
                self.tabs.setCurrentWidget(one)

    def say(self, text: str) -> None:
        """Show a fault in the window."""
        self.message.setText(text)
        self.message.show()

    def said(self) -> None:
        """What was asked for is done: the last fault is over."""
        self.message.hide()
        for page in self.pages:
            page.said()

    def settle(self) -> None:
        """Wait for what is being read (screenshots, tests)."""
        self._tasks.finish()

    def done(self, result: int) -> None:
        """Closing by any way ends the thread that reads."""
        self._tasks.close()
        super().done(result)

    def closeEvent(self, event: QCloseEvent) -> None:
        """As ``done``."""
        self._tasks.close()
        super().closeEvent(event)

    def _show_again(self) -> None:
        if self._view is not None:
            for page in self.pages:
                page.show_view(self._view)

    def _name(self, incident: Incident | None) -> None:
        words = self._appearance.words
        case = words("public.of_case", incident=incident.incident_id) if incident is not None else words("public.no_case")
        self.setWindowTitle(f"{words('public.title')} · {case}")
