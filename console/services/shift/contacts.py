"""The contact book, and the calls that people say to have made."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet, Draft
from console.domain.contacts import CALL, CONTACT, Call, Contact, ContactKind, Outcome
from console.domain.intents import Intent
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.record_ids import provisional_id
from console.services.changesets import Refused, recorded
from console.services.handling import Handler
from console.services.incidents.joint_plans import merged
from console.services.shift.words import LONGEST_TEXT, folded, line, plain
from console.services.state import DeskState
from console.services.tools import Tools

MOST_CONTACTS = 5000
_PHONE = re.compile(r"\+?[0-9(][0-9\- ()]{2,24}(?:[x#][0-9]{1,6})?")
_DIALLED = re.compile(r"[^0-9+]")


@dataclass(frozen=True, slots=True)
class ContactFields:
    """What people enter of a contact."""

    name: str
    kind: ContactKind = ContactKind.OTHER
    role: str = ""
    organisation: str = ""
    phones: tuple[str, ...] = ()
    areas: tuple[str, ...] = ()
    notes: str = ""
    verified_on: date | None = None
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class AddContacts(Intent):
    """New entries of the contact book: one by hand, or those of a file. Same name, organisation and first phone: revised."""

    contacts: tuple[ContactFields, ...]


@dataclass(frozen=True, slots=True)
class EditContact(Intent):
    """Other fields of an entry."""

    contact_id: str
    fields: ContactFields


@dataclass(frozen=True, slots=True)
class RemoveContact(Intent):
    """An entry is taken out of the book."""

    contact_id: str


@dataclass(frozen=True, slots=True)
class LogCall(Intent):
    """A call was made, and how it ended. ``contact_id`` "": ``name`` and ``phone`` as typed."""

    outcome: Outcome
    contact_id: str = ""
    name: str = ""
    phone: str = ""
    said: str = ""
    incident_id: str = ""


def add(tools: Tools, state: DeskState, intent: AddContacts, actor: Actor, now: datetime) -> ChangeSet:
    """Take contacts into the book; those that are in it already get the new fields."""
    listed = {_same(contact): contact for contact in listed_contacts(state)}
    new = {_same(one): one for one in map(cleaned, intent.contacts)}
    if not new:
        raise Refused("no_contact", contact="")
    if len(listed.keys() | new.keys()) > MOST_CONTACTS:
        raise Refused("book_full", most=str(MOST_CONTACTS))
    steps = []
    for key, fields in new.items():
        before = listed.get(key)
        after = _contact(before or Contact(provisional_id(CONTACT), fields.name, fields.kind, now), fields)
        if before is None or after != before:
            steps.append(recorded(before, after, "contact_revised" if before else "contact_added", _note(before, after)))
    if not steps:
        raise Refused("contacts_same")
    return merged(*steps)


def edit(tools: Tools, state: DeskState, intent: EditContact, actor: Actor, now: datetime) -> ChangeSet:
    """Change an entry."""
    before = contact_of(state, intent.contact_id)
    after = _contact(before, cleaned(intent.fields))
    if after == before:
        raise Refused("contacts_same")
    return recorded(before, after, "contact_revised", _note(before, after))


def remove(tools: Tools, state: DeskState, intent: RemoveContact, actor: Actor, now: datetime) -> ChangeSet:
    """Take an entry out; calls to it stay."""
    before = contact_of(state, intent.contact_id)
    return recorded(before, replace(before, removed_at=now), "contact_removed", Note("contact.removed", name=before.name))


def log_call(tools: Tools, state: DeskState, intent: LogCall, actor: Actor, now: datetime) -> ChangeSet:
    """Keep a call as its caller enters it; one about a case also stands in the case's log of actions."""
    contact = contact_of(state, intent.contact_id) if intent.contact_id else None
    name = contact.name if contact is not None else line(intent.name)
    if not name:
        raise Refused("call_nobody")
    if intent.incident_id and intent.incident_id not in state.incidents:
        raise Refused("no_incident", incident=intent.incident_id)
    phone = line(intent.phone) or (contact.phones[0] if contact is not None and contact.phones else "")
    call = Call(
        provisional_id(CALL),
        now,
        actor.name,
        actor.actor_id,
        intent.outcome,
        name,
        contact.contact_id if contact is not None else "",
        contact.organisation if contact is not None else "",
        phone,
        intent.said.strip()[:LONGEST_TEXT],
        intent.incident_id,
        actor.seat,
        actor.area,
    )
    note = call_note(call)
    kept = recorded(None, call, "call_logged", note)
    in_case = (Draft("call_logged", f"incident/{call.incident_id}", None, None, note),) if call.incident_id else ()
    return ChangeSet((*kept.drafts, *in_case), kept.records)


