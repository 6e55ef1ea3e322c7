"""Replay: the picture at any time of a record, as the console would have shown it. No database, no feed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from console.domain.alarms import Alarm
from console.domain.clock import micros, moment
from console.domain.compose import compose_picture
from console.domain.crews import CrewFix
from console.domain.health import FeedHealth
from console.domain.incidents import Incident
from console.domain.live import FUTURE_TOLERANCE_US, LivePicture
from console.domain.picture import Picture
from console.domain.readings import Channel, Quality
from console.services.alarms.limits import station_limits
from console.services.overview.explained_stations import explained_stations
from console.services.review.expected import Expectations
from console.services.review.record import CaseRecord
from console.services.review.states import known_at
from console.services.state import crews_by_orders

_CHANNELS = len(Channel)
_EXPECTED_FOR_US = 600_000_000


class Replay:
    """One record by time; every method is pure. Times in µs UTC within ``since_us`` … ``until_us``.

    A reading is known from its arrival; where that is not stored, from its source time.
    """

    def __init__(self, record: CaseRecord) -> None:
        self.record = record
        self.since_us, self.until_us = micros(record.since), micros(record.until)
        self.stations = len(record.city.stations)
        self._rows = {str(name): row for row, name in enumerate(record.city.stations.asset_id)}
        self._limits = station_limits(record.city)
        self._index_readings()
        self._index_tracks()
        times = [micros(change.at) for change in record.changes] + [micros(remark.at) for remark in record.notes.remarks]
        self.events_us = sorted({at for at in times if self.since_us <= at <= self.until_us})
        self._expected = Expectations(record.expected.within(self.since_us, self.until_us), self.stations)

    def picture(self, at_us: int, version: int = 0) -> Picture:
        """The picture as known at a time."""
        incident, live, expected = self.incident(at_us), self._live(at_us), self._expected.all_at(at_us)
        running = [incident] if incident else []
        return compose_picture(
            live,
            self._rows,
            version=version,
            now_us=at_us,
            expected=expected,
            crews=crews_by_orders(self._crews(at_us), running).values(),
            alarms=self._alarms(at_us),
            incidents=running,
            feeds=(FeedHealth("package", "up"),),
            is_drill=self.record.incident.is_drill,
            explained=explained_stations(running, self._rows, live.value, expected, self._limits),
        )

    def incident(self, at_us: int) -> Incident | None:
        """The case as it was known at a time, None before it was opened."""
        return known_at(self.record.incident_states, at_us)

    def after(self, at_us: int) -> int | None:
        """The next event behind a time, None behind the last."""
        number = bisect_right(self.events_us, at_us)
        return self.events_us[number] if number < len(self.events_us) else None

    def before(self, at_us: int) -> int | None:
        """The event before a time, None before the first."""
        number = bisect_left(self.events_us, at_us)
        return self.events_us[number - 1] if number else None

    def series(
        self, station_row: int, channel: Channel, since_us: int, until_us: int, known_by_us: int | None = None
    ) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """(times µs, values, expected values) of one channel in [since, until], bad ones NaN, each (n,).

        ``known_by_us``: only readings that had arrived by then.
        Expected values are as computed at that time. For a record without any: the alarm's reference values, for ten
        minutes from the first abnormal reading. NaN elsewhere.
        """
        cell = station_row * _CHANNELS + channel
        start, end = self._starts[cell], self._starts[cell + 1]
        low, high = np.searchsorted(self._at[start:end], [since_us, until_us + 1]) + start
        at_us, value = self._at[low:high], self._value[low:high]
        value = np.where(self._quality[low:high] == Quality.BAD, np.nan, value)
        if known_by_us is not None:
            heard = self._known[low:high] <= known_by_us
            at_us, value = at_us[heard], value[heard]
        if len(self._expected):
            return at_us, value, self._expected.at(station_row, channel, at_us, known_by_us)
        return at_us, value, self._compared(station_row, channel, at_us)

    def scatter(self, station_row: int, channel: Channel, known_by_us: int | None = None) -> float:
        """Last known standard deviation of a channel around its expected value, inside unit; NaN where none is stored."""
        return self._expected.sigma(station_row, channel, known_by_us)

    def _compared(self, station_row: int, channel: Channel, at_us: NDArray[np.int64]) -> NDArray[np.float64]:
        expected = np.full(len(at_us), np.nan)
        first = micros(self.record.incident.first_abnormal_at)
        for item in self.record.incident.evidence:
            if self._rows.get(item.station_id) == station_row and item.channel == channel.name.lower():
                near = (at_us >= first - _EXPECTED_FOR_US // 10) & (at_us <= first + _EXPECTED_FOR_US)
                expected[near] = item.expected
        return expected

    def as_known(self, station_row: int, channel: Channel) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """(time in µs since which the value was the newest known, value) of one channel, each (n,), bad ones NaN."""
        cell = station_row * _CHANNELS + channel
        low, high = np.searchsorted(self._latest, [self._starts[cell], self._starts[cell + 1]])
        own = self._latest[low:high]
        return self._known[own], np.where(self._quality[own] == Quality.BAD, np.nan, self._value[own])

    def track(self, crew_id: str, since_us: int, until_us: int) -> NDArray[np.float64]:
        """(n, 2) positions of a crew in [since, until], the network's CRS."""
        return np.array([(x, y) for _, x, y in self.fixes(crew_id, since_us, until_us)], dtype=np.float64).reshape(-1, 2)

    def fixes(self, crew_id: str, since_us: int, until_us: int) -> tuple[tuple[int, float, float], ...]:
        """(source time µs, x, y) of a crew in [since, until], oldest first."""
        if crew_id not in self._crew_spans:
            return ()
        start, end = self._crew_spans[crew_id]
        tracks = self.record.tracks
        low, high = np.searchsorted(tracks.at_us[start:end], [since_us, until_us + 1]) + start
        columns = (tracks.at_us[low:high].tolist(), tracks.x[low:high].tolist(), tracks.y[low:high].tolist())
        return tuple(zip(*columns, strict=True))

    def _index_readings(self) -> None:
        batch = self.record.readings
        cell = batch.station.astype(np.int64) * _CHANNELS + batch.channel
        order = np.lexsort((batch.at_us, cell))
        known = batch.known_us()
        self._at, self._value, self._quality = batch.at_us[order], batch.value[order], batch.quality[order]
        self._known = known[order]
        cells = cell[order]
        self._starts = np.searchsorted(cells, np.arange(self.stations * _CHANNELS + 1))
        self._used = np.flatnonzero(np.diff(self._starts))
        self._interval_s = self._usual_intervals(cells)
        self._index_latest(cells)

    def _index_latest(self, cells: NDArray[np.int64]) -> None:
        """From when each reading was the latest of its channel; one that arrived after a newer one never was."""
        heard = np.flatnonzero(self._at <= self._known + FUTURE_TOLERANCE_US)
        heard = heard[np.lexsort((heard, self._known[heard], cells[heard]))]
        # Sorted by channel and time, so the newest reading so far has the highest position so far.
        newest = np.maximum.accumulate(heard) if len(heard) else heard
        fresh = newest == heard
        self._latest = heard[fresh]
        # One sorted key over all channels: the latest value of all channels at any time is one search.
        self._zero = min(int(self._known.min(initial=self.since_us)), self.since_us)
        self._span = self.until_us - self._zero + 3
        known = np.minimum(self._known[self._latest], self.until_us + 1)
        self._key = cells[self._latest] * self._span + (known - self._zero)

    def _usual_intervals(self, cells: NDArray[np.int64]) -> NDArray[np.float64]:
        """Median sampling interval of each channel, seconds, NaN with fewer than two samples."""
        interval = np.full(self.stations * _CHANNELS, np.nan)
        same = cells[1:] == cells[:-1]
        step, of = np.diff(self._at)[same] / 1e6, cells[1:][same]
        order = np.lexsort((step, of))
        starts = np.searchsorted(of[order], self._used, side="left")
        ends = np.searchsorted(of[order], self._used, side="right")
        some = ends > starts
        interval[self._used[some]] = step[order][(starts[some] + ends[some]) // 2]
        return interval.reshape(self.stations, _CHANNELS)

    def _index_tracks(self) -> None:
        ids = self.record.tracks.crew_id
        self._crew_spans: dict[str, tuple[int, int]] = {}
        for number, name in enumerate(ids):
            first = self._crew_spans.get(str(name), (number, number))[0]
            self._crew_spans[str(name)] = (first, number + 1)

    def _live(self, at_us: int) -> LivePicture:
        live = LivePicture(self.stations)
        live.interval_s = self._interval_s
        wanted = self._used * self._span + min(max(at_us - self._zero, -1), self._span - 2)
        found = np.searchsorted(self._key, wanted, side="right") - 1
        last = self._latest[np.maximum(found, 0)] if len(self._latest) else np.zeros(len(found), np.int64)
        seen = (found >= 0) & (last >= self._starts[self._used])
        cell, last = self._used[seen], last[seen]
        live.value.reshape(-1)[cell] = self._value[last]
        live.at_us.reshape(-1)[cell] = self._at[last]
        live.quality.reshape(-1)[cell] = self._quality[last]
        return live

    def _crews(self, at_us: int) -> dict[str, CrewFix]:
        crews, tracks = self.record.city.crews, self.record.tracks
        names = {str(crews.asset_id[row]): str(crews.name[row]) for row in range(len(crews))}
        found = {
            str(crews.asset_id[row]): CrewFix(
                str(crews.asset_id[row]), str(crews.name[row]), float(crews.base_x[row]), float(crews.base_y[row]), 0
            )
            for row in range(len(crews))
        }
        for crew_id, (start, end) in self._crew_spans.items():
            last = int(np.searchsorted(tracks.at_us[start:end], at_us, side="right")) + start - 1
            if last >= start:
                place = (float(tracks.x[last]), float(tracks.y[last]))
                found[crew_id] = CrewFix(crew_id, names.get(crew_id, crew_id), *place, int(tracks.at_us[last]))
        return found

    def _alarms(self, at_us: int) -> list[Alarm]:
        states = (known_at(own, at_us) for own in self.record.alarm_states.values())
        return [alarm for alarm in states if alarm is not None]


def jumped(at: datetime, replay: Replay) -> int:
    """A time of the case as µs, limited to the record."""
    return min(max(micros(at), replay.since_us), replay.until_us)


def clock_words(replay: Replay, at_us: int) -> str:
    """Time since the first abnormal reading as ``T+04:07`` (``T-…`` before it)."""
    seconds = (at_us - micros(replay.record.incident.first_abnormal_at)) // 1_000_000
    sign, rest = ("-", -seconds) if seconds < 0 else ("+", seconds)
    hours, rest = divmod(rest, 3600)
    return f"T{sign}{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"T{sign}{rest // 60:02d}:{rest % 60:02d}"


__all__ = ["Replay", "clock_words", "jumped", "moment"]
