"""Commands on recorded readings: locate, score, calibrate."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from console.children import shared_calls
from console.cli.output import AsJson, CityPath, print_result
from maps.files import refuse_overwriting

commands = typer.Typer()


@commands.command()
def locate(
    city: CityPath,
    readings: Annotated[Path, typer.Option(help="recorded readings, parquet or csv")],
    baseline: Annotated[Path | None, typer.Option(help="burst-free history to learn from first")] = None,
    event_at: Annotated[str, typer.Option(help="locate at this time only (ISO 8601; without an offset: the city's time)")] = "",
    as_json: AsJson = True,
) -> None:
    """Replay a recording through the live detection; one JSON line per event."""
    from console.services.network.foreign_models import located

    events = shared_calls().stream(located, city, readings, baseline, event_at, reads=str(city), progress=_progress())
    for event in events:
        print_result({"city": str(city), **event}, as_json=True)
        sys.stdout.flush()


@commands.command()
def calibrate(
    city: CityPath,
    readings: Annotated[Path, typer.Option(help="recorded readings of burst-free days, parquet or csv")],
    to: Annotated[Path, typer.Option("--to", help="city dataset to write, with the fitted model")],
    as_json: AsJson = False,
) -> None:
    """Fit demand and roughness to burst-free days: residuals before and after, and a calibrated city."""
    from console.services.network.foreign_models import calibrated_into

    refuse_overwriting(to, [city, readings])
    fit = shared_calls().call(calibrated_into, city, readings, to, reads=str(city), progress=_progress())
    report = {"city": str(to), **fit}
    print_result(report, as_json, _calibration_text(report))


@commands.command()
def score(
    events: Annotated[Path, typer.Argument(help="output of locate, one JSON object a line")],
    truth: Annotated[Path, typer.Option(help="known leaks, csv: pipe, start, end; optionally type (abrupt, incipient)")],
    city: Annotated[Path | None, typer.Option(help="city dataset for distances; default: the one named in the events")] = None,
    as_json: AsJson = True,
) -> None:
    """Score events against known leaks: true and false alarms, delays, distances along the network."""
    from console.services.analysis.scoring import score_events

    print_result(score_events(events, truth, city), as_json=True)


def _calibration_text(report: dict[str, Any]) -> str:
    """Figures as text, the worst station first."""
    lines = [
        f"{report['city']}: {report['stations']} stations, {report['days']} days",
        f"residuals {report['before_m']} m -> {report['after_m']} m ({report['after_without_offsets_m']} m beside offsets)",
        f"demand x {report['demand_factor']}",
        *(f"roughness x {factor}  {name}" for name, factor in report["roughness_factors"].items()),
        f"{'station':16} {'before m':>9} {'after m':>9} {'offset m':>9}",
    ]
    rows = sorted(report["per_station"], key=lambda row: -row["after_m"])
    lines += [f"{row['station']:16} {row['before_m']:9.2f} {row['after_m']:9.2f} {row['offset_m']:+9.2f}" for row in rows]
    return "\n".join(lines)


def _progress() -> Callable[[float], None]:
    """Progress callback: percentages on stderr if it is a terminal; always shows that the process is working."""

    def show(share: float) -> None:
        if sys.stderr.isatty():
            print(f"\r{share:4.0%}", end="" if share < 1.0 else "\n", file=sys.stderr, flush=True)  # noqa: T201

    return show
