"""What every command shares: its arguments, and how results and faults are printed."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from maps.errors import Fault, Severity

if TYPE_CHECKING:  # a command that only says what it is for loads no numpy
    from maps.city import City

CityPath = Annotated[Path, typer.Argument(help="city dataset (.gpkg)")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on one line")]


def fail(line: str) -> None:
    """One line on stderr, exit 2."""
    print(f"quanmai: {' '.join(line.split())}", file=sys.stderr)  # noqa: T201
    sys.exit(2)


def print_result(value: Any, as_json: bool, text: str = "") -> None:
    """The result on stdout: one line of JSON, or ``text`` where there is one and JSON was not asked for."""
    print(json.dumps(value, ensure_ascii=False) if as_json or not text else text)  # noqa: T201


def lacking_lines(city: City, only: tuple[str, ...] | None = None) -> None:
    """What the city's data lack and what therefore cannot be done, a line each on stderr; ``only``: of these parts."""
    from console.services.network.data_gaps import lacking
    from resources.texts import Catalogue

    words = Catalogue.load("en")
    for code in lacking(city):
        if only is None or code in only:
            print(f"note: {words.text(f'ui.lacking.{code}')}", file=sys.stderr)  # noqa: T201


_FAULT_COLUMNS = ("severity", "code", "layer", "row", "asset_id", "column", "x", "y", "message")


def write_fault_report(faults: tuple[Fault, ...], path: Path) -> None:
    """Every fault of an import as a table (CSV), a row each. Raises InputFault."""
    from maps.export.csv_tables import write_csv

    rows = ([str(value) if isinstance(value, Severity) else value for value in _cells(fault)] for fault in faults)
    write_csv(path, _FAULT_COLUMNS, rows)


def _cells(fault: Fault) -> list[Any]:
    return [getattr(fault, name) for name in _FAULT_COLUMNS]


def fault_lines(faults: tuple[Fault, ...], most: int = 40) -> None:
    """Faults of an import on stderr, the first ``most``."""
    for fault in faults[:most]:
        print(f"  {fault.severity}: {fault.line()}", file=sys.stderr)  # noqa: T201
    if len(faults) > most:
        print(f"  … and {len(faults) - most} more; --report FILE writes all of them as a table", file=sys.stderr)  # noqa: T201
