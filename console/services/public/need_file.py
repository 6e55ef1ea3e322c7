"""The register of people in need from a CSV file; each wrong cell is named, nothing is taken from a faulty file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from console.domain.outreach import Need
from console.services.public.care import NeedFields
from console.services.public.csv_files import MOST_FAULTS, fault, rows_of, text_of
from console.services.shift.contacts import is_phone
from console.services.shift.words import LONGEST_LINE, plain
from maps.errors import Fault, InputFault
from resources.texts import LANGUAGES, Catalogue

COLUMNS = ("customer_id", "need", "name", "phones", "hours", "remark")
_NEEDED = ("customer_id", "need", "name", "phones")


def read_needs(path: Path, is_customer: Callable[[str], bool]) -> tuple[NeedFields, ...]:
    """Entries of a file. ``is_customer``: whether the dataset has a customer of this id. Raises InputFault."""
    return parse_needs(text_of(path), path.name, is_customer)


def parse_needs(text: str, source: str, is_customer: Callable[[str], bool]) -> tuple[NeedFields, ...]:
    """Entries in a file's text. Raises InputFault with every wrong cell."""
    faults = list[Fault]()
    found = [_need(number, cells, is_customer, faults) for number, cells in rows_of(text, source, COLUMNS, _NEEDED)]
    if faults:
        raise InputFault.from_faults(source, faults[:MOST_FAULTS])
    if not found:
        raise InputFault(f"{source}: holds no entry")
    return tuple(one for one in found if one is not None)


def _need(row: int, cells: Mapping[str, str], is_customer: Callable[[str], bool], faults: list[Fault]) -> NeedFields | None:
    customer, need = cells.get("customer_id", ""), _kind(cells.get("need", ""))
    phones = tuple(one.strip() for one in plain(cells.get("phones", "")).split(";") if one.strip())
    before = len(faults)
    if not is_customer(customer):
        faults.append(fault(row, "customer_id", f"{customer!r} is no customer of this dataset"))
    if need is None:
        faults.append(fault(row, "need", f"{cells.get('need', '')!r} is unknown; one of {', '.join(Need)}"))
    if not cells.get("name"):
        faults.append(fault(row, "name", "is empty; every entry needs a name"))
    faults += [
        fault(row, name, f"has {len(text)} letters; at most {LONGEST_LINE}")
        for name, text in cells.items()
        if name != "phones" and len(text) > LONGEST_LINE
    ]
    faults += [
        fault(row, "phones", f"{one!r} is no phone number; several are parted by ';'") for one in phones if not is_phone(one)
    ]
    if need is None or len(faults) > before:
        return None
    return NeedFields(customer, need, cells["name"], phones, cells.get("hours", ""), cells.get("remark", ""))


def _kind(text: str) -> Need | None:
    for one in Need:
        words = (Catalogue.load(language).text(f"domain.need.{one}").casefold() for language in LANGUAGES)
        if text.casefold() in (one.value, *words):
            return one
    return None
