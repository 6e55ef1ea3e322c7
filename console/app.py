"""Composition with the window: the console on a broker, and the demo with a running drill."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from console.channels.local import LocalChannel
from console.connections import broker_of, channels_of, connection_of, crew_site_of, feeds_of, seat_of, serve_crews
from console.crash_report import CrashReports, reported_to
from console.domain.actors import SYSTEM, Actor
from console.domain.clock import DrillClock, SystemClock
from console.engine.area_port import AreaPort
from console.feeds.port import Feed
from console.garbage_collection import return_what_is_freed, set_loaded_aside
from console.log_files import logged_to
from console.people import People, people_of
from console.runtime import Runtime, RuntimeOptions
from console.services.areas.area_map import AreaMap
from console.services.areas.sight import AreaSight
from console.services.crews.kinds import with_crew_kinds
from console.services.desk import DeskSettings
from console.services.review.record import CaseRecord
from console.services.shift.contacts import AddContacts
from console.settings import Settings, desk_settings, in_environment, is_shared, load_settings
from console.settings_file import TomlSettingsFile
from maps.city import City
from maps.dataset import read_city
from maps.errors import InputFault

if TYPE_CHECKING:
    from PySide6.QtCore import QCoreApplication

    from console.drill.options import DrillOptions
    from console.ui.import_window import Opening
    from console.ui.port import DrillPort
    from console.ui.settings import WindowSettings
    from console.ui.start.splash import Splash
    from console.ui.window import MainWindow
    from maps.hydraulics.state import HydraulicState

_DEMO_SPEED = 10.0
_DEMO_QUIET_S = 120.0
_SWITCH_S = 0.001
"""A frame asks for the interpreter's lock many times; by default a thread at work gives it up after five milliseconds only."""


def run_console(
    city_path: Path,
    mqtt: str,
    store: str,
    seat: str = "",
    area: str = "",
    *,
    user: str = "",
    password_file: Path | None = None,
    web: str = "",
    more_feeds: Callable[[City], Sequence[Feed]] | None = None,
    wall: bool = False,
    splash: Splash | None = None,
) -> int:
    """The console on a city; without a broker it shows the network and stored cases, and sends nothing.

    ``area``: name or id of an operating area, whose terminal this is; InputFault for an unknown one. ``user``: signs in without a
    dialog, with the password in ``password_file`` or the keyring. ``web``: where this console serves the crews' page, "" nowhere
    (the setting is the engine's). ``more_feeds``: makes further feeds beside those of the settings. ``wall``: the wall view
    alone; nobody signs in. Returns the exit code.
    """
    return_what_is_freed()
    tell = _Steps(splash)
    tell("settings")
    settings = load_settings(**{name: given for name, given in (("seat", seat), ("area", area), ("web", web)) if given})
    site = crew_site_of(settings) if web else None
    broker = broker_of(settings, mqtt) if mqtt or settings.mqtt else None
    tell.speak(settings)
    tell("city")
    city = with_crew_kinds(read_city(city_path), settings.crew_kinds)
    areas = (AreaMap(city).named(settings.area),) if settings.area else ()
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    where = store or settings.store or settings.data_folder / f"{city.info.site}.sqlite"
    is_whole_desk = not wall and not areas
    options = RuntimeOptions(
        city_path,
        where,
        settings.data_folder / "notices",
        desk_settings(settings, city.info.site),
        retention=settings.retention,
        role="console" if is_whole_desk else "wall" if wall else "terminal",
        # A wall and a terminal are always beside others, who lead: they sit where nobody looks after the whole network.
        is_shared=is_shared(settings, where) or not is_whole_desk,
        may_lead=is_whole_desk,
    )
    seat = seat_of(settings, "wall" if wall else "console", where)
    connection = connection_of(settings, broker, city.info.site, seat) if broker is not None else None
    feeds = [*feeds_of(settings, city, connection), *(more_feeds(city) if more_feeds is not None else ())]
    channels = channels_of(settings, city, connection)
    if site is not None:
        feeds, channels = [*feeds, site.feed], [*channels, *site.channels]
    with ExitStack() as stack:
        logs = settings.data_folder / "logs"
        stack.enter_context(logged_to(logs, seat))
        reports = stack.enter_context(reported_to(logs, seat))
        tell("store")
        runtime = Runtime(city, SystemClock(), options, feeds=feeds, channels=channels, late_model=True)
        stack.callback(runtime.close)
        people = people_of(runtime.store, seat, is_shared=is_shared(settings, where))
        actor = people.signed_in(user, password_file) if people is not None and user else None
        if site is not None:
            stack.callback(site.close)
            serve_crews(site, runtime)
        tell("history")
        runtime.recall()
        tell("engine")
        runtime.start()
        tell("window")
        if wall:
            return _show_wall(runtime, settings, areas)
        return _show(runtime, settings, people=people, actor=actor, areas=areas, splash=splash, reports=reports, seat=seat)


