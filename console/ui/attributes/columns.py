"""Columns of an attribute table: arrays of the city's tables with headings; one value a row, made into text when it is shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from console.ui.words import Words, map_text
from maps.city import City
from maps.network import PipeStatus, ValveKind, ValveState

KINDS = ("pipe", "valve", "hydrant", "customer")
Rows = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class AttributeColumn:
    """``values``: of all rows of the kind, numbers or texts. ``text``: how one reads; None: as it stands.

    Numbers sort and filter as numbers; NaN and -1 where ``blank`` says so are no value.
    """

    title: str
    values: NDArray[np.generic]
    text: Callable[[object], str] | None = None
    unit: str = ""

    @property
    def is_number(self) -> bool:
        """Whether values are numbers."""
        return self.values.dtype.kind in "fiu"

    def shown(self, row: int) -> str:
        """The text of a row's cell."""
        value = self.values[row]
        if self.text is not None:
            return self.text(value)
        return _number(float(value)) if self.is_number else str(value)

    def texts(self, rows: Rows) -> list[str]:
        """Texts of many rows; each different value is made into text once."""
        known: dict[object, str] = {}
        found = []
        for row, value in zip(rows.tolist(), self.values[rows].tolist(), strict=True):
            text = known.get(value)
            if text is None:
                text = known[value] = self.shown(row)
            found.append(text)
        return found


@dataclass(frozen=True, eq=False)
class AttributeTable:
    """One kind of asset. ``x``, ``y``: places in the network's CRS, NaN where unknown (of a pipe: its middle vertex)."""

    kind: str
    ids: NDArray[np.object_]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    columns: tuple[AttributeColumn, ...]


def table_of(city: City, kind: str, words: Words) -> AttributeTable:
    """All assets of a kind. Raises KeyError for another one than ``KINDS``."""
    return {"pipe": _pipes, "valve": _valves, "hydrant": _hydrants, "customer": _customers}[kind](city, words)


def _pipes(city: City, words: Words) -> AttributeTable:
    table = city.network.pipes
    middle = (table.offsets[:-1] + table.offsets[1:]) // 2
    at = table.vertices[np.minimum(middle, max(len(table.vertices) - 1, 0))] if len(table) else np.empty((0, 2))
    columns = (
        _column(words, "id", table.asset_id),
        _column(words, "diameter", table.diameter_mm, unit="mm"),
        _column(words, "material", table.material, lambda one: words.of("material", str(one)) if one else ""),
        _column(words, "year", table.year_laid, _year),
        _column(words, "length", table.length_m, unit="m"),
        _column(words, "road", table.road_name),
        _column(words, "side", table.road_side),
        _column(words, "depth", table.depth_m, unit="m"),
        _column(words, "ownership", table.ownership),
        _column(
            words, "status", table.status == PipeStatus.CLOSED, lambda one: map_text(words, "card.closed") if bool(one) else ""
        ),
    )
    return AttributeTable("pipe", table.asset_id, at[:, 0], at[:, 1], columns)


def _valves(city: City, words: Words) -> AttributeTable:
    table, pipes = city.network.valves, city.network.pipes
    states = {int(one): words.of("valve_state", one.name.lower()) for one in ValveState}
    kinds = {int(one): words.of("valve_kind", one.name.lower()) for one in ValveKind}
    columns = (
        _column(words, "id", table.asset_id),
        _column(words, "diameter", table.diameter_mm, unit="mm"),
        _column(words, "kind", table.kind.astype(np.object_), lambda one: kinds.get(_whole(one), "")),
        _column(words, "state", table.state.astype(np.object_), lambda one: states.get(_whole(one), "")),
        _column(words, "stuck", ~table.operable, lambda one: map_text(words, "card.stuck") if bool(one) else ""),
        _column(words, "turns", table.turns_to_close),
        _column(words, "checked", table.last_checked),
        _column(words, "on_pipe", table.pipe.astype(np.object_), lambda one: _id_of(pipes.asset_id, one)),
    )
    return AttributeTable("valve", table.asset_id, table.x, table.y, columns)


def _hydrants(city: City, words: Words) -> AttributeTable:
    table, pipes = city.hydrants, city.network.pipes
    columns = (
        _column(words, "id", table.asset_id),
        _column(words, "on_pipe", table.pipe.astype(np.object_), lambda one: _id_of(pipes.asset_id, one)),
    )
    return AttributeTable("hydrant", table.asset_id, table.x, table.y, columns)


def _customers(city: City, words: Words) -> AttributeTable:
    table, pipes = city.customers, city.network.pipes
    columns = (
        _column(words, "id", table.asset_id),
        _column(words, "name", table.name),
        _column(words, "kind", table.category, lambda one: words.of("customer", str(one)) if one else ""),
        _column(words, "critical", table.critical, lambda one: words.of("critical", str(one)) if one else ""),
        _column(words, "households", table.households),
        _column(words, "people", table.people),
        _column(words, "supply", table.supply, lambda one: words.of("supply", str(one)) if one else ""),
        _column(words, "address", table.address),
        _column(words, "community", table.community),
        _column(words, "on_pipe", table.pipe.astype(np.object_), lambda one: _id_of(pipes.asset_id, one)),
    )
    return AttributeTable("customer", table.asset_id, table.x, table.y, columns)


def _column(
    words: Words, key: str, values: NDArray[np.generic], text: Callable[[object], str] | None = None, unit: str = ""
) -> AttributeColumn:
    title = words(f"attributes.column_{key}")
    return AttributeColumn(f"{title} {unit}".strip(), values, text, unit)


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if np.isfinite(value) else ""


def _year(one: object) -> str:
    return str(_whole(one)) if _whole(one) > 0 else ""


def _whole(one: object) -> int:
    return int(str(one))


def _id_of(ids: NDArray[np.object_], row: object) -> str:
    return str(ids[_whole(row)]) if _whole(row) >= 0 else ""


def csv_rows(table: AttributeTable, rows: Sequence[int]) -> list[list[str]]:
    """Headings and the texts of rows, as they are written to a file or copied."""
    return [[column.title for column in table.columns], *([column.shown(row) for column in table.columns] for row in rows)]
