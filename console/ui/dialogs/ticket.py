"""The quick ticket: a call taken by keyboard alone, with the answer to read out beside it while typing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from console.domain.outages import OUTAGE
from console.domain.picture import Picture
from console.domain.tickets import TICKET, TicketKind, TicketSource
from console.services.shift.contacts import is_phone
from console.services.state import DeskState
from console.services.tickets.hearing import CallFields, CallMatcher, Heard
from console.services.tickets.matching import Suggested, duplicates
from console.services.tickets.taking import TakeCall
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.dialogs.ticket_answer import AnswerCard
from console.ui.models.tickets import kind_text, tickets_text
from console.ui.permitted import needs
from console.ui.search import Hit
from console.ui.widgets import button, label, row
from console.ui.words import one_line

_SHORTLY_MS = 100
_KINDS = tuple(TicketKind)
_HITS = 6
_DATA = int(Qt.ItemDataRole.UserRole)


class QuickTicket(QDialog):
    """Stands over the window without blocking it. Enter goes to the next field, and from the last one saves."""

    save_asked = Signal(object)
    """TakeCall."""
    place_asked = Signal(float, float)
    """A place to show on the map, the network's CRS."""

    def __init__(
        self,
        find: Callable[[str], list[Hit]],
        matcher: CallMatcher,
        now: Callable[[], datetime],
        appearance: Appearance,
        picture: Picture,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Tool)
        self._find, self._matcher, self._now, self._appearance = find, matcher, now, appearance
        self._picture = picture
        self._tasks = BackgroundTasks("quick-ticket", self)
        self._hit: Hit | None = None
        self._point: tuple[float, float] | None = None
        self._kind = TicketKind.NO_WATER
        self.setWindowTitle(self._t("quick.title"))
        self.resize(900, 430)
        self._build()
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(_SHORTLY_MS)
        self._typed.timeout.connect(self.hear)
        self.choose_kind(self._kind)

    # Building

    def _build(self) -> None:
        self.phone, self.address, self.text = QLineEdit(), QLineEdit(), QLineEdit()
        self.callback = QCheckBox(self._t("quick.callback"))
        self.hits = QListWidget()
        self.hits.setAccessibleName(self._t("quick.address_hint"))
        self.hits.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.hits.setFixedHeight(_HITS * 22 + 6)
        self.hits.itemClicked.connect(self._take_item)
        for field, key in ((self.phone, "phone_hint"), (self.address, "address_hint"), (self.text, "text_hint")):
            field.setPlaceholderText(self._t(f"quick.{key}"))
            field.installEventFilter(self)
        self.phone.textChanged.connect(lambda _: self._soon())
        self.address.textEdited.connect(self._search)
        form = self._form()
        self._build_rest(form)

    def _form(self) -> QFormLayout:
        self.kinds = {kind: self._kind_button(number, kind) for number, kind in enumerate(_KINDS, start=1)}
        grid = QGridLayout()
        grid.setSpacing(4)
        for number, one in enumerate(self.kinds.values()):
            grid.addWidget(one, number // 3, number % 3)
        form = QFormLayout()
        form.addRow(self._t("quick.phone"), self.phone)
        form.addRow(self._t("quick.address"), self.address)
        form.addRow("", self.hits)
        form.addRow(self._t("quick.kind"), grid)
        form.addRow(self._t("quick.text"), self.text)
        form.addRow("", self.callback)
        return form

    def _build_rest(self, form: QFormLayout) -> None:
        self.save = button(self._t("quick.save"), "primary")
        needs(TakeCall, self.save)
        self.save.clicked.connect(lambda _=False: self.submit())
        QShortcut(QKeySequence("Ctrl+Return"), self, self.submit)
        QShortcut(QKeySequence("F7"), self, self.callback.toggle)
        self.message = label(name="muted", wrap=True)
        left = QVBoxLayout()
        left.addLayout(form)
        left.addStretch(1)
        left.addWidget(self.message)
        left.addLayout(row(label(self._t("quick.keys"), "muted", wrap=True), self.save))
        self.card = AnswerCard(self._appearance, self._now)
        self.card.place_asked.connect(self.place_asked)
        whole = QHBoxLayout(self)
        whole.addLayout(left, 3)
        whole.addWidget(self.card, 2)
        self.setTabOrder(self.phone, self.address)
        self.setTabOrder(self.address, self.kinds[_KINDS[0]])
        self.setTabOrder(self.kinds[_KINDS[-1]], self.text)

    def _kind_button(self, number: int, kind: TicketKind) -> QPushButton:
        one = button(f"F{number} {kind_text(self._appearance.words, kind)}")
        one.setCheckable(True)
        one.clicked.connect(lambda _=False: self.choose_kind(kind))
        one.installEventFilter(self)
        QShortcut(QKeySequence(f"F{number}"), self, partial(self._kind_by_key, kind))
        return one

    # Keys

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Enter and the arrow keys of the fields; a figure chooses a kind while a kind has the focus."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self._took(watched, event):
            return True
        return super().eventFilter(watched, event)

    def _took(self, watched: QObject, event: QKeyEvent) -> bool:
        key = event.key()
        is_enter = key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if isinstance(watched, QPushButton):
            if Qt.Key.Key_1 <= key < Qt.Key.Key_1 + len(_KINDS):
                self._kind_by_key(_KINDS[key - Qt.Key.Key_1])
                return True
            if is_enter:
                self.text.setFocus()
            return is_enter
        if watched is self.address and key in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.hits.count():
            step = 1 if key == Qt.Key.Key_Down else -1
            self.hits.setCurrentRow(max(0, min(self.hits.count() - 1, self.hits.currentRow() + step)))
            return True
        if is_enter:
            self._next(watched)
        return is_enter

    def _next(self, field: QObject) -> None:
        if field is self.phone:
            self.address.setFocus()
        elif field is self.address:
            self._tasks.finish()  # who types fast means what is still being looked for
            if self._hit is None and self.hits.count():
                self._take_item(self.hits.currentItem() or self.hits.item(0))
            self.kinds[self._kind].setFocus()
        elif field is self.text:
            self.submit()

    def _kind_by_key(self, kind: TicketKind) -> None:
        self.choose_kind(kind)
        self.text.setFocus()

    # What is entered

    def fields(self) -> CallFields:
        """What was entered so far."""
        hit, point = self._hit, self._point
        kind = {"zone": "community"}.get(hit.kind, hit.kind) if hit is not None else ""
        key = (hit.title if hit.kind == "road" else hit.key) if hit is not None else ""
        return CallFields(
            self._kind,
            self.phone.text(),
            address=self.address.text(),
            text=self.text.text(),
            x=point[0] if point is not None else None,
            y=point[1] if point is not None else None,
            asset_kind=kind,
            asset_id=key,
            wants_callback=self.callback.isChecked(),
        )

    def choose_kind(self, kind: TicketKind) -> None:
        """What the caller reports."""
        self._kind = kind
        for one, shown in self.kinds.items():
            shown.setChecked(one is kind)
            shown.setObjectName("primary" if one is kind else "")
            shown.style().unpolish(shown)
            shown.style().polish(shown)
        self._soon()

    def choose(self, hit: Hit) -> None:
        """The caller's place as it was found."""
        self._hit, self._point = hit, None
        self.address.setText(" ".join(part for part in (hit.title, hit.detail if hit.kind == "customer" else "") if part))
        self.hits.clear()
        self._soon()

    @property
    def wants_place(self) -> bool:
        """Whether a click on the map gives the caller's place: none was found by name."""
        return self.isVisible() and self._hit is None

    def choose_point(self, x: float, y: float) -> None:
        """A place on the map, the network's CRS."""
        self._hit, self._point = None, (x, y)
        self._soon()

    def _search(self, text: str) -> None:
        """Look for the place in the background: a city has some hundred thousand names."""
        self._hit = None
        self.hits.clear()
        self._tasks.request("find", lambda: self._find(text)[:_HITS], self._show_hits)
        self._soon()

    def _show_hits(self, found: list[Hit]) -> None:
        words = self._appearance.words
        self.hits.clear()
        if self._hit is not None:
            return
        for hit in found:
            detail = f" · {hit.detail}" if hit.detail else ""
            kind = words.of("word", "community") if hit.kind == "zone" else words.of("kind", hit.kind)
            item = QListWidgetItem(one_line(f"{kind} · {hit.title}{detail}"))
            item.setData(_DATA, hit)
            self.hits.addItem(item)
        if self.hits.count():
            self.hits.setCurrentRow(0)

    def _take_item(self, item: QListWidgetItem) -> None:
        hit = item.data(_DATA)
        if isinstance(hit, Hit):
            self.choose(hit)

    def _soon(self) -> None:
        if hasattr(self, "_typed"):
            self._typed.start()

    # The answer

    def show_picture(self, picture: Picture) -> None:
        """Cases and tickets as of now; the answer follows them."""
        before, self._picture = self._picture, picture
        if self.isVisible() and (before.incidents != picture.incidents or before.of(TICKET) != picture.of(TICKET)):
            self._soon()

    def hear(self) -> None:
        """Match what was entered, in the background."""
        fields, picture, matcher, now = self.fields(), self._picture, self._matcher, self._now()
        if fields.asset_id == "" and fields.x is None:
            self.card.show_heard(None)
            return

        def work() -> tuple[Heard, tuple[Suggested, ...]]:
            tickets = picture.of(TICKET)
            state = DeskState().with_records((*picture.incidents, *tickets, *picture.of(OUTAGE)))
            heard = matcher.hear(state, fields, now)
            return heard, duplicates(tickets, fields.kind, TicketSource.PHONE, heard.x, heard.y, fields.phone)

        self._tasks.request("hear", work, self._take)

    def _take(self, found: tuple[Heard, tuple[Suggested, ...]]) -> None:
        self.card.show_heard(*found)

    # Saving

    def submit(self) -> None:
        """Save the ticket. The window is emptied when it is on disk."""
        phone = self.phone.text().strip()
        if phone and not is_phone(phone):
            self.say(self._t("quick.bad_phone"), warning=True)
            self.phone.setFocus()
            return
        self.save_asked.emit(TakeCall(self.fields(), duplicate_of=self.card.same))

    def saved(self, intent: TakeCall) -> None:
        """The ticket is on disk: ready for the next call, unless something else was entered meanwhile."""
        if intent.fields != self.fields():
            return
        self.say(self._t("quick.saved", time=self._appearance.words.time(self._now())))
        for field in (self.phone, self.address, self.text):
            field.clear()
        self.callback.setChecked(False)
        self.hits.clear()
        self._hit, self._point = None, None
        self.choose_kind(TicketKind.NO_WATER)
        self.card.show_heard(None)
        self.phone.setFocus()

    def say(self, text: str, *, warning: bool = False) -> None:
        """One line below the fields."""
        self.message.setObjectName("warning" if warning else "muted")
        self.message.style().unpolish(self.message)
        self.message.style().polish(self.message)
        self.message.setText(text)

    def settle(self) -> None:
        """Wait for the answer (screenshots, tests)."""
        if self._typed.isActive():
            self._typed.stop()
            self.hear()
        self._tasks.finish()

    def shut(self) -> None:
        """End the thread."""
        self._tasks.close()

    def _t(self, key: str, **params: object) -> str:
        return tickets_text(self._appearance.words, key, **params)
