"""Collects a CaseRecord from the store: the case, other alarms and readings around it, and its part of the network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

import numpy as np

from console.domain.alarms import Alarm
from console.domain.attachments import Attachment
from console.domain.changes import Change
from console.domain.clock import micros
from console.domain.expected import ExpectedValues
from console.domain.incidents import INCIDENT, Incident
from console.domain.readings import Channel, ReadingBatch
from console.domain.records import Record, subject_of
from console.domain.shift import LogEntry
from console.domain.targets import Targets
from console.services.review.named import Named, named_in, unknown_asset
from console.services.review.past_case import past_of
from console.services.review.record import CaseRecord, Sent, Tracks
from console.services.review.states import incident_over_time
from maps.city import City, StationTable
from maps.errors import InputFault
from maps.export.city_clip import Box, clip_city

BEFORE, AFTER = timedelta(minutes=60), timedelta(minutes=15)
WHOLE_PIPES = 20_000
"""A city up to this size goes into the package whole, with its hydraulic model; of a larger one, the part around."""
_MARGIN_M = 1500.0
Columns = TypeVar("Columns", ReadingBatch, ExpectedValues)


class CaseArchive(Protocol):
    """The store's methods used here; times in µs UTC."""

    def incident(self, incident_id: str) -> Incident | None:
        """One incident, open or closed; None when unknown."""

    def records_between(self, since_us: int, until_us: int) -> tuple[Record, ...]:
        """Records of every kind that were open at some time in [since, until], or opened in it."""

    def changes_with(self, subjects: Iterable[str]) -> tuple[Change, ...]:
        """The changes of several subjects, by seq."""

    def links(self, first_seq: int, last_seq: int) -> tuple[tuple[int, str], ...]:
        """(seq, hash) of the whole chain in [first, last]."""

    def sent_with(self, seqs: Iterable[int]) -> tuple[Sent, ...]:
        """Messages sent with these changes."""

    def tracks_between(self, since_us: int, until_us: int) -> Tracks:
        """Positions of all crews in [since, until]."""

    def stations_between(self, since_us: int, until_us: int) -> tuple[str, ...]:
        """Ids of all stations with readings in [since, until], of removed ones too."""

    def expected_between(self, since_us: int, until_us: int, stations: Sequence[str] | None = None) -> ExpectedValues:
        """Expected values at the ticks in [since, until]. ``stations``: ids by row."""

    def incidents_between(self, since_us: int, until_us: int) -> tuple[Incident, ...]:
        """Incidents opened in [since, until), oldest first."""

    def attachment(self, sha256: str) -> Attachment | None:
        """A picture by the hash of its bytes; None for an unknown one."""

    def readings_between(self, since_us: int, until_us: int, stations: Sequence[str] | None = None) -> ReadingBatch:
        """Every reading in [since, until], by time. ``stations``: ids by row."""


@dataclass(frozen=True, eq=False)
class Around:
    """Extent of a record. ``files``: the notices' files as issued, by name. ``targets``: the utility's."""

    before: timedelta = BEFORE
    after: timedelta = AFTER
    whole_pipes: int = WHOLE_PIPES
    margin_m: float = _MARGIN_M
    files: Mapping[str, bytes] = field(default_factory=dict)
    targets: Targets | None = None


def collect_case(archive: CaseArchive, city: City, incident_id: str, around: Around | None = None) -> CaseRecord:
    """Everything of one incident. Raises InputFault for an unknown one, StoreUnavailable."""
    around = around or Around()
    incident = archive.incident(incident_id)
    if incident is None:
        raise InputFault(f"the store holds no incident {incident_id!r}; 'quanmai month' lists those there are")
    own = archive.changes_with([f"incident/{incident_id}"])
    since, until = _window(incident, own, around)
    since_us, until_us = micros(since), micros(until)
    records = [one for one in archive.records_between(since_us, until_us) if one.record_kind.in_package(one, incident_id)]
    changes = archive.changes_with([INCIDENT.subject(incident_id), *map(subject_of, records)])
    seqs = {change.seq for change in changes}
    links = archive.links(min(seqs), max(seqs)) if seqs else ()
    named = named_in([incident, *(known.value for known in incident_over_time(own, incident_id))])
    if unknown := unknown_asset(city, named):
        raise InputFault(f"incident {incident_id} names {unknown}, which this city does not hold; give the dataset of that time")
    part, clipped = _part(city, named, (item.station_id for item in incident.evidence), around)
    here = [str(name) for name in city.stations.asset_id]
    ids = [*here, *(name for name in archive.stations_between(since_us, until_us) if not city.stations.has(name))]
    readings = archive.readings_between(since_us, until_us, ids)
    part = with_removed_stations(part, {ids[row]: names for row, names in _channels_from(readings, len(here)).items()})
    return CaseRecord(
        incident=incident,
        city=part,
        changes=changes,
        links=tuple((seq, digest) for seq, digest in links if seq not in seqs),
        alarms=tuple(one for one in records if isinstance(one, Alarm)),
        others=tuple(one for one in records if not isinstance(one, Alarm | Incident)),
        readings=_for(part, ids, readings),
        expected=_for(part, ids, archive.expected_between(since_us, until_us, ids)),
        past=past_of(archive.incidents_between(0, micros(incident.opened_at)), incident),
        tracks=archive.tracks_between(since_us, until_us),
        since=since,
        until=until,
        sent=archive.sent_with(change.seq for change in own),
        files={name: content for name, content in sorted(around.files.items()) if name in _named(incident)},
        clipped=clipped,
        targets=around.targets,
        pictures=_pictures(archive, records),
    )


