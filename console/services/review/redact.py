"""A record without personal data: people become P1, P2 …, customers lose names, addresses and numbers, phones are masked.

Free texts in which people write about people go whole: what callers said, the words of dispatch orders, why a rule was
overridden.

Names of institutions (hospitals, schools: critical customers) and of crews stay: they are no persons. The notices stay as
issued. The chain's hashes no longer match the redacted values; the package states this, its own SHA-256s stay valid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from console.domain.alarms import Alarm
from console.domain.changes import Change
from console.domain.dispatch_orders import DISPATCH_ORDER, DispatchOrder
from console.domain.incidents import Incident
from console.domain.notes import Note
from console.domain.tickets import TICKET, Ticket
from console.domain.values import from_json, to_json
from console.services.review.notes import ReviewNotes
from console.services.review.record import CaseRecord
from maps.city import City
from maps.columns import texts

_PHONE = re.compile(r"(?<!\d)(?:\+?86[- ]?)?(?:1[3-9]\d[- ]?\d{4}[- ]?\d{4}|0\d{2,3}-?\d{7,8})(?!\d)")
_PROGRAM = "quanmai"
_BY = (
    "drafted_by", "submitted_by", "approved_by", "acknowledged_by", "restoration_by", "restored_by", "waived_by", "by",
    "given_by", "repeated_by", "done_by", "cancelled_by", "planned_by", "begun_by", "finished_by", "driver",
)  # fmt: skip
_OF_CALLERS = ("phone", "caller", "address", "text", "x", "y", "customer_id", "asset_id", "community", "media_url", "said")
"""Fields of tickets that say who called and from where; the pipe and the kind stay."""
_SAID_BY_CALLERS = frozenset({"ticket.at", "ticket.said", "ticket.still_out"})
_GROUNDS = frozenset({"override_reason", "contradiction_reason", "waive_reason"})
_OF_ORDERS = frozenset({"text", "repeated_words", "result", "reason"})
"""Fields of dispatch orders that people wrote."""
_WRITTEN = {
    "notice.override": "reason", "notice.despite": "reason", "water.opened_waived": "reason", "outage.despite": "reason",
    "outage.unannounced": "reason", "dispatch.said": "text", "dispatch.cancelled": "reason",
}  # fmt: skip
"""Notes of such texts: key -> parameter. The other notes of dispatch orders repeat the order's words."""
_HIDDEN = "***"
_CODES = frozenset({"starts_by"})
"""Fields that are named as if they held a person and hold a word of ours."""
_NOTE, _CODE = {"key", "params"}, {"code", "of"}
"""Objects of a note in JSON (``console/domain/notes.py``): keys and codes are no names."""
T = TypeVar("T")


def redacted(record: CaseRecord) -> CaseRecord:
    """``record`` without personal data."""
    if record.redacted:
        return record
    mask = _Mask(record)
    changes = tuple(mask.change(change) for change in record.changes)
    return replace(
        record,
        incident=mask.value(record.incident, Incident),
        city=mask.city(record.city),
        changes=changes,
        alarms=tuple(mask.value(alarm, Alarm) for alarm in record.alarms),
        others=tuple(mask.value(_without_words(_without_caller(one)), one.record_kind.type) for one in record.others),
        sent=tuple(replace(sent, payload=mask.text(sent.payload.decode("utf-8", "replace")).encode()) for sent in record.sent),
        notes=mask.notes(record.notes),
        pictures={},  # a face, a plate, a house number: nothing in a picture can be masked here
        redacted=True,
    )


