"""run_drill: runs the whole chain on a drill clock and writes summary, notices, map and pictures."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from console.channels.local import LocalChannel
from console.documents.map_words import map_words
from console.domain.clock import Clock, DrillClock
from console.domain.incidents import Incident
from console.drill.dispatcher import ScriptedDispatcher, Stage
from console.drill.field import DrillField
from console.drill.leave import leave_package
from console.drill.options import DrillOptions
from console.drill.scene import HISTORY_STEP_S, LOADING_S, START, Scene, empty_store, history_of, set_scene
from console.drill.score import distance_along_m, rank_of
from console.feeds.simulated import SimulatorFeed
from console.feeds.simulator import SimulatorProcess
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from maps.check import counts
from maps.export.web.network_map import WebMapOptions, write_web_map
from maps.files import refuse_overwriting

log = logging.getLogger(__name__)

_SUMMARY = "summary.json"
_PATIENCE_S = 30.0
"""Real seconds the scripted dispatcher waits for any one thing."""


def run_drill(options: DrillOptions) -> dict[str, Any]:
    """Runs the drill; returns what it writes to ``summary.json``. Raises InputFault for a city no drill can run on.

    A drill that fails or cannot start also leaves its summary, with the stage it reached and the reason; then the fault
    is raised. The summary of an earlier drill in the same folder is deleted first.
    """
    started = time.perf_counter()
    options.out.mkdir(parents=True, exist_ok=True)
    left = options.out / _SUMMARY
    refuse_overwriting(left, [options.city] if options.city is not None else [])
    left.unlink(missing_ok=True)
    try:
        return _run(options, started)
    except Exception as fault:
        if not left.exists():
            _write_summary(options, {"seed": options.seed, "stage": None, "not_done": [_broke_off(fault)]})
        raise


def _run(options: DrillOptions, started: float) -> dict[str, Any]:
    scene = set_scene(options)
    desk = DeskSettings(
        site=scene.city.info.site, hotline="（演练热线）", issuer="（演练发布单位）", is_drill=True
    )  # a drill's notice must not carry a real hotline
    store = empty_store(options.out)
    clock, channel = DrillClock(START, options.speed), LocalChannel(SimulatorFeed.name)
    feed = SimulatorFeed(
        scene.city,
        lambda sink: SimulatorProcess(
            scene.city_path, sink=sink, seed=options.seed, speed=options.speed, start=START, origin=clock.origin,
            bursts=((options.quiet_s, scene.burst_pipe, scene.flow_m3h),),
        ),
    )  # fmt: skip
    kept = RuntimeOptions(scene.city_path, store, options.out / "notices", desk)
    runtime = Runtime(scene.city, clock, kept, feeds=[feed], channels=[channel])
    runtime.learn(history_of(scene, options.seed), HISTORY_STEP_S)
    watch = _Watch(runtime.clock, START.timestamp() + options.quiet_s)
    crews = DrillField(feed.offer, feed.process, scene.city, scene.burst_pipe, desk.crew_speed_kmh)
    delivered = list[str]()
    channel.listen(lambda outgoing: delivered.append(outgoing.address), crews.on_outgoing)
    feed.listen(watch.heard, crews.heard)
    clock.restart(LOADING_S)  # building the city took time; the drill's clock starts now
    with runtime:
        played = _play(runtime, watch, options)
        crews.close()
        stages = played.stages
        summary = _summary(scene, options, played, watch)
        left = Counter(f"{one.kind}: {one.reason}" for one in runtime.engine.latest().undelivered)
        summary["messages"] = {"delivered": len(delivered), "not_delivered": dict(left)}
    summary["package"] = None
    _write_summary(options, summary)  # the summary is kept even if package or map fail
    incident = stages[-1].incident if stages else None
    summary["package"] = None if incident is None else leave_package(options.out, store, scene.city, incident.incident_id).name
    summary["elapsed_s"]["total"] = round(time.perf_counter() - started, 2)
    _write_results(scene, options, stages, summary)
    if played.broken is not None:
        raise played.broken
    return summary


@dataclass
class _Played:
    """``not_done``: a line for each failed step; ``broken``: why the drill failed, if it did."""

    stages: list[Stage] = field(default_factory=list)
    not_done: list[str] = field(default_factory=list)
    broken: Exception | None = None


class _Watch:
    """Records real times: first reading after the burst, draft. ``burst_at``: epoch second of drill time of the break."""

    def __init__(self, clock: Clock, burst_at: float) -> None:
        self._clock, self._burst_at = clock, burst_at
        self.first_abnormal: float | None = None
        self.draft: float | None = None

    def heard(self, topic: str, payload: bytes) -> None:
        """Called with each message of the simulator."""
        if self.first_abnormal is None and self._clock.now().timestamp() >= self._burst_at:
            self.first_abnormal = time.perf_counter()


def _play(runtime: Runtime, watch: _Watch, options: DrillOptions) -> _Played:
    played = _Played()
    try:
        show = _shower(runtime, options)
        dispatcher = ScriptedDispatcher(runtime.engine, _waiter(show))
        played.not_done = dispatcher.not_done
        for stage in dispatcher.stages():
            if stage.name == "4-draft":
                watch.draft = time.perf_counter()
            played.stages.append(stage)
            show(stage)
    except Exception as fault:  # noqa: BLE001  # raised again once the summary is written
        played.broken = fault
        played.not_done.append(_broke_off(fault))
    for line in played.not_done:
        log.warning("drill: %s", line)
    return played


def _broke_off(fault: Exception) -> str:
    return f"the drill broke off: {type(fault).__name__}: {fault}"


def _waiter(show: Callable[[Stage | None], None]) -> Callable[[Callable[[], bool]], bool]:
    def wait(true: Callable[[], bool]) -> bool:
        until = time.monotonic() + _PATIENCE_S
        while time.monotonic() < until:
            if true():
                return True
            show(None)
            time.sleep(0.02)
        return False

    return wait


def _shower(runtime: Runtime, options: DrillOptions) -> Callable[[Stage | None], None]:
    """Pictures of the window at each stage; ``None`` only processes Qt events."""
    if not options.screens:
        return lambda stage: None
    from console.drill.screens import Screens

    screens = Screens(runtime, options.out / "screens")
    return screens.show


def _summary(scene: Scene, options: DrillOptions, played: _Played, watch: _Watch) -> dict[str, Any]:
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


def _write_results(scene: Scene, options: DrillOptions, stages: list[Stage], summary: dict[str, Any]) -> None:
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
    _write_summary(options, summary)


def _write_summary(options: DrillOptions, summary: dict[str, Any]) -> None:
    path = options.out / _SUMMARY
    aside = path.with_suffix(path.suffix + ".part")
    aside.write_text(json.dumps(summary, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    aside.replace(path)
