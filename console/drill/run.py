"""run_drill: runs the whole chain on a drill clock; leaves summary, notices, map and pictures."""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from console.channels.local import LocalChannel
from console.domain.clock import DrillClock
from console.drill.cast import Cast
from console.drill.dispatcher import ScriptedDispatcher, Stage
from console.drill.field import DrillField
from console.drill.leave import leave_package
from console.drill.options import DrillOptions
from console.drill.scene import HISTORY_STEP_S, LOADING_S, START, empty_store, history_of, set_scene
from console.drill.summary import SUMMARY, Played, Watch, broke_off, summary_of, write_results, write_summary
from console.feeds.simulated import SimulatorFeed
from console.feeds.simulator import SimulatorProcess
from console.runtime import Runtime, RuntimeOptions
from console.services.desk import DeskSettings
from maps.files import refuse_overwriting

log = logging.getLogger(__name__)

_PATIENCE_S = 30.0
"""Real seconds the scripted dispatcher waits for any one thing."""


Show = Callable[[Stage | None], None]
"""Called at each stage, and with None in between while the dispatcher waits."""


def run_drill(options: DrillOptions, cast: Cast | None = None, show: Callable[[Runtime], Show] | None = None) -> dict[str, Any]:
    """Runs the drill; returns what it writes to ``summary.json``. Raises InputFault for a city no drill can run on.

    ``cast``: the people who take part beside the dispatcher; None: simulated crews alone, and no case is closed. ``show``: makes
    what is called at each stage; None for the pictures that the options ask for.

    A drill that fails or cannot start also leaves its summary, with the stage it reached and the reason; then the fault
    is raised. The summary of an earlier drill in the same folder is deleted first.
    """
    started = time.perf_counter()
    options.out.mkdir(parents=True, exist_ok=True)
    left = options.out / SUMMARY
    refuse_overwriting(left, [options.city] if options.city is not None else [])
    left.unlink(missing_ok=True)
    try:
        return _run(options, started, cast, show or (lambda runtime: _shower(runtime, options)))
    except Exception as fault:
        if not left.exists():
            write_summary(options, {"seed": options.seed, "stage": None, "not_done": [broke_off(fault)]})
        raise
    finally:
        if cast is not None:
            cast.leave()


def _run(options: DrillOptions, started: float, cast: Cast | None, shower: Callable[[Runtime], Show]) -> dict[str, Any]:
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
    kept = RuntimeOptions(scene.city_path, store, options.out / "notices", desk, is_shared=cast is not None)
    feeds, channels = [feed, *(cast.feeds if cast else ())], [channel, *(cast.channels if cast else ())]
    if cast is not None:
        cast.prepare(scene, kept, clock)
    runtime = Runtime(scene.city, clock, kept, feeds=feeds, channels=channels)
    if cast is not None:
        runtime.store.hold_lease()  # of a shared store only the leader writes readings
    runtime.learn(history_of(scene, options.seed), HISTORY_STEP_S)
    watch = Watch(runtime.clock, START.timestamp() + options.quiet_s)
    reply = feed.offer if cast is None else cast.reply
    crews = DrillField(reply, feed.process, scene.city, scene.burst_pipe, desk.crew_speed_kmh)
    delivered = list[str]()
    channel.listen(lambda outgoing: delivered.append(outgoing.address), crews.on_outgoing)
    feed.listen(watch.heard, crews.heard)
    clock.restart(LOADING_S)  # building the city took time; the drill's clock starts now
    with runtime:
        try:
            if cast is not None:
                cast.enter(runtime, feed.process, START + timedelta(seconds=options.quiet_s))
            played = _play(runtime, watch, shower, cast)
        finally:
            crews.close()
            if cast is not None:
                cast.leave()
        stages = played.stages
        summary = summary_of(scene, options, played, watch)
        left = Counter(f"{one.kind}: {one.reason}" for one in runtime.engine.latest().undelivered)
        summary["messages"] = {"delivered": len(delivered), "not_delivered": dict(left)}
    if cast is not None:
        summary |= cast.report(store, summary)
    summary["package"] = None
    write_summary(options, summary)  # the summary is kept even if package or map fail
    incident = stages[-1].incident if stages else None
    summary["package"] = None if incident is None else leave_package(options.out, store, scene.city, incident.incident_id).name
    summary["elapsed_s"]["total"] = round(time.perf_counter() - started, 2)
    write_results(scene, options, stages, summary)
    if played.broken is not None:
        raise played.broken
    return summary


def _play(runtime: Runtime, watch: Watch, shower: Callable[[Runtime], Show], cast: Cast | None) -> Played:
    played = Played()
    try:
        show = shower(runtime)
        wait = _waiter(show, cast)
        dispatcher = ScriptedDispatcher(runtime.engine, wait) if cast is None else cast.dispatcher(wait)
        played.not_done = dispatcher.not_done
        for stage in dispatcher.stages():
            if stage.name == "4-draft":
                watch.draft = time.perf_counter()
            played.stages.append(stage)
            show(stage)
    except Exception as fault:  # noqa: BLE001  # raised again once the summary is written
        played.broken = fault
        played.not_done.append(broke_off(fault))
    for line in played.not_done:
        log.warning("drill: %s", line)
    return played


def _waiter(show: Show, cast: Cast | None) -> Callable[[Callable[[], bool]], bool]:
    def wait(true: Callable[[], bool]) -> bool:
        until = time.monotonic() + _PATIENCE_S
        if cast is not None:
            until = min(until, cast.ends_at)
        while time.monotonic() < until:
            if cast is not None:
                cast.work()  # first: what is due has happened before the dispatcher looks
            if true():
                return True
            show(None)
            time.sleep(0.02)
        return False

    return wait


def _shower(runtime: Runtime, options: DrillOptions) -> Show:
    """Pictures of the window at each stage; ``None`` only processes Qt events."""
    if not options.screens:
        return lambda stage: None
    from console.drill.screens import Screens

    screens = Screens(runtime, options.out / "screens")
    return screens.show
