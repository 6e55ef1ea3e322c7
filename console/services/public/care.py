"""Who is in need of water in a case, by the dataset and the utility's own register, and what was done for them."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from console.domain.actors import Actor, Permission
from console.domain.changes import ChangeSet, Draft
from console.domain.incidents import INCIDENT
from console.domain.intents import Intent
from console.domain.notes import Code, Note
from console.domain.outreach import CARE_NEED, CARE_STEP, CareKind, CareNeed, CareStep, Need
from console.domain.record_ids import provisional_id
from console.services.changesets import Refused, incident_of, recorded
from console.services.handling import Handler
from console.services.incidents.joint_plans import merged
from console.services.public.affected import AffectedCustomer, Effect
from console.services.shift.contacts import is_phone
from console.services.shift.words import LONGEST_LINE, line
from console.services.state import DeskState
from console.services.tools import Tools

MOST_NEEDS = 20_000
_MOST_LITRES = 100_000.0
_SETTLES = frozenset({CareKind.WATER, CareKind.NO_HELP_NEEDED})
_OF_CRITICAL = {"dialysis": Need.DIALYSIS, "hospital": Need.HOSPITAL, "school": Need.SCHOOL, "care_home": Need.CARE_HOME}
"""Need by the dataset's column ``critical``; other values are ``Need.OTHER``."""


@dataclass(frozen=True, slots=True)
class NeedFields:
    """What is entered of somebody in need."""

    customer_id: str
    need: Need
    name: str
    phones: tuple[str, ...] = ()
    hours: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class AddNeeds(Intent):
    """Entries of the register, by hand or of a file. Same customer, need and name: revised."""

    needs: tuple[NeedFields, ...]


@dataclass(frozen=True, slots=True)
class RemoveNeed(Intent):
    """An entry is taken out of the register."""

    need_id: str


@dataclass(frozen=True, slots=True)
class RecordCare(Intent):
    """Something was done for a customer of a case; ``need_id`` where it is about one entry of the register."""

    incident_id: str
    customer_id: str
    kind: CareKind
    litres: float = 0.0
    said: str = ""
    need_id: str = ""


