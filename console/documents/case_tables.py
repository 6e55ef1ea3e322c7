"""A case as tables for spreadsheets and notebooks: CSV and Parquet in a folder, XLSX as one file."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from console.documents.report.words import ReportWords
from console.domain.clock import moment
from console.domain.expected import ExpectedValues
from console.domain.notes import Note
from console.domain.readings import Channel, Quality, ReadingBatch
from console.services.review.answers import Answer, Rows, Value
from console.services.review.record import CaseRecord
from maps.errors import InputFault
from maps.export import csv_tables
from maps.export.csv_tables import printable
from maps.files import write_aside

_SHEET_ROWS = 1_048_575


@dataclass(frozen=True, eq=False)
class DataTable:
    """Columns by name, each (n,): texts, numbers, aware times."""

    name: str
    columns: Mapping[str, Sequence[Any]]

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))


def case_tables(record: CaseRecord, words: ReportWords, answers: Sequence[Answer]) -> list[DataTable]:
    """Timeline, answers and their tables, valves, orders, customers, positions, readings, expected values."""
    case, marks = record.incident, record.incident.valve_marks
    steps = case.plan.valves_to_close if case.plan else ()
    reported = {mark.valve_id: mark for mark in marks}
    table = record.city.customers
    rows = [table.row(name) for name in case.plan.customers_without_water if table.has(name)] if case.plan else []
    changes = record.changes
    facts = [(answer, fact) for answer in answers for fact in answer.facts]
    return [
        DataTable(
            "timeline",
            {
                "time": [change.at for change in changes],
                "seq": [change.seq for change in changes],
                "user": [change.user for change in changes],
                "kind": [change.kind for change in changes],
                "subject": [change.subject for change in changes],
                "note": [words.note(change) for change in changes],
                "note_key": [change.note.key for change in changes],
            },
        ),
        DataTable(
            "answers",
            {
                "question": [words.question(answer) for answer, _ in facts],
                "fact": [words.label(fact) for _, fact in facts],
                "value": [words.fact(fact) for _, fact in facts],
                "verdict": [fact.verdict.value for _, fact in facts],
            },
        ),
        DataTable(
            "valves",
            {
                "asset_id": [step.asset_id for step in steps],
                "order": [step.order for step in steps],
                "turns": [step.turns for step in steps],
                "reported": [_reported(reported.get(step.asset_id)) for step in steps],
                "reported_at": [reported[step.asset_id].at if step.asset_id in reported else None for step in steps],
            },
        ),
        DataTable(
            "orders",
            {
                "order_id": [order.order_id for order in case.orders],
                "crew_id": [order.crew_id for order in case.orders],
                "kind": [order.kind.value for order in case.orders],
                "state": [order.state.value for order in case.orders],
                "sent_at": [order.sent_at for order in case.orders],
                "answered_at": [order.answered_at for order in case.orders],
                "found_pipe": [order.found_pipe for order in case.orders],
            },
        ),
        DataTable(
            "customers_without_water",
            {
                "asset_id": list(table.asset_id[rows]),
                "name": list(table.name[rows]),
                "community": list(table.community[rows]),
                "critical": list(table.critical[rows]),
                "households": [int(count) for count in table.households[rows]],
                "people": [int(count) for count in table.people[rows]],
            },
        ),
        *(_answered(answer, answer.table, words) for answer in answers if answer.table is not None),
        _positions(record),
        _readings(record),
        _expected(record),
    ]


def write_csv(tables: Sequence[DataTable], folder: Path) -> None:
    """Write one CSV file per table, UTF-8 with a byte order mark (spreadsheets need it); no cell is a formula.

    Raises InputFault when a file cannot be written.
    """
    _make(folder)
    for table in tables:
        csv_tables.write_csv(folder / f"{table.name}.csv", tuple(table.columns), zip(*table.columns.values(), strict=True))


def write_parquet(tables: Sequence[DataTable], folder: Path) -> None:
    """Write one Parquet file per table, times in UTC. Raises InputFault when a file cannot be written."""
    _make(folder)
    for table in tables:
        sink = io.BytesIO()
        pq.write_table(pa.table({name: _column(values) for name, values in table.columns.items()}), sink, compression="zstd")
        write_aside(folder / f"{table.name}.parquet", sink.getvalue())


def write_xlsx(tables: Sequence[DataTable], path: Path, words: ReportWords) -> None:
    """Write one sheet per table, times in the city's zone. Raises InputFault without the package xlsxwriter."""
    try:
        xlsxwriter: Any = import_module("xlsxwriter")
    except ImportError as missing:
        raise InputFault(f"{path}: spreadsheets need the package xlsxwriter; use --csv, or install it") from missing
    out = io.BytesIO()
    options = {
        "in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
        "nan_inf_to_errors": True, "constant_memory": False,
    }  # fmt: skip
    with xlsxwriter.Workbook(out, options) as book:
        clock, bold = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}), book.add_format({"bold": True})
        for table in tables:
            sheet = book.add_worksheet(table.name[:31])
            sheet.freeze_panes(1, 0)
            for number, (name, values) in enumerate(table.columns.items()):
                sheet.write_string(0, number, name, bold)
                sheet.set_column(number, number, min(max(len(name) + 2, 12), 40))
                _fill(sheet, number, values[:_SHEET_ROWS], clock, words)
    write_aside(path, out.getvalue())


