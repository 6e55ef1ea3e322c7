"""The command line. Results go to stdout, everything else to stderr; exit 0 ok, 2 usage or input fault, 1 defect."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from maps.errors import Fault, QuanmaiError

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Quanmai 泉脉: water dispatch."
)

CityPath = Annotated[Path, typer.Argument(help="city dataset (.gpkg)")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on one line")]


def main() -> None:
    """Entry point: turns a told fault into one line and exit 2."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for name in ("pyogrio", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    try:
        app()
    except QuanmaiError as fault:
        _fail(str(fault))
    except (PermissionError, FileNotFoundError, IsADirectoryError, NotADirectoryError) as fault:
        _fail(f"{fault.filename}: {fault.strerror}; check the path and your rights")
    except OSError as fault:
        _fail(f"{fault.filename or 'system'}: {fault.strerror}; free space or choose another folder")
    except KeyboardInterrupt:
        sys.exit(130)


def _fail(line: str) -> None:
    print(f"quanmai: {' '.join(line.split())}", file=sys.stderr)  # noqa: T201
    sys.exit(2)


def _out(value: Any, as_json: bool, text: str = "") -> None:
    print(json.dumps(value, ensure_ascii=False) if as_json or not text else text)  # noqa: T201


def _fault_lines(faults: tuple[Fault, ...], most: int = 40) -> None:
    for fault in faults[:most]:
        print(f"  {fault.severity}: {fault.line()}", file=sys.stderr)  # noqa: T201
    if len(faults) > most:
        print(f"  … and {len(faults) - most} more; 'quanmai check --json' lists all", file=sys.stderr)  # noqa: T201


@app.command("import")
def import_(
    sources: Annotated[list[Path], typer.Argument(help=".inp, .gpkg, .shp, .geojson, .gdb or .csv files")],
    to: Annotated[Path, typer.Option("--to", help="city dataset to write")],
    crs: Annotated[str, typer.Option(help="CRS of the source, such as EPSG:4548")] = "",
    profile: Annotated[Path | None, typer.Option(help="column profile (TOML)")] = None,
    stations: Annotated[str, typer.Option(help="CSV (station_id,node,channel), or auto[:N]")] = "",
    assume_valves: Annotated[bool, typer.Option("--assume-valves", help="a valve at both ends of every pipe")] = False,
    name: Annotated[str, typer.Option(help="name of the city")] = "",
    as_json: AsJson = False,
) -> None:
    """Import a network into a city dataset."""
    from maps.dataset import write_city
    from maps.importers import ImportOptions, import_city

    placed: str | Path | None = stations or None
    if placed is not None and not str(placed).startswith("auto"):
        placed = Path(str(placed))
    options = ImportOptions(crs=crs or None, profile=profile, stations=placed, assume_valves=assume_valves, name=name)
    result = import_city(sources, options)
    write_city(result.city, to)
    _fault_lines(result.faults)
    network = result.city.network
    counts = {"pipes": len(network.pipes), "nodes": len(network.nodes), "valves": len(network.valves)}
    _out(
        {"city": str(to), **counts, "faults": len(result.faults)},
        as_json,
        f"{to}: {counts}, {len(result.faults)} faults reported",
    )


@app.command()
def check(city: CityPath, as_json: AsJson = False) -> None:
    """Counts, CRS, faults, and whether the hydraulics converge."""
    from maps.check import check_city
    from maps.dataset import read_city

    report = check_city(read_city(city))
    _out(report, as_json, json.dumps(report, ensure_ascii=False, indent=2))


@app.command()
def synth(
    to: Annotated[Path, typer.Option("--to", help="city dataset to write")],
    pipes: Annotated[int, typer.Option(min=50, max=1_000_000)] = 5000,
    seed: int = 1,
    roads: Annotated[Path | None, typer.Option(help="lay the pipes along this street layer")] = None,
    as_json: AsJson = False,
) -> None:
    """Make a synthetic city."""
    from maps.dataset import write_city
    from maps.synthetic import SyntheticOptions, build_city

    made = build_city(SyntheticOptions(pipes=pipes, seed=seed, roads=roads))
    write_city(made, to)
    counts = {"pipes": len(made.network.pipes), "valves": len(made.network.valves), "stations": len(made.stations)}
    _out({"city": str(to), **counts}, as_json, f"{to}: {counts} (synthetic)")


@app.command()
def isolate(
    city: CityPath,
    burst: Annotated[list[str] | None, typer.Option(help="burst pipe; may be repeated")] = None,
    stuck: Annotated[list[str] | None, typer.Option(help="valve that cannot be closed; may be repeated")] = None,
    batch: Annotated[Path | None, typer.Option(help="requests, one JSON object a line")] = None,
    as_json: AsJson = False,
) -> None:
    """The valves to close for a burst, and what that does."""
    from console.services.isolation_requests import answer_batch, answer_one
    from maps.dataset import read_city

    loaded = read_city(city)
    if batch is not None:
        for answer in answer_batch(loaded, batch):
            _out(answer, True)
        return
    if not burst:
        raise typer.BadParameter("give --burst PIPE or --batch FILE")
    _out(answer_one(loaded, {"burst": burst, "valves": {valve: {"operable": False} for valve in stuck or ()}}), as_json)


