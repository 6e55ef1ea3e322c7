"""Scores the events of a recording against its bursts, by size; and what of each burst was detectable at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from console.bench.pumped.detectable import CLEAR, TICKS, Detectable
from console.bench.pumped.recording import START_US, STEP_S, Burst, Recording
from console.services.analysis.scoring import Distances
from maps.city import City
from maps.columns import Floats

WITHIN_MIN = (15, 60, 360)
_GRACE_TICKS = 12
"""Events within an hour after a burst's end belong to it: neither found later than its end counts, nor false."""
_MONTH_DAYS = 30.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of one burst. ``delay_min``: None when not found; the rest is of its first event."""

    pipe: str
    size: float
    start: str
    delay_min: float | None
    first_m: float | None = None
    set_holds: bool = False
    set_pipes: int = 0
    set_km: float = 0.0


@dataclass(frozen=True, slots=True)
class Scored:
    """``false_at``: times of events outside every burst, of ``quiet_days`` watched without one."""

    outcomes: tuple[Outcome, ...]
    false_at: tuple[str, ...]
    quiet_days: float
    repeats: int

    @property
    def false_a_month(self) -> float:
        """False events in 30 days."""
        return _MONTH_DAYS * len(self.false_at) / self.quiet_days


def score(city: City, recording: Recording, events: Sequence[Mapping[str, Any]]) -> Scored:
    """Events as ``quanmai locate`` prints them (detected_at, candidates, set_90), of the test days of a recording.

    The first event from a burst's start to its end finds it, wherever it is located; further ones are repeats.
    """
    distances = Distances(city)
    found: dict[int, Outcome] = {}
    false: list[str] = []
    repeats = 0
    for event in events:
        tick = _tick(recording, str(event["detected_at"]))
        number = next((k for k, one in enumerate(recording.bursts) if one.start <= tick < one.end + _GRACE_TICKS), None)
        if number is None:
            false.append(str(event["detected_at"]))
        elif number in found or tick >= recording.bursts[number].end:
            repeats += 1
        else:
            found[number] = _outcome(recording, recording.bursts[number], tick, event, distances, city)
    outcomes = tuple(found.get(k, _missed(recording, one)) for k, one in enumerate(recording.bursts))
    hurt = sum(one.end + _GRACE_TICKS - one.start for one in recording.bursts)
    quiet_days = (recording.ticks - recording.history_ticks - hurt) * STEP_S / 86_400.0
    return Scored(outcomes, tuple(false), quiet_days, repeats)


def _tick(recording: Recording, at: str) -> int:
    """The tick of a time of detection."""
    return round((datetime.fromisoformat(at).timestamp() - START_US / 1e6) / STEP_S)


def _start(recording: Recording, burst: Burst) -> str:
    return str(np.datetime64(int(recording.at_us[burst.start]), "us").astype("datetime64[m]")) + "Z"


def _missed(recording: Recording, burst: Burst) -> Outcome:
    return Outcome(burst.pipe, burst.size, _start(recording, burst), None)


def _outcome(
    recording: Recording, burst: Burst, tick: int, event: Mapping[str, Any], distances: Distances, city: City
) -> Outcome:
    candidates = [str(one["pipe"]) for one in event["candidates"][:1]]
    first = float(distances.between(burst.pipe, candidates)[0]) if candidates else np.inf
    held = [str(pipe) for pipe in event["set_90"]]
    delay = (tick - burst.start) * STEP_S / 60.0
    metres = round(first, 1) if np.isfinite(first) else None
    at = _start(recording, burst)
    return Outcome(burst.pipe, burst.size, at, delay, metres, burst.pipe in held, len(held), _length_km(city, held))


def _length_km(city: City, held: Sequence[str]) -> float:
    pipes = city.network.pipes
    return float(np.nansum(pipes.length_m[[pipes.row(pipe) for pipe in held]])) / 1000.0 if held else 0.0


def summary(
    scored: Sequence[Scored], pipes: Sequence[int], seen: Sequence[Detectable] = (), near: Sequence[Floats] = ()
) -> dict[str, Any]:
    """One table of one or more networks together; ``pipes``: number of pipes of each; ``seen``: what was detectable.

    ``near``: metres to the likeliest pipe of the largest bursts as ``locatable`` gives them.
    ``by_chance_360_min``: share of bursts that events at the false rate alone would find within six hours.
    """
    sizes = sorted({one.size for part in scored for one in part.outcomes}, reverse=True)
    rates = [part.false_a_month for part in scored]
    chance = [1.0 - np.exp(-rate * WITHIN_MIN[-1] / 60.0 / 24.0 / _MONTH_DAYS) for rate in rates]
    table: dict[str, Any] = {
        "false_a_month": round(float(np.mean(rates)), 2),
        "false_a_month_worst": round(max(rates), 2),
        "quiet_days": round(sum(part.quiet_days for part in scored), 1),
        "by_chance_360_min": round(float(np.mean(chance)), 3),
    }
    for size in sizes:
        outcomes = [(one, total) for part, total in zip(scored, pipes, strict=True) for one in part.outcomes if one.size == size]
        of_size = _of_size([one for one, _ in outcomes], [total for _, total in outcomes])
        table[f"burst_{100 * size:g}_percent"] = {**of_size, **_detectable(seen, size)}
    if near and sizes:
        best = np.concatenate([one.ravel() for one in near])
        table[f"burst_{100 * sizes[0]:g}_percent"]["first_m_possible_median"] = round(float(np.median(best)), 1)
    found = [one for part in scored for one in part.outcomes if one.delay_min is not None]
    table["found"] = len(found)
    table["set_90_holds"] = _share([one.set_holds for one in found])
    return table


def _of_size(outcomes: Sequence[Outcome], pipes: Sequence[int]) -> dict[str, Any]:
    found = [(one, total) for one, total in zip(outcomes, pipes, strict=True) if one.delay_min is not None]
    metres = [one.first_m for one, _ in found if one.first_m is not None]
    within = {
        f"within_{minutes}_min": sum(one.delay_min is not None and one.delay_min <= minutes for one in outcomes)
        for minutes in WITHIN_MIN
    }
    return {
        "bursts": len(outcomes),
        **within,
        "set_90_holds": _share([one.set_holds for one, _ in found]),
        "set_90_pipes_median": float(np.median([one.set_pipes for one, _ in found])) if found else None,
        "set_90_share_of_pipes": round(float(np.median([one.set_pipes / total for one, total in found])), 3) if found else None,
        "set_90_km_median": round(float(np.median([one.set_km for one, _ in found])), 2) if found else None,
        "first_m_median": round(float(np.median(metres)), 1) if metres else None,
    }


def _detectable(seen: Sequence[Detectable], size: float) -> dict[str, Any]:
    """How many bursts of a size stood out of the best expected value by ``CLEAR`` sigmas, and the median sigmas."""
    table: dict[str, Any] = {}
    for minutes in TICKS if seen else ():
        sigmas = np.concatenate([one.sigmas[minutes][one.size == size] for one in seen])
        table[f"detectable_{minutes}_min"] = int((sigmas >= CLEAR).sum())
        table[f"sigmas_{minutes}_min_median"] = round(float(np.median(sigmas)), 1)
    return table


def _share(flags: Sequence[bool]) -> float | None:
    return round(float(np.mean(flags)), 3) if flags else None
