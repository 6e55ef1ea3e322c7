"""Quick replay: when the driven watch would raise events, all test ticks at once; without places, and without learning again.

In a few seconds, where ``watched_events`` takes minutes: for comparisons of many settings on one recording.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from console.bench.pumped.recording import STEP_S, Recording
from console.bench.pumped.remembering_solver import RememberingSolver
from console.bench.pumped.replay import history
from console.detection import DetectorOptions
from console.detection.driven.driven_learning import DrivenLearning, Learned, taken
from console.detection.pressure.baseline import LocalTime
from console.domain.clock import moment
from maps.city import City
from maps.columns import Floats
from maps.errors import InputFault
from maps.hydraulics.boundary import DrivenValues
from maps.hydraulics.driven import driven_model
from maps.hydraulics.session import EpanetSession

_HOLD_TICKS = 6 * 3600 // STEP_S


def quick_events(
    city: City, recording: Recording, without: frozenset[str], solved: dict[bytes, DrivenValues]
) -> list[dict[str, Any]]:
    """Events of the test days in the form of ``events``, without candidates. ``solved``: as for ``watched_events``.

    Raises InputFault where the driven watch cannot learn.
    """
    with EpanetSession(city) as session:
        states, model = session.solve_day(STEP_S * 12), driven_model(session)
        if model is None:
            raise InputFault(f"{city.info.name}: no driven watch; it needs states of pumps or valves")
        options = DetectorOptions(tick_s=STEP_S, time_zone=city.info.time_zone, without=without)
        learning = DrivenLearning(city, states, options, RememberingSolver(model, solved))
        learned = learning.of_history(history(recording, len(city.stations)))
        if learned is None or learned.filter is None:
            raise InputFault(f"{city.info.name}: the driven watch learned nothing from the history")
        statistic = _statistic(learning, learned, recording, city)
    first = recording.history_ticks
    return [
        {"detected_at": moment(int(recording.at_us[first + tick])).isoformat(), "candidates": [], "set_90": []}
        for tick in _crossings(statistic, learned, recording.ticks - first)
    ]


def _statistic(learning: DrivenLearning, learned: Learned, recording: Recording, city: City) -> list[Floats]:
    """(windows, ticks) of each set of channels, with the last ticks of the history first."""
    assert learned.filter is not None
    first = recording.history_ticks
    at_us = recording.at_us[first:]
    value = {int(channel): table[first:].astype(np.float64) for channel, table in recording.value.items()}
    readings = taken(learned.filter, LocalTime(city.info.time_zone), at_us, value)
    ticks = learning.solved(at_us, readings, learned.demand, learned.ticks.values.modes)
    driven = ticks.driven(balanced=learning.meters.balanced)
    before = learned.ticks.unbroken(learned.kept)
    earlier = before.driven(balanced=learning.meters.balanced)
    judged = learned.expectation.judged(driven)
    stretch = learning.stretch(learned.expectation, learned.bank, driven, judged, earlier)
    clean = learning.cleaned(stretch.after(learned.stretch.last(len(before))))
    return [test.over(clean.of(columns)) for columns, test in learned.tests]


def _crossings(statistic: list[Floats], learned: Learned, ticks: int) -> list[int]:
    """Of the last ``ticks`` those of events: each holds for six hours and as long as the statistic is above the threshold.

    After it the reference begins anew: windows that reach further back are not tested.
    """
    windows = learned.tests[0][1].windows
    need = np.array([window + learned.tests[0][1].reference(window) for window in windows])
    best = np.max(statistic, axis=0)
    found: list[int] = []
    before = best.shape[1] - ticks
    held_until, began = -1, 0
    for tick in range(before, best.shape[1]):
        now = float(np.where(need <= tick + 1 - began, best[:, tick], 0.0).max())
        if held_until >= 0:
            if tick >= held_until and now <= learned.threshold.value:
                held_until, began = -1, tick + 1 - learned.shortest
        elif now > learned.threshold.value:
            found.append(tick - before)
            held_until = tick + _HOLD_TICKS
    return found
