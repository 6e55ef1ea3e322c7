"""The report of an import: every fault with the repair proposed for it, as a table; with scores and guesses, as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maps.errors import Fault, InputFault, Severity
from maps.files import refuse_overwriting

if TYPE_CHECKING:  # a command that only prints its help loads no numpy
    from console.services.network.own_data import Imported
    from maps.importers.guessing import LayerGuess
    from maps.importers.repairs import Repair

_COLUMNS = ("severity", "code", "layer", "row", "asset_id", "column", "x", "y", "message")


def check_report(report: Path, inputs: Sequence[Path], to: Path) -> None:
    """Check ``--report`` before anything is written. Raises InputFault if it is not writable or would replace another file."""
    if report.resolve() == to.resolve():
        raise InputFault(f"{report}: --report and --to name the same file; write the report to another one")
    refuse_overwriting(report, [*inputs, to])
    if report.is_dir() or not report.name or not report.parent.is_dir():
        raise InputFault(f"{report}: --report must name a file in an existing folder")


def write_report(
    path: Path, faults: Sequence[Fault], proposals: Sequence[Repair | None], imported: Imported | None = None
) -> None:
    """Write the report; its form by the file's ending. Raises InputFault when it cannot be written."""
    if path.suffix.lower() == ".json":
        from maps.files import write_aside

        write_aside(path, json.dumps(_json(faults, proposals, imported), ensure_ascii=False, indent=1).encode("utf-8"))
        return
    from maps.export.csv_tables import write_csv

    rows = ([*_cells(fault), "" if repair is None else str(repair.kind)] for fault, repair in zip(faults, proposals, strict=True))
    write_csv(path, (*_COLUMNS, "repair"), rows)


def _cells(fault: Fault) -> list[Any]:
    values = [getattr(fault, name) for name in _COLUMNS]
    return [str(value) if isinstance(value, Severity) else value for value in values]


def _json(faults: Sequence[Fault], proposals: Sequence[Repair | None], imported: Imported | None) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for fault in faults:
        counts[fault.code] = counts.get(fault.code, 0) + 1
    listed = [
        {
            **dict(zip(_COLUMNS, _cells(fault), strict=True)),
            "repair": None if repair is None else _without_nothing(asdict(repair)),
        }
        for fault, repair in zip(faults, proposals, strict=True)
    ]
    result: dict[str, Any] = {"imported": imported is not None, "fault_counts": counts, "faults": listed}
    if imported is None:
        return result
    scores = {one.purpose: {"score": one.score, "weakest": one.weakest, "parts": dict(one.parts)} for one in imported.fitness}
    guesses = [_guess(layer) for layer in imported.guess.layers] if imported.guess is not None else []
    unknown = [list(place) for place in imported.guess.unknown] if imported.guess is not None else []
    return {**result, "counts": dict(imported.counts), "fitness": scores, "guesses": guesses, "layers_without_a_guess": unknown}


def _guess(layer: LayerGuess) -> dict[str, Any]:
    columns = [
        {
            "column": one.standard,
            "source": one.source,
            "confidence": one.confidence,
            "grounds": list(one.grounds),
            "factor": one.factor,
            "values": dict(one.values),
        }
        for one in layer.columns
    ]
    return {
        "source": layer.source,
        "layer": layer.layer,
        "holds": layer.standard,
        "confidence": layer.confidence,
        "rows": layer.rows,
        "columns": columns,
        "left_out": dict(layer.left_out),
        "unused": list(layer.unused),
    }


def _without_nothing(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in ("", None)}