def run_demo(asked: DrillOptions | None = None, area: str = "", splash: Splash | None = None) -> int:
    """A drill that runs on the live screens, by default on the demo city. Returns the exit code.

    Store and notices stay in ``asked.out``; without ``asked`` they are deleted when the window closes. ``area``: name or id of
    an operating area whose terminal is shown; InputFault for an unknown one.
    """
    # Imported here: a console without a drill need not load folium and the synthetic city (half a second, 60 MB).
    from console.drill.approver import APPROVER, add_approver
    from console.drill.contacts import demo_contacts
    from console.drill.controls import DrillControls
    from console.drill.field import DrillField
    from console.drill.options import DrillOptions
    from console.drill.scene import HISTORY_STEP_S, LOADING_S, START, empty_store, history_of, set_scene
    from console.feeds.simulated import SimulatorFeed
    from console.feeds.simulator import SimulatorProcess

    tell = _Steps(splash)
    tell("settings")
    settings = load_settings()
    tell.speak(settings)
    with ExitStack() as stack:
        reports = stack.enter_context(reported_to(settings.data_folder / "logs", "demo"))
        options = asked or DrillOptions(out=Path(tempfile.mkdtemp(prefix="quanmai-demo-")))
        folder, seed = options.out, options.seed
        folder.mkdir(parents=True, exist_ok=True)
        if asked is None:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        tell("drill_city")
        scene = set_scene(options)
        areas = (AreaMap(scene.city).named(area),) if area else ()
        clock, channel = DrillClock(START, _DEMO_SPEED), LocalChannel(SimulatorFeed.name)
        feed = SimulatorFeed(
            scene.city,
            lambda sink: SimulatorProcess(
                scene.city_path,
                sink=sink,
                seed=seed, speed=_DEMO_SPEED, start=START, origin=clock.origin,
                bursts=((_DEMO_QUIET_S, scene.burst_pipe, scene.flow_m3h),),
            ),
        )  # fmt: skip
        desk = DeskSettings(site=scene.city.info.site, hotline="（演练热线）", issuer="（演练发布单位）", is_drill=True)
        kept = RuntimeOptions(scene.city_path, empty_store(folder), folder / "notices", desk)
        tell("store")
        runtime = Runtime(scene.city, clock, kept, feeds=[feed], channels=[channel])
        add_approver(runtime.store, clock.now())
        tell("history")
        runtime.learn(history_of(scene, seed), HISTORY_STEP_S)
        field = DrillField(feed.offer, feed.process, scene.city, scene.burst_pipe, desk.crew_speed_kmh)
        channel.listen(field.on_outgoing)
        feed.listen(field.heard)
        clock.restart(LOADING_S)
        tell("engine")
        stack.enter_context(runtime)
        stack.callback(field.close)
        runtime.engine.submit(AddContacts(demo_contacts(scene.city, settings.language)), SYSTEM)
        tell("window")
        drill = DrillControls(scene.city, feed.process, field)
        return _show(runtime, settings, drill, areas=areas, splash=splash, reports=reports, approver=APPROVER)


def run_review(first: tuple[CaseRecord, Path], second: tuple[CaseRecord, Path] | None = None) -> int:
    """The window over one recorded case, or over two side by side. No store, no feed. Returns the exit code."""
    try:
        from PySide6.QtWidgets import QApplication

        from console.ui.review.pair import PairWindow
        from console.ui.review.window import ReviewWindow
    except ImportError as missing:
        raise InputFault(f"the window needs Qt's system libraries ({missing}); 'quanmai export --html' needs none") from missing
    settings = load_settings()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    folder = settings.data_folder / "review"
    folder.mkdir(parents=True, exist_ok=True)
    look = replace(_window_settings(settings, folder), has_sound=False)
    window = ReviewWindow(*first, look) if second is None else PairWindow(first, second, look)
    window.show()
    return _event_loop(app)


def _event_loop(app: QCoreApplication) -> int:
    """Run the event loop of windows that are built; returns the exit code."""
    from console.ui.garbage_collection import CollectsOnWindowThread

    set_loaded_aside()
    collections = CollectsOnWindowThread()
    try:
        return app.exec()
    finally:
        collections.end()


class _Steps:
    """Names the steps of a start on the splash, if there is one."""

    def __init__(self, splash: Splash | None) -> None:
        self._splash = splash

    def __call__(self, name: str) -> None:
        if self._splash is not None:
            self._splash.step(name)

    def speak(self, settings: Settings) -> None:
        """In the language that the window opens in."""
        if self._splash is not None:
            from console.ui.settings import StoredSettings, first_appearance

            look = _window_settings(settings, settings.data_folder)
            self._splash.speak(first_appearance(look, StoredSettings(settings.data_folder), "UTC").words.language)


