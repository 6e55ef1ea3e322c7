"""Commands that run the console, the engine, the simulator and the drill."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from console.cli.output import AsJson, CityPath, print_result
from console.screen import has_screen
from maps.errors import InputFault
from maps.files import refuse_overwriting

if TYPE_CHECKING:
    from console.ui.start.splash import Splash

commands = typer.Typer()
_MOST_M3H = 100_000.0
"""Largest burst flow that is simulated, m³/h; also excludes ``inf``."""
_LONGEST_S = 1e9

Mqtt = Annotated[str, typer.Option(help="mqtt[s]://[user:password@]host[:port]; default: QUANMAI_MQTT or settings.toml")]
Store = Annotated[str, typer.Option(help="store file or database URL; default: QUANMAI_STORE, or beside the settings")]
Seed = Annotated[int, typer.Option(help="seed: the same number gives the same run", min=0)]
Web = Annotated[str, typer.Option(help="HOST:PORT for the crews' page; default: QUANMAI_WEB or settings.toml, else none")]
Seat = Annotated[
    str, typer.Option(help="name of the session at the broker, one per running program; default: by machine and store")
]

Area = Annotated[str, typer.Option(help="name or id of an operating area: its terminal, with its own cases only")]


@commands.command()
def drill(
    out: Annotated[Path, typer.Option("--out", help="folder for the results")],
    headless: Annotated[bool, typer.Option("--headless", help="no window; a scripted dispatcher acts")] = False,
    city: Annotated[Path | None, typer.Option(help="city dataset; default: the demo city")] = None,
    burst: Annotated[str, typer.Option(help="pipe that bursts; default: chosen by the seed")] = "",
    flow_m3h: Annotated[float, typer.Option(help="burst flow; default: by diameter", min=0.0, max=_MOST_M3H)] = 0.0,
    seed: Seed = 1,
    screens: Annotated[bool, typer.Option(help="also write pictures of the window")] = True,
    people: Annotated[
        bool, typer.Option("--people", help="no window; callers, a crew's browser and a supervisor carry the case to its end")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run a simulated burst, from the first abnormal reading to the issued notice; with --people to the closed case."""
    from console.drill import DrillOptions, run_drill

    asked = DrillOptions(out=out, city=city, burst=burst, flow_m3h=flow_m3h, seed=seed, screens=screens)
    if people:
        try:
            from console.drill.people import PeopleRoom
        except ImportError as missing:
            raise InputFault(f"--people needs the extra 'web' ({missing})") from missing

        summary = run_drill(asked, PeopleRoom())
        print_result(summary, as_json, f"results in {out}: summary.json, map.html, notices/, screens/")
        return
    if not headless:
        if as_json or not screens:
            raise InputFault("--json and --no-screens belong to the scripted drill: add --headless, or leave them out")
        splash = _splash()
        from console.app import run_demo

        sys.exit(run_demo(asked, splash=splash))
    summary = run_drill(asked)
    print_result(summary, as_json, f"results in {out}: summary.json, map.html, notices/, screens/")


@commands.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="folder for results without a screen")] = Path("out/drill"),
    area: Area = "",
) -> None:
    """Open the console on the demo city with a running drill; without a screen the drill runs headless."""
    if has_screen():
        splash = _splash()
        from console.app import run_demo

        sys.exit(run_demo(area=area, splash=splash))
    from console.drill import DrillOptions, run_drill

    if area:
        raise InputFault("--area shows an area's terminal, which needs a screen; leave it out to run the drill headless")
    print("no screen here: running the drill headless", file=sys.stderr)  # noqa: T201
    run_drill(DrillOptions(out=out))
    print_result({}, False, f"results in {out.resolve()}: summary.json, map.html, notices, screens")


@commands.command()
def run(
    city: Annotated[Path | None, typer.Argument(help="city dataset (.gpkg); without one a window asks what to open")] = None,
    mqtt: Mqtt = "",
    store: Store = "",
    seat: Seat = "",
    area: Area = "",
    user: Annotated[str, typer.Option(help="sign in as this user without a dialog (shared store)")] = "",
    password_file: Annotated[
        Path | None, typer.Option(help="file with that user's password, mode 0600; default: the keyring")
    ] = None,
    web: Web = "",
) -> None:
    """Open the console on a city; without one a window offers the demo drill, a city, or the import of one's own data."""
    splash = _splash()
    from console.app import ask_what_to_open, run_console, run_demo

    if city is None:
        opening = ask_what_to_open(splash)
        if opening is None:
            return
        splash = _splash()
        if opening.city is None:
            sys.exit(run_demo(area=area, splash=splash))
        city = opening.city
    _refuse_as_store(store, city)
    sys.exit(run_console(city, mqtt, store, seat, area, user=user, password_file=password_file, web=web, splash=splash))


@commands.command()
def wall(city: CityPath, mqtt: Mqtt = "", store: Store = "", seat: Seat = "", area: Area = "") -> None:
    """Show the wall view of a city, full screen; nothing can be done on it. Esc leaves the full screen."""
    from console.app import run_console

    _refuse_as_store(store, city)
    sys.exit(run_console(city, mqtt, store, seat, area, wall=True))


@commands.command()
def engine(
    city: CityPath,
    mqtt: Mqtt = "",
    store: Store = "",
    seat: Seat = "",
    web: Web = "",
) -> None:
    """Run the engine without a window: feeds, detection, incidents, store. Never loads Qt."""
    from console.headless import run_engine

    _refuse_as_store(store, city)
    code = run_engine(city, mqtt, store, seat, web)
    if code:
        logging.shutdown()
        os._exit(code)  # a blocked thread would keep the process from ending


def _splash() -> Splash | None:
    """The picture of the start, before the program is loaded; None without a screen or Qt's libraries, which is told later."""
    if not has_screen():
        return None
    try:
        from console.ui.start.splash import Splash
    except ImportError:
        return None
    return Splash()


def _refuse_as_store(store: str, city: Path) -> None:
    if store and "://" not in store:
        refuse_overwriting(Path(store), [city])


@commands.command()
def simulate(
    city: CityPath,
    mqtt: Mqtt = "",
    seed: Seed = 1,
    burst: Annotated[str, typer.Option(help="pipe that bursts after --burst-after seconds")] = "",
    flow_m3h: Annotated[float, typer.Option(help="burst flow", min=0.0, max=_MOST_M3H)] = 60.0,
    burst_after: Annotated[float, typer.Option(help="simulated seconds", min=0.0, max=_LONGEST_S)] = 300.0,
    speed: Annotated[float, typer.Option(help="simulated seconds a second", min=0.1, max=600)] = 1.0,
    for_s: Annotated[float, typer.Option(help="stop after this many real seconds; 0: never", min=0.0, max=_LONGEST_S)] = 0.0,
) -> None:
    """Publish simulated readings and crews to a broker."""
    from console.headless import run_simulation

    run_simulation(city, mqtt, seed=seed, burst=burst, flow_m3h=flow_m3h, burst_after_s=burst_after, speed=speed, for_s=for_s)
