"""DeskState: the input of decisions: open records, crews, and the history for undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from console.domain.alarms import ALARM, Alarm, AlarmKind
from console.domain.changes import Change, ChangeSet
from console.domain.crews import CrewFix, CrewState
from console.domain.field_reports import CREW_DUTY, CrewDuty
from console.domain.incidents import INCIDENT, Incident, OrderState
from console.domain.record_ids import provisional_ids, renamed
from console.domain.records import R, Record, RecordKind, key_of
from console.domain.tickets import TICKET
from console.services.incidents.dismissals import REMEMBERED, Dismissal, learned
from console.services.tickets.usual import CallCounts

_KEPT = timedelta(hours=6)
"""How long closed records are kept in memory: for undo, and against flapping alarms."""

_DOING = {
    OrderState.SENT: CrewState.ASSIGNED,
    OrderState.ACKNOWLEDGED: CrewState.EN_ROUTE,
    OrderState.ON_SITE: CrewState.ON_SITE,
}


def _empty() -> Mapping[Any, Any]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Followed:
    """What other processes and this one have committed: changes by seq, and their records as they are now.

    ``head``: seq up to which it was read.
    """

    changes: tuple[Change, ...]
    records: tuple[Record, ...]
    head: int


@dataclass(frozen=True, eq=False)
class DeskState:
    """Frozen mappings.

    ``records``: by kind and id. ``history``: committed changes by subject, oldest first, of kinds with history.
    ``dismissals``: of the last days by incident id; kept longer than their cases. ``given``: final ids by provisional ones, of
    records that were shown before they were on disk. ``seq``: of the last change that it includes.
    ``usual_calls``: calls of customers by place and hour, of the last weeks.
    """

    records: Mapping[str, Mapping[str, Any]] = field(default_factory=_empty)
    crews: Mapping[str, CrewFix] = field(default_factory=_empty)
    history: Mapping[str, tuple[Change, ...]] = field(default_factory=_empty)
    dismissals: Mapping[str, Dismissal] = field(default_factory=_empty)
    given: Mapping[str, str] = field(default_factory=_empty)
    seq: int = 0
    usual_calls: CallCounts = field(default_factory=CallCounts)

    def of(self, kind: RecordKind[R]) -> Mapping[str, R]:
        """Records of one kind by id."""
        return self.records.get(kind.name, _empty())

    @property
    def incidents(self) -> Mapping[str, Incident]:
        """Incidents by id."""
        return self.of(INCIDENT)

    def duties(self) -> tuple[CrewDuty, ...]:
        """Which crews said that they are on duty or off."""
        return tuple(self.of(CREW_DUTY).values())

    @property
    def alarms(self) -> Mapping[str, Alarm]:
        """Alarms by id."""
        return self.of(ALARM)

    def applied(self, change_set: ChangeSet, committed: Sequence[Change]) -> DeskState:
        """The state after ``change_set`` was committed as ``committed`` (what UnitOfWork.commit returned)."""
        state = self.with_records(change_set.records)
        is_concerned = bool(change_set.incidents or change_set.of(CREW_DUTY))
        crews = crews_by_orders(self.crews, state.incidents.values(), state.duties()) if is_concerned else self.crews
        taught = learned(self.dismissals, change_set.incidents)
        kept = {name for name, kind in _kinds(state.records).items() if kind.keeps_history}
        history = _longer(self.history, [change for change in committed if change.subject.partition("/")[0] in kept])
        seq = max(self.seq, committed[-1].seq) if committed else self.seq
        # Calls of a cluster are not usual.
        named = {ticket for alarm in change_set.alarms if alarm.kind is AlarmKind.CALLS for ticket in alarm.channels}
        new = (one for one in change_set.of(TICKET) if one.version == 1 and one.ticket_id not in named)
        calls = self.usual_calls.with_calls(new)
        state = replace(state, crews=crews, history=history, dismissals=taught, seq=seq, usual_calls=calls)
        return state._without_old(committed[-1].at) if committed else state

    def with_records(self, records: Iterable[Record]) -> DeskState:
        """The state with new values of records."""
        new: dict[str, dict[str, Record]] = {}
        for record in records:
            kind, record_id = key_of(record)
            new.setdefault(kind, {})[record_id] = record
        return replace(
            self, records={**self.records, **{kind: {**self.records.get(kind, {}), **some} for kind, some in new.items()}}
        )

    def with_ids(self, ids: Mapping[str, str]) -> DeskState:
        """The state once records that it shows under provisional ids have their final ones."""
        if not ids:
            return self
        records = {name: self._renamed(some, ids) for name, some in self.records.items()}
        dismissals = renamed(dict(self.dismissals), ids)
        return replace(self, records=records, dismissals=dismissals, given={**self.given, **ids})

    @staticmethod
    def _renamed(records: Mapping[str, Any], ids: Mapping[str, str]) -> Mapping[str, Any]:
        concerned = {key: one for key, one in records.items() if not ids.keys().isdisjoint(provisional_ids(one))}
        if not concerned:
            return records
        # In their places: lists that are shown in this order must not jump.
        return {ids.get(key, key): renamed(one, ids) if key in concerned else one for key, one in records.items()}

    def with_history(self, committed: Sequence[Change]) -> DeskState:
        """The state after changes that it shows already were committed."""
        return self.applied(ChangeSet(()), committed)

    def followed(self, followed: Followed) -> tuple[DeskState, ChangeSet]:
        """The state with what is newer in ``followed``, and that as a change set: own commits are in it already."""
        newer = tuple(record for record in followed.records if self._lacks(record))
        latest = {subject: changes[-1].seq for subject, changes in self.history.items() if changes}
        unseen = [change for change in followed.changes if change.seq > latest.get(change.subject, 0)]
        changes = ChangeSet((), newer)
        return replace(self.applied(changes, unseen), seq=max(self.seq, followed.head)), changes

    def _lacks(self, record: Record) -> bool:
        kind, record_id = key_of(record)
        known = self.records.get(kind, {}).get(record_id)
        return known is None or known.version < record.version

    def with_crews(self, fixes: Iterable[CrewFix]) -> DeskState:
        """The state with newer fixes of crews."""
        return replace(self, crews={**self.crews, **{fix.crew_id: fix for fix in fixes}})

    def _without_old(self, now: datetime) -> DeskState:
        gone = [
            (kind, record_id)
            for kind in _kinds(self.records).values()
            for record_id, record in self.of(kind).items()
            if (closed_at := kind.closed_at(record)) is not None and now - closed_at > _KEPT
        ]
        faded = {key for key, one in self.dismissals.items() if now - one.closed_at > REMEMBERED}
        if not gone and not faded:
            return self
        ids: dict[str, set[str]] = {}
        for kind, record_id in gone:
            ids.setdefault(kind.name, set()).add(record_id)
        return replace(
            self,
            records={**self.records, **{name: _less(self.records[name], some) for name, some in ids.items()}},
            history=_less(self.history, {kind.subject(record_id) for kind, record_id in gone}),
            dismissals=_less(self.dismissals, faded),
        )


def _kinds(records: Mapping[str, Mapping[str, Any]]) -> dict[str, RecordKind[Any]]:
    """The kinds of those records."""
    return {name: next(iter(some.values())).record_kind for name, some in records.items() if some}


def _longer(history: Mapping[str, tuple[Change, ...]], committed: Iterable[Change]) -> dict[str, tuple[Change, ...]]:
    longer = dict(history)
    for change in committed:
        longer[change.subject] = (*longer.get(change.subject, ()), change)
    return longer


def crews_by_orders(
    crews: Mapping[str, CrewFix], incidents: Iterable[Incident], duties: Iterable[CrewDuty] = ()
) -> dict[str, CrewFix]:
    """Crews with the state given by their open orders and by what they said of their duty; else off duty stays off duty.

    An open order comes before *off duty*: it binds the crew until it is finished or called back.
    """
    doing: dict[str, CrewState] = {}
    said = {duty.crew_id: duty.is_on for duty in duties}
    for order in (order for incident in incidents for order in incident.orders):
        if order.state in _DOING and doing.get(order.crew_id) is not CrewState.ON_SITE:
            doing[order.crew_id] = _DOING[order.state]
    return {
        crew_id: replace(crew, state=_standing(crew, said.get(crew_id), doing.get(crew_id))) for crew_id, crew in crews.items()
    }


def _standing(crew: CrewFix, is_on: bool | None, doing: CrewState | None) -> CrewState:
    if is_on is None and crew.state is CrewState.OFF_DUTY:
        return crew.state
    return doing or (CrewState.OFF_DUTY if is_on is False else CrewState.FREE)


def _less(mapping: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}
