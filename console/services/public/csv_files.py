"""CSV files of this package: read with every fault named by row and column, written so that no spreadsheet runs a cell."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from console.services.shift.words import folded
from maps.errors import Fault, InputFault, Severity
from resources.texts import LANGUAGES, Catalogue

LARGEST_BYTES = 20_000_000
MOST_FAULTS = 20
_FORMULA_BEGINS = ("=", "@", "+", "-", "\t", "\r")


def text_of(path: Path) -> str:
    """The text of a file, UTF-8 or GB 18030. Raises InputFault."""
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise InputFault(f"{path}: {fault.strerror or fault}; check the path and your rights") from fault
    if len(content) > LARGEST_BYTES:
        raise InputFault(f"{path}: {len(content) / 1e6:.0f} MB; at most {LARGEST_BYTES / 1e6:.0f} MB are read")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputFault(f"{path}: is neither UTF-8 nor GB 18030; save it as CSV UTF-8")


def rows_of(text: str, source: str, columns: Sequence[str], needed: Sequence[str]) -> list[tuple[int, dict[str, str]]]:
    """(row number, cells by column) of a file. Headings in English or Chinese, in any order; others are left out.

    Raises InputFault for what is no CSV, and for headings that are missing or there twice.
    """
    try:
        rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True))
    except csv.Error as fault:
        raise InputFault(f"{source}: is no CSV ({fault}); save it as CSV from the spreadsheet") from fault
    if not rows:
        raise InputFault(f"{source}: is empty; the first row names the columns: {', '.join(columns)}")
    names = _names(rows[0], source, columns, needed)
    return [
        (number, {name: _bare(cell.strip()) for name, cell in zip(names, cells, strict=False) if name})
        for number, cells in enumerate(rows[1:], 2)
        if any(cell.strip() for cell in cells)
    ]


def written(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """Such a file, with a byte order mark so that spreadsheets take it for UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    for one in rows:
        writer.writerow([_safe(str(one.get(name, ""))) for name in columns])
    return "\ufeff" + out.getvalue()


def fault(row: int, column: str, text: str) -> Fault:
    """A wrong cell."""
    return Fault(Severity.FATAL, "public", text, row=row, column=column)


def _names(headings: Sequence[str], source: str, columns: Sequence[str], needed: Sequence[str]) -> list[str]:
    known = {folded(name): name for name in columns}
    for language in LANGUAGES:
        words = Catalogue.load(language)
        known |= {folded(words.text(f"domain.public_column.{name}")): name for name in columns}
    names = [known.get(folded(heading.strip()), "") for heading in headings]
    if missing := [name for name in needed if name not in names]:
        raise InputFault(f"{source}: row 1: column {', '.join(missing)} missing; the columns are {', '.join(columns)}")
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise InputFault(f"{source}: row 1: column {', '.join(twice)} twice; keep one")
    return names


def _safe(cell: str) -> str:
    """A spreadsheet takes a text that begins with one of these for a formula."""
    return f"'{cell}" if cell[:1] in _FORMULA_BEGINS or _is_marked(cell) else cell


def _bare(cell: str) -> str:
    return cell[1:] if _is_marked(cell) else cell


def _is_marked(cell: str) -> bool:
    return cell[:1] == "'" and cell.lstrip("'")[:1] in _FORMULA_BEGINS
