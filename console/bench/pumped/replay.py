"""Runs the product's replay on a recording: what ``quanmai locate CITY --readings … --baseline …`` would print."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from console.bench.pumped.networks import pressures_only
from console.bench.pumped.recording import DAY_STEPS, STEP_S, Recording
from console.bench.pumped.remembering_solver import RememberingSolver
from console.detection import BurstFinding, DetectorOptions, History
from console.detection.driven.driven_watch import DrivenWatch
from console.domain.clock import micros
from console.domain.readings import Channel, Quality, ReadingBatch
from console.services.analysis.backtest import located_events
from maps.city import City
from maps.errors import InputFault
from maps.hydraulics.boundary import DrivenValues
from maps.hydraulics.driven import driven_model
from maps.hydraulics.session import EpanetSession

VARIANTS = ("scada", "pressures")


def city_of(city: City, variant: str) -> City:
    """The city as a control room of that variant sees it."""
    return city if variant == "scada" else pressures_only(city)


def events(
    city: City,
    recording: Recording,
    variant: str,
    progress: Callable[[float], None] | None = None,
    without: frozenset[str] = frozenset(),
) -> list[dict[str, Any]]:
    """Events of the test days after learning from the history. Of the recording only the readings are used.

    ``without``: lanes that are switched off.
    """
    seen = city_of(city, variant)
    quiet = history(recording, len(seen.stations))
    return list(located_events(seen, batch(recording, len(seen.stations)), quiet=quiet, progress=progress, without=without))


def watched_events(
    city: City,
    recording: Recording,
    progress: Callable[[float], None] | None = None,
    without: frozenset[str] = frozenset(),
    solved: dict[bytes, DrivenValues] | None = None,
) -> list[dict[str, Any]]:
    """Events of the driven watch alone, in the form of ``events``: without the lanes beside it, limits and forecasts.

    In two thirds of the time. ``without``: lanes that are switched off. ``solved``: what the model gave for these readings
    before, which is then not solved again; added to. Raises InputFault where the stations do not drive the model, or EPANET does
    not solve its day.
    """
    found: list[BurstFinding] = []
    first = recording.history_ticks
    with EpanetSession(city) as session:
        states, model = session.solve_day(STEP_S * 12), driven_model(session)
        if model is None or not all(state.converged for state in states):
            raise InputFault(f"{city.info.name}: no driven watch; it needs states of pumps or valves and a model that is solved")
        options = DetectorOptions(tick_s=STEP_S, time_zone=city.info.time_zone, without=without)
        watch = DrivenWatch(city, states, options, model if solved is None else RememberingSolver(model, solved))
        watch.learn(history(recording, len(city.stations)))
        value = np.full((len(city.stations), len(Channel)), np.nan)
        quiet = np.ones(recording.ticks, dtype=bool)
        for tick in range(first, recording.ticks):
            if tick % DAY_STEPS == 0 and watch.is_due:
                learned = watch.learns_again()(lambda at_us: np.isin(at_us, recording.at_us[quiet]))
                if learned is not None:
                    watch.adopt(learned)
            for channel, table in recording.value.items():
                value[:, channel] = table[tick]
            new, revised = watch.tick(value, np.isfinite(value), int(recording.at_us[tick]))
            found += new
            for one in new:
                quiet[(recording.at_us >= micros(one.first_abnormal_at)) & (recording.at_us <= recording.at_us[tick])] = False
            quiet[tick] &= not watch.is_holding
            if revised:
                found[-1] = revised[-1]
            if progress is not None and tick % 100 == 0:
                progress((tick - first) / (recording.ticks - first))
    return [
        {
            "detected_at": one.at.isoformat(),
            "candidates": [{"pipe": each.pipe_id} for each in one.location.candidates],
            "set_90": list(one.location.set_90),
        }
        for one in found
    ]


def history(recording: Recording, stations: int) -> History:
    """The burst-free days before the test, of the first ``stations`` rows."""
    kept = slice(0, recording.history_ticks)
    value = {int(channel): table[kept, :stations] for channel, table in recording.value.items()}
    return History(recording.at_us[kept], {channel: table for channel, table in value.items() if np.isfinite(table).any()})


def batch(recording: Recording, stations: int) -> ReadingBatch:
    """Readings of the test days of the first ``stations`` rows, ordered by time."""
    first = recording.history_ticks
    parts: list[tuple[NDArray[np.intp], NDArray[np.intp], int, NDArray[np.float32]]] = []
    for channel, table in recording.value.items():
        tick, station = np.nonzero(np.isfinite(table[first:, :stations]))
        parts.append((tick, station, int(channel), table[first:, :stations][tick, station]))
    tick = np.concatenate([part[0] for part in parts])
    order = np.argsort(tick, kind="stable")
    return ReadingBatch(
        np.concatenate([part[1] for part in parts])[order].astype(np.int32),
        np.concatenate([np.full(len(part[0]), part[2], dtype=np.uint8) for part in parts])[order],
        recording.at_us[first] + tick[order].astype(np.int64) * (STEP_S * 1_000_000),
        np.concatenate([part[3] for part in parts])[order].astype(np.float64),
        np.full(len(order), Quality.GOOD, dtype=np.uint8),
    )
