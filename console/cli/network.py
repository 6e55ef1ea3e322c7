"""Commands that ask the network: isolate, trace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cli.output import AsJson, CityPath, print_result

commands = typer.Typer()


@commands.command()
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
            print_result(answer, True)
        return
    if not burst:
        raise typer.BadParameter("give --burst PIPE or --batch FILE")
    print_result(answer_one(loaded, {"burst": burst, "valves": {valve: {"operable": False} for valve in stuck or ()}}), as_json)


@commands.command()
def trace(
    city: CityPath,
    from_: Annotated[str, typer.Option("--from", help="pipe or node")],
    kind: Annotated[str, typer.Option(help="connected, upstream, downstream, supply, islands")] = "connected",
    as_json: AsJson = False,
) -> None:
    """What a place is connected to, fed by, or feeds."""
    from console.services.traces import answer_trace
    from maps.dataset import read_city

    print_result(answer_trace(read_city(city), from_, kind), as_json)
