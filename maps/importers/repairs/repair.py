"""One repair, and files of repairs (TOML)."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from maps.errors import InputFault


class RepairKind(StrEnum):
    """``snap``: moved to a place, or found by its drawn place instead of a wrong id; ``split``: another pipe is cut at an end.

    ``merge``: one node becomes another; ``drop``: a row is left out.
    """

    SNAP = "snap"
    SPLIT = "split"
    MERGE = "merge"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Repair:
    """One repair of a row of a layer, named by its id; ``x``, ``y``: which end of a line, or of several rows (city's CRS, m).

    ``to_id``: the node merged into or joined, the pipe that is cut, or the pipe that takes a dropped one's place; ``to_x``,
    ``to_y``: where a moved end or point goes. ``node``: at the end that is moved. ``column``: of a wrong id that is cleared.
    ``fault``: code of the fault repaired.
    """

    kind: RepairKind
    layer: str
    asset_id: str
    fault: str = ""
    x: float | None = None
    y: float | None = None
    to_id: str = ""
    to_x: float | None = None
    to_y: float | None = None
    node: str = ""
    column: str = ""


def repairs_toml(repairs: Iterable[Repair]) -> str:
    """Repairs as a file that a person can read and shorten, in the order in which they are made."""
    lines = ["# Repairs made on the layers before the network is built, in this order. Coordinates are in the city's CRS."]
    for one in repairs:
        lines += ["", "[[repair]]"]
        lines += [
            f"{part.name} = {_value(value)}" for part in fields(one) if (value := getattr(one, part.name)) not in ("", None)
        ]
    return "\n".join(lines) + "\n"


def read_repairs(path: Path) -> tuple[Repair, ...]:
    """Repairs of a file. Raises InputFault when it cannot be read, or a repair lacks something."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise InputFault(f"{path}: cannot be read as a list of repairs ({fault})") from fault
    listed = content.get("repair", [])
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise InputFault(f"{path}: repairs are written as [[repair]] tables")
    return tuple(_repair(path, number, told) for number, told in enumerate(listed, start=1))


def _repair(path: Path, number: int, told: dict[str, Any]) -> Repair:
    place = f"{path}, repair {number}"
    known = {part.name for part in fields(Repair)}
    if unknown := sorted(told.keys() - known):
        raise InputFault(f"{place}: {unknown[0]!r} is unknown; use {', '.join(part.name for part in fields(Repair))}")
    try:
        kind = RepairKind(str(told.get("kind", "")))
    except ValueError:
        raise InputFault(f"{place}: kind {told.get('kind')!r} is none of {', '.join(RepairKind)}") from None
    given: dict[str, Any] = {"kind": kind}
    for name in known - {"kind"}:
        if name not in told:
            continue
        value = told[name]
        if name in ("x", "y", "to_x", "to_y"):
            if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
                raise InputFault(f"{place}: {name} {value!r} is not a number")
            given[name] = float(value)
        elif isinstance(value, str):
            given[name] = value
        else:
            raise InputFault(f"{place}: {name} {value!r} is not a text; put it in quotes")
    if not given.get("layer") or not given.get("asset_id"):
        raise InputFault(f"{place}: layer and asset_id are needed")
    return Repair(**given)


def _value(value: object) -> str:
    if isinstance(value, float):
        return repr(round(value, 4))
    return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
