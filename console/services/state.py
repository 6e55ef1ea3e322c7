"""DeskState: the input of decisions: open alarms and incidents, crews, and the history for undo."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any

from console.domain.alarms import Alarm, AlarmState
from console.domain.changes import Change, ChangeSet
from console.domain.crews import CrewFix, CrewState
from console.domain.incidents import Incident, OrderState
from console.services.incidents.dismissals import REMEMBERED, Dismissal, learned

_KEPT = timedelta(hours=6)
"""How long cleared alarms and closed incidents are kept in memory: for undo, and against flapping."""

_DOING = {
    OrderState.SENT: CrewState.ASSIGNED,
    OrderState.ACKNOWLEDGED: CrewState.EN_ROUTE,
    OrderState.ON_SITE: CrewState.ON_SITE,
}


@dataclass(frozen=True, eq=False)
class DeskState:
    """Frozen mappings by id. ``history``: committed changes per incident id, oldest first.

    ``serials``: last number given per kind of id (``incident/2026``, ``alarm``), kept by the store over restarts.
    ``dismissals``: of the last days by incident id; kept longer than their cases.
    """

    alarms: Mapping[str, Alarm] = field(default_factory=lambda: MappingProxyType({}))
    incidents: Mapping[str, Incident] = field(default_factory=lambda: MappingProxyType({}))
    crews: Mapping[str, CrewFix] = field(default_factory=lambda: MappingProxyType({}))
    history: Mapping[str, tuple[Change, ...]] = field(default_factory=lambda: MappingProxyType({}))
    serials: Mapping[str, int] = field(default_factory=lambda: MappingProxyType({}))
    dismissals: Mapping[str, Dismissal] = field(default_factory=lambda: MappingProxyType({}))

    def applied(self, change_set: ChangeSet, committed: Sequence[Change]) -> DeskState:
        """The state after ``change_set`` was committed as ``committed`` (what UnitOfWork.commit returned)."""
        alarms = {**self.alarms, **{alarm.alarm_id: alarm for alarm in change_set.alarms}}
        incidents = {**self.incidents, **{incident.incident_id: incident for incident in change_set.incidents}}
        history = self._longer_history(committed)
        serials = raised_serials(self.serials, incidents_of(change_set), alarms_of(change_set))
        crews = crews_by_orders(self.crews, incidents.values()) if change_set.incidents else self.crews
        taught = learned(self.dismissals, change_set.incidents)
        state = replace(
            self, alarms=alarms, incidents=incidents, crews=crews, history=history, serials=serials, dismissals=taught
        )
        return state._without_old(committed[-1].at) if committed else state

    def with_history(self, committed: Sequence[Change]) -> DeskState:
        """The state after changes that it shows already were committed."""
        return replace(self, history=self._longer_history(committed))

    def _longer_history(self, committed: Sequence[Change]) -> dict[str, tuple[Change, ...]]:
        history = dict(self.history)
        for change in committed:
            kind, _, subject_id = change.subject.partition("/")
            if kind == "incident":
                history[subject_id] = (*history.get(subject_id, ()), change)
        return history

    def with_crews(self, fixes: Iterable[CrewFix]) -> DeskState:
        """The state with newer fixes of crews."""
        return replace(self, crews={**self.crews, **{fix.crew_id: fix for fix in fixes}})

    def next_id(self, kind: str) -> str:
        """The next free id of ``incident/<year>`` (``2026-0001``) or ``alarm`` (``A-000001``)."""
        number = self.next_serial(kind)
        return alarm_id_of(number) if kind == "alarm" else f"{kind.partition('/')[2]}-{number:04d}"

    def next_serial(self, kind: str) -> int:
        """The number of the next id."""
        return self.serials.get(kind, 0) + 1

    def _without_old(self, now: datetime) -> DeskState:
        gone = {key for key, incident in self.incidents.items() if incident.closed_at and now - incident.closed_at > _KEPT}
        done = {
            key
            for key, alarm in self.alarms.items()
            if alarm.state is AlarmState.CLEARED and now - (alarm.returned_at or alarm.raised_at) > _KEPT
        }
        faded = {key for key, one in self.dismissals.items() if now - one.closed_at > REMEMBERED}
        if not gone and not done and not faded:
            return self
        return replace(
            self,
            incidents=_less(self.incidents, gone),
            alarms=_less(self.alarms, done),
            history=_less(self.history, gone),
            dismissals=_less(self.dismissals, faded),
        )


def alarm_id_of(serial: int) -> str:
    """The id of an alarm by its number."""
    return f"A-{serial:06d}"


def crews_by_orders(crews: Mapping[str, CrewFix], incidents: Iterable[Incident]) -> dict[str, CrewFix]:
    """Crews with the state given by their open orders; off duty stays off duty."""
    doing: dict[str, CrewState] = {}
    for order in (order for incident in incidents for order in incident.orders):
        if order.state in _DOING and doing.get(order.crew_id) is not CrewState.ON_SITE:
            doing[order.crew_id] = _DOING[order.state]
    return {
        crew_id: crew if crew.state is CrewState.OFF_DUTY else replace(crew, state=doing.get(crew_id, CrewState.FREE))
        for crew_id, crew in crews.items()
    }


def incidents_of(change_set: ChangeSet) -> list[str]:
    """Ids of the incidents a change set touches."""
    return [incident.incident_id for incident in change_set.incidents]


def alarms_of(change_set: ChangeSet) -> list[str]:
    """Ids of the alarms a change set touches."""
    return [alarm.alarm_id for alarm in change_set.alarms]


def raised_serials(serials: Mapping[str, int], incident_ids: Iterable[str], alarm_ids: Iterable[str]) -> dict[str, int]:
    """``serials`` raised to the numbers in these ids; ids of another form are left alone."""
    raised = dict(serials)
    for key, number in [*map(_incident_number, incident_ids), *map(_alarm_number, alarm_ids)]:
        if number.isdigit():
            raised[key] = max(raised.get(key, 0), int(number))
    return raised


def _incident_number(incident_id: str) -> tuple[str, str]:
    year, _, number = incident_id.rpartition("-")
    return f"incident/{year}", number


def _alarm_number(alarm_id: str) -> tuple[str, str]:
    return "alarm", alarm_id.removeprefix("A-")


def _less(mapping: Mapping[str, Any], keys: set[str]) -> dict[str, Any]:
    return {key: value for key, value in mapping.items() if key not in keys}
