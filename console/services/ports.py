"""Ports (Protocols) of the services; the store, documents and workers implement them.

``Clock`` is in console.domain.clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from console.domain.actors import Actor
from console.domain.attachments import Attachment
from console.domain.changes import Change, ChangeSet, Committed
from console.domain.crews import CrewFix
from console.domain.delivery import Delivery, Pending, SentMessage
from console.domain.expected import ExpectedValues
from console.domain.incidents import Incident, PressureImpact, ReopenCheck
from console.domain.jobs import JobRow
from console.domain.lease import Basis, Lease
from console.domain.notices import Notice, NoticeFacts
from console.domain.outgoing import Outgoing
from console.domain.readings import ReadingBatch
from console.domain.records import Record, RecordKind
from console.domain.rollups import DueDay
from console.domain.shift import Signature
from console.services.state import DeskState, Followed
from maps.errors import QuanmaiError
from maps.isolation.plan.result import IsolationPlan

if TYPE_CHECKING:
    from console.domain.alarms import Evidence
    from console.domain.incidents import Outlook
    from console.services.analysis.retention import Deletion, HistoryKind
    from console.services.location.outlook import Known
    from maps.isolation import Conflict, ValveOverride
    from maps.locate.result import Location


class StoreUnavailable(QuanmaiError):
    """The store cannot be read or written now: a fault of the environment, not a defect. The message advises; retry later."""


class OutcomeUnknown(StoreUnavailable):
    """The store has not confirmed a commit: whether it is on disk shows when it answers again.

    ``written``: None until then. ``log``: then the change that was written, else the last one of the same record, if any.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.written: bool | None = None
        self.log: tuple[Change, ...] = ()

    def settle(self, log: tuple[Change, ...], *, written: bool) -> None:
        """What became of it, once, from any thread."""
        self.log, self.written = log, written


class RecordRefused(QuanmaiError):
    """The store can never keep this value (U+0000 on PostgreSQL): nothing was written, and a retry would not help."""


class StoreInUse(QuanmaiError):
    """Another process already works on the store; the message names it."""


class StoreNewer(QuanmaiError):
    """The store was written by a newer version of the program."""


class StoreOlder(QuanmaiError):
    """The store is of an earlier version, or empty, and the account may not bring it up to date; an administrator does."""


class StaleState(QuanmaiError):
    """Another process changed the record meanwhile: nothing was written; reload and decide again."""


class NotLeading(QuanmaiError):
    """A write that only the leading process may make: another one leads. Nothing was written."""


class UnitOfWork(Protocol):
    """All or nothing: a change set is on disk when ``commit`` returns."""

    def commit(self, change_set: ChangeSet, actor: Actor, at: datetime, basis: Basis | None = None) -> Committed:
        """Write everything of ``change_set`` in one transaction; ``at`` is aware.

        New records with provisional ids are numbered, and provisional ids are replaced everywhere in the change set.
        ``basis``: StaleState when others have committed anything behind it, NotLeading when its epoch is over.
        Raises StoreUnavailable (nothing written, advice in the message), OutcomeUnknown, StaleState, RecordRefused, NotLeading,
        and SignInRefused for an ``actor`` who signed in and was disabled since.
        """
        ...

    def written(self, change_set: ChangeSet, actor: Actor, at: datetime) -> Committed | None:
        """The result of ``commit`` with the same arguments, if it is on disk: its answer can be lost with the connection."""
        ...


class JobStore(Protocol):
    """Jobs with their attempts. Every method raises StoreUnavailable when the disk or server fails."""

    def record(self, rows: Iterable[JobRow], epoch: int | None = None) -> None:
        """Write jobs as they are now. ``epoch``: of the leader that began them. Raises NotLeading."""
        ...

    def unfinished(self) -> tuple[JobRow, ...]:
        """Jobs that are neither done nor superseded."""
        ...


class RollupStore(Protocol):
    """Readings rolled up by day. Every method raises StoreUnavailable, those that write NotLeading too."""

    def due(self, end_us: int) -> tuple[DueDay, ...]:
        """Days that ended before a time and are due, oldest first."""
        ...

    def due_since_us(self) -> int | None:
        """Begin of the oldest day that is due; readings from there on are still needed. None: no day is due."""
        ...

    def missing(self, day: int) -> tuple[tuple[int, int, int], ...]:
        """What is to be rolled up of a day, for ``roll``."""
        ...

    def roll(self, day: int, keys: Sequence[tuple[int, int, int]]) -> int:
        """Roll up some channels of a day; how many readings they had."""
        ...

    def finish(self, due: DueDay) -> None:
        """The day is rolled up; it stays due when readings came meanwhile."""
        ...


