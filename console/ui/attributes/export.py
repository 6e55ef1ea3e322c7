"""Rows of an attribute table as a CSV file, and as text for the clipboard."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from console.ui.attributes.columns import AttributeTable, Rows, csv_rows
from maps.errors import InputFault

_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def write_csv(table: AttributeTable, rows: Rows, path: Path) -> int:
    """Write headings and rows in UTF-8 with its mark, which spreadsheets look for; how many rows.

    Raises InputFault where the file cannot be written; what stood there stays.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([_safe(cell) for cell in line] for line in csv_rows(table, rows.tolist()))
        part.replace(path)
    except OSError as fault:
        part.unlink(missing_ok=True)
        raise InputFault(f"{path}: {fault.strerror or fault}; choose a folder that you may write to") from fault
    return len(rows)


def as_text(table: AttributeTable, rows: Rows) -> str:
    """Tab-separated, as spreadsheets take it from the clipboard."""
    out = io.StringIO()
    csv.writer(out, dialect="excel-tab", lineterminator="\n").writerows(csv_rows(table, rows.tolist()))
    return out.getvalue()


def _safe(cell: str) -> str:
    """A spreadsheet would take a text that begins so for a formula; numbers stay."""
    if not cell.startswith(_FORMULA_BEGINS):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
