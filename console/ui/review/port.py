"""ReplayPort: the window's port over a record. It shows one moment at a time; nothing can be changed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.domain.actors import Actor
from console.domain.attachments import Attachment
from console.domain.changes import Change
from console.domain.clock import micros, moment
from console.domain.delivery import SentMessage
from console.domain.intents import Intent
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.domain.records import Record, RecordKind
from console.domain.targets import Targets
from console.services.alarms.limits import station_limits
from console.services.review.record import CaseRecord
from console.services.review.replay import Replay
from console.services.settings import DeskSettings
from maps.errors import QuanmaiError


class Recorded(QuanmaiError):
    """A change of a recorded case was asked for."""


class ReplayPort:
    """A ConsolePort that shows what was known at ``at_us``. ``refusal``: the message when a change is asked for."""

    def __init__(self, record: CaseRecord, refusal: str = "this is a recording: nothing can be changed in it") -> None:
        self.city, self.record, self.refusal = record.city, record, refusal
        self.replay = Replay(record)
        self.limits = station_limits(record.city)
        self.targets, self.crew_speed_kmh = Targets(), DeskSettings().crew_speed_kmh
        self.site = record.city.info.site
        self.at_us = micros(record.incident.opened_at)
        self._version = 0
        self._picture = self.replay.picture(self.at_us)

    def go(self, at_us: int) -> Picture:
        """Go to another moment (kept within the record); gives its picture."""
        self.at_us = min(max(int(at_us), self.replay.since_us), self.replay.until_us)
        self._version += 1
        self._picture = self.replay.picture(self.at_us, self._version)
        return self._picture

    def latest(self) -> Picture:
        """The picture of the moment."""
        return self._picture

    def now(self) -> datetime:
        """The moment, aware UTC."""
        return moment(self.at_us)

    def submit(self, intent: Intent, actor: Actor) -> Future[Any]:
        """Refuse every intent: a record cannot be changed."""
        answer: Future[Any] = Future()
        answer.set_exception(Recorded(self.refusal))
        return answer

    def subscribe(self, callback: Callable[[Picture], None]) -> None:
        """Nothing comes by itself: the window is shown each moment as it is chosen."""

    def history(
        self, station_row: int, channel: Channel, since_us: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(times µs, values, expected values) up to the moment: what arrived later was not known then."""
        return self.replay.series(station_row, channel, since_us, self.at_us, known_by_us=self.at_us)

    def scatter(self, station_row: int, channel: Channel) -> float:
        """Sigma of a station's channel as it was known at the moment, inside unit; NaN where none was kept."""
        return self.replay.scatter(station_row, channel, known_by_us=self.at_us)

    def messages_of(self, incident_id: str) -> tuple[SentMessage, ...]:
        """None: packages hold what was sent, not each delivery."""
        return ()

    def timeline(self, incident_id: str) -> tuple[Change, ...]:
        """The log of actions up to the moment."""
        if incident_id != self.record.incident.incident_id:
            return ()
        return tuple(change for change in self.record.case_changes if micros(change.at) <= self.at_us)

    def track(self, crew_id: str, since_us: int) -> tuple[tuple[int, float, float], ...]:
        """A crew's recorded fixes up to the moment."""
        return self.replay.fixes(crew_id, since_us, self.at_us)

    def records_of(self, kinds: Sequence[RecordKind[Any]], since_us: int, until_us: int) -> tuple[Record, ...]:
        """Entries and calls of the case up to the moment; of a record that changes, its end."""
        names = {kind.name for kind in kinds}
        there = (one for one in self.record.others if one.record_kind.name in names)
        return tuple(one for one in there if since_us <= micros(one.record_kind.opened_at(one)) <= min(until_us, self.at_us))

    def changes_between(self, kinds: Sequence[str], since_us: int, until_us: int) -> tuple[Change, ...]:
        """Changes of these kinds up to the moment."""
        last_us = min(until_us, self.at_us)
        return tuple(one for one in self.record.changes if one.kind in kinds and since_us <= micros(one.at) <= last_us)

    def changes_of(self, subject: str) -> tuple[Change, ...]:
        """The recorded changes of one record up to the moment."""
        return tuple(one for one in self.record.changes if one.subject == subject and micros(one.at) <= self.at_us)

    def attachment(self, sha256: str) -> Attachment | None:
        """A picture of an entry; None where the package does not hold it, as in a redacted one."""
        return self.record.pictures.get(sha256)
