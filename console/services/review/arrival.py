"""Measured time against arrival time: delays by station, and late readings of the case."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from console.domain.clock import micros, moment
from console.services.review.answers import Answer, Fact, Rows, Verdict, known, targets
from console.services.review.record import CaseRecord

_LISTED = 30


def late_after() -> timedelta:
    """Delay from which a reading is late."""
    return timedelta(minutes=float(targets()["arrival"]["late_minutes"]))


def arrival_delays(record: CaseRecord) -> Answer:
    """Median and longest delay and late readings of every station, the slowest first; unknown where no arrival was stored."""
    batch = record.readings
    delay_s = batch.delay_s()
    timed = np.flatnonzero(np.isfinite(delay_s))
    if not len(timed):
        return Answer("arrival", (known("arrival_median", None), known("arrival_longest", None)))
    names = [str(name) for name in record.city.stations.asset_id]
    rows = sorted(_stations(batch.station[timed], delay_s[timed], names), key=lambda row: (-row[3].total_seconds(), row[0]))
    late = tuple(row[0] for row in rows if row[4])
    untimed = len(batch) - len(timed)
    facts = (
        known("arrival_median", float(np.median(delay_s[timed])), "s"),
        known("arrival_longest", rows[0][3], "duration", rows[0][0]),
        Fact("arrival_late", late[:_LISTED] or "–", "", None, Verdict.BAD if late else Verdict.GOOD, _more(late)),
        known("arrival_unknown", untimed),
    )
    columns = ("station", "readings", "delay_median", "delay_longest", "late_readings")
    return Answer("arrival", facts if untimed else facts[:-1], Rows(columns, ("", "", "s", "duration", ""), tuple(rows)))


def late_readings(record: CaseRecord) -> list[tuple[datetime, timedelta, str, str]]:
    """(arrived, longest delay, station, what) of the readings from the first abnormal one on that came late, the latest first.

    Readings of one station that arrived together are one line: station, measured from, until, count.
    """
    batch = record.readings
    if batch.arrived_us is None:
        return []
    limit_s = late_after().total_seconds()
    since_us, until_us = micros(record.incident.first_abnormal_at), micros(record.incident.closed_at or record.until)
    within = (batch.at_us >= since_us) & (batch.at_us <= until_us)
    late = batch.where(within & (np.nan_to_num(batch.delay_s(), nan=-np.inf) > limit_s))
    if late.arrived_us is None or not len(late):
        return []
    late = late.where(np.lexsort((late.at_us, late.arrived_us, late.station)))
    assert late.arrived_us is not None
    fresh = np.ones(len(late), dtype=bool)
    fresh[1:] = (late.station[1:] != late.station[:-1]) | (late.arrived_us[1:] != late.arrived_us[:-1])
    starts = np.flatnonzero(fresh)
    ends = np.append(starts[1:], len(late))
    longest_us = late.arrived_us[starts] - late.at_us[starts]
    found = []
    for number in np.argsort(-longest_us, kind="stable")[:_LISTED].tolist():
        start, end = int(starts[number]), int(ends[number])
        station = str(record.city.stations.asset_id[int(late.station[start])])
        what = _span(station, record, int(late.at_us[start]), int(late.at_us[end - 1]), end - start)
        found.append((moment(int(late.arrived_us[start])), timedelta(microseconds=int(longest_us[number])), station, what))
    return found


def _stations(
    station: NDArray[np.int32], delay_s: NDArray[np.float64], names: list[str]
) -> list[tuple[str, int, float, timedelta, int]]:
    order = np.lexsort((delay_s, station))
    rows, delays = station[order], delay_s[order]
    limit_s = late_after().total_seconds()
    found = []
    for row in np.unique(rows).tolist():
        start, end = np.searchsorted(rows, [row, row + 1])
        own = delays[start:end]
        late = len(own) - int(np.searchsorted(own, limit_s, side="right"))
        found.append((names[row], len(own), float(np.median(own)), timedelta(seconds=float(own[-1])), late))
    return found


def _span(station: str, record: CaseRecord, first_us: int, last_us: int, count: int) -> str:
    zone = ZoneInfo(record.city.info.time_zone)
    first, last = (f"{moment(at).astimezone(zone):%H:%M:%S}" for at in (first_us, last_us))
    return f"{station}  {first}" if count == 1 else f"{station}  {first}–{last} ×{count}"


def _more(names: tuple[str, ...]) -> str:
    return f"+{len(names) - _LISTED}" if len(names) > _LISTED else ""
