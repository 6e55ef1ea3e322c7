"""What the services need from outside, as Protocols; the store, feeds, documents and workers implement them.

``Clock`` is in console.domain.clock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from console.domain.actors import Actor
from console.domain.changes import Change, ChangeSet, Committed, Outgoing
from console.domain.crews import CrewFix
from console.domain.incidents import Incident, PressureImpact, ReopenCheck
from console.domain.notices import Notice, NoticeFacts
from console.domain.picture import FeedHealth
from console.domain.readings import ReadingBatch
from console.services.state import DeskState
from maps.errors import QuanmaiError
from maps.isolation.result import IsolationPlan

if TYPE_CHECKING:
    from console.domain.alarms import Evidence
    from console.domain.incidents import Outlook
    from console.services.location.outlook import Known
    from maps.isolation import Conflict, ValveOverride
    from maps.locate.result import Location


class StoreUnavailable(QuanmaiError):
    """The store cannot be read or written now: the environment, not a defect. The message advises; retry later."""


class RecordRefused(QuanmaiError):
    """The store can never keep this value (U+0000 on PostgreSQL): nothing was written, and a retry would not help."""


class StoreInUse(QuanmaiError):
    """Another process already works on the store; the message names it."""


class StoreNewer(QuanmaiError):
    """The store was written by a newer version of the program."""


class StaleState(QuanmaiError):
    """Somebody else changed the record meanwhile: nothing was written; look again and decide anew."""


class UnitOfWork(Protocol):
    """All or nothing: a change set is on disk when ``commit`` returns."""

    def commit(self, change_set: ChangeSet, actor: Actor, at: datetime) -> Committed:
        """Write everything of ``change_set`` in one transaction; ``at`` is aware.

        New records with provisional ids are numbered, and provisional ids are replaced everywhere in the change set.
        Raises StoreUnavailable (nothing written, advice in the message), StaleState and RecordRefused.
        """
        ...

    def written(self, change_set: ChangeSet, actor: Actor, at: datetime) -> Committed | None:
        """What ``commit`` with the same arguments gave, if it is on disk: an answer can be lost with the connection."""
        ...


class Store(UnitOfWork, Protocol):
    """What the engine asks of the store. Everything raises StoreUnavailable when the disk or server fails."""

    def load_desk(self) -> DeskState:
        """Open records, with their history where undo needs it."""
        ...

    def probe(self) -> None:
        """Write something of no meaning: whether the store takes anything now."""
        ...

    def append_readings(self, batch: ReadingBatch) -> None:
        """Keep readings; batched, on disk at the latest after ``flush``."""
        ...

    def append_expected(self, tick_us: int, expected: NDArray[np.float64], sigma_kpa: NDArray[np.float64] | None = None) -> None:
        """Keep what was expected at a tick: (stations, channels), inside units, NaN where nothing was.

        ``sigma_kpa``: (stations,) scatter of pressures, NaN where unknown; it holds until the next is told.
        """
        ...

    def drop_expected(self, before_us: int) -> None:
        """Forget what was expected at the ticks before a time."""
        ...

    def append_positions(self, fixes: Iterable[CrewFix]) -> None:
        """Keep fixes of crews."""
        ...

    def readings(
        self, station_row: int, channel: int, since_us: int, until_us: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(source times µs, values in inside units) of one channel, oldest first, each (n,)."""
        ...

    def positions(self, crew_id: str, since_us: int, until_us: int) -> tuple[tuple[int, float, float], ...]:
        """(source time µs, x, y) of a crew in [since, until], oldest first; coordinates in the network's CRS."""
        ...

    def pending_outgoing(self) -> tuple[tuple[int, Outgoing], ...]:
        """Messages not yet safely delivered, oldest first."""
        ...

    def mark_sent(self, outgoing_ids: Sequence[int]) -> None:
        """These have safely arrived."""
        ...

    def mark_withdrawn(self, outgoing_ids: Sequence[int]) -> None:
        """These never left and are not to be sent any more."""
        ...

    def incident(self, incident_id: str) -> Incident | None:
        """One incident, open or closed; None when unknown."""
        ...

    def changes_of(self, subject: str) -> tuple[Change, ...]:
        """The changes of one subject (``incident/2026-0001``), oldest first."""
        ...

    def flush(self) -> None:
        """Put everything batched on disk."""
        ...


class Publisher(Protocol):
    """Takes messages out of the house, at least once."""

    def publish(self, outgoing_id: int, outgoing: Outgoing) -> bool:
        """Hand over a stored message; False when it cannot be taken now (it stays pending)."""
        ...

    def taken(self) -> list[int]:
        """Ids that have safely arrived since the last call."""
        ...


class Link(Publisher, Protocol):
    """A publisher that tells how it is."""

    def health(self) -> FeedHealth:
        """State of the connection now."""
        ...


class Documents(Protocol):
    """Words and files of a notice."""

    def texts(self, facts: NoticeFacts) -> tuple[str, str]:
        """The notice in Chinese and in English."""
        ...

    def files(self, notice: Notice, folder: Path) -> tuple[Path, ...]:
        """Write the notice's files (txt zh and en, pdf, CAP xml, json) into ``folder``; each written aside, then renamed."""
        ...

    def stem(self, notice: Notice) -> str:
        """What the names of a notice's files begin with, as it stands: ``<stem>.<rest>``."""
        ...

    def payloads(self, notice: Notice) -> tuple[Outgoing, ...]:
        """What goes to ``quanmai/v1/<site>/notices`` for the notice as it stands: JSON and CAP 1.2 XML.

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

        ``shut_by_crews``: closed for this very case; whatever lost its water by them counts as dry.
        """
        ...

    def conflict(self, plans: Sequence[IsolationPlan], *, valves: Mapping[str, ValveOverride] = ...) -> Conflict:
        """What falls dry when all ``plans`` are in force at once and in none of them alone."""
        ...

    @property
    def fingerprint(self) -> str:
        """Marks the network and its valve states; a plan made under another one is out of date."""
        ...


class Forecasts(Protocol):
    """What a location predicts."""

    def outlook(self, location: Location, evidence: Sequence[Evidence], at: datetime, known: Known) -> Outlook:
        """Predicted at the stations that moved, and where to read next. Blocking, a second in a large city."""
        ...


class Hydraulics(Protocol):
    """Pressures after a plan."""

    def impact(self, plan: IsolationPlan) -> PressureImpact:
        """Blocking; the engine asks in the background and drops late answers."""
        ...

    def reopening(self, plan: IsolationPlan) -> tuple[ReopenCheck, ...]:
        """Whether opening the plan's candidates would bring its dry pockets enough pressure. Blocking, a solve each."""
        ...
