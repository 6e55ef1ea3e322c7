"""SqlStore: implements the store ports; every commit is on disk when the call returns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, insert, select, text, update

from console.domain.actors import Actor
from console.domain.attachments import Attachment
from console.domain.changes import GENESIS, Change, ChangeSet, Committed
from console.domain.clock import micros
from console.domain.delivery import Delivery, Pending, PublishedAlert, SentMessage
from console.domain.incidents import INCIDENT, Incident
from console.domain.kinds import KINDS
from console.domain.lease import Basis, Lease
from console.domain.record_ids import renamed
from console.domain.records import R, Record, RecordKind
from console.domain.tickets import TICKET
from console.services.incidents.dismissals import REMEMBERED, learned
from console.services.ports import StaleState
from console.services.review.record import Sent
from console.services.state import DeskState, Followed
from console.services.tickets.usual import LEARNED, CallCounts
from console.store import archive, attachments, chain, deliveries, numbering, records
from console.store.api_keys import SqlApiKeys
from console.store.commit_signal import SqlCommitSignal, announce
from console.store.connection import ADVISORY_LOCK, store_url
from console.store.crew_links import SqlCrewLinks
from console.store.history import History
from console.store.jobs import JobTable
from console.store.lease import END_IDLE
from console.store.tables import changes, counters
from console.store.transactions import Transactions
from console.store.users import SqlUsers, StoreAccess

_LOADED_BACK = timedelta(hours=6)
_CHANGE, _PROBE = "change", "probe"
_FOLLOWED = 2_000


def open_store(
    target: str | Path,
    role: str = "",
    kinds: tuple[RecordKind[Any], ...] = KINDS,
    *,
    is_shared: bool = False,
    may_lead: bool = True,
) -> SqlStore:
    """Open (and where needed create or migrate) the store at a file's path or a URL.

    ``role``: what the process is (``engine``, ``console``), which then has sole use of it until it closes it or ends; readers
    give none. ``is_shared``: others may work on it too; then only the process that holds the lease may make a leader's writes
    (readings, expected values, deliveries, retention), else they raise NotLeading. ``may_lead``: else this process never holds
    it. ``kinds``: those of the records it loads.
    Raises StoreUnavailable, StoreInUse, StoreNewer, InputFault.
    """
    return SqlStore(target, role, kinds, is_shared=is_shared, may_lead=may_lead)


class SqlStore:
    """Implements the services' ports UnitOfWork and Store over SQLite or PostgreSQL. Safe to use from several threads."""

    def __init__(
        self,
        target: str | Path,
        role: str = "",
        kinds: tuple[RecordKind[Any], ...] = KINDS,
        *,
        is_shared: bool = False,
        may_lead: bool = True,
    ) -> None:
        self._kinds = kinds
        self._transactions = Transactions(store_url(target), role, is_shared=is_shared, may_lead=may_lead)
        self.where, self._leases = self._transactions.where, self._transactions.leases
        self._durable, self._relaxed = self._transactions.durable, self._transactions.relaxed
        self._ensure_ours, self._writing = self._transactions.ensure_ours, self._transactions.writing
        self._keeping, self._looking = self._transactions.keeping, self._transactions.looking
        self.jobs = JobTable(self._transactions)
        try:
            history = History(self._transactions)
            self.users = SqlUsers(StoreAccess(self._writing, self._looking, self._commit))
            """Who may sign in."""
            self.crew_links = SqlCrewLinks(StoreAccess(self._writing, self._looking, self._commit))
            """Links of crews to their page."""
            self.api_keys = SqlApiKeys(StoreAccess(self._writing, self._looking, self._commit))
            """Keys of other programs."""
        except BaseException:
            self.close()
            raise
        # The methods on history are those of its part.
        self._readings, self.rollups = history.log, history.rollups
        self.use_stations = history.use_stations
        self.append_readings = history.append_readings
        self.readings = history.readings
        self.append_expected = history.append_expected
        self.append_positions = history.append_positions
        self.positions = history.positions
        self.tracks_between = history.tracks_between
        self.stations_between = history.stations_between
        self.readings_between = history.readings_between
        self.count_readings = history.count_readings
        self.reading_parts = history.reading_parts
        self.expected_between = history.expected_between
        self.last_expected_us = history.last_expected_us
        self.delete_history = history.delete_history
        self.history_span = history.history_span
        self.deletions = history.deletions
        self.mark_recorded = history.mark_recorded
        self.flush = history.flush

    def close(self) -> None:
        """Close the connections. The store cannot be used afterwards."""
        self._transactions.close()

    # Decisions.

    def commit(self, change_set: ChangeSet, actor: Actor, at: datetime, basis: Basis | None = None) -> Committed:
        """All of ``change_set`` or nothing, on disk, with final ids. ``basis``: checked inside the transaction.

        Raises StoreUnavailable, StaleState, NotLeading; SignInRefused for a user disabled meanwhile; ValueError for a naive time.
        """
        micros(at)
        with self._writing() as connection:
            committed = self._commit(connection, change_set, actor, at, basis)
            self.users.require_enabled(connection, actor)  # behind the lock of the chain's writers: no change comes between
            return committed

    def _commit(
        self, connection: Connection, change_set: ChangeSet, actor: Actor, at: datetime, basis: Basis | None = None
    ) -> Committed:
        if connection.dialect.name == "postgresql":
            connection.execute(END_IDLE)
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": ADVISORY_LOCK})
        last = _counters(connection)
        if basis is not None:
            self._check(connection, basis, last.get(_CHANGE, 0))
        numbered, numbers = numbering.numbered(connection, change_set, last)
        made = chain.append(connection, numbered.drafts, actor, at)
        records.write(connection, numbered.records, numbering.opened_as(change_set, numbered))
        attachments.write(connection, numbered.attachments)
        if numbered.outgoing:
            if not made:
                raise ValueError(f"an outgoing message has no recorded change ({at})")
            deliveries.add(connection, numbered, made[0].seq)
        if made:
            announce(connection, made[-1].seq)
        _count(connection, last, {**numbers.last, **({_CHANGE: made[-1].seq} if made else {})})
        return Committed(numbered, made, numbers.ids)

    def written(self, change_set: ChangeSet, actor: Actor, at: datetime) -> Committed | None:
        """Result of ``commit`` with the same arguments, if it is on disk; None when it is not.

        A connection may be lost after the server has committed and before it has confirmed.
        """
        if not change_set.drafts:
            return None
        with self._looking() as connection:
            ids = records.given_ids(connection, change_set.provisional_ids())
            numbered = renamed(change_set, ids)
            made = chain.find(connection, numbered.drafts, actor, at)
        return None if made is None else Committed(numbered, made, ids)

    def probe(self) -> None:
        """Test write. Raises StoreUnavailable while writing is impossible."""
        with self._writing() as connection:
            known = counters.c.kind == _PROBE
            done = connection.execute(update(counters).where(known).values(last=counters.c.last + 1))
            if not done.rowcount:
                connection.execute(insert(counters).values(kind=_PROBE, last=1))

    def load_desk(self) -> DeskState:
        """Open records, recently closed ones, their history for undo, dismissed candidates."""
        with self._looking() as connection:
            seq = _counters(connection).get(_CHANGE, 0)  # first: what is read behind it may be newer, and comes again
            last_us = connection.execute(select(func.max(changes.c.at_us))).scalar() or 0
            since_us = int(last_us) - int(_LOADED_BACK.total_seconds() * 1e6)
            found = {kind.name: records.since(connection, kind, since_us) for kind in self._kinds}
            history = {
                subject: tuple(chain.read(connection, changes.c.subject == subject))
                for kind in self._kinds
                if kind.keeps_history
                for subject in map(kind.subject, found[kind.name])
            }
            remembered_us = int(last_us) - int(REMEMBERED.total_seconds() * 1e6)
            dismissals = learned({}, records.since(connection, INCIDENT, remembered_us).values())
            called_us = int(last_us) - int(LEARNED.total_seconds() * 1e6)
            calls = CallCounts().with_calls(records.opened_between(connection, TICKET, called_us, int(last_us) + 1))
        return DeskState(found, {}, history, dismissals, seq=seq, usual_calls=calls)

    def record(self, kind: RecordKind[R], record_id: str) -> R | None:
        """One record, open or closed; None when unknown."""
        with self._looking() as connection:
            return records.one(connection, kind, record_id)

    def incident(self, incident_id: str) -> Incident | None:
        """One incident, open or closed; None when unknown."""
        return self.record(INCIDENT, incident_id)

    def attachment(self, sha256: str) -> Attachment | None:
        """A picture of the shift log by its hash; None when it is unknown or damaged."""
        with self._looking() as connection:
            return attachments.read(connection, sha256)

    def records_of(self, kinds: Sequence[RecordKind[Any]], since_us: int, until_us: int) -> tuple[Record, ...]:
        """Records of these kinds that were open at some time in [since, until], or opened in it, by kind and id."""
        with self._looking() as connection:
            return tuple(one for kind in kinds for one in records.open_between(connection, kind, since_us, until_us))

    def changes_between(self, kinds: Sequence[str], since_us: int, until_us: int) -> tuple[Change, ...]:
        """Changes of these kinds made in [since, until], oldest first."""
        made = changes.c
        with self._looking() as connection:
            return tuple(chain.read(connection, made.kind.in_(kinds) & (made.at_us >= since_us) & (made.at_us <= until_us)))

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

    # Several processes.

    @property
    def epoch(self) -> int | None:
        """Under which this process leads, None while it follows or has the store alone."""
        return self._leases.epoch

    def hold_lease(self, *, may_take_over: bool = True, may_take: bool = True) -> Lease:
        """Renew the lease, or (``may_take``) take it where it is free or (``may_take_over``) has expired; who leads then.

        The holder is "" where nobody does.
        """
        self._ensure_ours()
        return self._leases.hold(may_take_over=may_take_over, may_take=may_take)

    def clock_ahead_s(self) -> float:
        """Seconds by which this machine's clock is ahead of the store's."""
        return self._leases.ahead_s()

    def release_lease(self) -> None:
        """Let another process lead at once."""
        self._leases.release()

    def follow(self, after_seq: int) -> Followed:
        """What was committed behind ``after_seq``, by any process: at most 2,000 changes, their records as they are now.

        Changes are committed in the order of their seq (one writer of the chain at a time): none appears behind the cursor.
        """
        with self._looking() as connection:
            last = connection.execute(select(counters.c.last).where(counters.c.kind == _CHANGE)).scalar() or 0
            if last <= after_seq:
                return Followed((), (), after_seq)
            made = chain.behind(connection, after_seq, _FOLLOWED)
            subjects = {change.subject for change in made}
            found = [
                record
                for kind in self._kinds
                for record in records.some(
                    connection, kind, [s.partition("/")[2] for s in subjects if s.startswith(f"{kind.name}/")]
                )
            ]
        return Followed(made, tuple(found), made[-1].seq if made else after_seq)

    def commit_signal(self) -> SqlCommitSignal | None:
        """A new connection that hears of commits; None on SQLite, which has no such signal. Raises StoreUnavailable."""
        return self._transactions.commit_signal()

    # Outgoing messages.

    def pending_outgoing(self, after: int = 0) -> tuple[Pending, ...]:
        """The oldest messages behind the number ``after`` not yet delivered by every channel that carries them."""
        with self._looking() as connection:
            return deliveries.pending(connection, after)

    def count_unsent(self) -> int:
        """Number of messages without confirmed delivery."""
        with self._looking() as connection:
            return deliveries.count(connection)

    def messages_of(self, subject: str) -> tuple[SentMessage, ...]:
        """Every message of one record with its deliveries, the newest first."""
        with self._looking() as connection:
            return deliveries.of_subject(connection, subject)

    def published(
        self, channel: str, content_type: str, most: int = 100, number: int | None = None
    ) -> tuple[PublishedAlert, ...]:
        """The newest messages of a content type that a channel has delivered, the newest first; only ``number`` where given."""
        with self._looking() as connection:
            return deliveries.published(connection, channel, content_type, most, number)

    def record_deliveries(self, made: Sequence[tuple[int, Delivery]], sent: Sequence[int] = (), epoch: int | None = None) -> None:
        """(message, delivery) as they are now; the messages ``sent`` are with everybody. ``epoch``: of the claim."""
        if not (made or sent):
            return
        with self._writing() as connection:
            self._leases.check(connection, epoch)
            deliveries.record(connection, made, self._leases.epoch if epoch is None else epoch)
            deliveries.settle(connection, sent, deliveries.now_us())

    def mark_withdrawn(self, outgoing_ids: Sequence[int]) -> None:
        """Mark messages as withdrawn: they never left and are not sent any more."""
        with self._writing() as connection:
            self._leases.check(connection)
            deliveries.settle(connection, outgoing_ids, -deliveries.now_us())

    # Reviews.

    def incidents_between(self, since_us: int, until_us: int) -> tuple[Incident, ...]:
        """Incidents opened in [since, until), oldest first."""
        with self._looking() as connection:
            return records.opened_between(connection, INCIDENT, since_us, until_us)

    def records_between(self, since_us: int, until_us: int) -> tuple[Record, ...]:
        """Records of every kind that were open at some time in [since, until], or opened in it, by kind and id."""
        with self._looking() as connection:
            return tuple(one for kind in self._kinds for one in records.open_between(connection, kind, since_us, until_us))

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

    # Retention.

    def cases_since(self, closed_after_us: int) -> tuple[Incident, ...]:
        """Open cases, and those closed after a time."""
        with self._looking() as connection:
            return tuple(records.since(connection, INCIDENT, int(closed_after_us)).values())

    def _check(self, connection: Connection, basis: Basis, last: int) -> None:
        """Raises NotLeading, StaleState."""
        if basis.epoch is not None:
            self._leases.check(connection, basis.epoch)
        if basis.seq != last:
            raise StaleState(f"store {self.where}: others committed meanwhile; look again, nothing was written")


def _counters(connection: Connection) -> dict[str, int]:
    return {str(kind): int(last) for kind, last in connection.execute(select(counters.c.kind, counters.c.last))}


def _count(connection: Connection, known: Mapping[str, int], raised: Mapping[str, int]) -> None:
    for kind, last in raised.items():
        if kind not in known:
            connection.execute(insert(counters).values(kind=kind, last=last))
        elif known[kind] != last:
            connection.execute(update(counters).where(counters.c.kind == kind).values(last=last))
