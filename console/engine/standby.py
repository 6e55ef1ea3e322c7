"""Standby: what detection has found in this process, kept for the case that the leader ended before it was written.

Every process on a shared store runs detection on the same readings; only the leader's findings count. A process that takes over
compares its own with the stored alarms and decides what is missing there. One that has the store alone does so after a restart.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from console.detection import BurstFinding
from console.detection.finding import OperationFinding, StationFinding
from console.domain.alarms import Alarm, AlarmState
from console.domain.clock import moment

_Key = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Owed:
    """What the stored state lacks, and the alarms whose end detection must find (``resumed``)."""

    operations: tuple[OperationFinding, ...]
    bursts: tuple[BurstFinding, ...]
    stations: tuple[StationFinding, ...]
    resumed: tuple[Alarm, ...]


class Standby:
    """Used on the engine's thread alone."""

    def __init__(self) -> None:
        self._operations: deque[OperationFinding] = deque(maxlen=50)
        self._bursts: deque[BurstFinding] = deque(maxlen=50)
        self._stations: dict[_Key, StationFinding] = {}

    def note(
        self, operations: Iterable[OperationFinding], bursts: Iterable[BurstFinding], stations: Iterable[StationFinding]
    ) -> None:
        """Findings of one tick; ``bursts`` with revisions."""
        self._operations.extend(operations)
        self._bursts.extend(bursts)
        for finding in stations:
            self._stations[finding.station_id, finding.code, finding.channel] = finding

    def owed(self, alarms: Iterable[Alarm], since_us: int) -> Owed:
        """Compare with the stored ``alarms``: conditions that last without an alarm, alarms whose condition has ended.

        Bursts and operations at or after ``since_us``: the desk finds by their place whether a case has them already.
        """
        since, known = moment(since_us), dict[_Key, Alarm]()
        for alarm in alarms:
            if alarm.state is not AlarmState.CLEARED and alarm.returned_at is None:
                known |= {(alarm.subject, alarm.code, channel): alarm for channel in alarm.channels}
        begun = [one for key, one in self._stations.items() if one.active and key not in known]
        ended = [one for key, one in self._stations.items() if not one.active and key in known and one.at >= known[key].raised_at]
        over = {(one.station_id, one.code, one.channel) for one in ended}
        return Owed(
            tuple(one for one in self._operations if one.at >= since),
            tuple(one for one in self._bursts if one.at >= since),
            tuple(sorted((*begun, *ended), key=lambda one: one.at)),
            tuple({alarm.alarm_id: alarm for key, alarm in known.items() if key not in over}.values()),
        )
