"""The benchmark: for each network and variant makes or loads the recording, replays it, scores it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np

from console.bench.pumped.cache import export, recorded
from console.bench.pumped.detectable import Detectable, detectable
from console.bench.pumped.locatable import locatable, true_changes
from console.bench.pumped.networks import APART, TABLE_NETWORKS, nominal_city, shipped
from console.bench.pumped.recording import Recording, RecordingOptions
from console.bench.pumped.replay import VARIANTS, events, watched_events
from console.bench.pumped.scoring import Scored, score, summary
from maps.city import City
from maps.columns import Floats
from maps.errors import InputFault

Report = Callable[[str], None]


@dataclass(frozen=True, eq=False)
class _Totals:
    """Of one variant, the networks that count together."""

    scored: list[Scored] = field(default_factory=list)
    pipes: list[int] = field(default_factory=list)
    seen: list[Detectable] = field(default_factory=list)
    near: list[Floats] = field(default_factory=list)


def run(
    networks: Sequence[str] = (),
    inp: Sequence[Path] = (),
    variants: Sequence[str] = VARIANTS,
    *,
    days: int = 28,
    quiet_days: int = 28,
    bursts: int = 8,
    seed: int = 1,
    noise: float = 1.0,
    watch_only: bool = False,
    without: frozenset[str] = frozenset(),
    to: Path | None = None,
    cache: Path | None = None,
    report: Report = lambda _: None,
) -> dict[str, Any]:
    """The table. ``networks``: names in wntr and epyt, ``inp``: files; by default the six of the table and those apart.

    ``days``: burst-free history; ``quiet_days``: burst-free test days; ``bursts``: of each size; ``noise``: factor on the noise
    of demands and readings. ``watch_only``: the driven watch alone (``scada``), without what the table does not score and without
    what was possible at all. ``without``: lanes that are switched off (``console.detection.options.LANES``). ``to``: recordings
    are also written there, a folder for each network, as ``quanmai locate`` and ``score`` read them. ``cache``: where recordings
    are kept, by default the user's cache folder. Raises InputFault.
    """
    options = RecordingOptions(seed=seed, history_days=days, quiet_days=quiet_days, bursts=bursts).noisier(noise)
    unknown = next((name for name in variants if name not in VARIANTS), None)
    if unknown is not None:
        raise InputFault(f"variant {unknown!r} is none of {', '.join(VARIANTS)}")
    if watch_only and tuple(variants) != ("scada",):
        raise InputFault("the driven watch alone needs the states of pumps and valves: give --variant scada with it")
    if not quiet_days and not bursts:
        raise InputFault("no test days: give --quiet-days or --bursts")
    names = tuple(networks) or (() if inp else (*TABLE_NETWORKS, *APART))
    totals = {variant: _Totals() for variant in variants}
    tables: dict[str, Any] = {}
    for path in [*(shipped(name) for name in names), *inp]:
        if path.stem in tables:
            raise InputFault(f"{path.stem}: given twice; networks are told apart by their name")
        city = nominal_city(path, options.nodes_per_station, options.seed)
        began = monotonic()
        recording = recorded(city, options, cache, _progress(report, f"{path.stem}: recording"))
        if to is not None:
            export(city, recording, to / path.stem)
        tables[path.stem] = {
            "pipes": len(city.network.pipes),
            "pressure_stations": int((city.stations.channels == "pressure").sum()),
            "mean_inflow_m3h": round(recording.inflow_m3h, 1),
            "unsolved_ticks": recording.unsolved_ticks,
            "recording_s": round(monotonic() - began, 1),
            **_of_network(city, recording, options, path.stem, totals, report, watch_only=watch_only, without=without),
        }
    counted = {variant: summary(kept.scored, kept.pipes, kept.seen, kept.near) for variant, kept in totals.items() if kept.scored}
    return {
        "seed": options.seed,
        "history_days": options.history_days,
        "networks": tables,
        "together": counted,
        "apart": list(APART),
    }


def _of_network(
    city: City,
    recording: Recording,
    options: RecordingOptions,
    name: str,
    totals: dict[str, _Totals],
    report: Report,
    *,
    watch_only: bool,
    without: frozenset[str],
) -> dict[str, Any]:
    pipes, tables = len(city.network.pipes), dict[str, Any]()
    truth = None if watch_only else true_changes(city, recording, options)
    for variant, kept in totals.items():
        began = monotonic()
        progress = _progress(report, f"{name}: {variant}")
        if watch_only:
            found = watched_events(city, recording, progress, without)
        else:
            found = events(city, recording, variant, progress, without)
        scored = score(city, recording, found)
        seen = detectable(city, recording, options, balance=variant == "scada")
        near = [] if truth is None else [locatable(city, recording, options, truth, metered=variant == "scada")]
        if name not in APART:
            kept.near.extend(near)
            kept.scored.append(scored)
            kept.pipes.append(pipes)
            kept.seen.append(seen)
        tables[variant] = {
            **summary([scored], [pipes], [seen], near),
            "false_at": list(scored.false_at),
            "repeats": scored.repeats,
            "best_scatter_m": round(float(np.median(seen.scatter_m)), 3),
            "replay_s": round(monotonic() - began, 1),
        }
    return tables


def _progress(report: Report, what: str) -> Callable[[float], None]:
    """Reports each tenth once."""
    told = [-1]

    def show(share: float) -> None:
        if int(share * 10) > told[0]:
            told[0] = int(share * 10)
            report(f"{what} {share:.0%}")

    return show
