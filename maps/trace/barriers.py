"""Trace barriers: assets, zones, and pipes selected by a condition such as ``DN < 200``."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from maps.city import City
from maps.columns import Bools, Texts
from maps.errors import InputFault, UnknownAsset
from maps.network import PipeStatus, PipeTable

_ALIASES = {
    "dn": "diameter_mm", "diameter": "diameter_mm", "length": "length_m", "year": "year_laid", "road": "road_name",
    "depth": "depth_m", "c": "roughness",
}  # fmt: skip
_NUMBERS = ("diameter_mm", "length_m", "year_laid", "roughness", "depth_m")
_WORDS = ("material", "road_name", "road_side", "ownership", "source_id", "status")
_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip
_CONDITION = re.compile(r"^\s*(\w+)\s*(<=|>=|!=|==|<|>|=|~)\s*(.+?)\s*$")


@dataclass(frozen=True, eq=False)
class Barriers:
    """Marked rows: ``pipes`` and ``nodes`` are not entered, ``valves`` are treated as closed."""

    pipes: Bools
    nodes: Bools
    valves: Bools

    @property
    def any(self) -> bool:
        """Whether there is any barrier."""
        return bool(self.pipes.any() or self.nodes.any() or self.valves.any())


def barriers(city: City, assets: Sequence[str] = (), *, zones: Sequence[str] = (), where: Sequence[str] = ()) -> Barriers:
    """Barriers from asset ids (pipe, node or valve), zone ids or names (their nodes), and conditions on pipes.

    All are combined. Raises UnknownAsset and InputFault (a condition that cannot be parsed).
    """
    network = city.network
    marks = tuple(np.zeros(len(table), dtype=np.bool_) for table in (network.pipes, network.nodes, network.valves))
    tables = (network.pipes, network.nodes, network.valves)
    for asset in assets:
        found = [(mark, table.row(asset)) for mark, table in zip(marks, tables, strict=True) if table.has(asset)]
        if not found:
            raise UnknownAsset(f"no pipe, node or valve {asset!r} in this network; check the barrier's id")
        for mark, row in found:
            mark[row] = True
    for zone in zones:
        marks[1][:] |= _in_zone(city, zone)
    for condition in where:
        marks[0][:] |= matching(network.pipes, condition)
    return Barriers(*marks)


def matching(pipes: PipeTable, condition: str) -> Bools:
    """Pipes that a condition holds for, (pipes,): ``DN < 200``, ``material = PE``, ``year < 1980 and road ~ 经十``.

    Comparisons < <= > >= = != and ~ (contains), joined by ``and``. A pipe whose value is unknown matches nothing. Raises
    InputFault, whose message lists the valid conditions.
    """
    found = np.ones(len(pipes), dtype=np.bool_)
    for part in re.split(r"\s+and\s+|\s*&&\s*", condition.strip(), flags=re.IGNORECASE):
        found &= _one(pipes, part, condition)
    return found


def _one(pipes: PipeTable, part: str, condition: str) -> Bools:
    read = _CONDITION.match(part)
    if read is None:
        raise InputFault(f"condition {condition!r} cannot be read; write it like 'DN < 200' or 'material = PE'")
    name, sign, value = read.group(1).lower(), read.group(2).replace("==", "="), read.group(3).strip("'\"")
    column = _ALIASES.get(name, name)
    if column in _NUMBERS:
        return _number(np.asarray(getattr(pipes, column), dtype=np.float64), column, sign, value, condition)
    if column in _WORDS:
        return _text(_words(pipes, column), sign, value, condition)
    extra = next((values for key, values in pipes.extra.items() if key.lower() == name), None)
    if extra is None:
        known = ", ".join(("DN", *_NUMBERS, *_WORDS, *pipes.extra))
        raise InputFault(f"condition {condition!r}: pipes have no {name!r}; known are {known}")
    if np.asarray(extra).dtype.kind in "fiu":
        return _number(np.asarray(extra, dtype=np.float64), name, sign, value, condition)
    return _text(np.array([str(item) for item in extra], dtype=object), sign, value, condition)


def _number(column: Any, name: str, sign: str, value: str, condition: str) -> Bools:
    try:
        limit = float(value.lower().removeprefix("dn"))
    except ValueError as fault:
        raise InputFault(f"condition {condition!r}: {value!r} is not a number") from fault
    if sign == "~":
        raise InputFault(f"condition {condition!r}: ~ is for texts; {name} is a number")
    known = np.isfinite(column) & ((column >= 0) if name == "year_laid" else True)
    with np.errstate(invalid="ignore"):
        return np.asarray(_COMPARE[sign](column, limit) & known, dtype=np.bool_)


def _words(pipes: PipeTable, column: str) -> Texts:
    if column == "status":
        return np.where(pipes.status == PipeStatus.CLOSED, "closed", "open").astype(object)
    words: Texts = getattr(pipes, column)
    return words


def _text(column: Texts, sign: str, value: str, condition: str) -> Bools:
    if sign in ("<", "<=", ">", ">="):
        raise InputFault(f"condition {condition!r}: texts are compared with =, != or ~ only")
    known = np.asarray(column != "", dtype=np.bool_)
    if sign == "~":
        return np.fromiter((value in item for item in column.tolist()), dtype=np.bool_, count=len(column))
    same = np.asarray(_COMPARE[sign](column, value), dtype=np.bool_)
    return same & known


def _in_zone(city: City, zone: str) -> Bools:
    zones, nodes = city.zones, city.network.nodes
    rows = np.flatnonzero((zones.asset_id == zone) | (zones.name == zone))
    if not len(rows):
        raise UnknownAsset(f"no zone {zone!r} in this city; give its id or name")
    shape = shapely.union_all(zones.geometry[rows])
    return np.asarray(shapely.intersects_xy(shape, nodes.x, nodes.y), dtype=np.bool_)
