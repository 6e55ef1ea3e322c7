"""Shared by all commands: arguments, and printing of results and faults."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from console.screen import has_screen
from maps.errors import Fault

if TYPE_CHECKING:  # a command that only prints its help loads no numpy
    from maps.city import City

CityPath = Annotated[Path, typer.Argument(help="city dataset (.gpkg)")]
AsJson = Annotated[bool, typer.Option("--json", help="one JSON object on one line")]


FROM_DESKTOP = "QUANMAI_FROM_DESKTOP"
"""Set in the environment by the desktop entries: nobody sees what this program writes to stderr."""


def fail(line: str) -> None:
    """Print one line on stderr, show it in a window when started from the desktop, and exit with code 2."""
    print(f"quanmai: {' '.join(line.split())}", file=sys.stderr)  # noqa: T201
    if os.environ.get(FROM_DESKTOP) and has_screen():
        with contextlib.suppress(ImportError):  # without Qt's libraries there is no window
            from console.ui.start.fault_window import show_fault

            show_fault(line)
    sys.exit(2)


def print_result(value: Any, as_json: bool, text: str = "") -> None:
    """Print the result on stdout: one line of JSON, or ``text`` if given and JSON was not requested."""
    print(json.dumps(value, ensure_ascii=False) if as_json or not text else text)  # noqa: T201


def lacking_lines(city: City, only: tuple[str, ...] | None = None) -> None:
    """Print data that the city lacks and the functions that need it, one line each on stderr; ``only``: for these parts."""
    from console.services.network.data_gaps import lacking
    from resources.texts import Catalogue

    words = Catalogue.load("en")
    for code in lacking(city):
        if only is None or code in only:
            print(f"note: {words.text(f'ui.lacking.{code}')}", file=sys.stderr)  # noqa: T201


def fault_lines(faults: tuple[Fault, ...], most: int = 40) -> None:
    """Print the first ``most`` faults of an import on stderr."""
    for fault in faults[:most]:
        print(f"  {fault.severity}: {fault.line()}", file=sys.stderr)  # noqa: T201
    if len(faults) > most:
        print(f"  … and {len(faults) - most} more; --report FILE writes all of them as a table", file=sys.stderr)  # noqa: T201
