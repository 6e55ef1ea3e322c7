"""The part of a city that a terminal of some areas sees: stations, crews, cases, alarms and log of these areas only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import AlarmKind
from console.domain.changes import Change, ChangeSet
from console.domain.delivery import Undelivered
from console.domain.incidents import Incident
from console.domain.limits import Limits
from console.domain.notes import Note
from console.domain.picture import Picture, StationState
from console.domain.records import Record, key_of
from console.services.areas.area_map import AreaMap
from console.services.areas.visibility import Visibility
from maps.city import City

_CASE_ID = re.compile(r"new-incident-\d{4}-[0-9a-f]{32}|\b(?:19|20)\d{2}-\d{4,}\b")
"""Ids of cases in texts; those of orders and notices begin with one."""
_HIDDEN = "—"
_RECENT_S = 600.0


class AreaSight:
    """Cuts what the engine shows down to the areas. Station rows here are those of ``city``, not of the whole dataset."""

    def __init__(self, city: City, areas: Iterable[str]) -> None:
        self._map = AreaMap(city)
        self._visible = Visibility(self._map, tuple(areas))
        self.areas = self._visible.areas
        inside = [area in self.areas for area in self._map.of_stations]
        self.station_rows: NDArray[np.int64] = np.flatnonzero(np.array(inside, dtype=bool))
        """Rows of the whole dataset, by row of ``city``."""
        crews = np.flatnonzero(np.array([self._visible.own_crew(str(one)) for one in city.crews.asset_id], dtype=bool))
        self.city = replace(city, stations=city.stations.taken(self.station_rows), crews=city.crews.taken(crews))
        self._whole = city

    @cached_property
    def name(self) -> str:
        """Names of the areas."""
        return " / ".join(name for area_id, name in self._map.names.items() if area_id in self.areas)

    @cached_property
    def bounds(self) -> tuple[float, float, float, float] | None:
        """(min x, min y, max x, max y) in the network's CRS, None where the areas have no ground."""
        return self._map.bounds(self.areas)

    def case(self, incident: Incident) -> bool:
        """Whether a case may be seen."""
        return self._visible.case(incident)

    def limits(self, limits: Limits) -> Limits:
        """Limits of the area's stations."""
        rows = self.station_rows
        return Limits(limits.low[rows], limits.high[rows], limits.hysteresis[rows], limits.rule[rows], limits.rules)

    def picture(self, picture: Picture) -> Picture:
        """The picture without what belongs to other areas."""
        rows, seen = self.station_rows, tuple(case for case in picture.incidents if self.case(case))
        ids = frozenset(case.incident_id for case in seen)
        alarms = tuple(alarm for alarm in picture.alarms if self._visible.alarm(alarm, ids))
        crews = self._visible.crews(picture.crews, seen)
        return replace(
            picture,
            value=picture.value[rows],
            at_us=picture.at_us[rows],
            quality=picture.quality[rows],
            expected=picture.expected[rows],
            station_state=self._states(picture, seen),
            late=None if picture.late is None else picture.late[rows],
            elevation_error_m=None if picture.elevation_error_m is None else picture.elevation_error_m[rows],
            crews=crews,
            alarms=alarms,
            incidents=tuple(self._without_others(case, ids) for case in seen),
            alarms_per_10_min=self._rate(picture, ids),
            undelivered=tuple(one for one in picture.undelivered if self._undelivered(one, ids)),
            others={kind: self._records(records, ids) for kind, records in picture.others.items()},
            given=self._given(picture, ids, (alarm.alarm_id for alarm in alarms)),
        )

    def _states(self, picture: Picture, seen: Iterable[Incident]) -> NDArray[np.uint8]:
        """States of the area's stations; one explained by a case that is not seen here keeps its alarm."""
        evidence = {item.station_id for case in seen for item in case.evidence}
        state = picture.station_state[self.station_rows].copy()
        for row in np.flatnonzero(state == StationState.IN_CASE):
            if str(self.city.stations.asset_id[row]) not in evidence:
                state[row] = StationState.ABNORMAL
        return state

    def change_set(self, changes: ChangeSet, cases: frozenset[str]) -> ChangeSet:
        """What a step changed, as far as it may be seen; ``cases``: ids of those that may. Messages are left out."""
        records = self._records(changes.records, cases)
        subjects = {"/".join(key_of(record)) for record in records}
        return ChangeSet(tuple(draft for draft in changes.drafts if draft.subject in subjects), records)

    def timeline(self, changes: Iterable[Change], cases: frozenset[str]) -> tuple[Change, ...]:
        """The log of a case without the numbers of other areas' cases (its hashes are those of the whole rows)."""
        return tuple(self._scrubbed(change, cases) for change in changes)

    def change_shown(self, change: Change, cases: frozenset[str]) -> bool:
        """Whether the change that opened a record may be seen: with its area or its case, as the record itself."""
        opened = change.after if isinstance(change.after, Mapping) else {}
        return change.before is None and (opened.get("area") in self.areas or opened.get("incident_id") in cases)

    def records(self, records: Iterable[Record], cases: frozenset[str]) -> tuple[Record, ...]:
        """Records that may be seen."""
        return self._records(records, cases)

    def _records(self, records: Iterable[Record], cases: frozenset[str]) -> tuple[Record, ...]:
        return tuple(
            self._without_others(one, cases) if isinstance(one, Incident) else one
            for one in records
            if self._visible.record(one, cases)
        )

    @staticmethod
    def _without_others(incident: Incident, cases: frozenset[str]) -> Incident:
        """The case with the numbers of other areas' cases hidden where plans overlap."""
        if not incident.conflicts:
            return incident
        hidden = tuple(
            replace(one, with_incidents=tuple(key if key in cases else _HIDDEN for key in one.with_incidents))
            for one in incident.conflicts
        )
        return replace(incident, conflicts=hidden)

    def _undelivered(self, one: Undelivered, cases: frozenset[str]) -> bool:
        if one.incident_id:
            return one.incident_id in cases
        return one.subject in self.areas or self._visible.own_crew(one.subject)

    def _rate(self, picture: Picture, cases: frozenset[str]) -> int:
        """Alarms of the area raised in the last ten minutes that have not been cleared."""
        return sum(
            1
            for alarm in picture.alarms
            if alarm.kind is not AlarmKind.OPERATION
            and self._visible.alarm(alarm, cases)
            and 0 <= picture.now_us / 1e6 - alarm.raised_at.timestamp() < _RECENT_S
        )

    @staticmethod
    def _given(picture: Picture, cases: frozenset[str], alarms: Iterable[str]) -> Mapping[str, str]:
        seen = cases | set(alarms)
        return {before: after for before, after in picture.given.items() if after in seen}

    @staticmethod
    def _scrubbed(change: Change, cases: frozenset[str]) -> Change:
        def shown(value: Any) -> Any:
            if isinstance(value, str):
                return _CASE_ID.sub(lambda found: found[0] if found[0] in cases else _HIDDEN, value)
            if isinstance(value, Mapping):
                return {key: shown(one) for key, one in value.items()}
            return [shown(one) for one in value] if isinstance(value, list | tuple) else value

        note = change.note.json()
        return replace(
            change,
            before=shown(change.before),
            after=shown(change.after),
            note=Note.of_json(shown(note)) if note else change.note,
        )