def ask_what_to_open(splash: Splash | None = None) -> Opening | None:
    """The welcome window: what was chosen, None when it was closed."""
    try:
        from PySide6.QtWidgets import QApplication

        from console.ui.import_window import WelcomeWindow
        from console.ui.settings import StoredSettings, first_appearance
        from console.ui.theme import apply_theme
    except ImportError as missing:
        raise InputFault(f"the window needs Qt's system libraries ({missing}); name a city to run it headless") from missing
    settings = load_settings()
    app = QApplication.instance() or QApplication(sys.argv[:1])
    appearance = first_appearance(_window_settings(settings, settings.data_folder), StoredSettings(settings.data_folder), "UTC")
    apply_theme(cast(QApplication, app), appearance.theme)
    window = WelcomeWindow(appearance)
    chosen: list[Opening] = []
    window.chosen.connect(chosen.append)
    window.show()
    if splash is not None:
        splash.finish(window)
    app.exec()
    return chosen[0] if chosen else None


def _show_wall(runtime: Runtime, settings: Settings, areas: Sequence[str]) -> int:
    try:
        from PySide6.QtWidgets import QApplication

        from console.ui.wall.window import WallWindow
    except ImportError as missing:
        raise InputFault(f"the window needs Qt's system libraries ({missing}); 'make run' installs or names them") from missing
    sys.setswitchinterval(_SWITCH_S)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    sight = AreaSight(runtime.city, areas) if areas else None
    port = AreaPort(runtime.engine, sight) if sight is not None else runtime.engine
    window = WallWindow(port, replace(_window_settings(settings, settings.data_folder), area=sight))
    window.open()
    return _event_loop(app)


def _window_settings(
    settings: Settings, folder: Path, people: People | None = None, actor: Actor | None = None
) -> WindowSettings:
    from console.ui.settings import WindowSettings
    from console.ui.wall.text_size import WallSettings

    return WindowSettings(
        user=settings.person.name,
        actor=actor or settings.person,
        access=None if people is None else people.access,
        lock_minutes=settings.lock_minutes,
        has_sound=True,
        file=TomlSettingsFile(),
        folder=folder,
        language=in_environment(settings, "language"),
        theme=in_environment(settings, "colours"),
        usual_language=settings.language,
        usual_theme=settings.colours,
        news_minutes=settings.news_minutes,
        wall=WallSettings(
            settings.wall_distance_m, settings.wall_ratio, settings.wall_width_mm, settings.area_minutes, settings.targets.targets
        ),
    )


def _show(
    runtime: Runtime,
    settings: Settings,
    drill: DrillPort | None = None,
    *,
    people: People | None = None,
    actor: Actor | None = None,
    areas: Sequence[str] = (),
    splash: Splash | None = None,
    reports: CrashReports | None = None,
    seat: str = "",
    approver: tuple[str, str] | None = None,
) -> int:
    """``people``: of a store whose people sign in: somebody does so first, unless ``actor`` has.

    ``areas``: ids of those whose terminal this is; a window shows those of them that its person has, too. ``seat``: under this
    name drafts are kept; "" for a drill, which keeps none. ``approver``: of a drill, name and password.
    """
    try:
        from PySide6.QtWidgets import QApplication

        from console.ui.bridge import CrossThreadCall
        from console.ui.dialogs.sign_in import ask_who
        from console.ui.seat_windows import SeatWindows
        from console.ui.start.drafts import drafts_path
        from console.ui.start.guard import SessionGuards
    except ImportError as missing:
        raise InputFault(f"the window needs Qt's system libraries ({missing}); 'make run' installs or names them") from missing
    sys.setswitchinterval(_SWITCH_S)
    app = QApplication.instance() or QApplication(sys.argv[:1])
    settings.data_folder.mkdir(parents=True, exist_ok=True)
    if people is not None and actor is None:
        if splash is not None:
            splash.finish(None)
        look = _window_settings(settings, settings.data_folder)
        actor = ask_who(people.access, people.seat, runtime.engine.city.info, look)
        if actor is None:
            return 0

    kept = drafts_path(settings.data_folder, seat) if seat else None
    guards = SessionGuards(reports, kept, is_drill=drill is not None)

    def prepare(window: MainWindow) -> None:
        guards.watch(window)

        def show_states(states: Sequence[HydraulicState]) -> None:
            window.tools.set_states(states)
            window.map_commands.set_states(states)

        runtime.when_states(CrossThreadCall(show_states, window).push)
        if window.sight is None:  # a package holds the whole log and every alarm of its time, of all areas
            window.packages.writer = runtime.case_files.write
        window.help.offer_tour()

    look = _window_settings(settings, settings.data_folder, people, actor)
    look = replace(look, approvers=runtime.store.users, drill_approver=approver)
    windows = SeatWindows(runtime.engine, look, areas, drill, prepare)
    window = windows.open(look.person)
    if splash is not None:
        splash.finish(window)
    guards.offer_left_over()
    code = _event_loop(app)
    runtime.when_states(None)
    guards.end()
    return code
