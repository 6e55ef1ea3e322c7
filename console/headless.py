"""Composition without a window: the engine alone, and the simulator on a broker. Never loads Qt."""

from __future__ import annotations

import logging
import os
import signal
import threading
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from console.connections import broker_of, channels_of, connection_of, crew_site_of, feeds_of, seat_of, serve_crews
from console.domain.clock import SystemClock
from console.feeds.simulator import SimulatorProcess
from console.log_files import logged_to
from console.mqtt import MqttConnection
from console.runtime import Runtime, RuntimeOptions
from console.services.crews.kinds import with_crew_kinds
from console.settings import desk_settings, is_shared, load_settings
from maps.dataset import read_city

log = logging.getLogger(__name__)


def run_engine(city_path: Path, mqtt: str, store: str, seat: str = "", web: str = "") -> int:
    """Run the engine on a broker until SIGINT or SIGTERM, or until its thread is blocked.

    Returns the exit code: 1 for a blocked engine (a service manager restarts it), or one that could
    not write everything at its end.
    """
    settings = load_settings(**{name: given for name, given in (("seat", seat), ("web", web)) if given})
    site = crew_site_of(settings)
    broker, city = broker_of(settings, mqtt), with_crew_kinds(read_city(city_path), settings.crew_kinds)
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    where = store or settings.store or settings.data_folder / f"{city.info.site}.sqlite"
    options = RuntimeOptions(
        city_path,
        where,
        settings.data_folder / "notices",
        desk_settings(settings, city.info.site),
        retention=settings.retention,
        role="engine",
        is_shared=is_shared(settings, where),
    )
    name = seat_of(settings, "engine", where)
    connection = connection_of(settings, broker, city.info.site, name)
    feeds, channels = feeds_of(settings, city, connection), channels_of(settings, city, connection)
    if site is not None:
        feeds, channels = [*feeds, site.feed], [*channels, *site.channels]
    told = _told_to_stop()
    with ExitStack() as stack:
        stack.enter_context(logged_to(settings.data_folder / "logs", name))
        runtime = Runtime(city, SystemClock(), options, feeds=feeds, channels=channels)
        stack.callback(runtime.close)
        if site is not None:
            stack.callback(site.close)
            serve_crews(site, runtime)
        runtime.recall()
        runtime.engine.watchdog.listen(told.set)
        runtime.start()
        log.info("engine runs on %s as %s; stop it with Ctrl+C", broker, name)
        told.wait()
        stood_still = runtime.engine.watchdog.is_silent.is_set()
    if stood_still:
        log.critical("engine: ended because its thread stood still; start it again")
    return 1 if stood_still or runtime.engine.has_lost else 0


def run_simulation(
    city_path: Path, mqtt: str, *, seed: int, burst: str, flow_m3h: float, burst_after_s: float, speed: float, for_s: float
) -> None:
    """Publish a simulated city to a broker until SIGINT or SIGTERM, or for ``for_s`` real seconds."""
    broker, city = broker_of(load_settings(), mqtt), read_city(city_path)
    if burst:
        city.network.pipes.row(burst)
    connection = MqttConnection(broker, city.info.site, f"quanmai-simulator-{os.getpid()}")
    connection.start()
    simulator = SimulatorProcess(
        city_path, sink=connection.send, seed=seed, speed=speed, start=datetime.now(UTC), real_stamps=True
    )
    timer = threading.Timer(burst_after_s / speed, simulator.command_burst, (burst, flow_m3h)) if burst else None
    with simulator:
        if timer is not None:
            timer.start()
        _until_told(for_s)
    if timer is not None:
        timer.cancel()
    connection.stop()


def _until_told(for_s: float = 0.0) -> None:
    _told_to_stop().wait(for_s or None)


def _told_to_stop() -> threading.Event:
    told = threading.Event()
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda *_: told.set())
    return told
