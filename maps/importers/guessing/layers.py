"""Which standard layer a source layer feeds: by its name and what it draws, else by its columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from maps.importers.guessing.column import Column, Surroundings
from maps.importers.guessing.columns import guess_columns
from maps.importers.guessing.lexicon import layer_names, normal, words
from maps.importers.guessing.name_parts import layer_made_of
from maps.importers.readers.sources import RawLayer

POINT, LINE, POLYGON, TABLE = "point", "line", "polygon", "table"
_EXACT, _PART, _BY_COLUMNS = 0.95, 0.75, 0.6
_SHORTEST_LATIN, _SHORTEST_HAN = 4, 2
_TELLING: Mapping[str, tuple[str, ...]] = {
    "pipes": ("diameter_mm", "material", "from_node", "to_node", "year_laid", "length_m"),
    "valves": ("kind", "state", "turns_to_close", "normal_state", "closes"),
    "customers": ("households", "people", "meter_id", "address", "category"),
    "nodes": ("elevation_m", "demand_m3h"),
}
"""Columns that tell a layer apart; two of them are enough."""
_LIKELY = 0.55
_PLAIN: Mapping[str, frozenset[str]] = {
    "valves": frozenset({"words_kind"}),
    "pipes": frozenset({"length_of_line", "length_in_feet", "node_at_start_of_line"}),
}
"""Grounds that are of no other layer: one column is enough."""


def drawn(raw: RawLayer) -> str:
    """What a layer draws: point, line, polygon, or table without any shape."""
    shapes = [] if raw.geometry is None else [shape for shape in raw.geometry[:200] if shape is not None]
    if not shapes:
        return TABLE
    kind = shapes[len(shapes) // 2].geom_type
    return POLYGON if "Polygon" in kind else LINE if "Line" in kind else POINT


def standard_of(raw: RawLayer, columns: Sequence[Column], around: Surroundings, *, cut: bool) -> tuple[str, float]:
    """(standard layer, or ``sources`` or ``tanks``; confidence); ("", 0) when nothing fits."""
    shape, name = drawn(raw), normal(raw.name)
    fitting = {key: names for key, names in layer_names().items() if _draws(names.geometry, shape, key)}
    for key, names in fitting.items():
        if name in names.exact:
            return key, _EXACT
    parts = [
        (key != "nodes", len(known), key) for key, names in fitting.items() for known in names.exact if _is_part(known, name)
    ]
    if parts:  # nodes last: a name such as "node_valve" tells nodes of one kind
        return max(parts)[2], _PART
    made = layer_made_of(raw.name)
    if made in fitting:
        return made, _PART
    return _by_columns(columns, around, fitting, cut)


def _draws(geometry: str, shape: str, key: str) -> bool:
    if key == "pipes" and shape == TABLE:
        return True  # two nodes give the line
    if shape == TABLE:
        return key in ("nodes", "customers", "valves", "hydrants", "stations", "pumps", "crews", "plants")
    return geometry in ("any", shape)


def _is_part(known: str, name: str) -> bool:
    return len(known) >= (_SHORTEST_LATIN if known.isascii() else _SHORTEST_HAN) and known in name


def _by_columns(columns: Sequence[Column], around: Surroundings, fitting: Mapping[str, object], cut: bool) -> tuple[str, float]:
    """The layer that most columns speak for; one is enough where its values are of no other layer."""
    if around.linked_ids and "nodes" in fitting and not _valves_or_hydrants(columns):
        return "nodes", _BY_COLUMNS  # lines start and end at these points, and name them
    best = ("", 0.0)
    for key, telling in _TELLING.items():
        if key not in fitting:
            continue
        found = [guess for guess in guess_columns(key, columns, around, cut=cut) if guess.standard in telling]
        sure = [guess.confidence for guess in found if guess.confidence >= _LIKELY]
        is_plain = len(sure) >= 2 or any(set(guess.grounds) & _PLAIN.get(key, frozenset()) for guess in found)
        if is_plain and float(np.sum(sure)) > best[1]:
            best = (key, float(np.sum(sure)))
    return (best[0], _BY_COLUMNS) if best[0] else ("", 0.0)


def _valves_or_hydrants(columns: Sequence[Column]) -> bool:
    known = {**words("kind"), **words("hydrant")}
    return any(column.share(lambda text: normal(text) in known) >= 0.9 for column in columns if column.filled.mean() > 0.9)


def feature_column(columns: Sequence[Column]) -> Column | None:
    """The column that says what stands at each point of a layer of mixed features (survey points), None without one."""
    known = {*words("kind"), *words("hydrant"), *words("source")}
    shares = [(column.share(lambda text: normal(text) in known), column.filled.sum(), column) for column in columns]
    fitting = [(share * filled, column) for share, filled, column in shares if share > 0.02 and _few_values(column)]
    return max(fitting, key=lambda found: found[0])[1] if fitting else None


def _few_values(column: Column) -> bool:
    values = column.values
    return len(values) > 0 and len(set(values)) <= max(20, len(values) // 20) and not column.is_numeric()
