"""The command bench: measures the budgets."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

import typer

from console.cli.output import print_result

commands = typer.Typer()


BENCHES = ("map", "trace", "detect", "locate", "ltown", "synth", "readings", "recall", "package", "open")


@commands.command()
def bench(
    name: Annotated[str, typer.Argument(help=", ".join(BENCHES))],
    pipes: int = 200_000,
    stations: Annotated[int | None, typer.Option(help="default 300; open: those of the synthetic city")] = None,
    size: str = "2560x1440",
    seconds: Annotated[int, typer.Option(help="open: seconds that the window stays open", min=5)] = 180,
    feed: Annotated[bool, typer.Option("--feed", help="open: feed readings of all stations")] = False,
    peer: Annotated[bool, typer.Option("--peer", help="trace: WNTR side by side (about a minute)")] = False,
    json: Annotated[bool, typer.Option("--json", help="one JSON object (always)")] = True,
) -> None:
    """Measure a budget; prints JSON."""
    if name not in BENCHES:
        raise typer.BadParameter(f"{name!r} is not one of {', '.join(BENCHES)}")
    run_bench: Callable[..., dict[str, Any]] = import_module(f"console.bench.{name}").run
    asked: dict[str, dict[str, Any]] = {
        "map": {"pipes": pipes, "size": size},
        "trace": {"pipes": pipes, "peer": peer},
        "synth": {"pipes": pipes},
        "locate": {"pipes": pipes, "stations": stations or 300},
        "detect": {"stations": stations or 300},
        "open": {"pipes": pipes, "stations": stations, "seconds": seconds, "feed": feed},
    }
    print_result(run_bench(**asked.get(name, {})), True)