def call_note(call: Call) -> Note:
    """The call in one line: what its caller says, no more."""
    return Note(
        "contact.call",
        user=call.by,
        name=call.name,
        organisation=Note("contact.of", organisation=call.organisation) if call.organisation else NO_NOTE,
        phone=Note("contact.phone", phone=call.phone) if call.phone else NO_NOTE,
        outcome=Code("outcome", call.outcome),
        said=Note("contact.said", text=call.said) if call.said else NO_NOTE,
    )


def listed_contacts(state: DeskState) -> tuple[Contact, ...]:
    """The contacts in the book."""
    return tuple(contact for contact in state.of(CONTACT).values() if contact.removed_at is None)


def contact_of(state: DeskState, contact_id: str) -> Contact:
    """A contact in the book. Raises Refused."""
    contact = state.of(CONTACT).get(contact_id)
    if contact is None or contact.removed_at is not None:
        raise Refused("no_contact", contact=contact_id)
    return contact


def matching(contacts: tuple[Contact, ...], text: str) -> tuple[Contact, ...]:
    """Contacts that have every word of a text in some field; a number is found with or without its blanks and hyphens."""
    words = folded(text).split()
    return tuple(one for one in contacts if all(word in _searched(one) for word in words))


def cleaned(fields: ContactFields) -> ContactFields:
    """The fields in one line each. Raises Refused for a missing name or for what is no phone number."""
    name = line(fields.name)
    if not name:
        raise Refused("contact_name")
    phones = tuple(dict.fromkeys(filter(None, (line(plain(phone)) for phone in fields.phones))))
    for phone in phones:
        if not is_phone(phone):
            raise Refused("contact_phone", phone=phone, name=name)
    return replace(
        fields,
        name=name,
        role=line(fields.role),
        organisation=line(fields.organisation),
        phones=phones,
        areas=tuple(dict.fromkeys(filter(None, map(line, fields.areas)))),
        notes=fields.notes.strip()[:LONGEST_TEXT],
    )


def is_phone(text: str) -> bool:
    """Whether a text is a phone number: figures, with blanks, hyphens, brackets, an extension."""
    return _PHONE.fullmatch(plain(text)) is not None


def _contact(contact: Contact, fields: ContactFields) -> Contact:
    return replace(
        contact,
        name=fields.name,
        kind=fields.kind,
        role=fields.role,
        organisation=fields.organisation,
        phones=fields.phones,
        areas=fields.areas,
        notes=fields.notes,
        verified_on=fields.verified_on,
        synthetic=fields.synthetic,
    )


def _same(one: Contact | ContactFields) -> tuple[str, str, str]:
    return one.name, one.organisation, one.phones[0] if one.phones else ""


def _note(before: Contact | None, after: Contact) -> Note:
    return Note("contact.revised" if before else "contact.added", name=after.name)


def _searched(one: Contact) -> str:
    figures = [_DIALLED.sub("", phone) for phone in one.phones]
    return folded("\n".join([one.name, one.role, one.organisation, *one.phones, *figures, *one.areas, one.notes]))


HANDLERS = (
    Handler(AddContacts, add, Permission.CONTACTS),
    Handler(EditContact, edit, Permission.CONTACTS),
    Handler(RemoveContact, remove, Permission.CONTACTS),
    Handler(LogCall, log_call, Permission.SHIFT),
)
