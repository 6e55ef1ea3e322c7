"""Composing the frozen Picture from the live columns, and the expected values kept for charts."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import ALARM, Alarm, AlarmKind, AlarmState
from console.domain.clock import moment
from console.domain.crews import CrewFix
from console.domain.delivery import Undelivered
from console.domain.expected import CHARTED
from console.domain.health import ChannelHealth, FalseBursts, FeedHealth
from console.domain.incidents import INCIDENT, Incident, Phase
from console.domain.lease import Lease
from console.domain.live import LivePicture
from console.domain.picture import Picture
from console.domain.readings import Channel
from console.domain.records import Record

_OPEN = (AlarmState.ACTIVE, AlarmState.ACKNOWLEDGED)
_SET_ASIDE = (AlarmState.SHELVED, AlarmState.OUT_OF_SERVICE)
_WARNING_KINDS = (AlarmKind.LOW_PRESSURE, AlarmKind.HIGH_PRESSURE, AlarmKind.WATER_QUALITY)
_TICKS_KEPT = 240


class ExpectedHistory:
    """Expected values of the last ticks, float32, for the chart's band; (stations, 3 channels) a tick."""

    def __init__(self) -> None:
        self._ticks: deque[tuple[int, NDArray[np.float32]]] = deque(maxlen=_TICKS_KEPT)

    @property
    def last_us(self) -> int:
        """Time of the last tick, 0 before the first."""
        return self._ticks[-1][0] if self._ticks else 0

    def add(self, at_us: int, expected: NDArray[np.float64]) -> None:
        """Keep the expected values (stations, channels) of a tick; later ones are forgotten, the clock was set back."""
        while self._ticks and self._ticks[-1][0] >= at_us:
            self._ticks.pop()
        self._ticks.append((at_us, expected[:, list(CHARTED)].astype(np.float32)))

    def at(self, station_row: int, channel: Channel, at_us: NDArray[np.int64]) -> NDArray[np.float64]:
        """Expected value at given times, linear between ticks, NaN outside them or for other channels, (n,)."""
        ticks = list(self._ticks)
        if channel not in CHARTED or not ticks:
            return np.full(len(at_us), np.nan)
        times = np.array([tick for tick, _ in ticks], dtype=np.float64)
        values = np.array([kept[station_row, CHARTED.index(channel)] for _, kept in ticks], dtype=np.float64)
        return np.asarray(np.interp(at_us.astype(np.float64), times, values, left=np.nan, right=values[-1]))


def compose_picture(
    live: LivePicture,
    station_rows: dict[str, int],
    *,
    version: int,
    now_us: int,
    expected: NDArray[np.float64],
    crews: Iterable[CrewFix],
    alarms: Iterable[Alarm],
    incidents: Iterable[Incident],
    feeds: tuple[FeedHealth, ...],
    is_drill: bool,
    learning: NDArray[np.bool_] | None = None,
    elevation_error_m: NDArray[np.float64] | None = None,
    preparing: tuple[int, int] | None = None,
    undelivered: tuple[Undelivered, ...] = (),
    records: Mapping[str, Mapping[str, Record]] | None = None,
    given: Mapping[str, str] | None = None,
    channels: tuple[ChannelHealth, ...] = (),
    lease: Lease | None = None,
    seq: int = 0,
    false_bursts: FalseBursts | None = None,
    explained: NDArray[np.bool_] | None = None,
) -> Picture:
    """One frozen picture; the arrays are copies, so that later readings never change what a view holds.

    ``records``: of every kind, by its name and their ids; incidents and alarms are given apart. ``explained``: (stations,)
    those whose deviation a running case explains; one with a warning or a fault of its own keeps its alarm.
    """
    every, running = tuple(alarms), tuple(i for i in incidents if i.phase is not Phase.CLOSED)
    cases = frozenset(incident.incident_id for incident in running)
    shown = tuple(
        sorted((a for a in every if a.state is not AlarmState.CLEARED), key=lambda a: (a.priority, -a.raised_at.timestamp()))
    )
    flags = {name: np.zeros(len(live.value), dtype=bool) for name in ("faulty", "warned", "abnormal")}
    for alarm in shown:
        flag = _flag_of(alarm, cases)
        if flag:
            for station_id in {alarm.subject, *(item.station_id for item in alarm.evidence)}:
                if station_id in station_rows:
                    flags[flag][station_rows[station_id]] = True
    own = flags["warned"] | flags["faulty"]
    in_case = flags["abnormal"] & ~own & explained if explained is not None else None
    if in_case is not None:
        flags["abnormal"] &= ~in_case
    alarming = (alarm for alarm in every if alarm.kind is not AlarmKind.OPERATION)
    recent = sum(1 for alarm in alarming if 0 <= now_us - alarm.raised_at.timestamp() * 1e6 < 600e6)
    late = live.stale(now_us)
    return Picture(
        version=version,
        now_us=now_us,
        value=live.value.copy(),
        at_us=live.at_us.copy(),
        quality=live.quality.copy(),
        expected=expected,
        station_state=live.station_state(now_us, flags["faulty"], flags["warned"], flags["abnormal"], learning, in_case, late),
        crews=tuple(crews),
        alarms=shown,
        incidents=running,
        feeds=feeds,
        alarms_per_10_min=recent,
        is_drill=is_drill,
        elevation_error_m=elevation_error_m,
        preparing=preparing,
        undelivered=undelivered,
        others=_others(records or {}, moment(now_us)),
        given=given or {},
        channels=channels,
        lease=lease,
        seq=seq,
        false_bursts=false_bursts,
        late=late,
    )


def _others(records: Mapping[str, Mapping[str, Record]], now: datetime) -> dict[str, tuple[Record, ...]]:
    """Records of the kinds that have no field of their own in a picture, oldest first: those open, or closing only later."""
    found = {}
    for name, some in records.items():
        if name not in (INCIDENT.name, ALARM.name):
            opened = [one for one in some.values() if (closed_at := one.record_kind.closed_at(one)) is None or closed_at > now]
            found[name] = tuple(sorted(opened, key=lambda one: one.record_kind.opened_at(one)))
    return found


def _flag_of(alarm: Alarm, cases: frozenset[str]) -> str:
    """How its stations are shown. Set aside, an alarm calls nobody, yet what it knows stays true: of a case, of a fault."""
    aside = alarm.state in _SET_ASIDE and alarm.returned_at is None
    if alarm.state not in _OPEN and not aside:
        return ""
    if alarm.kind is AlarmKind.BURST:
        return "abnormal" if not aside or alarm.incident_id in cases else ""
    if alarm.kind is AlarmKind.STATION_FAULT:
        return "faulty"
    return "warned" if alarm.kind in _WARNING_KINDS and not aside else ""