@app.command()
def trace(
    city: CityPath,
    from_: Annotated[str, typer.Option("--from", help="pipe or node")],
    kind: Annotated[str, typer.Option(help="connected, upstream, downstream, supply, islands")] = "connected",
    as_json: AsJson = False,
) -> None:
    """What a place is connected to, fed by, or feeds."""
    from console.services.traces import answer_trace
    from maps.dataset import read_city

    _out(answer_trace(read_city(city), from_, kind), as_json)


@app.command()
def locate(
    city: CityPath,
    readings: Annotated[Path, typer.Option(help="recorded readings, parquet or csv")],
    as_json: AsJson = True,
) -> None:
    """Replay a recording through the live code; one JSON line per event."""
    from console.services.recording import locate_recording
    from maps.dataset import read_city

    for event in locate_recording(read_city(city), readings):
        _out(event, True)


@app.command()
def drill(
    out: Annotated[Path, typer.Option("--out", help="folder for the results")],
    headless: Annotated[bool, typer.Option("--headless", help="no window; a scripted dispatcher clicks")] = False,
    city: Annotated[Path | None, typer.Option(help="city dataset; default: the demo city")] = None,
    burst: Annotated[str, typer.Option(help="pipe that bursts; default: chosen by the seed")] = "",
    flow_m3h: Annotated[float, typer.Option(help="burst flow; default: by diameter", min=0.0)] = 0.0,
    seed: int = 1,
    screens: Annotated[bool, typer.Option(help="also write pictures of the window")] = True,
    as_json: AsJson = False,
) -> None:
    """A simulated burst, from the first abnormal reading to the issued notice."""
    if not headless:
        from console.app import run_demo

        sys.exit(run_demo(city=city, seed=seed))
    from console.drill import DrillOptions, run_drill

    summary = run_drill(DrillOptions(out=out, city=city, burst=burst, flow_m3h=flow_m3h, seed=seed, screens=screens))
    _out(summary, as_json, f"results in {out}: summary.json, map.html, notices/, screens/")


@app.command()
def demo(out: Annotated[Path, typer.Option("--out", help="where results go without a screen")] = Path("out/drill")) -> None:
    """The console on the demo city with a running drill; without a screen the same drill headless."""
    from console.headless import has_screen

    if has_screen():
        from console.app import run_demo

        sys.exit(run_demo())
    from console.drill import DrillOptions, run_drill

    print("no screen here: running the drill headless", file=sys.stderr)  # noqa: T201
    run_drill(DrillOptions(out=out))
    _out({}, False, f"results in {out.resolve()}: summary.json, map.html, notices, screens")


@app.command()
def run(
    city: CityPath,
    mqtt: Annotated[str, typer.Option(help="mqtt://host[:port]")] = "",
    store: Annotated[str, typer.Option(help="store file or database URL; default: beside the settings")] = "",
) -> None:
    """The console on a city."""
    from console.app import run_console

    sys.exit(run_console(city, mqtt, store))


@app.command()
def engine(
    city: CityPath,
    mqtt: Annotated[str, typer.Option(help="mqtt://host[:port]")],
    store: Annotated[str, typer.Option(help="store file or database URL")] = "",
) -> None:
    """The engine alone: feeds, detection, incidents, store; never loads Qt."""
    from console.headless import run_engine

    run_engine(city, mqtt, store)


@app.command()
def simulate(
    city: CityPath,
    mqtt: Annotated[str, typer.Option(help="mqtt://host[:port]")],
    seed: int = 1,
    burst: Annotated[str, typer.Option(help="pipe that bursts after --burst-after seconds")] = "",
    flow_m3h: float = 60.0,
    burst_after: Annotated[float, typer.Option(help="simulated seconds")] = 300.0,
    speed: Annotated[float, typer.Option(help="simulated seconds a second", min=0.1, max=600)] = 1.0,
    for_s: Annotated[float, typer.Option(help="stop after this many real seconds; 0: never")] = 0.0,
) -> None:
    """Publish simulated readings and crews to a broker."""
    from console.headless import run_simulation

    run_simulation(city, mqtt, seed=seed, burst=burst, flow_m3h=flow_m3h, burst_after_s=burst_after, speed=speed, for_s=for_s)


BENCHES = ("map", "trace", "detect", "synth", "readings")


@app.command()
def bench(
    name: Annotated[str, typer.Argument(help=", ".join(BENCHES))],
    pipes: int = 200_000,
    stations: int = 300,
    size: str = "2560x1440",
) -> None:
    """Measure a budget; prints JSON."""
    if name not in BENCHES:
        raise typer.BadParameter(f"{name!r} is none of {', '.join(BENCHES)}")
    run_bench: Callable[..., dict[str, Any]] = import_module(f"console.bench.{name}").run
    asked: dict[str, dict[str, Any]] = {
        "map": {"pipes": pipes, "size": size},
        "trace": {"pipes": pipes},
        "synth": {"pipes": pipes},
        "locate": {"pipes": pipes, "stations": stations},
        "detect": {"stations": stations},
    }
    _out(run_bench(**asked.get(name, {})), True)
