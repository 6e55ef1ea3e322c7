"""Commands that find bursts in recordings: locate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from console.cli.output import AsJson, CityPath, print_result

commands = typer.Typer()


@commands.command()
def locate(
    city: CityPath,
    readings: Annotated[Path, typer.Option(help="recorded readings, parquet or csv")],
    as_json: AsJson = True,
) -> None:
    """Replay a recording through the live code; one JSON line per event."""
    from console.services.recording import locate_recording
    from maps.dataset import read_city

    for event in locate_recording(read_city(city), readings):
        print_result(event, True)
