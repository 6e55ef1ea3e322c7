"""Replays recorded readings through the live detection at full speed; one event per detected burst."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from console.detection import BurstFinding, Detector, DetectorOptions, History
from console.detection.driven.threshold_calibration import Threshold
from console.domain.clock import micros, moment
from console.domain.live import LivePicture
from console.domain.readings import ReadingBatch
from console.services.analysis.readings_file import read_recording
from console.services.analysis.rolling_history import RollingHistory
from console.services.incidents.messages import reading_place
from console.services.location.outlook import Forecaster, Known
from maps.city import City
from maps.errors import InputFault
from maps.hydraulics.analysis.burst_responses import burst_responses
from maps.hydraulics.driven import driven_model
from maps.hydraulics.session import EpanetSession
from maps.hydraulics.state import HydraulicState
from maps.isolation import build_segments
from maps.locate.result import Candidate

Progress = Callable[[float], None]
"""Told the share done, 0 to 1."""

_LEAST_TICK_S, _MOST_TICK_S = 1.0, 3600.0
_LOCATING_TICKS = 3
_MOST_EMPTY_TICKS = 300_000
"""In a row: more than half a year of minutes; of shorter steps a month in any case."""
_MONTH_US = 31 * 86_400_000_000


def locate_recording(
    city: City,
    readings: Path,
    *,
    baseline: Path | None = None,
    event_at: datetime | None = None,
    progress: Progress | None = None,
) -> Iterator[dict[str, Any]]:
    """Events of a recording, each a JSON-able dict, in order of detection; never a revision.

    ``baseline``: quiet history to learn from. ``event_at`` (aware): detection is skipped, the location at that time is
    the one event. Raises InputFault for files that cannot be understood.
    """
    if not len(city.stations):
        raise InputFault(f"{city.info.name}: no stations; import with --stations")
    batch = read_recording(readings, city)
    _refuse_gaps(batch, recorded_interval_s(batch), readings)
    quiet = None
    if baseline is not None:
        history = read_recording(baseline, city)
        quiet = History.of_batch(history, len(city.stations), recorded_interval_s(history))
    yield from located_events(city, batch, quiet=quiet, event_at=event_at, progress=progress)


def located_events(
    city: City,
    batch: ReadingBatch,
    *,
    quiet: History | None = None,
    event_at: datetime | None = None,
    progress: Progress | None = None,
    without: frozenset[str] = frozenset(),
) -> Iterator[dict[str, Any]]:
    """As ``locate_recording`` for readings in memory, ordered by time; ``quiet``: burst-free history to learn from first.

    ``without``: lanes that are switched off.
    """
    tick_s = recorded_interval_s(batch)
    with _session(city) as session:
        states = _day_of(session)
        options = DetectorOptions(tick_s=tick_s, time_zone=city.info.time_zone, without=without)
        responses = partial(burst_responses, session) if session is not None and states else None
        driven = driven_model(session) if session is not None and states else None
        detector = Detector(city, states, options, responses=responses, driven=driven)
        memory = RollingHistory(city.info.time_zone)
        if quiet is not None:
            memory.start(quiet, detector)
        describe = _Describer(city, states or ())
        forced_us = None if event_at is None else micros(event_at)
        for found in _replay(detector, batch, tick_s, forced_us, memory, progress):
            yield {**describe.event(found), **_trust(detector.threshold)}


def _trust(threshold: Threshold | None) -> dict[str, Any]:
    """How many false events to expect with the threshold read from history; nothing where it was not."""
    if threshold is None:
        return {}
    return {
        "expected_false_a_month": round(threshold.expected_a_month, 2),
        "at_most_false_a_month": round(threshold.at_most_a_month, 1),
        "history_days": round(threshold.history_days, 1),
    }


def _refuse_gaps(batch: ReadingBatch, tick_s: float, path: Path) -> None:
    """Raises InputFault for a time implausibly far from its neighbours: each tick in between would be computed."""
    gaps = np.diff(batch.at_us)
    if len(gaps) and gaps.max() > max(_MOST_EMPTY_TICKS * tick_s * 1e6, _MONTH_US):
        at = int(np.argmax(gaps))
        before, after = (moment(int(one)).isoformat(timespec="seconds") for one in batch.at_us[at : at + 2])
        raise InputFault(f"{path}: nothing between {before} and {after}; correct the wrong time, or cut the recording there")


@contextmanager
def _session(city: City) -> Iterator[EpanetSession | None]:
    if city.epanet is None:
        yield None
        return
    with EpanetSession(city) as session:
        yield session


def _day_of(session: EpanetSession | None) -> Sequence[HydraulicState] | None:
    """Hourly hydraulic states of the model's day; None without a model or where EPANET does not converge."""
    if session is None:
        return None
    states = session.solve_day(3600)
    return states if all(state.converged for state in states) else None


