"""Tickets as a table, and a ticket in one line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from PySide6.QtCore import QObject, Qt, QUrl

from console.domain.tickets import Ticket, TicketKind
from console.ui.models.rows import Column, RowsModel
from console.ui.theme import Theme
from console.ui.words import Words, one_line


class Shown(StrEnum):
    """Which tickets are listed."""

    OPEN = "open"
    DUE = "due"
    CASE = "case"
    ALL = "all"


def tickets_text(words: Words, key: str, **params: object) -> str:
    """The text ``tickets.<key>`` (``resources/translations/*/tickets.toml``)."""
    return words.catalogue.text(f"tickets.{key}", **params)


def kind_text(words: Words, kind: TicketKind) -> str:
    """What is reported, in a word."""
    return words.of("ticket_kind", kind.value)


def away_text(words: Words, away_m: float) -> str:
    """A distance; of a ticket that was suggested for its phone and has no place, that."""
    return (
        tickets_text(words, "list.away", m=f"{away_m:.0f}") if math.isfinite(away_m) else tickets_text(words, "list.same_phone")
    )


def web_address(text: str) -> QUrl | None:
    """The address that another program gave, where it may be opened: http or https with a host, no name and password in it."""
    url = QUrl(text)
    is_web = url.isValid() and url.scheme() in ("http", "https") and bool(url.host()) and not url.userInfo()
    return url if is_web else None


def ticket_text(words: Words, ticket: Ticket, now: datetime) -> str:
    """A ticket in one line: when, what, where, state."""
    parts = (
        words.stamp(ticket.called_at, now),
        kind_text(words, ticket.kind),
        ticket.address or ticket.community,
        words.of("ticket_state", ticket.state.value),
    )
    return one_line(" · ".join(part for part in parts if part))


class TicketModel(RowsModel[Ticket]):
    """Tickets, newest first."""

    def __init__(self, theme: Theme, words: Words, parent: QObject | None = None) -> None:
        self._theme, self._words = theme, words
        self._now: datetime | None = None
        self._repeats: Mapping[str, int] = {}
        super().__init__(lambda ticket: ticket.ticket_id, self._columns_in(words), parent)

    def set_appearance(self, theme: Theme, words: Words) -> None:
        """Another theme or language."""
        self._theme, self._words = theme, words
        self.set_columns(self._columns_in(words))

    def show_repeats(self, repeats: Mapping[str, int]) -> None:
        """How many earlier tickets may be the same report, by ticket."""
        if repeats != self._repeats:
            self._repeats = repeats
            self._changed(0, self.rowCount() - 1)

    def show_now(self, now: datetime) -> None:
        """As of now: a call of another day has its date."""
        before, self._now = self._now, now
        if before is None or self._words.local(before).date() != self._words.local(now).date():
            self._changed(0, self.rowCount() - 1)

    def _columns_in(self, words: Words) -> Sequence[Column[Ticket]]:
        def t(key: str) -> str:
            return tickets_text(words, f"list.{key}")

        return (
            Column(t("time"), lambda one: self._words.stamp(one.called_at, self._now or one.called_at)),
            Column(t("kind"), lambda one: kind_text(self._words, one.kind)),
            Column(t("place"), self._place),
            Column(t("phone"), lambda one: one_line(one.phone)),
            Column(t("state"), self._state),
            Column(t("of_case"), lambda one: one.incident_id),
            Column(t("callback"), self._callback),
        )

    def _place(self, one: Ticket) -> str:
        words = self._words
        place = one.address or one.community or one.pipe_id or tickets_text(words, "list.no_place")
        doubt = f"⚠ {words.of('place_doubt', one.place_doubt)}" if one.place_doubt else ""
        repeat = f"⚠ {tickets_text(words, 'list.repeat')}" if one.ticket_id in self._repeats else ""
        picture = tickets_text(words, "list.media") if one.media_url else ""
        return one_line(" · ".join(part for part in (doubt, repeat, place, one.text, picture) if part))

    def _state(self, one: Ticket) -> str:
        words = self._words
        state = words.of("ticket_state", one.state.value)
        return f"{state} {one.duplicate_of}" if one.duplicate_of else state

    def _callback(self, one: Ticket) -> str:
        words = self._words
        if one.callbacks:
            return words.of("callback", one.callbacks[-1].result.value)
        if one.is_due_back:
            return tickets_text(words, "list.due")
        return tickets_text(words, "list.wanted") if one.wants_callback else ""

    def decoration(self, item: Ticket, column: int, role: int) -> Any:
        """Calls back that are due stand out; closed tickets are muted."""
        if role != Qt.ItemDataRole.ForegroundRole:
            return None
        if item.is_due_back:
            return self._theme.colour("state.high") if column == 6 else None
        return None if item.is_open else self._theme.colour("text.muted")
