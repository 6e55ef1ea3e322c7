"""Summary of a drill: what it wrote and reached, and the files that stand beside it."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from console.documents.map_words import map_words
from console.domain.clock import Clock
from console.domain.incidents import Incident
from console.drill.dispatcher import Stage
from console.drill.options import DrillOptions
from console.drill.scene import START, Scene
from console.drill.score import distance_along_m, rank_of
from maps.check import counts
from maps.export.web.network_map import WebMapOptions, write_web_map

SUMMARY = "summary.json"


@dataclass
class Played:
    """``not_done``: a line for each failed step; ``broken``: why the drill failed, if it did."""

    stages: list[Stage] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    broken: Exception | None = None


class Watch:
    """Records real times: first reading after the burst, draft. ``burst_at``: epoch second of drill time of the break."""

    def __init__(self, clock: Clock, burst_at: float) -> None:
        self._clock, self._burst_at = clock, burst_at
        self.first_abnormal: float | None = None
        self.draft: float | None = None

    def heard(self, topic: str, payload: bytes) -> None:
        """Called with each message of the simulator."""
        if self.first_abnormal is None and self._clock.now().timestamp() >= self._burst_at:
            self.first_abnormal = time.perf_counter()


def broke_off(fault: Exception) -> str:
    """The line for ``not_done``."""
    return f"the drill broke off: {type(fault).__name__}: {fault}"


def summary_of(scene: Scene, options: DrillOptions, played: Played, watch: Watch) -> dict[str, Any]:
    """What the drill came to."""
    stages = played.stages
    incident = stages[-1].incident if stages else None
    base: dict[str, Any] = {
        "city": {"name": scene.city.info.name, "synthetic": scene.city.info.synthetic, **counts(scene.city)},
        "seed": options.seed,
        "burst": {"pipe": scene.burst_pipe, "flow_m3h": scene.flow_m3h},
        "stage": stages[-1].name if stages else None,
        "not_done": list(played.not_done),
        "detected_after_s": None,
        "elapsed_s": {"first_abnormal_to_draft": None},
    }
    if incident is None:
        return {**base, "location": None, "plan": None, "notice": {"files": []}}
    burst_at = START.timestamp() + options.quiet_s
    base["detected_after_s"] = round(incident.opened_at.timestamp() - burst_at, 1)
    if watch.draft is not None and watch.first_abnormal is not None:
        base["elapsed_s"]["first_abnormal_to_draft"] = round(watch.draft - watch.first_abnormal, 2)
    located = next((stage.incident for stage in stages if stage.name == "2-suspected"), None)
    return {**base, **_found(scene, located or incident), **_planned(incident)}


def _found(scene: Scene, incident: Incident) -> dict[str, Any]:
    location = incident.location
    if location is None:
        return {"location": None}
    candidates = [{"pipe": c.pipe_id, "probability": round(c.probability, 5)} for c in location.candidates]
    return {
        "location": {
            "model": location.model,
            "candidates": candidates,
            "set_90": list(location.set_90),
            "rank_of_true": rank_of(location, scene.burst_pipe),
            "in_set_90": scene.burst_pipe in location.set_90,
            "distance_m": distance_along_m(scene.city.network, location.candidates[0].pipe_id, scene.burst_pipe),
            "moved": list(location.moved),
        }
    }


def _planned(incident: Incident) -> dict[str, Any]:
    plan, notice = incident.plan, incident.notices[-1] if incident.notices else None
    return {
        "incident": {"id": incident.incident_id, "phase": incident.phase.value, "judged": list(incident.burst_pipes)},
        "plan": None
        if plan is None
        else {
            "isolatable": plan.isolatable,
            "valves_to_close": [step.asset_id for step in plan.valves_to_close],
            "customers_without_water": list(plan.customers_without_water),
            "households_without_water": plan.households_without_water,
            "dry_pocket_pipes": list(plan.dry_pocket_pipes),
            "compute_ms": round(plan.compute_ms, 2),
        },
        "impact": None
        if incident.impact is None
        else {
            "converged": incident.impact.converged,
            "low_pressure_households": incident.impact.low_pressure_households,
            "message": incident.impact.message,
        },
        "notice": {
            "status": notice.status.value if notice else None,
            "files": [f"notices/{name}" for name in notice.files] if notice else [],
        },
    }


def write_results(scene: Scene, options: DrillOptions, stages: list[Stage], summary: dict[str, Any]) -> None:
    """The map of the case as it ended, and the summary."""
    incident = stages[-1].incident if stages else None
    located = next((s.incident for s in stages if s.name == "2-suspected"), None)
    location = located.location if located else None
    write_web_map(
        options.out / "map.html",
        scene.city,
        candidates=location.candidates if location else (),
        plan=incident.plan if incident else None,
        title=incident.title if incident else scene.city.info.name,
        options=WebMapOptions(
            is_drill=True,
            words=map_words("zh_CN"),
            abnormal=frozenset(location.moved if location else ()),
        ),
    )
    write_summary(options, summary)


def write_summary(options: DrillOptions, summary: dict[str, Any]) -> None:
    """Into the drill's folder, whole or not at all."""
    path = options.out / SUMMARY
    aside = path.with_suffix(path.suffix + ".part")
    aside.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    aside.replace(path)
