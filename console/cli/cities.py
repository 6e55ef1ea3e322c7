"""Commands that check, compare and create city datasets: check, compare, synth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.children import shared_calls
from console.cli.output import AsJson, CityPath, lacking_lines, print_result
from maps.files import refuse_overwriting

if TYPE_CHECKING:  # a command that only prints its help loads no numpy
    from maps.comparison import LayerDifference

commands = typer.Typer()


@commands.command()
def check(city: CityPath, as_json: AsJson = False) -> None:
    """Show counts, CRS, faults, and whether the hydraulics converge."""
    from console.services.network.foreign_models import check_file
    from maps.dataset import read_city

    report = shared_calls().call(check_file, city, reads=str(city))
    print_result(report, as_json, json.dumps(report, ensure_ascii=False, indent=2))
    lacking_lines(read_city(city))


@commands.command()
def compare(
    before: Annotated[Path, typer.Argument(help="city dataset in use (.gpkg)")],
    after: Annotated[Path, typer.Argument(help="newer city dataset (.gpkg)")],
    csv: Annotated[Path | None, typer.Option("--csv", help="write every difference to this table")] = None,
    accept_to: Annotated[
        Path | None, typer.Option("--accept-to", help="write the newer one here, with later checks of valves on site kept")
    ] = None,
    tolerance_m: Annotated[float, typer.Option("--tolerance-m", min=0.0, max=100.0, help="shifts up to this are none")] = 0.5,
    as_json: AsJson = False,
) -> None:
    """Show what a newer version of a city dataset adds, removes, moves and changes."""
    from maps.comparison import compare as differences
    from maps.comparison import with_field_states
    from maps.dataset import read_city, write_city
    from maps.export.csv_tables import write_csv

    for path in (csv, accept_to):
        if path is not None:
            refuse_overwriting(path, [before, after])
    one, other = read_city(before), read_city(after)
    found = differences(one, other, tolerance_m)
    if csv is not None:
        write_csv(csv, ("layer", "asset_id", "difference", "column", "before", "after"), _difference_rows(found))
    result: dict[str, Any] = {difference.layer: difference.counts() for difference in found if not difference.is_empty}
    if accept_to is not None:
        accepted, kept = with_field_states(other, one)
        write_city(accepted, accept_to)
        result |= {"written": str(accept_to), "valves_with_later_checks_kept": len(kept)}
    print_result(result, as_json, "\n".join(f"{layer}: {told}" for layer, told in result.items()) or "no difference")


def _difference_rows(found: Sequence[LayerDifference]) -> Iterator[tuple[str, ...]]:
    for one in found:
        yield from ((one.layer, name, "added", "", "", "") for name in one.added)
        yield from ((one.layer, name, "removed", "", "", "") for name in one.removed)
        yield from ((one.layer, name, "recut", "pieces", str(before), str(after)) for name, before, after in one.recut)
        yield from ((one.layer, name, "moved", "m", "", f"{away:.2f}") for name, away in one.moved)
        yield from ((one.layer, change.asset_id, "changed", change.column, change.before, change.after) for change in one.changed)


@commands.command()
def synth(
    to: Annotated[Path, typer.Option("--to", help="city dataset to write")],
    pipes: Annotated[int, typer.Option(min=50, max=1_000_000)] = 5000,
    seed: int = 1,
    roads: Annotated[Path | None, typer.Option(help="lay the pipes along this street layer")] = None,
    as_json: AsJson = False,
) -> None:
    """Create a synthetic city."""
    from maps.dataset import write_city
    from maps.synthetic import SyntheticOptions, build_city

    refuse_overwriting(to, [roads] if roads is not None else [])
    made = build_city(SyntheticOptions(pipes=pipes, seed=seed, roads=roads))
    write_city(made, to)
    counts = {"pipes": len(made.network.pipes), "valves": len(made.network.valves), "stations": len(made.stations)}
    print_result({"city": str(to), **counts}, as_json, f"{to}: {counts} (synthetic)")
