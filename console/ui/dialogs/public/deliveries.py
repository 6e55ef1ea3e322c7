"""Deliveries of the case's messages: by channel and address, with attempts, reason and next try; *try again now*."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from PySide6.QtWidgets import QCheckBox

from console.domain.clock import moment
from console.domain.delivery import ARRIVED, DeliveryState, SentMessage, Undelivered
from console.domain.outgoing import MessageKind
from console.services.incidents.deliveries import RetryDelivery
from console.ui.appearance import Appearance
from console.ui.background_tasks import BackgroundTasks
from console.ui.commands.dispatch import Submit
from console.ui.dialogs.public.page import Page
from console.ui.dialogs.public.view import PublicView
from console.ui.models.rows import Column
from console.ui.port import ConsolePort
from console.ui.words import one_line

_AGAIN = (DeliveryState.FAILED, DeliveryState.REFUSED)
_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Way:
    """One message's way by one channel. ``channel`` "": none carries it. ``state``: of a delivery, or ``withdrawn``."""

    outgoing_id: int
    kind: MessageKind
    subject: str
    form: str
    channel: str
    state: str
    made_at: datetime
    at: datetime | None = None
    attempts: int = 0
    next_try: datetime | None = None
    failure: str = ""


def ways_of(messages: Sequence[SentMessage], waiting: Sequence[Undelivered]) -> tuple[Way, ...]:
    """Every way, the newest message first: as recorded, and those that nobody has tried yet."""
    by_message: dict[int, list[Undelivered]] = {}
    for one in waiting:
        by_message.setdefault(one.outgoing_id, []).append(one)
    return tuple(way for message in messages for way in _ways(message, by_message.get(message.outgoing_id, ())))


class DeliveriesPage(Page[Way]):
    """Reads the store in the background, again every few seconds while it is in sight."""

    title = "deliveries"

    def __init__(self, appearance: Appearance, submit: Submit, port: ConsolePort, tasks: BackgroundTasks) -> None:
        self._waiting: tuple[Undelivered, ...] = ()
        self._messages: tuple[SentMessage, ...] = ()
        self._port, self._tasks, self._read_at, self._case = port, tasks, -_EVERY_S, ""
        super().__init__(appearance, submit)
        self.every = QCheckBox(self.t("every_message"))
        self.every.toggled.connect(lambda _: self._again())
        self.retry = self.act("retry", self.try_again, RetryDelivery, "primary")
        self.below(self.every, 1, self.retry)

    def key(self, item: Way) -> object:
        """Message and channel."""
        return item.outgoing_id, item.channel

    def columns(self) -> Sequence[Column[Way]]:
        """What, by which way, how far."""
        words = self.appearance.words
        return (
            Column(self.t("message"), lambda one: f"{words.of('message_kind', one.kind)} {one.subject}{one.form}"),
            Column(self.t("channel"), self._channel),
            Column(self.t("state"), self._state),
            Column(self.t("attempts"), lambda one: str(one.attempts or ""), figures=True),
            Column(self.t("next_try"), lambda one: words.time(one.next_try) if one.next_try is not None else ""),
            Column(self.t("why"), lambda one: one_line(one.failure)),
        )

    def items(self, view: PublicView) -> Sequence[Way]:
        """Of notices; of all messages where asked for."""
        every = ways_of(self._messages, self._waiting)
        return every if self.every.isChecked() else [one for one in every if one.kind is MessageKind.NOTICE]

    def told(self, view: PublicView) -> str:
        """How many ways have arrived and how many have not."""
        ways = self.items(view)
        arrived = sum(one.state in ARRIVED for one in ways)
        refused = sum(one.state in _AGAIN for one in ways)
        return self.t("deliveries_sum", n=arrived, all=len(ways), refused=refused) if ways else self.t("nothing_sent")

    def check(self) -> None:
        """What failed can be tried again."""
        self.retry.setEnabled(any(one.state in _AGAIN for one in self.chosen()))

    def try_again(self) -> None:
        """The chosen failed ones, at once."""
        if self.view is None or self.view.incident is None:
            return
        for one in self.chosen():
            if one.state in _AGAIN:
                self.submit(RetryDelivery(self.view.incident.incident_id, one.outgoing_id, one.channel))
        self._read_at = -_EVERY_S

    def read(self, view: PublicView, waiting: Sequence[Undelivered], now_s: float) -> None:
        """Read what the store has of the case, if it is another one or some seconds have passed (``now_s``: monotonic)."""
        case = view.incident.incident_id if view.incident is not None else ""
        self._waiting = tuple(one for one in waiting if one.incident_id == case)
        if case != self._case:
            self._case, self._messages, self._read_at = case, (), -_EVERY_S
        if case and now_s - self._read_at >= _EVERY_S:
            self._read_at, port = now_s, self._port
            self._tasks.request("deliveries", lambda: port.messages_of(case), self._take)

    def _take(self, messages: tuple[SentMessage, ...]) -> None:
        self._messages = messages
        self._again()

    def _again(self) -> None:
        if self.view is not None:
            self.show_view(self.view)

    def _channel(self, one: Way) -> str:
        kind, _, address = one.channel.partition(":")
        words, key = self.appearance.words, f"ui.public.channel_kind.{kind.replace(' ', '_')}"
        name = words.catalogue.text(key) if words.catalogue.has(key) else kind
        return f"{name} {address}".strip()

    def _state(self, one: Way) -> str:
        words = self.appearance.words
        text = words.of("delivery_state", one.state)
        mark = "! " if one.state in (*_AGAIN, "no_channel") else "✓ " if one.state in ARRIVED else ""
        at = f" {words.time(one.at)}" if one.at is not None and one.state in ARRIVED else ""
        return f"{mark}{text}{at}"


_FORMS: Mapping[str, str] = {"application/json": " · JSON", "application/cap+xml": " · CAP"}


def _ways(message: SentMessage, waiting: Sequence[Undelivered]) -> list[Way]:
    form = _FORMS.get(message.content_type, "") if message.kind is MessageKind.NOTICE else ""
    first = Way(message.outgoing_id, message.kind, message.subject, form, "", "", message.made_at)
    found = [
        Way(
            message.outgoing_id,
            message.kind,
            message.subject,
            form,
            way.channel,
            way.state.value,
            message.made_at,
            at,
            way.attempts,
            moment(way.next_us) if way.state is DeliveryState.FAILED and way.next_us else None,
            way.failure,
        )
        for way, at in message.deliveries
    ]
    known = {way.channel for way, _ in message.deliveries}
    for one in waiting:
        if one.channel not in known:
            state = DeliveryState.PENDING.value if one.channel else "no_channel"
            found.append(Way(first.outgoing_id, first.kind, first.subject, form, one.channel, state, first.made_at))
    if message.withdrawn and not found:
        found.append(Way(first.outgoing_id, first.kind, first.subject, form, "", "withdrawn", first.made_at))
    return found