class _Mask:
    def __init__(self, record: CaseRecord) -> None:
        crews = {str(name) for name in (*record.city.crews.asset_id, *record.city.crews.name)}
        names = sorted(_people(record) - crews - {"", _PROGRAM})
        self._names = {name: f"P{number}" for number, name in enumerate(names, start=1)}
        self._customers = {str(name): f"C{row + 1}" for row, name in enumerate(record.city.customers.asset_id)}
        self._public = {notice.facts.hotline for notice in record.incident.notices} - {""}
        # The longest first: 王小明 before 王. A name of one character is replaced only where it stands alone.
        words = [re.escape(name) if len(name) > 1 else rf"(?<!\w){re.escape(name)}(?!\w)" for name in self._by_length()]
        self._any_name = re.compile("|".join(words)) if words else None

    def _by_length(self) -> list[str]:
        return sorted(self._names, key=lambda name: (-len(name), name))

    def text(self, text: str) -> str:
        """A free text, redacted."""
        if self._any_name is not None:
            text = self._any_name.sub(lambda found: self._names[found[0]], text)
        return _PHONE.sub(lambda found: found[0] if found[0] in self._public else "***", text)

    def json(self, value: Any) -> Any:
        """A JSON value with every text redacted."""
        if isinstance(value, str):
            return self._names.get(value) or self._customers.get(value) or self.text(value)
        if isinstance(value, Mapping):
            if set(value) == _NOTE:
                return {"key": value["key"], "params": self.json(value["params"])}
            if set(value) == _CODE:
                return dict(value)
            return {key: self._field(key, item) for key, item in value.items()}
        return [self.json(item) for item in value] if isinstance(value, list) else value

    def _field(self, key: str, item: Any) -> Any:
        if key in _CODES:
            return item
        return _HIDDEN if key in _GROUNDS and item else self.json(item)

    def value(self, value: T, kind: type[T]) -> T:
        return from_json(self.json(to_json(value)), kind)

    def change(self, change: Change) -> Change:
        name, actor = self._names.get(change.user, change.user), change.actor
        return replace(
            change,
            user=name,
            actor=None if actor is None else replace(actor, actor_id=name, name=name, seat=""),
            before=self.json(_anonymous(change, change.before)),
            after=self.json(_anonymous(change, change.after)),
            note=Note.of_json(_silent(change.note.json())).with_texts(self._of_note),
        )

    def _of_note(self, text: str) -> str:
        """A text in a note: the name of a person or a customer, or a free text."""
        return self._names.get(text) or self._customers.get(text) or self.text(text)

    def city(self, city: City) -> City:
        customers, crews = city.customers, city.crews
        private = [not critical for critical in customers.critical]
        none = texts([""] * len(customers))
        kept = customers.replaced(
            asset_id=texts([self._customers[str(name)] for name in customers.asset_id]),
            name=texts(["" if hide else str(name) for hide, name in zip(private, customers.name, strict=True)]),
            address=none,
            meter_id=none,
            extra={},
        )
        return replace(city, customers=kept, crews=crews.replaced(phone=texts([""] * len(crews)), extra={}))

    def notes(self, notes: ReviewNotes) -> ReviewNotes:
        masked: ReviewNotes = from_json(self.json(to_json(notes)), ReviewNotes)
        return replace(masked, findings=replace(masked.findings, calls=()))


def _without_caller(record: Any) -> Any:
    """A ticket without what says who called; any other record as it is."""
    if not isinstance(record, Ticket):
        return record
    kept = tuple(replace(one, said="") for one in record.callbacks)
    bare = replace(record, phone="", caller="", address="", text="", customer_id="", asset_id="", community="", callbacks=kept)
    return replace(bare, x=None, y=None, media_url="", answer=Note.of_json(_silent(record.answer.json())))


def _without_words(record: Any) -> Any:
    """A dispatch order without what people wrote; what the program proposed stays."""
    if not isinstance(record, DispatchOrder):
        return record
    words, result, reason = (_hidden(text) for text in (record.repeated_words, record.result, record.reason))
    text = record.text if record.operation else _hidden(record.text)
    return replace(record, text=text, repeated_words=words, result=result, reason=reason)


def _hidden(text: str) -> str:
    return _HIDDEN if text else ""


def _anonymous(change: Change, value: Any) -> Any:
    """Fields of a ticket's or dispatch order's change, likewise."""
    if change.subject.startswith(f"{DISPATCH_ORDER.name}/") and isinstance(value, Mapping):
        return {key: _HIDDEN if key in _OF_ORDERS and item else item for key, item in value.items()}
    if not change.subject.startswith(f"{TICKET.name}/") or not isinstance(value, Mapping):
        return value
    return _bare(value)


def _bare(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) == _NOTE:
            return _silent(value)
        return {key: _nothing(item) if key in _OF_CALLERS else _bare(item) for key, item in value.items()}
    return [_bare(item) for item in value] if isinstance(value, list) else value


def _nothing(value: Any) -> Any:
    return "" if isinstance(value, str) else None


def _silent(value: Any) -> Any:
    """A note in JSON without what callers said and where they live."""
    if isinstance(value, Mapping):
        if set(value) == _NOTE and value["key"] in _SAID_BY_CALLERS:
            params = {name: "***" if name in ("address", "text", "place") else item for name, item in value["params"].items()}
            return {"key": value["key"], "params": params}
        if set(value) == _NOTE:
            hidden = _hidden_in(str(value["key"]))
            params = {name: _HIDDEN if name in hidden else _silent(item) for name, item in value["params"].items()}
            return {"key": value["key"], "params": params}
        return {key: _silent(item) for key, item in value.items()}
    return [_silent(item) for item in value] if isinstance(value, list) else value


def _hidden_in(key: str) -> frozenset[str]:
    """Parameters of a note that hold a text which people wrote about people."""
    words = {"text", "words"} if key.startswith("dispatch.") else set()
    return frozenset({_WRITTEN[key], *words} if key in _WRITTEN else words)


def _people(record: CaseRecord) -> set[str]:
    found = {change.user for change in record.changes}
    for change in record.changes:
        found |= set(_named(change.after)) | set(_named(change.before))
    found |= {remark.by for remark in record.notes.remarks} | {action.owner for action in record.notes.actions}
    return {name.strip() for name in found}


def _named(value: Any) -> Iterable[str]:
    """Texts in fields that hold a person's name."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in _BY and isinstance(item, str):
                yield item
            elif key == "edited_by" and isinstance(item, list):
                yield from (name for name in item if isinstance(name, str))
            else:
                yield from _named(item)
    elif isinstance(value, list):
        for item in value:
            yield from _named(item)
