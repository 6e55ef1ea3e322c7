"""AreaPort: the engine as the terminal of some areas sees it. What belongs to other areas is not in it at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from datetime import datetime
from threading import Lock
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from console.domain.actors import GRANTED, Actor, Role
from console.domain.attachments import Attachment
from console.domain.changes import Change, ChangeSet
from console.domain.delivery import SentMessage
from console.domain.intents import Intent
from console.domain.limits import Limits
from console.domain.outgoing import MessageKind
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.domain.records import Record, RecordKind
from console.domain.targets import Targets
from console.services.areas.sight import AreaSight
from console.services.conflicts import ChangedElsewhere


class Whole(Protocol):
    """The engine's methods for a window (``console.ui.port.ConsolePort`` says what they mean)."""

    limits: Limits
    targets: Targets
    crew_speed_kmh: float
    site: str

    def latest(self) -> Picture: ...  # noqa: D102
    def now(self) -> datetime: ...  # noqa: D102
    def submit(self, intent: Intent, actor: Actor) -> Future[ChangeSet]: ...  # noqa: D102
    def subscribe(self, callback: Callable[[Picture], None]) -> None: ...  # noqa: D102
    def history(  # noqa: D102
        self, station_row: int, channel: Channel, since_us: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]: ...
    def scatter(self, station_row: int, channel: Channel) -> float: ...  # noqa: D102
    def timeline(self, incident_id: str) -> tuple[Change, ...]: ...  # noqa: D102
    def messages_of(self, incident_id: str) -> tuple[SentMessage, ...]: ...  # noqa: D102
    def track(self, crew_id: str, since_us: int) -> tuple[tuple[int, float, float], ...]: ...  # noqa: D102
    def records_of(  # noqa: D102
        self, kinds: Sequence[RecordKind[Any]], since_us: int, until_us: int
    ) -> tuple[Record, ...]: ...
    def changes_between(self, kinds: Sequence[str], since_us: int, until_us: int) -> tuple[Change, ...]: ...  # noqa: D102
    def changes_of(self, subject: str) -> tuple[Change, ...]: ...  # noqa: D102
    def attachment(self, sha256: str) -> Attachment | None: ...  # noqa: D102


class AreaPort:
    """Same methods as the engine; rows of stations are those of ``city``, which has the area's stations only.

    Intents are submitted for an actor of these areas, whoever sits there; the services check them again.
    """

    def __init__(self, engine: Whole, sight: AreaSight) -> None:
        self._engine, self.sight = engine, sight
        self.city, self.limits = sight.city, sight.limits(engine.limits)
        self.targets, self.crew_speed_kmh, self.site = engine.targets, engine.crew_speed_kmh, engine.site
        self._lock = Lock()
        self._latest: tuple[Picture, Picture] | None = None

    def latest(self) -> Picture:
        """The newest picture."""
        return self._cut(self._engine.latest())

    def now(self) -> datetime:
        """The time on the engine's clock."""
        return self._engine.now()

    def submit(self, intent: Intent, actor: Actor) -> Future[ChangeSet]:
        """Submit an intent; the answer holds what the area may see of the step."""
        answer: Future[ChangeSet] = Future()

        def pass_on(done: Future[ChangeSet]) -> None:
            fault = done.exception()
            if isinstance(fault, ChangedElsewhere):
                answer.set_exception(ChangedElsewhere(self.sight.timeline(fault.changes, self._cases())))
            elif fault is not None:
                answer.set_exception(fault)
            else:
                changes = done.result()
                shown = {case.incident_id for case in changes.incidents if self.sight.case(case)}
                answer.set_result(self.sight.change_set(changes, self._cases() | shown))

        self._engine.submit(intent, self.at_terminal(actor)).add_done_callback(pass_on)
        return answer

    def at_terminal(self, actor: Actor) -> Actor:
        """The actor at this terminal: of its areas, and with the permissions of an area's people where theirs are wider."""
        areas = tuple(sorted(self.sight.areas & set(actor.areas) if actor.areas else self.sight.areas))
        wider = GRANTED[Role.AREA] <= GRANTED[actor.role]
        return replace(actor, areas=areas or ("none",), role=Role.AREA if wider else actor.role)

    def subscribe(self, callback: Callable[[Picture], None]) -> None:
        """Call ``callback`` with each new picture of the area."""
        self._engine.subscribe(lambda picture: callback(self._cut(picture)))

    def history(
        self, station_row: int, channel: Channel, since_us: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(source times µs, values, expected values) of one channel since a time, oldest first."""
        return self._engine.history(int(self.sight.station_rows[station_row]), channel, since_us)

    def scatter(self, station_row: int, channel: Channel) -> float:
        """Standard deviation around the expected value, inside unit; NaN while unknown."""
        return self._engine.scatter(int(self.sight.station_rows[station_row]), channel)

    def timeline(self, incident_id: str) -> tuple[Change, ...]:
        """The log of a case of the area; of others nothing, as for an unknown one."""
        cases = self._cases()
        shown = self._engine.latest().given.get(incident_id, incident_id)
        if shown not in cases:
            return ()
        return self.sight.timeline(self._engine.timeline(shown), cases)

    def messages_of(self, incident_id: str) -> tuple[SentMessage, ...]:
        """Notices of a case of the area with their deliveries; orders and alerts of others are not shown."""
        shown = self._engine.latest().given.get(incident_id, incident_id)
        if shown not in self._cases():
            return ()
        return tuple(one for one in self._engine.messages_of(shown) if one.kind is MessageKind.NOTICE)

    def track(self, crew_id: str, since_us: int) -> tuple[tuple[int, float, float], ...]:
        """(source time µs, x, y) of a crew that the area may see."""
        seen = any(crew.crew_id == crew_id for crew in self.latest().crews)
        return self._engine.track(crew_id, since_us) if seen else ()

    def records_of(self, kinds: Sequence[RecordKind[Any]], since_us: int, until_us: int) -> tuple[Record, ...]:
        """Records of these kinds that the area may see."""
        return self.sight.records(self._engine.records_of(kinds, since_us, until_us), self._cases())

    def changes_between(self, kinds: Sequence[str], since_us: int, until_us: int) -> tuple[Change, ...]:
        """Changes of the area's cases."""
        cases = self._cases()
        of_cases = {f"incident/{incident_id}" for incident_id in cases}
        found = self._engine.changes_between(kinds, since_us, until_us)
        return self.sight.timeline((change for change in found if change.subject in of_cases), cases)

    def changes_of(self, subject: str) -> tuple[Change, ...]:
        """The changes of one of the area's cases, or of another record that the area may see; of any other one nothing."""
        kind, _, record_id = subject.partition("/")
        if kind == "incident":
            return self.timeline(record_id)
        found, cases = self._engine.changes_of(subject), self._cases()
        return self.sight.timeline(found, cases) if found and self.sight.change_shown(found[0], cases) else ()

    def attachment(self, sha256: str) -> Attachment | None:
        """A picture by the hash of its bytes, which only who sees its entry has."""
        return self._engine.attachment(sha256)

    def _cases(self) -> frozenset[str]:
        return frozenset(case.incident_id for case in self.latest().incidents)

    def _cut(self, picture: Picture) -> Picture:
        """Cut once for all who ask, from any thread."""
        with self._lock:
            if self._latest is None or self._latest[0] is not picture:
                self._latest = picture, self.sight.picture(picture)
            return self._latest[1]
