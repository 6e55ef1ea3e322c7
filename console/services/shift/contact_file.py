"""Contacts from a CSV file: each wrong cell is named with its row, its column and advice; nothing is taken from a faulty file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from console.domain.contacts import Contact, ContactKind
from console.services.shift.contacts import MOST_CONTACTS, ContactFields, is_phone
from console.services.shift.words import LONGEST_LINE, day_of, folded, plain
from maps.errors import Fault, InputFault, Severity
from resources.texts import LANGUAGES, Catalogue

COLUMNS = ("name", "kind", "role", "organisation", "phones", "areas", "notes", "verified_on")
_NEEDED = ("name", "kind", "phones")
_LARGEST_BYTES = 5_000_000
_MOST_FAULTS = 20
_FORMULA_BEGINS = ("=", "@", "+", "-", "\t", "\r")


def read_contacts(path: Path) -> tuple[ContactFields, ...]:
    """Contacts of a file (UTF-8, else GB 18030). Headings in English or Chinese, in any order; several phones or areas: ";".

    Raises InputFault with every wrong cell.
    """
    return parse_contacts(_text(path), path.name)


def parse_contacts(text: str, source: str) -> tuple[ContactFields, ...]:
    """Contacts in the text of a file. Raises InputFault with every wrong cell."""
    try:
        rows = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as fault:
        raise InputFault(f"{source}: is no CSV ({fault}); save it as CSV from the spreadsheet") from fault
    if not rows:
        raise InputFault(f"{source}: is empty; the first row names the columns: {', '.join(COLUMNS)}")
    columns = _columns(rows[0], source)
    faults: list[Fault] = []
    found = [
        _contact(number, dict(zip(columns, cells, strict=False)), faults)
        for number, cells in enumerate(rows[1:], 2)
        if any(cell.strip() for cell in cells)
    ]
    if faults:
        raise InputFault.from_faults(source, faults[:_MOST_FAULTS])
    if not found:
        raise InputFault(f"{source}: holds no contact")
    if len(found) > MOST_CONTACTS:
        raise InputFault(
            f"{source}: {len(found)} contacts, the book holds {MOST_CONTACTS}; import those of the dispatch centre only"
        )
    return tuple(found)


def contacts_csv(contacts: Sequence[Contact]) -> str:
    """The book as such a file."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in contacts:
        writer.writerow(
            [
                _safe(cell)
                for cell in (
                    one.name, one.kind.value, one.role, one.organisation, ";".join(one.phones), ";".join(one.areas), one.notes,
                    one.verified_on.isoformat() if one.verified_on else "",
                )
            ]
        )  # fmt: skip
    return out.getvalue()


def _safe(cell: str) -> str:
    """A spreadsheet takes a text that begins with one of these for a formula; a phone number's plus sign stays."""
    is_formula = cell[:1] in _FORMULA_BEGINS and not all(map(is_phone, _parts(cell)))
    return f"'{cell}" if is_formula or _is_marked(cell) else cell


def _bare(cell: str) -> str:
    """A cell without the mark of ``_safe``."""
    return cell[1:] if _is_marked(cell) else cell


def _is_marked(cell: str) -> bool:
    """Marked as text: apostrophes before the begin of a formula."""
    return cell[:1] == "'" and cell.lstrip("'")[:1] in _FORMULA_BEGINS


def _text(path: Path) -> str:
    try:
        content = path.read_bytes()
    except OSError as fault:
        raise InputFault(f"{path}: {fault.strerror or fault}; check the path and your rights") from fault
    if len(content) > _LARGEST_BYTES:
        raise InputFault(f"{path}: {len(content) / 1e6:.0f} MB; a contact book has at most {_LARGEST_BYTES / 1e6:.0f} MB")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InputFault(f"{path}: is neither UTF-8 nor GB 18030; save it as CSV UTF-8")


def _columns(headings: Sequence[str], source: str) -> list[str]:
    known = {folded(name): name for name in COLUMNS}
    for language in LANGUAGES:
        words = Catalogue.load(language)
        known |= {folded(words.text(f"domain.contact_column.{name}")): name for name in COLUMNS}
    names = [known.get(folded(heading.strip()), "") for heading in headings]
    if missing := [name for name in _NEEDED if name not in names]:
        raise InputFault(
            f"{source}: row 1: column {', '.join(missing)} missing; the columns are {', '.join(COLUMNS)}, parted by commas"
        )
    twice = {name for name in names if name and names.count(name) > 1}
    if twice:
        raise InputFault(f"{source}: row 1: column {', '.join(sorted(twice))} twice; keep one")
    return names


def _contact(row: int, cells: Mapping[str, str], faults: list[Fault]) -> ContactFields:
    text = {name: _bare(cells.get(name, "").strip()) for name in COLUMNS}
    if not text["name"]:
        faults.append(_fault(row, "name", "is empty; every contact needs a name"))
    faults += [
        _fault(row, name, f"has {len(text[name])} letters; at most {LONGEST_LINE}")
        for name in ("name", "role", "organisation")
        if len(text[name]) > LONGEST_LINE
    ]
    phones = tuple(_parts(text["phones"]))
    if not phones:
        faults.append(_fault(row, "phones", "is empty; a contact without a number cannot be called"))
    faults += [
        _fault(row, "phones", f"{one!r} is no phone number; several are parted by ';'") for one in phones if not is_phone(one)
    ]
    kind, day = _kind(text["kind"]), day_of(text["verified_on"])
    if kind is None:
        faults.append(_fault(row, "kind", f"{text['kind']!r} is unknown; one of {', '.join(ContactKind)}"))
    if day is None and text["verified_on"]:
        faults.append(_fault(row, "verified_on", f"{text['verified_on']!r} is no date; write 2024-01-31"))
    areas = tuple(_parts(text["areas"]))
    return ContactFields(
        text["name"], kind or ContactKind.OTHER, text["role"], text["organisation"], phones, areas, text["notes"], day
    )


def _parts(text: str) -> Iterator[str]:
    """Parts of a cell; a full-width semicolon parts too."""
    return (part.strip() for part in plain(text).replace("|", ";").split(";") if part.strip())


def _kind(text: str) -> ContactKind | None:
    words = {kind.value: kind for kind in ContactKind}
    for language in LANGUAGES:
        catalogue = Catalogue.load(language)
        words |= {folded(catalogue.text(f"domain.contact_kind.{kind.value}")): kind for kind in ContactKind}
    return words.get(folded(text))


def _fault(row: int, column: str, message: str) -> Fault:
    return Fault(Severity.FATAL, "contact", message, row=row, column=column)