def _fill(sheet: Any, number: int, values: Sequence[Any], clock: Any, words: ReportWords) -> None:
    for row, value in enumerate(values, start=1):
        if isinstance(value, datetime):
            sheet.write_datetime(row, number, value.astimezone(words.zone).replace(tzinfo=None), clock)
        elif isinstance(value, bool):
            sheet.write_boolean(row, number, value)
        elif isinstance(value, int | float) and math.isfinite(value):
            sheet.write_number(row, number, value)
        elif value is not None and not isinstance(value, float):
            sheet.write_string(row, number, printable(str(value))[:32_000])


def _positions(record: CaseRecord) -> DataTable:
    tracks = record.tracks
    times = [moment(at) for at in tracks.at_us.tolist()]
    return DataTable(
        "positions",
        {"time": times, "crew_id": [str(name) for name in tracks.crew_id], "x": tracks.x.tolist(), "y": tracks.y.tolist()},
    )


def _readings(record: CaseRecord) -> DataTable:
    batch = record.readings
    qualities = np.array([quality.name.lower() for quality in Quality], dtype=object)
    return DataTable(
        "readings",
        {
            **_measured(record, batch),
            "quality": qualities[batch.quality].tolist(),
            "arrived": _moments(batch.arrived_us, len(batch)),
        },
    )


def _expected(record: CaseRecord) -> DataTable:
    return DataTable("expected", _measured(record, record.expected))


def _measured(record: CaseRecord, values: ReadingBatch | ExpectedValues) -> dict[str, list[Any]]:
    """Time, station, channel and value; pressures in MPa."""
    stations = np.array([str(name) for name in record.city.stations.asset_id] or [""], dtype=object)
    channels = np.array([channel.name.lower() for channel in Channel], dtype=object)
    return {
        "time": [moment(at) for at in values.at_us.tolist()],
        "station_id": stations[values.station].tolist(),
        "channel": channels[values.channel].tolist(),
        "value": (values.value * np.where(values.channel == Channel.PRESSURE, 1e-3, 1.0)).tolist(),
    }


def _answered(answer: Answer, table: Rows, words: ReportWords) -> DataTable:
    """The complete table of an answer: numbers and times typed, durations in seconds, codes unchanged."""
    columns = zip(*table.rows, strict=True) if table.rows else ((),) * len(table.columns)
    return DataTable(
        f"answer_{answer.key}",
        {name: _plain(column, unit, words) for name, unit, column in zip(table.columns, table.units, columns, strict=True)},
    )


def _plain(column: Sequence[Value], unit: str, words: ReportWords) -> list[Any]:
    kinds = {type(value) for value in column if value is not None}
    if kinds == {timedelta}:
        return [value.total_seconds() if isinstance(value, timedelta) else None for value in column]
    if tuple in kinds or Note in kinds or (len(kinds) > 1 and kinds != {int, float}):
        return [words.cell(value, unit) for value in column]  # a column with several kinds of value: households and times
    return list(column)


def _moments(at_us: NDArray[np.int64] | None, count: int) -> list[datetime | None]:
    return [None] * count if at_us is None else [moment(at) if at > 0 else None for at in at_us.tolist()]


def _reported(mark: Any) -> str:
    return "" if mark is None else str(mark.unable.value) if mark.unable else "closed" if mark.closed else ""


def _column(values: Sequence[Any]) -> pa.Array:
    if any(isinstance(value, datetime) for value in values):
        return pa.array(values, pa.timestamp("us", tz="UTC"))
    return pa.array([printable(value) if isinstance(value, str) else value for value in values])


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(13, "Permission denied", str(folder))
    except OSError as fault:
        raise InputFault(f"{folder}: no folder can be created there ({fault.strerror}); name another one") from fault
