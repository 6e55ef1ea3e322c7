"""What each lane of detection adds: the same recordings with one lane after the other switched off."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from console.bench import ltown
from console.bench.pumped.cache import recorded
from console.bench.pumped.networks import nominal_city, shipped
from console.bench.pumped.quick_replay import quick_events
from console.bench.pumped.recording import RecordingOptions
from console.bench.pumped.replay import events
from console.bench.pumped.scoring import WITHIN_MIN, Scored, score
from console.detection.options import LANES
from maps.errors import InputFault
from maps.hydraulics.boundary import DrivenValues

Report = Callable[[str], None]
NETWORKS = ("Net3", "ky6")
_OF_PRESSURES = tuple(one for one in LANES if not one.startswith("driven") and one != "inflow")
"""Without ``inflow``: none of the recordings has wholly metered zones."""
_OF_WATCH = tuple(one for one in LANES if one.startswith("driven_") and one != "driven_again")
"""Without learning again: the quick replay does not."""

_LTOWN_DAYS, _LTOWN_TEST_DAYS, _LTOWN_BURSTS = 60, 30, 60


def run(
    networks: Sequence[str] = NETWORKS,
    lanes: Sequence[str] = LANES,
    *,
    with_ltown: bool = True,
    days: int = 28,
    quiet_days: int = 28,
    bursts: int = 8,
    seed: int = 1,
    cache: Path | None = None,
    report: Report = lambda _: None,
) -> dict[str, Any]:
    """Rows by lane, ``all`` first: bursts found within 15, 60 and 360 min by size, and false events, of all networks together.

    ``ltown``: lanes of pressures on L-Town (60 days to learn from, 60 bursts of each size); ``pressures``: the same lanes on the
    pumped networks with gauges only; ``scada``: with all that a control room has, the parts of the driven watch and ``driven``
    itself. Raises InputFault for an unknown lane.
    """
    unknown = next((one for one in lanes if one not in LANES), None)
    if unknown is not None:
        raise InputFault(f"lane {unknown!r} is none of {', '.join(LANES)}")
    of_pressures, of_watch = ([one for one in some if one in lanes] for some in (_OF_PRESSURES, _OF_WATCH))
    table: dict[str, Any] = {"networks": list(networks), "seed": seed, "history_days": days}
    if with_ltown and of_pressures:
        readings = ltown.recorded(_LTOWN_DAYS, _LTOWN_BURSTS, seed, _LTOWN_TEST_DAYS)
        table["ltown"] = {}
        for lane in ("all", *of_pressures):
            report(f"L-Town: without {lane}")
            table["ltown"][lane] = _of_ltown(readings.figures(_off(lane)))
    options = RecordingOptions(seed=seed, history_days=days, quiet_days=quiet_days, bursts=bursts)
    rows: dict[str, dict[str, list[Scored]]] = {"pressures": {}, "scada": {}}
    for name in networks:
        city = nominal_city(shipped(name), options.nodes_per_station, options.seed)
        recording = recorded(city, options, cache)
        solved: dict[bytes, DrivenValues] = {}
        for lane in ("all", *of_pressures) if of_pressures else ():
            report(f"{name}: pressures without {lane}")
            found = events(city, recording, "pressures", None, _off(lane))
            rows["pressures"].setdefault(lane, []).append(score(city, recording, found))
        for lane in ("all", *of_watch):
            report(f"{name}: scada without {lane}")
            found = quick_events(city, recording, _off(lane), solved)
            rows["scada"].setdefault(lane, []).append(score(city, recording, found))
        if "driven" in lanes:
            report(f"{name}: scada without driven")
            found = events(city, recording, "scada", None, _off("driven"))
            rows["scada"].setdefault("driven", []).append(score(city, recording, found))
    for variant, found_by_lane in rows.items():
        if found_by_lane:
            table[variant] = {lane: _of_pumped(parts) for lane, parts in found_by_lane.items()}
    return table


def _off(lane: str) -> frozenset[str]:
    return frozenset() if lane == "all" else frozenset({lane})


def _of_ltown(figures: dict[str, Any]) -> dict[str, Any]:
    sizes = [name for name in figures if name.endswith("_m3h")]
    return {
        "false_a_month": figures["false_alarms_per_30_days"],
        **{name: {key: figures[name][key] for key in ("first_sample", "within_three", "median_m")} for name in sizes},
    }


def _of_pumped(parts: Sequence[Scored]) -> dict[str, Any]:
    outcomes = [one for part in parts for one in part.outcomes]
    row: dict[str, Any] = {
        "false": sum(len(part.false_at) for part in parts),
        "quiet_days": round(sum(part.quiet_days for part in parts), 1),
    }
    for size in sorted({one.size for one in outcomes}, reverse=True):
        delays = [one.delay_min for one in outcomes if one.size == size]
        found = [sum(each is not None and each <= minutes for each in delays) for minutes in WITHIN_MIN]
        row[f"burst_{100 * size:g}_percent"] = {"bursts": len(delays), "within": found}
    return row
