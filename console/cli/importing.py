"""The import of one's own data: import."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from console.children import shared_calls
from console.cli.import_report import check_report, write_report
from console.cli.output import AsJson, fault_lines, print_result
from maps.errors import Fault, InputFault, Severity
from maps.files import refuse_overwriting

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
    repairs: Annotated[
        Path | None, typer.Option("--repairs", help="make these repairs first (TOML, of the import window or --propose-repairs)")
    ] = None,
    propose_repairs: Annotated[
        Path | None,
        typer.Option(
            "--propose-repairs", help="write the given repairs and those proposed for the faults that are left, to shorten"
        ),
    ] = None,
    report: Annotated[
        Path | None,
        typer.Option("--report", help="write every fault and guess here: a table (.csv), or with scores and guesses (.json)"),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Import a network into a city dataset."""
    from console.services.network.own_data import import_into
    from maps.importers.guessing import Choices
    from maps.importers.repairs import proposals_of_refusal, read_repairs, repairs_toml

    placed: str | Path | None = stations or None
    if placed is not None and not str(placed).startswith("auto"):
        placed = Path(str(placed))
    inputs = [*sources, *(path for path in (profile, placed, repairs) if isinstance(path, Path))]
    _refuse_guess(guess, profile, save_profile, [*inputs, to])
    refuse_overwriting(to, inputs)
    written = [path for path in (save_profile, propose_repairs) if path is not None]
    if propose_repairs is not None:
        refuse_overwriting(propose_repairs, [path for path in (*inputs, to) if path != repairs])
    if report is not None:
        check_report(report, [*inputs, *written], to)
    made = read_repairs(repairs) if repairs is not None else ()
    options: dict[str, Any] = {
        "crs": crs or None,
        "profile": profile,
        "stations": placed,
        "assume_valves": assume_valves,
        "name": name,
        "snap_m": tolerance_m,
        "repairs": made,
    }
    models = [path for path in sources if path.suffix.lower() == ".inp"] or sources
    choices = Choices() if guess else None
    try:
        found = shared_calls().call(import_into, sources, options, to, choices, save_profile, reads=", ".join(map(str, models)))
    except InputFault as refused:
        fatal = refused.faults or (Fault(Severity.FATAL, "refused", str(refused)),)
        proposed = proposals_of_refusal(fatal)
        if report is not None:
            write_report(report, fatal, proposed)
        if propose_repairs is not None:
            _write(propose_repairs, repairs_toml((*made, *(one for one in proposed if one is not None))))
        raise
    if report is not None:
        write_report(report, found.faults, found.proposals, found)
    if propose_repairs is not None:
        _write(propose_repairs, repairs_toml((*made, *(one for one in found.proposals if one is not None))))
    fault_lines(found.faults)
    counts = {key: found.counts[key] for key in ("pipes", "nodes", "valves")}
    scores = {one.purpose: one.score for one in found.fitness}
    result = {"city": str(to), **counts, "faults": len(found.faults), "fitness": scores}
    told = ", ".join(f"{purpose} {score}" for purpose, score in scores.items())
    print_result(result, as_json, f"{to}: {counts}, {len(found.faults)} faults reported; fit for {told} (of 100)")


def _write(path: Path, text: str) -> None:
    from maps.files import write_aside

    write_aside(path, text.encode("utf-8"))


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
