"""Commands that create, check and compare city datasets: import, check, compare, synth."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.children import shared_calls
from console.cli.output import AsJson, CityPath, fault_lines, lacking_lines, print_result, write_fault_report
from maps.errors import Fault, InputFault, Severity
from maps.files import refuse_overwriting

if TYPE_CHECKING:  # a command that only prints its help loads no numpy
    from maps.comparison import LayerDifference

commands = typer.Typer()


@commands.command("import")
def import_(
    sources: Annotated[list[Path], typer.Argument(help=".inp, .gpkg, .shp, .geojson, .gdb or .csv files")],
    to: Annotated[Path, typer.Option("--to", help="city dataset to write")],
    crs: Annotated[str, typer.Option(help="CRS of the source, such as EPSG:4548")] = "",
    profile: Annotated[Path | None, typer.Option(help="column profile (TOML)")] = None,
    guess: Annotated[
        bool, typer.Option("--guess", help="guess layers and columns from names and values instead of a profile")
    ] = False,
    save_profile: Annotated[
        Path | None, typer.Option("--save-profile", help="with --guess: write the guessed profile here, to check and use again")
    ] = None,
    stations: Annotated[str, typer.Option(help="CSV (station_id,node,channel), or auto[:N]")] = "",
    assume_valves: Annotated[
        bool, typer.Option("--assume-valves", help="add an assumed valve at both ends of every pipe")
    ] = False,
    name: Annotated[str, typer.Option(help="name of the city")] = "",
    tolerance_m: Annotated[
        float,
        typer.Option(
            "--tolerance-m", min=0.0, max=100.0, help="metres within which line ends join, and valves join a node or a pipe's end"
        ),
    ] = 0.5,
    report: Annotated[Path | None, typer.Option("--report", help="write every fault of the import to this CSV file")] = None,
    as_json: AsJson = False,
) -> None:
    """Import a network into a city dataset."""
    from console.services.network.foreign_models import guessed_import_into, import_into

    placed: str | Path | None = stations or None
    if placed is not None and not str(placed).startswith("auto"):
        placed = Path(str(placed))
    options = {
        "crs": crs or None,
        "profile": profile,
        "stations": placed,
        "assume_valves": assume_valves,
        "name": name,
        "snap_m": tolerance_m,
    }
    inputs = [*sources, *(path for path in (profile, placed) if isinstance(path, Path))]
    _refuse_guess(guess, profile, save_profile, [*inputs, to])
    refuse_overwriting(to, inputs)
    if report is not None:
        _refuse_report(report, inputs, to)
    models = [path for path in sources if path.suffix.lower() == ".inp"] or sources
    try:
        reads = ", ".join(map(str, models))
        if guess:
            counts, faults = shared_calls().call(guessed_import_into, sources, options, to, save_profile, reads=reads)
        else:
            counts, faults = shared_calls().call(import_into, sources, options, to, reads=reads)
    except InputFault as refused:
        if report is not None:
            write_fault_report(refused.faults or (Fault(Severity.FATAL, "refused", str(refused)),), report)
        raise
    if report is not None:
        write_fault_report(faults, report)
    fault_lines(faults)
    print_result({"city": str(to), **counts, "faults": len(faults)}, as_json, f"{to}: {counts}, {len(faults)} faults reported")


def _refuse_guess(guess: bool, profile: Path | None, save_profile: Path | None, others: Sequence[Path]) -> None:
    """Check the options of a guess before anything is read. Raises InputFault."""
    if guess and profile is not None:
        raise InputFault("--guess and --profile exclude each other: a profile already says which columns count")
    if save_profile is None:
        return
    if not guess:
        raise InputFault("--save-profile needs --guess: there is no other profile to save")
    if save_profile.resolve() in {path.resolve() for path in others}:
        raise InputFault(f"{save_profile}: --save-profile names a file of this import; write it to another one")
    refuse_overwriting(save_profile, others)


def _refuse_report(report: Path, inputs: Sequence[Path], to: Path) -> None:
    """Check ``--report`` before anything is written. Raises InputFault if it is not writable or would replace another file."""
    if report.resolve() == to.resolve():
        raise InputFault(f"{report}: --report and --to name the same file; write the report to another one")
    refuse_overwriting(report, [*inputs, to])
    if report.is_dir() or not report.name or not report.parent.is_dir():
        raise InputFault(f"{report}: --report must name a file in an existing folder")


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