def recorded_interval_s(batch: ReadingBatch) -> float:
    """The recording's own interval: the commonest time between samples of one channel, seconds."""
    cell = batch.station.astype(np.int64) * 256 + batch.channel
    order = np.lexsort((batch.at_us, cell))
    same = cell[order][1:] == cell[order][:-1]
    steps = np.diff(batch.at_us[order])[same]
    steps = np.rint(steps[steps > 0] / 1e6)
    if not len(steps):
        return 60.0
    values, counts = np.unique(steps, return_counts=True)
    return float(np.clip(values[np.argmax(counts)], _LEAST_TICK_S, _MOST_TICK_S))


@dataclass(eq=False)
class _Found:
    finding: BurstFinding
    located_us: int
    known: Known
    ticks: int = 1


def _replay(
    detector: Detector,
    batch: ReadingBatch,
    tick_s: float,
    forced_us: int | None,
    memory: RollingHistory,
    progress: Progress | None,
) -> Iterator[_Found]:
    """Findings, each once its location will not improve any more."""
    live = LivePicture(len(detector.station_ids))
    waiting: list[_Found] = []
    for tick_us, part in _ticks(batch, tick_s, progress):
        live.apply(part, tick_us)
        force = forced_us is not None and tick_us - int(tick_s * 1e6) < forced_us <= tick_us
        memory.take(live, tick_us, tick_s, detector)
        result = detector.tick(live.value, live.at_us, live.quality, tick_us, force=force)
        for burst in result.bursts:
            if burst.lane != "slow":  # a leak that grew for weeks leaves no other history
                memory.leave_out(micros(burst.first_abnormal_at))
        for revision in result.revisions:
            for found in waiting:
                if found.finding.finding_id == revision.finding_id:
                    found.finding, found.located_us = revision, tick_us
        for found in waiting:
            found.ticks += 1
        known = Known.of(result.expected, live.at_us > 0)
        waiting += [_Found(burst, tick_us, known) for burst in result.bursts if forced_us is None or force]
        done = [found for found in waiting if found.ticks >= _LOCATING_TICKS]
        waiting = [found for found in waiting if found.ticks < _LOCATING_TICKS]
        yield from done
        if forced_us is not None and done:
            return
    yield from waiting


def _ticks(batch: ReadingBatch, tick_s: float, progress: Progress | None) -> Iterator[tuple[int, ReadingBatch]]:
    """(tick time, readings since the last tick) on the grid; a reading belongs to the first tick not before it."""
    tick_us = int(tick_s * 1e6)
    slot = -(-batch.at_us // tick_us)
    first, last = int(slot[0]), int(slot[-1])
    bounds = np.searchsorted(slot, np.arange(first, last + 2))
    for index in range(last - first + 1):
        if progress is not None and index % 1000 == 0:
            progress(index / (last - first + 1))
        yield (first + index) * tick_us, _cut(batch, slice(int(bounds[index]), int(bounds[index + 1])))
    if progress is not None:
        progress(1.0)


def _cut(batch: ReadingBatch, part: slice) -> ReadingBatch:
    return replace(
        batch,
        station=batch.station[part],
        channel=batch.channel[part],
        at_us=batch.at_us[part],
        value=batch.value[part],
        quality=batch.quality[part],
    )


class _Describer:
    """Findings as the JSON of a recorded event."""

    def __init__(self, city: City, states: Sequence[HydraulicState]) -> None:
        self._forecaster = Forecaster(city, states)
        self._city, self._zone = city, ZoneInfo(city.info.time_zone)
        self._segment: NDArray[np.int32] = build_segments(city.network).of_pipe

    def event(self, found: _Found) -> dict[str, Any]:
        """One event. ``segments``: by probability, the candidate pipes in each smallest part that valves cut off."""
        finding = found.finding
        location = finding.location
        return {
            "detected_at": self._local(finding.at),
            "located_at": self._local(moment(found.located_us)),
            "path": finding.path,
            "lane": finding.lane,
            "statistic": round(finding.statistic, 2),
            "threshold": round(finding.threshold, 2),
            "stations": [evidence.station_id for evidence in finding.evidence],
            "operations": [{"kind": one.kind, "asset_id": one.pump_id, "certain": one.certain} for one in finding.operations],
            "candidates": [
                {"pipe": candidate.pipe_id, "probability": round(candidate.probability, 6)} for candidate in location.candidates
            ],
            "segments": self._segments(location.candidates),
            "set_90": list(location.set_90),
            "model": location.model,
            "next_reading": self._next_reading(found),
        }

    def _next_reading(self, found: _Found) -> dict[str, Any] | None:
        finding = found.finding
        places = self._forecaster.outlook(finding.location, finding.evidence, finding.at, found.known).next_readings
        return reading_place(places[0]) if places else None

    def _segments(self, candidates: Sequence[Candidate]) -> list[dict[str, Any]]:
        pipes: dict[int, list[Candidate]] = {}
        for candidate in candidates:
            pipes.setdefault(int(self._segment[self._city.network.pipes.row(candidate.pipe_id)]), []).append(candidate)
        parts = [(sum(one.probability for one in inside), [one.pipe_id for one in inside]) for inside in pipes.values()]
        parts.sort(key=lambda part: -part[0])
        return [{"probability": round(probability, 6), "pipes": names} for probability, names in parts]

    def _local(self, at: datetime) -> str:
        return at.astimezone(self._zone).isoformat()
