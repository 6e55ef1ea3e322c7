"""The list of a case's customers as CSV, and the results of those who told them, read back from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from console.domain.outreach import Telling, Way
from console.services.public.affected import AffectedCustomer
from console.services.public.csv_files import MOST_FAULTS, fault, rows_of, text_of, written
from console.services.public.tellings import TellCustomers
from maps.errors import Fault, InputFault
from resources.texts import LANGUAGES, Catalogue

COLUMNS = (
    "customer_id", "name", "community", "building", "grid", "address", "effect", "households", "way", "told_at", "told_by",
    "asked_first",
)  # fmt: skip
_TRUE, _FALSE = ("yes", "1", "true"), ("no", "0", "false", "")
"""Beside the words for yes and no of each language."""


def told_csv(customers: Sequence[AffectedCustomer], told: Mapping[str, Telling], time_zone: str) -> str:
    """The list; columns of the telling are empty for who is not told yet. Times in the city's zone, to the minute."""
    zone = ZoneInfo(time_zone)
    return written(COLUMNS, (_row(one, told.get(one.customer_id), zone) for one in customers))


def read_results(
    path: Path, incident_id: str, time_zone: str, known: Mapping[str, Telling], affected: frozenset[str]
) -> tuple[TellCustomers, ...]:
    """Tellings in such a file that are not known yet, one for each way, time, person and whether they had asked first.

    Rows without a way are of customers nobody has told. Raises InputFault with every wrong cell.
    """
    return parse_results(text_of(path), path.name, incident_id, time_zone, known, affected)


def parse_results(
    text: str, source: str, incident_id: str, time_zone: str, known: Mapping[str, Telling], affected: frozenset[str]
) -> tuple[TellCustomers, ...]:
    """As ``read_results``, of a file's text."""
    zone, faults = ZoneInfo(time_zone), list[Fault]()
    groups: dict[tuple[Way, datetime, str, bool], list[str]] = {}
    for number, cells in rows_of(text, source, COLUMNS, ("customer_id", "way", "told_at", "told_by")):
        if not cells.get("way"):
            continue
        customer, key = cells.get("customer_id", ""), _telling(number, cells, zone, faults)
        if customer not in affected:
            faults.append(fault(number, "customer_id", f"{customer!r} is no customer of case {incident_id}"))
        elif key is not None and customer not in known:
            groups.setdefault(key, []).append(customer)
    if faults:
        raise InputFault.from_faults(source, faults[:MOST_FAULTS])
    return tuple(
        TellCustomers(incident_id, tuple(customers), way, asked_first, at=at, by=by)
        for (way, at, by, asked_first), customers in groups.items()
    )


def _row(one: AffectedCustomer, telling: Telling | None, zone: ZoneInfo) -> dict[str, object]:
    row: dict[str, object] = {name: getattr(one, name) for name in COLUMNS[:8]}
    row["effect"] = one.effect.value
    if telling is not None:
        told_at = telling.at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        row |= {"way": telling.way.value, "told_at": told_at, "told_by": telling.by}
        row["asked_first"] = "yes" if telling.asked_first else "no"
    return row


def _telling(row: int, cells: Mapping[str, str], zone: ZoneInfo, faults: list[Fault]) -> tuple[Way, datetime, str, bool] | None:
    way, at, asked = _way(cells["way"]), _time(cells.get("told_at", ""), zone), _asked(cells.get("asked_first", "").casefold())
    if way is None:
        faults.append(fault(row, "way", f"{cells['way']!r} is unknown; one of {', '.join(Way)}"))
    if at is None:
        faults.append(fault(row, "told_at", f"{cells.get('told_at', '')!r} is no time; expected such as 2024-01-03 23:10"))
    if not cells.get("told_by"):
        faults.append(fault(row, "told_by", "is empty; who told them?"))
    if asked is None:
        faults.append(fault(row, "asked_first", f"{cells['asked_first']!r}: expected yes or no"))
    if way is None or at is None or asked is None:
        return None
    return way, at, cells.get("told_by", ""), asked


def _asked(text: str) -> bool | None:
    for value, name, words in ((True, "yes", _TRUE), (False, "no", _FALSE)):
        if text in (*words, *(Catalogue.load(language).text(f"domain.yes_no.{name}").casefold() for language in LANGUAGES)):
            return value
    return None


def _way(text: str) -> Way | None:
    for one in Way:
        if text.casefold() in (
            one.value,
            *(Catalogue.load(name).text(f"domain.told_way.{one}").casefold() for name in LANGUAGES),
        ):
            return one
    return None


def _time(text: str, zone: ZoneInfo) -> datetime | None:
    try:
        at = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return None
    return at if at.tzinfo is not None else at.replace(tzinfo=zone)