class CommitSignal(Protocol):
    """Says that some process has committed, for one thread; it may fail to, so that the change cursor is polled all the same."""

    def wait(self, timeout_s: float) -> bool:
        """Wait for a commit; whether there was one. Raises StoreUnavailable: then it is of no more use."""
        ...

    def close(self) -> None:
        """Listen no more."""
        ...


class Store(UnitOfWork, Protocol):
    """The store as used by the engine. Every method raises StoreUnavailable when the disk or server fails."""

    @property
    def jobs(self) -> JobStore:
        """The jobs."""
        ...

    @property
    def rollups(self) -> RollupStore:
        """Readings rolled up."""
        ...

    def load_desk(self) -> DeskState:
        """Open records, with their history where undo needs it."""
        ...

    def probe(self) -> None:
        """Test write: whether the store accepts writes now."""
        ...

    def use_stations(self, station_ids: Iterable[str]) -> None:
        """From now on station rows are those of a dataset with these stations, in this order; history is kept by id."""
        ...

    def append_readings(self, batch: ReadingBatch) -> None:
        """Keep readings; batched, on disk at the latest after ``flush``."""
        ...

    def append_expected(self, tick_us: int, expected: NDArray[np.float64], sigma_kpa: NDArray[np.float64] | None = None) -> None:
        """Store the expected values of a tick: (stations, channels), inside units, NaN where none.

        ``sigma_kpa``: (stations,) scatter of pressures, NaN where unknown; valid until the next one is stored.
        """
        ...

    def append_positions(self, fixes: Iterable[CrewFix]) -> None:
        """Store positions of crews."""
        ...

    def readings(
        self, station_row: int, channel: int, since_us: int, until_us: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(source times µs, values in inside units) of one channel, oldest first, each (n,)."""
        ...

    def positions(self, crew_id: str, since_us: int, until_us: int) -> tuple[tuple[int, float, float], ...]:
        """(source time µs, x, y) of a crew in [since, until], oldest first; coordinates in the network's CRS."""
        ...

    def pending_outgoing(self, after: int = 0) -> tuple[Pending, ...]:
        """The oldest messages behind the number ``after`` not yet delivered by every channel that carries them."""
        ...

    def incidents_between(self, since_us: int, until_us: int) -> tuple[Incident, ...]:
        """Incidents opened in [since, until), oldest first."""
        ...

    def record_deliveries(self, made: Sequence[tuple[int, Delivery]], sent: Sequence[int] = (), epoch: int | None = None) -> None:
        """(message, delivery) as they are now; the messages ``sent`` are with everybody.

        ``epoch``: under which the messages were read, by default the present one. Raises NotLeading.
        """
        ...

    def messages_of(self, subject: str) -> tuple[SentMessage, ...]:
        """Every message of one record (``incident/2026-0001``) with its deliveries, the newest first."""
        ...

    def mark_withdrawn(self, outgoing_ids: Sequence[int]) -> None:
        """Mark messages as withdrawn: they were never sent and will not be."""
        ...

    def incident(self, incident_id: str) -> Incident | None:
        """One incident, open or closed; None when unknown."""
        ...

    def attachment(self, sha256: str) -> Attachment | None:
        """A picture of the shift log by its hash; None when it is unknown or damaged."""
        ...

    def records_of(self, kinds: Sequence[RecordKind[Any]], since_us: int, until_us: int) -> tuple[Record, ...]:
        """Records of these kinds that were open at some time in [since, until], or opened in it, by kind and id."""
        ...

    def changes_between(self, kinds: Sequence[str], since_us: int, until_us: int) -> tuple[Change, ...]:
        """Changes of these kinds made in [since, until], oldest first."""
        ...

    def changes_of(self, subject: str) -> tuple[Change, ...]:
        """The changes of one subject (``incident/2026-0001``), oldest first."""
        ...

    def cases_since(self, closed_after_us: int) -> tuple[Incident, ...]:
        """Open cases, and those closed after a time."""
        ...

    def delete_history(self, kind: HistoryKind, since_us: int, until_us: int, most: int, *, days: int, at_us: int) -> int:
        """Delete at most ``most`` rows of what lies in [since, until), oldest first; how many values went, 0 for nothing left.

        ``days``, ``at_us``: the setting and the time, kept with the count.
        """
        ...

    def deletions(self, *, unrecorded: bool = False) -> tuple[Deletion, ...]:
        """What retention deleted, oldest first; ``unrecorded``: only what the log of actions does not have yet."""
        ...

    def mark_recorded(self, deletion_ids: Iterable[int]) -> None:
        """The log of actions has these deletions."""
        ...

    def flush(self) -> None:
        """Write everything buffered to disk."""
        ...

    def hold_lease(self, *, may_take_over: bool = True, may_take: bool = True) -> Lease:
        """Renew the lease, or (``may_take``) take it where it is free or (``may_take_over``) has expired; who leads then.

        The holder is "" where nobody does.
        """
        ...

    def clock_ahead_s(self) -> float:
        """Seconds by which this machine's clock is ahead of the store's."""
        ...

    def release_lease(self) -> None:
        """Let another process lead at once."""
        ...

    def follow(self, after_seq: int) -> Followed:
        """What was committed behind ``after_seq``, by any process; at most some thousand changes at a time."""
        ...

    def commit_signal(self) -> CommitSignal | None:
        """A new signal of commits, None where the store has none. Raises StoreUnavailable."""
        ...

    def head(self) -> tuple[int, str]:
        """(seq, hash) of the last change; (0, 64 zeros) of an empty chain."""
        ...

    def last_expected_us(self) -> int:
        """Time of the newest tick with expected values (µs UTC), 0 without any."""
        ...

    def expected_between(self, since_us: int, until_us: int) -> ExpectedValues:
        """Expected values at the ticks in [since, until]."""
        ...


class Documents(Protocol):
    """Texts and files of a notice."""

    def texts(self, facts: NoticeFacts) -> tuple[str, str]:
        """The notice in Chinese and in English."""
        ...

    def files(self, notice: Notice, folder: Path) -> tuple[Path, ...]:
        """Write the notice's files (txt zh and en, pdf, CAP xml, json) into ``folder``; each written aside, then renamed."""
        ...

    def stem(self, notice: Notice) -> str:
        """Common start of the names of a notice's files in its present version: ``<stem>.<rest>``."""
        ...

    def payloads(self, notice: Notice) -> tuple[Outgoing, ...]:
        """Messages for the notice's present version: JSON and CAP 1.2 XML.

        ISSUED without references is a CAP Alert, with references an Update, LIFTED a Cancel.
        """
        ...

    def reference(self, notice: Notice) -> str:
        """CAP's reference to an issued notice: ``sender,identifier,sent``."""
        ...


class Planner(Protocol):
    """Isolation plans on the city's network (maps.isolation.Isolator)."""

    def plan(
        self,
        burst_pipes: Sequence[str],
        *,
        valves: Mapping[str, ValveOverride] = ...,
        ignore_one_way: bool = False,
        alternatives: bool = True,
        shut_by_crews: Collection[str] = (),
    ) -> IsolationPlan:
        """The plan that isolates ``burst_pipes`` with the valves as corrected. Raises UnknownAsset.

        ``shut_by_crews``: valves closed for this case; the parts they cut off count as dry.
        """
        ...

    def conflict(self, plans: Sequence[IsolationPlan], *, valves: Mapping[str, ValveOverride] = ...) -> Conflict:
        """The part that is dry when all ``plans`` are in force, but under none of them alone."""
        ...

    @property
    def fingerprint(self) -> str:
        """Fingerprint of the network and its valve states; a plan with another one is out of date."""
        ...


class Signers(Protocol):
    """Proves who signs a handover."""

    @property
    def need_password(self) -> bool:
        """Whether people sign with a password here; otherwise names are typed, which proves nobody."""
        ...

    def signature(self, name: str, password: str) -> Signature:
        """The signature of a person. Blocking for a moment. Raises QuanmaiError for a wrong name or password."""
        ...


class Forecasts(Protocol):
    """Forecasts from a burst location."""

    def outlook(self, location: Location, evidence: Sequence[Evidence], at: datetime, known: Known) -> Outlook:
        """Forecast at the deviating stations, and where to read next. Blocking; about a second in a large city."""
        ...


class Hydraulics(Protocol):
    """Pressures after a plan."""

    def impact(self, plan: IsolationPlan) -> PressureImpact:
        """Blocking; the engine calls it in the background and drops outdated results."""
        ...

    def reopening(self, plan: IsolationPlan) -> tuple[ReopenCheck, ...]:
        """Whether opening the plan's candidates would bring its dry pockets enough pressure. Blocking, a solve each."""
        ...