def _pictures(archive: CaseArchive, records: Iterable[Record]) -> dict[str, Attachment]:
    """The pictures of entries of the shift log, by hash; one that the store has lost is left out."""
    refs = [one.picture for one in records if isinstance(one, LogEntry) and one.picture is not None]
    found = {ref.sha256: archive.attachment(ref.sha256) for ref in refs}
    return {sha256: picture for sha256, picture in sorted(found.items()) if picture is not None}


def _window(incident: Incident, changes: Iterable[Change], around: Around) -> tuple[datetime, datetime]:
    last = max((change.at for change in changes), default=incident.opened_at)
    return min(incident.first_abnormal_at, incident.opened_at) - around.before, last + around.after


def _named(incident: Incident) -> set[str]:
    """Files of the incident's notices; of earlier versions too, whose names begin with the notice's."""
    return {name for notice in incident.notices for name in notice.files}


def _part(city: City, named: Named, stations: Iterable[str], around: Around) -> tuple[City, bool]:
    if len(city.network.pipes) <= around.whole_pipes:
        return city, False
    return clip_city(city, case_box(city, named, stations, around.margin_m)), True


def case_box(city: City, named: Named, stations: Iterable[str], margin_m: float) -> Box:
    """Bounding box of all assets the case ever named and the deviating stations, with a margin in metres."""
    pipes, valves, customers, table = city.network.pipes, city.network.valves, city.customers, city.stations
    points = [pipes.points(pipes.row(pipe)) for pipe in sorted(named.pipes)]
    on = city.customers_on
    served = np.unique(on.pipe[np.isin(on.row, customers.rows(sorted(named.customers)))]).tolist()
    points += [pipes.points(row) for row in served]
    at = valves.rows(sorted(named.valves))
    points.append(np.column_stack([valves.x[at], valves.y[at]]))
    at = table.rows(station for station in stations if table.has(station))
    points.append(np.column_stack([table.x[at], table.y[at]]))
    xy = np.concatenate(points)
    xy = xy[np.isfinite(xy).all(axis=1)]
    if not len(xy):
        return city.network.bounds
    low, high = xy.min(axis=0) - margin_m, xy.max(axis=0) + margin_m
    return (float(low[0]), float(low[1]), float(high[0]), float(high[1]))


def with_removed_stations(city: City, channels: Mapping[str, str]) -> City:
    """The city with stations that its dataset does not have any more: their readings stay readable, their place is unknown.

    ``channels``: by id, comma separated.
    """
    if not channels:
        return city
    table, more = city.stations, StationTable.of(channels, channels=channels.values())
    columns = {name: np.concatenate([getattr(table, name), getattr(more, name)]) for name in table.column_kinds()}
    extra = {name: np.concatenate([values, np.full(len(more), None)]) for name, values in table.extra.items()}
    note = f"no longer in the dataset, their place is unknown: stations {', '.join(channels)}"
    info = replace(city.info, assumed=(*city.info.assumed, note))
    return replace(city, info=info, stations=StationTable(**columns, extra=extra))


def _channels_from(batch: ReadingBatch, first_row: int) -> dict[int, str]:
    """Names of the channels with readings, comma separated, of the rows from ``first_row`` on that have any."""
    beyond = batch.where(batch.station >= first_row)
    found: dict[int, list[str]] = {}
    for row, channel in np.unique(np.column_stack([beyond.station, beyond.channel]), axis=0).tolist():
        found.setdefault(row, []).append(Channel(channel).name.lower())
    return {row: ",".join(names) for row, names in found.items()}


def _for(part: City, ids: Sequence[str], values: Columns) -> Columns:
    """What belongs to the stations that are in the part, with its rows. ``ids``: by row of ``values``."""
    place = np.array([part.stations.row(name) if part.stations.has(name) else -1 for name in ids] or [-1], dtype=np.int32)
    row = place[values.station]
    kept = row >= 0
    return replace(values.where(kept), station=row[kept])
