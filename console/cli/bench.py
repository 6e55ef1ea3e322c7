"""The command bench: measures the budgets."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli.output import print_result

commands = typer.Typer()
PIPES = 200_000


BENCHES = (
    "map",
    "frames",
    "trace",
    "detect",
    "locate",
    "ltown",
    "lanes",
    "synth",
    "readings",
    "recall",
    "package",
    "open",
    "pumped",
    "room",
    "history",
    "tickets",
    "search",
)


@commands.command()
def bench(
    name: Annotated[str, typer.Argument(help=", ".join(BENCHES))],
    pipes: Annotated[int, typer.Option(help="default 200000; tickets: 20000; search: 1000000")] = PIPES,
    stations: Annotated[int | None, typer.Option(help="default 300; history: 1000; open: those of the synthetic city")] = None,
    size: str = "2560x1440",
    seconds: Annotated[int, typer.Option(help="open: seconds that the window stays open", min=5)] = 180,
    feed: Annotated[bool, typer.Option("--feed", help="open: feed readings of all stations")] = False,
    peer: Annotated[bool, typer.Option("--peer", help="trace: WNTR side by side (about a minute)")] = False,
    networks: Annotated[str, typer.Option(help="pumped: names in wntr and epyt, by comma; default: those of the table")] = "",
    inp: Annotated[list[Path] | None, typer.Option(help="pumped: .inp files, instead or besides; repeat it")] = None,
    variant: Annotated[str, typer.Option(help="pumped: scada or pressures; default both")] = "",
    days: Annotated[
        int | None, typer.Option(help="pumped: burst-free days to learn from (28); history: days of readings (3)", min=1)
    ] = None,
    quiet_days: Annotated[int, typer.Option(help="pumped: burst-free days among the test days", min=0)] = 28,
    bursts: Annotated[int, typer.Option(help="pumped: bursts of each size", min=0)] = 8,
    seed: Annotated[int, typer.Option(help="pumped: of the true city, its bursts and all noise", min=0)] = 1,
    noise: Annotated[float, typer.Option(help="pumped: factor on all noise of demand and readings", min=0.0)] = 1.0,
    watch_only: Annotated[
        bool, typer.Option(help="pumped: the driven test alone, in about two thirds of the time (scada)")
    ] = False,
    without: Annotated[str, typer.Option(help="pumped, ltown: lanes switched off, by comma; lanes: these only")] = "",
    to: Annotated[Path | None, typer.Option(help="pumped: folder to write the recordings to, for locate and score")] = None,
    consoles: Annotated[int, typer.Option(help="room: consoles without a window", min=1)] = 10,
    real_time: Annotated[
        bool, typer.Option("--real-time", help="tickets: ten minutes as they are; default ten times faster")
    ] = False,
    kills: Annotated[int, typer.Option(help="room: how often the leader is killed, for the time of a take-over", min=0)] = 1,
    store: Annotated[
        str, typer.Option(help="room, history: address of an empty PostgreSQL database; default an SQLite file")
    ] = "",
    json: Annotated[bool, typer.Option("--json", help="one JSON object (always)")] = True,
) -> None:
    """Measure a budget; prints JSON."""
    if name not in BENCHES:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(BENCHES)}")
    run_bench: Callable[..., dict[str, Any]] = import_module(f"console.bench.{name}").run
    asked: dict[str, dict[str, Any]] = {
        "tickets": {"pipes": pipes if pipes != PIPES else 20_000, "seed": seed, **({"speed": 1.0} if real_time else {})},
        "search": {"pipes": pipes if pipes != PIPES else 1_000_000, "seed": seed},
        "map": {"pipes": pipes, "size": size},
        "frames": {"pipes": pipes, "size": size},
        "trace": {"pipes": pipes, "peer": peer},
        "synth": {"pipes": pipes},
        "ltown": {"without": _lanes(without)},
        "lanes": {
            **({"networks": _words(networks)} if networks else {}),
            **({"lanes": _words(without)} if without else {}),
            "days": days or 28,
            "quiet_days": quiet_days,
            "bursts": bursts,
            "seed": seed,
            "report": partial(typer.echo, err=True),
        },
        "locate": {"pipes": pipes, "stations": stations or 300},
        "detect": {"stations": stations or 300},
        "open": {"pipes": pipes, "stations": stations, "seconds": seconds, "feed": feed},
        "room": {"stations": stations or 10_000, "consoles": consoles, "store": store, "kills": kills},
        "history": {"stations": stations or 1_000, "days": days or 3, "store": store},
        "pumped": {
            "networks": _words(networks),
            "inp": inp or [],
            "variants": [variant] if variant else ["scada", "pressures"],
            "days": days or 28,
            "quiet_days": quiet_days,
            "bursts": bursts,
            "seed": seed,
            "noise": noise,
            "watch_only": watch_only,
            "without": _lanes(without),
            "to": to,
            "report": partial(typer.echo, err=True),
        },
    }
    print_result(run_bench(**asked.get(name, {})), True)


def _words(text: str) -> list[str]:
    return [one for one in text.replace(" ", "").split(",") if one]


def _lanes(text: str) -> frozenset[str]:
    from console.detection.options import LANES

    unknown = next((one for one in _words(text) if one not in LANES), None)
    if unknown is not None:
        raise typer.BadParameter(f"lane {unknown!r} is none of {', '.join(LANES)}")
    return frozenset(_words(text))