@dataclass(frozen=True, slots=True)
class InNeed:
    """Somebody in need in a case, most urgent first in a list. ``need_id``: of the register, "" from the dataset alone.

    ``steps``: oldest first. ``is_open``: nobody has brought water or learnt that no help is needed.
    """

    customer: AffectedCustomer
    need: Need
    name: str
    phones: tuple[str, ...] = ()
    hours: str = ""
    remark: str = ""
    need_id: str = ""
    steps: tuple[CareStep, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """(customer, entry of the register)."""
        return self.customer.customer_id, self.need_id

    @property
    def is_open(self) -> bool:
        """Whether help is still due."""
        return not any(step.kind in _SETTLES for step in self.steps)

    @property
    def litres(self) -> float:
        """Water delivered."""
        return sum(step.litres for step in self.steps)

    @property
    def last(self) -> CareStep | None:
        """What was done last."""
        return self.steps[-1] if self.steps else None


def in_need(
    customers: Sequence[AffectedCustomer], register: Iterable[CareNeed], steps: Iterable[CareStep], incident_id: str
) -> tuple[InNeed, ...]:
    """Who is in need among a case's customers: open ones first, then by need, without water before low pressure, by name.

    A customer that the dataset calls critical or vulnerable and that the register has too is listed by the register.
    """
    by_customer: dict[str, list[CareNeed]] = {}
    for one in register:
        if one.removed_at is None:
            by_customer.setdefault(one.customer_id, []).append(one)
    done: dict[tuple[str, str], list[CareStep]] = {}
    for step in sorted(steps, key=lambda one: (one.at, one.step_id)):
        if step.incident_id == incident_id:
            done.setdefault((step.customer_id, step.need_id), []).append(step)
    found = [row for customer in customers for row in _rows(customer, by_customer.get(customer.customer_id, ()))]
    listed = [replace(one, steps=tuple(done.get(one.key, ()))) for one in found]
    effects, needs = list(Effect), list(Need)
    return tuple(
        sorted(
            listed,
            key=lambda one: (
                not one.is_open,
                needs.index(one.need),
                effects.index(one.customer.effect),
                one.name,
                one.key,
            ),
        )
    )


def add(tools: Tools, state: DeskState, intent: AddNeeds, _actor: Actor, now: datetime) -> ChangeSet:
    """Take entries into the register. The log names how many and of which need, no person."""
    register = {_same(one): one for one in state.of(CARE_NEED).values() if one.removed_at is None}
    new = {_same(one): one for one in map(_cleaned, intent.needs)}
    if not new:
        raise Refused("needs_none")
    if len(register.keys() | new.keys()) > MOST_NEEDS:
        raise Refused("register_full", most=str(MOST_NEEDS))
    unknown = [one.customer_id for one in new.values() if not tools.city.customers.has(one.customer_id)]
    if unknown:
        raise Refused("unknown_customer", customer=unknown[0], n=str(len(unknown)))
    steps = []
    for key, fields in new.items():
        before = register.get(key)
        base = before or CareNeed(provisional_id(CARE_NEED), fields.customer_id, fields.need, fields.name, (), now)
        after = replace(base, phones=fields.phones, hours=fields.hours, remark=fields.remark)
        if before is None or after != before:
            note = Note("care.revised" if before else "care.added", need=Code("need", after.need))
            steps.append(recorded(before, after, "care_need_revised" if before else "care_need_added", note))
    if not steps:
        raise Refused("needs_same")
    return merged(*steps)


def remove(_tools: Tools, state: DeskState, intent: RemoveNeed, _actor: Actor, now: datetime) -> ChangeSet:
    """Take an entry out."""
    before = state.of(CARE_NEED).get(intent.need_id)
    if before is None or before.removed_at is not None:
        raise Refused("no_need", need=intent.need_id)
    note = Note("care.removed", need=Code("need", before.need))
    return recorded(before, replace(before, removed_at=now), "care_need_removed", note)


def record_care(tools: Tools, state: DeskState, intent: RecordCare, actor: Actor, now: datetime) -> ChangeSet:
    """Record a step. The case's log names the customer's id and what was done, no person."""
    incident_of(state, intent.incident_id)
    if not tools.city.customers.has(intent.customer_id):
        raise Refused("unknown_customer", customer=intent.customer_id, n="1")
    if intent.need_id and intent.need_id not in state.of(CARE_NEED):
        raise Refused("no_need", need=intent.need_id)
    is_water = intent.kind is CareKind.WATER
    if not math.isfinite(intent.litres) or (is_water and not 0 < intent.litres <= _MOST_LITRES):
        raise Refused("litres")
    step = CareStep(
        provisional_id(CARE_STEP), intent.incident_id, intent.customer_id, intent.kind, now, actor.name, actor.actor_id,
        intent.litres if is_water else 0.0, line(intent.said, LONGEST_LINE), intent.need_id,
    )  # fmt: skip
    note = (
        Note("care.water", customer=intent.customer_id, litres=intent.litres)
        if is_water
        else Note("care.step", customer=intent.customer_id, kind=Code("care_kind", intent.kind))
    )
    kept = recorded(None, step, "care_recorded", note)
    in_case = Draft("care_recorded", INCIDENT.subject(intent.incident_id), None, None, note)
    return replace(kept, drafts=(*kept.drafts, in_case))


def _rows(customer: AffectedCustomer, entries: Sequence[CareNeed]) -> list[InNeed]:
    if entries:
        return [InNeed(customer, one.need, one.name, one.phones, one.hours, one.remark, one.need_id) for one in entries]
    if not customer.critical and not customer.vulnerable:
        return []
    need = _OF_CRITICAL.get(customer.critical, Need.OTHER)
    return [InNeed(customer, need, customer.name or customer.customer_id, hours=customer.critical_hours)]


def _same(one: CareNeed | NeedFields) -> tuple[str, Need, str]:
    return one.customer_id, one.need, one.name


def _cleaned(one: NeedFields) -> NeedFields:
    name, phones = line(one.name), tuple(dict.fromkeys(line(phone) for phone in one.phones if phone.strip()))
    if not name:
        raise Refused("need_nameless", customer=one.customer_id)
    if wrong := [phone for phone in phones if not is_phone(phone)]:
        raise Refused("need_phone", phone=wrong[0])
    return NeedFields(line(one.customer_id), one.need, name, phones, line(one.hours), line(one.remark))


def open_by_need(rows: Iterable[InNeed]) -> Mapping[Need, int]:
    """How many still need help, by need, the most urgent first."""
    listed = [one.need for one in rows if one.is_open]
    return {need: listed.count(need) for need in Need if need in listed}


HANDLERS = (
    Handler(AddNeeds, add, Permission.PERSONAL_DATA),
    Handler(RemoveNeed, remove, Permission.PERSONAL_DATA),
    Handler(RecordCare, record_care, Permission.PERSONAL_DATA),
)
