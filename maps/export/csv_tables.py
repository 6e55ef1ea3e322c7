"""Writes all CSV tables, so that a spreadsheet never executes a cell as a formula."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from maps.files import write_aside

_STARTS = tuple("=+-@\t\r\n＝＋－＠")
"""Characters that start a formula in spreadsheets; the full-width forms do so under Chinese and Japanese settings."""


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write a table in UTF-8 with a byte order mark (spreadsheets need it), whole or not at all; cells as by ``cell``.

    Raises InputFault when the file cannot be written.
    """
    out = io.StringIO(newline="")
    table = csv.writer(out)
    table.writerow([cell(name) for name in columns])
    table.writerows([cell(value) for value in row] for row in rows)
    write_aside(path, ("\ufeff" + out.getvalue()).encode(errors="replace"))


def cell(value: Any) -> Any:
    """A value as cell text: times in ISO 8601, "" for None and NaN; text that would be a formula gets a leading apostrophe."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, str):
        text = printable(value)
        return f"'{text}" if value.startswith(_STARTS) or text.lstrip().startswith(_STARTS) else text
    return value


def printable(text: str) -> str:
    """The text with a blank for each control character except line ends and tabs."""
    return "".join(char if char in "\n\t" or char.isprintable() else " " for char in text)
