"""SqlStore: implements the store ports; every commit is on disk when the call returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, func, insert, select, text, update

from console.domain.actors import Actor
from console.domain.alarms import Alarm
from console.domain.changes import GENESIS, Change, ChangeSet, Outgoing
from console.domain.clock import SystemClock, micros
from console.domain.crews import CrewFix
from console.domain.expected import ExpectedValues
from console.domain.incidents import Incident
from console.domain.readings import ReadingBatch
from console.services.analysis.retention import Deletion, HistoryKind
from console.services.incidents.dismissals import REMEMBERED, learned
from console.services.review.record import Sent, Tracks
from console.services.state import DeskState, alarms_of, incidents_of, raised_serials
from console.store import archive, cases, chain, expected, retention
from console.store.connection import ADVISORY_LOCK, READING, engine_for, migrate, shown, store_url
from console.store.faults import told
from console.store.readings import ReadingLog, Times, Values
from console.store.sole_use import SoleUse
from console.store.stations import Stations
from console.store.store_file import StoreFile
from console.store.tables import changes, counters, outgoing, tracks

_LOADED_BACK = timedelta(hours=6)
_CHANGE, _PROBE = "change", "probe"
_AT_ONCE = 500


def open_store(target: str | Path, role: str = "") -> SqlStore:
    """Open (and where needed create or migrate) the store at a file's path or a URL.

    ``role``: what the process is (``engine``, ``console``), which then has sole use of it until it closes it or ends; readers
    give none. Raises StoreUnavailable, StoreInUse, StoreNewer, InputFault.
    """
    return SqlStore(target, role)


class SqlStore:
    """Implements the services' ports UnitOfWork and Store over SQLite or PostgreSQL. Safe to use from several threads."""

    def __init__(self, target: str | Path, role: str = "") -> None:
        url = store_url(target)
        self.where = shown(url)
        self._sole_use = SoleUse(url, role) if role else None
        self._durable = engine_for(url, durable=True)
        self._relaxed = engine_for(url, durable=False)
        try:
            with told(self.where):
                if url.get_backend_name() == "sqlite":
                    Path(str(url.database)).resolve().parent.mkdir(parents=True, exist_ok=True)
                migrate(self._durable, self.where)
            self._file = StoreFile(url)
            self._readings = ReadingLog(self._relaxed, self.where)
            self._stations = Stations(self._relaxed, self.where)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the connections. The store cannot be used afterwards."""
        self._durable.dispose()
        self._relaxed.dispose()
        if self._sole_use is not None:
            self._sole_use.close()

    # Decisions.

    def commit(self, change_set: ChangeSet, actor: Actor, at: datetime) -> tuple[Change, ...]:
        """All of ``change_set`` or nothing, on disk. Raises StoreUnavailable, StaleState; ValueError for a naive time."""
        at_us = micros(at)
        with self._writing() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
            made = chain.append(connection, change_set.drafts, actor, at)
            cases.write(connection, change_set)
            if change_set.outgoing:
                if not made:
                    raise ValueError(f"an outgoing message has no recorded change ({at_us})")
                connection.execute(insert(outgoing), [_outgoing_row(item, made[0].seq) for item in change_set.outgoing])
            _count(connection, change_set, made)
        return made

    def written(self, change_set: ChangeSet, actor: Actor, at: datetime) -> tuple[Change, ...] | None:
        """Result of ``commit`` with the same arguments, if it is on disk; None when it is not.

        A connection may be lost after the server has committed and before it has confirmed.
        """
        if not change_set.drafts:
            return None
        with self._looking() as connection:
            return chain.find(connection, change_set.drafts, actor, at)

    def probe(self) -> None:
        """Test write. Raises StoreUnavailable while writing is impossible."""
        with self._writing() as connection:
            known = counters.c.kind == _PROBE
            done = connection.execute(update(counters).where(known).values(last=counters.c.last + 1))
            if not done.rowcount:
                connection.execute(insert(counters).values(kind=_PROBE, last=1))

    def load_desk(self) -> DeskState:
        """Open incidents, active alarms, recently closed ones with their history, id counters, dismissed candidates."""
        with self._looking() as connection:
            last_us = connection.execute(select(func.max(changes.c.at_us))).scalar() or 0
            since_us = int(last_us) - int(_LOADED_BACK.total_seconds() * 1e6)
            found = cases.incidents_since(connection, since_us)
            history = {
                incident_id: tuple(chain.read(connection, changes.c.subject == f"incident/{incident_id}"))
                for incident_id in found
            }
            alarms = cases.alarms_since(connection, since_us)
            remembered_us = int(last_us) - int(REMEMBERED.total_seconds() * 1e6)
            dismissals = learned({}, cases.incidents_since(connection, remembered_us).values())
            serials = {kind: last for kind, last in _counters(connection).items() if kind not in (_CHANGE, _PROBE)}
        return DeskState(alarms, found, {}, history, serials, dismissals)

    def incident(self, incident_id: str) -> Incident | None:
        """One incident, open or closed; None when unknown."""
        with self._looking() as connection:
            return cases.incident(connection, incident_id)

    def changes(self, after_seq: int = 0) -> tuple[Change, ...]:
        """The chain behind ``after_seq``, oldest first."""
        with self._looking() as connection:
            return tuple(chain.read(connection, changes.c.seq > after_seq))

    def changes_of(self, subject: str) -> tuple[Change, ...]:
        """The changes of one subject (``incident/2026-0001``), oldest first."""
        with self._looking() as connection:
            return tuple(chain.read(connection, changes.c.subject == subject))

    def each_change(self, after_seq: int = 0) -> Iterator[Change]:
        """The chain behind ``after_seq`` one by one, for a chain of any length; a read transaction lasts as long."""
        with self._looking() as connection:
            yield from chain.read(connection, changes.c.seq > after_seq)

    def head(self) -> tuple[int, str]:
        """(seq, hash) of the last change; (0, 64 zeros) of an empty chain."""
        query = select(changes.c.seq, changes.c.hash).order_by(changes.c.seq.desc()).limit(1)
        with self._looking() as connection:
            found = connection.execute(query).one_or_none()
        return (0, GENESIS) if found is None else (int(found[0]), str(found[1]))

    def verify_chain(self) -> int | None:
        """``seq`` of the first invalid change of the chain, None when it is valid."""
        with self._looking() as connection:
            return chain.broken_at(connection, _counters(connection).get(_CHANGE, 0))

    # Outgoing messages.

    def pending_outgoing(self) -> tuple[tuple[int, Outgoing], ...]:
        """Messages without confirmed delivery, oldest first, up to the batch size of one attempt."""
        of = outgoing.c
        query = select(of.outgoing_id, of.topic, of.payload, of.content_type, of.qos)
        with self._looking() as connection:
            found = connection.execute(query.where(of.sent_us.is_(None)).order_by(of.outgoing_id).limit(_AT_ONCE)).all()
        return tuple((int(row[0]), Outgoing(row[1], bytes(row[2]), row[3], int(row[4]))) for row in found)

    def count_unsent(self) -> int:
        """Number of messages without confirmed delivery."""
        with self._looking() as connection:
            return int(connection.execute(select(func.count()).where(outgoing.c.sent_us.is_(None))).scalar_one())

    def mark_sent(self, outgoing_ids: int | Sequence[int]) -> None:
        """Mark messages as delivered."""
        self._mark([outgoing_ids] if isinstance(outgoing_ids, int) else outgoing_ids, micros(SystemClock().now()))

    def mark_withdrawn(self, outgoing_ids: Sequence[int]) -> None:
        """Mark messages as withdrawn: they never left and are not sent any more."""
        self._mark(outgoing_ids, -micros(SystemClock().now()))

    def _mark(self, ids: Sequence[int], sent_us: int) -> None:
        if not ids:
            return
        with self._writing() as connection:
            connection.execute(update(outgoing).where(outgoing.c.outgoing_id.in_(ids)).values(sent_us=sent_us))

    # Readings and tracks.

    def use_stations(self, station_ids: Iterable[str]) -> None:
        """From now on station rows are those of a dataset with these stations, in this order.

        The first dataset that is used with a store of before version 0007 gives its stations to the rows of old readings.
        """
        self._ensure_ours()
        self._stations.use(station_ids)

    def append_readings(self, batch: ReadingBatch) -> None:
        """Keep readings; they survive the end of the process when this returns."""
        self._ensure_ours()
        self._readings.append(self._stations.for_writing().numbered(batch))

    def readings(self, station_row: int, channel: int, since_us: int, until_us: int) -> tuple[Times, Values]:
        """(source times µs, values in inside units) of one channel in [since, until], oldest first; bad ones NaN."""
        number = self._stations.current.number(int(station_row))
        return self._readings.between(number, int(channel), int(since_us), int(until_us))

    def append_expected(self, tick_us: int, values: NDArray[np.float64], sigma_kpa: NDArray[np.float64] | None = None) -> None:
        """Store the expected values at a tick, (stations, channels); the first row of a tick is kept.

        ``sigma_kpa``: (stations,) standard deviation of pressures, valid until the next one is stored.
        """
        self._ensure_ours()
        order_no = self._stations.for_writing().order_no
        with told(self.where), self._relaxed.begin() as connection:
            expected.append(connection, int(tick_us), values, sigma_kpa, order_no)

    def append_positions(self, fixes: Iterable[CrewFix]) -> None:
        """Keep crews' fixes; a repeated one changes nothing."""
        rows = {(fix.crew_id, fix.at_us): fix for fix in fixes if fix.at_us > 0}
        if not rows:
            return
        self._ensure_ours()
        with told(self.where), self._relaxed.begin() as connection:
            connection.execute(
                text("INSERT INTO tracks (crew_id, at_us, x, y) VALUES (:crew_id, :at_us, :x, :y) ON CONFLICT DO NOTHING"),
                [{"crew_id": f.crew_id, "at_us": f.at_us, "x": f.x, "y": f.y} for f in rows.values()],
            )

    def positions(self, crew_id: str, since_us: int, until_us: int) -> tuple[tuple[int, float, float], ...]:
        """(source time µs, x, y) of a crew in [since, until], oldest first; coordinates in the network's CRS."""
        of = tracks.c
        query = select(of.at_us, of.x, of.y).where(of.crew_id == crew_id, of.at_us >= since_us, of.at_us <= until_us)
        with self._looking() as connection:
            found = connection.execute(query.order_by(of.at_us)).all()
        return tuple((int(at_us), float(x), float(y)) for at_us, x, y in found)

    # Reviews.

    def incidents_between(self, since_us: int, until_us: int) -> tuple[Incident, ...]:
        """Incidents opened in [since, until), oldest first."""
        with self._looking() as connection:
            return archive.incidents_between(connection, since_us, until_us)

    def alarms_between(self, since_us: int, until_us: int) -> tuple[Alarm, ...]:
        """Alarms that stood at some time in [since, until], by id."""
        with self._looking() as connection:
            return archive.alarms_between(connection, since_us, until_us)

    def changes_with(self, subjects: Iterable[str]) -> tuple[Change, ...]:
        """The changes of several subjects, by seq."""
        with self._looking() as connection:
            return archive.changes_of(connection, subjects)

    def links(self, first_seq: int, last_seq: int) -> tuple[tuple[int, str], ...]:
        """(seq, hash) of the whole chain in [first, last]."""
        with self._looking() as connection:
            return archive.links(connection, first_seq, last_seq)

    def sent_with(self, seqs: Iterable[int]) -> tuple[Sent, ...]:
        """Messages sent with these changes."""
        with self._looking() as connection:
            return archive.sent_with(connection, seqs)

    def tracks_between(self, since_us: int, until_us: int) -> Tracks:
        """Every crew's fixes in [since, until], by crew and time."""
        with self._looking() as connection:
            return archive.tracks_between(connection, since_us, until_us)

    def stations_between(self, since_us: int, until_us: int) -> tuple[str, ...]:
        """Ids of all stations with readings in [since, until], of removed ones too; none in a store that has rows only."""
        return self._stations.ids_of(self._readings.stations(int(since_us), int(until_us)))

    def readings_between(self, since_us: int, until_us: int, stations: Sequence[str] | None = None) -> ReadingBatch:
        """Every reading in [since, until], by time. ``stations``: ids by row; by default those of the dataset in use."""
        return archive.readings_between(self._readings, int(since_us), int(until_us), self._stations.rows_of(stations))

    def count_readings(self, since_us: int, until_us: int) -> int:
        """About how many readings there are in [since, until], counted without reading them."""
        return self._readings.count(int(since_us), int(until_us))

    def reading_parts(self, since_us: int, until_us: int) -> Iterator[ReadingBatch]:
        """Every reading of the dataset's stations in [since, until], in parts of bounded size, in no order; arrivals unknown."""
        rows = self._stations.current
        return (rows.placed(part) for part in self._readings.parts(int(since_us), int(until_us)))

    def expected_between(self, since_us: int, until_us: int, stations: Sequence[str] | None = None) -> ExpectedValues:
        """Expected values at the ticks in [since, until]. ``stations``: ids by row; by default those of the dataset in use."""
        rows = self._stations.rows_of(stations)
        with self._looking() as connection:
            return expected.between(connection, int(since_us), int(until_us), rows)

    # Retention.

    def cases_since(self, closed_after_us: int) -> tuple[Incident, ...]:
        """Open cases, and those closed after a time."""
        with self._looking() as connection:
            return tuple(cases.incidents_since(connection, int(closed_after_us)).values())

    def delete_history(self, kind: HistoryKind, since_us: int, until_us: int, most: int, *, days: int, at_us: int) -> int:
        """Delete at most ``most`` rows of what lies in [since, until), oldest first; how many values went, 0 for nothing left.

        ``days``, ``at_us``: the setting and the time, kept with the count (``deletions``).
        """
        self._ensure_ours()
        with told(self.where), self._relaxed.begin() as connection:
            return retention.delete_some(connection, kind, int(since_us), int(until_us), most, days, at_us)

    def history_span(self, kind: HistoryKind) -> tuple[int, int] | None:
        """(oldest, newest) source time of what is kept, without the readings that wait in the log; None without any."""
        with self._looking() as connection:
            return retention.span(connection, kind)

    def deletions(self, *, unrecorded: bool = False) -> tuple[Deletion, ...]:
        """What retention deleted, oldest first; ``unrecorded``: only what the log of actions does not have yet."""
        with self._looking() as connection:
            return retention.unrecorded(connection) if unrecorded else retention.all_deletions(connection)

    def mark_recorded(self, deletion_ids: Iterable[int]) -> None:
        """The log of actions has these deletions."""
        with self._writing() as connection:
            retention.mark_recorded(connection, deletion_ids)

    def flush(self) -> None:
        """Before closing: move readings of the log into blocks (they are on disk already)."""
        self._readings.move()

    def _ensure_ours(self) -> None:
        with told(self.where):
            self._file.ensure()
        if self._sole_use is not None:
            self._sole_use.ensure()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        self._ensure_ours()
        with told(self.where), self._durable.begin() as connection:
            yield connection

    @contextmanager
    def _looking(self) -> Iterator[Connection]:
        with told(self.where), self._relaxed.connect().execution_options(**READING) as connection:
            yield connection


def _outgoing_row(item: Outgoing, change_seq: int) -> dict[str, Any]:
    return {
        "change_seq": change_seq,
        "topic": item.topic,
        "content_type": item.content_type,
        "qos": item.qos,
        "payload": item.payload,
    }


def _counters(connection: Connection) -> dict[str, int]:
    return {str(kind): int(last) for kind, last in connection.execute(select(counters.c.kind, counters.c.last))}


def _count(connection: Connection, change_set: ChangeSet, made: Sequence[Change]) -> None:
    known = _counters(connection)
    raised: Mapping[str, int] = raised_serials(known, incidents_of(change_set), alarms_of(change_set))
    if made:
        raised = {**raised, _CHANGE: made[-1].seq}
    for kind, last in raised.items():
        if kind not in known:
            connection.execute(insert(counters).values(kind=kind, last=last))
        elif known[kind] != last:
            connection.execute(update(counters).where(counters.c.kind == kind).values(last=last))
