"""Guesses the profile of whole sources: each layer read, its kind and columns guessed, layers of mixed features split by rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import CRS, Geod
from pyproj.exceptions import CRSError

from maps.importers.guessing.column import Column, Surroundings
from maps.importers.guessing.columns import guess_columns
from maps.importers.guessing.drawn_links import DrawnLinks, drawn_links
from maps.importers.guessing.evidence import evidence
from maps.importers.guessing.guess import USABLE, Choices, ColumnGuess, LayerGuess, ProfileGuess
from maps.importers.guessing.layers import LINE, TABLE, drawn, feature_column, standard_of
from maps.importers.guessing.lexicon import NameMatch, column_names, normal, words
from maps.importers.readers.sources import RawLayer, layer_names, read_layer

_SAMPLE = 4000
"""Rows of a layer whose values are looked at, evenly spread."""
_OF_KIND = {"sources": ("nodes", "source"), "tanks": ("nodes", "tank"), "meters": ("valves", "meter")}
"""Layers that hold one kind of a standard layer."""
_SHORT = 20
_NAMED = (NameMatch.EXACT, NameMatch.WORDS)
_REFERRED = 0.01
"""Share of the pipes' ends from which a layer of other points counts as nodes too."""


@dataclass(frozen=True, eq=False)
class _Read:
    raw: RawLayer
    columns: tuple[Column, ...]
    around: Surroundings
    standard: str = ""
    confidence: float = 0.0
    choices: Choices = field(default_factory=Choices)
    other_nodes: frozenset[str] = frozenset()
    """Ids of points of other layers, and ids at which pipes end."""

    @property
    def cut(self) -> bool:
        return bool(self.raw.dbf_encoding)


def guess_profile(sources: Sequence[Path], choices: Choices | None = None) -> ProfileGuess:
    """Guess how the layers of GIS files feed the standard layers; ``choices`` win over what would be guessed.

    Raises InputFault for a file that cannot be read.
    """
    decided = choices or Choices()
    read = [replace(_read(read_layer(path, name)), choices=decided) for path, name in layer_names(sources)]
    links = drawn_links([one.raw for one in read])
    read = [_with_links(one, at, links) for at, one in enumerate(read)]
    node_ids = _ids_of_points(read)
    read = [replace(one, around=replace(one.around, node_ids=node_ids)) for one in read]
    kinds = [_kind_of(one) for one in read]
    known = [replace(one, standard=kind, confidence=sure) for one, (kind, sure) in zip(read, kinds, strict=True)]
    pipes = [guess for one in known if one.standard == "pipes" for guess in _guesses(one)]
    pipe_ids = frozenset(text for guess in pipes for text in _texts_of(known, guess, "asset_id"))
    ends = frozenset(text for guess in pipes for end in ("from_node", "to_node") for text in _texts_of(known, guess, end))
    known = [
        replace(
            one,
            around=replace(one.around, pipe_ids=pipe_ids),
            other_nodes=_ids_of_points(other for other in known if other.raw is not one.raw) | ends,
        )
        for one in known
    ]
    layers = [*pipes, *(guess for one in known if one.standard not in ("", "pipes") for guess in _guesses(one))]
    layers = [guess for guess in layers if not _has_own_layer(guess, layers)]
    layers = _once(known, layers)
    layers += _nodes_of_other_points(known, layers)
    used = {(guess.source, guess.layer) for guess in layers}
    unknown = tuple((one.raw.source, one.raw.name) for one in known if (one.raw.source, one.raw.name) not in used)
    crs = next((one.raw.crs for one in known if one.standard == "pipes"), "")
    return ProfileGuess(tuple(layers), unknown, crs)


def _with_links(one: _Read, at: int, links: DrawnLinks) -> _Read:
    nothing = frozenset[str]()
    starts, ends = links.starts.get(at, nothing), links.ends.get(at, nothing)
    around = replace(one.around, starts=starts - ends, ends=ends - starts, linked_ids=links.ids.get(at, nothing))
    return replace(one, around=around)


def _kind_of(one: _Read) -> tuple[str, float]:
    chosen = one.choices.layers.get((one.raw.source, one.raw.name))
    return standard_of(one.raw, one.columns, one.around, cut=one.cut) if chosen is None else (chosen, 1.0)


def _once(known: Sequence[_Read], layers: Sequence[LayerGuess]) -> list[LayerGuess]:
    """The guesses without layers of nodes that repeat nodes of an earlier one (an extract of the sources beside all nodes)."""
    kept, have = list[LayerGuess](), set[str]()
    for guess in layers:
        if guess.standard == "nodes":
            ids = set(_texts_of(known, guess, "asset_id"))
            if have and len(ids & have) > len(ids) / 2:
                continue
            have |= ids
        kept.append(guess)
    return kept


def _has_own_layer(guess: LayerGuess, layers: Sequence[LayerGuess]) -> bool:
    """Whether rows taken out of a layer of mixed features have a layer of their own beside it."""
    place = (guess.source, guess.layer)
    here = {other.standard for other in layers if (other.source, other.layer) == place}
    if guess.standard == "nodes" or "nodes" not in here:
        return False
    elsewhere = [other for other in layers if (other.source, other.layer) != place and not other.constants]
    return any(other.standard == guess.standard for other in elsewhere)


def _read(raw: RawLayer) -> _Read:
    rows = np.unique(np.linspace(0, max(len(raw.frame) - 1, 0), _SAMPLE).astype(np.int64)) if len(raw.frame) else np.empty(0, int)
    sampled = raw.frame.iloc[rows]
    columns = tuple(Column.of(str(name), sampled[name]) for name in raw.frame)
    unique = {str(name): bool(not raw.frame[name].duplicated().any()) for name in raw.frame}
    geometry = None if raw.geometry is None else raw.geometry[rows]
    around = Surroundings(
        _lengths(geometry, raw.crs, len(rows)), unique=unique, joint_ids=_joint_ids(raw), text_ids=_text_ids(columns, unique)
    )
    return _Read(raw, columns, around)


def _text_ids(columns: Sequence[Column], unique: Mapping[str, bool]) -> frozenset[str]:
    """Columns with unique short texts with a digit: ids of the utility's own, unlike numbers of rows or long generated keys."""
    return frozenset(
        column.name
        for column in columns
        if unique.get(column.name, False)
        and not column.is_numeric()
        and column.share(lambda text: len(text) <= _SHORT and any(sign.isdigit() for sign in text) and " " not in text) > 0.95
    )


def _joint_ids(raw: RawLayer) -> frozenset[str]:
    """Values that a column named as start of a line and another one named as its end have in common."""
    if drawn(raw) not in (LINE, TABLE):
        return frozenset()
    found = []
    for end in ("from_node", "to_node"):
        names = column_names("pipes")[end]
        named = [name for name in map(str, raw.frame) if names.match(name, cut=bool(raw.dbf_encoding)) in _NAMED]
        found.append({text for name in named for text in Column.of(name, raw.frame[name]).values.tolist()})
    return frozenset(found[0] & found[1])


def _lengths(geometry: NDArray[np.object_] | None, crs: str, rows: int) -> NDArray[np.float64]:
    """Drawn lengths in metres, (rows,), NaN where nothing is drawn as a line; degrees are measured on the ellipsoid."""
    found = np.full(rows, np.nan)
    if geometry is None:
        return found
    lines = np.array([shape is not None and "Line" in shape.geom_type for shape in geometry], dtype=np.bool_)
    if not lines.any():
        return found
    bounds = shapely.total_bounds(geometry[lines])
    if _in_degrees(crs, bounds):
        geod = Geod(ellps="WGS84")
        found[lines] = [geod.geometry_length(shape) for shape in geometry[lines]]
    else:
        found[lines] = shapely.length(geometry[lines]) * _metres_a_unit(crs)
    return found


def _in_degrees(crs: str, bounds: NDArray[np.float64]) -> bool:
    try:
        return CRS.from_user_input(crs).is_geographic if crs else bool(np.abs(bounds).max() <= 180)
    except CRSError:
        return bool(np.abs(bounds).max() <= 180)


def _metres_a_unit(crs: str) -> float:
    try:
        return float(CRS.from_user_input(crs).axis_info[0].unit_conversion_factor) if crs else 1.0
    except (CRSError, IndexError):
        return 1.0


def _ids_of_points(read: Iterable[_Read]) -> frozenset[str]:
    """Values of all columns of points that may be ids of nodes."""
    names = column_names("nodes")["asset_id"]
    ids = set[str]()
    for one in read:
        if drawn(one.raw) == LINE:
            continue
        for column in one.columns:
            is_named = names.match(column.name, cut=one.cut) in (*_NAMED, NameMatch.POSSIBLE)
            if is_named or column.name in one.around.linked_ids:
                ids.update(Column.of(column.name, one.raw.frame[column.name]).values.tolist())
    return frozenset(ids)


def _texts_of(known: Iterable[_Read], guess: LayerGuess, standard: str) -> list[str]:
    column = guess.column(standard)
    frame = next((one.raw.frame for one in known if (one.raw.source, one.raw.name) == (guess.source, guess.layer)), None)
    if column is None or frame is None:
        return []
    return [str(text) for text in Column.of(column.source, frame[column.source]).values]


def _guesses(one: _Read) -> list[LayerGuess]:
    """The guesses of one source layer: one, or several for a layer of mixed features."""
    if one.standard in _OF_KIND:
        standard, kind = _OF_KIND[one.standard]
        return [_layer(one, standard, constants={"kind": kind})]
    if one.standard == "nodes" and (feature := feature_column(one.columns)) is not None:
        return _mixed(one, feature)
    guess = _layer(one, one.standard)
    return [_only_isolating(one, guess) if one.standard == "valves" else guess]


def _layer(
    one: _Read,
    standard: str,
    *,
    constants: Mapping[str, str] | None = None,
    where: Mapping[str, tuple[str, ...]] | None = None,
) -> LayerGuess:
    drawn_as = drawn(one.raw)
    ends = ("from_node", "to_node", "status") if drawn_as not in (LINE, TABLE) else ()
    place = ("node",) if standard in ("valves", "hydrants", "stations") else ()
    chosen = one.choices.columns.get((one.raw.source, one.raw.name, standard), {})
    taken, skip = set(chosen.values()), (*ends, *place, *(constants or {}), *chosen)
    free = tuple(column for column in one.columns if column.name not in taken)
    found = guess_columns(standard, free, one.around, cut=one.cut, skip=skip)
    found = (*found, *_chosen(standard, one, chosen))
    if place and "node" not in chosen and drawn_as != LINE:  # one column may be the asset's own id and its node's
        found = (*found, *(guess for guess in _node_alone(standard, one) if where or _are_nodes(one, guess.source)))
    found = _in_chosen_units(found, one.choices.factors.get((one.raw.source, one.raw.name, standard), {}))
    used = {guess.source for guess in found}
    unused = tuple(column.name for column in one.columns if column.name not in used)
    rows = len(one.raw.frame)
    return LayerGuess(
        one.raw.source, one.raw.name, standard, one.confidence, rows, found, constants or {}, where or {}, unused=unused
    )


def _in_chosen_units(found: tuple[ColumnGuess, ...], factors: Mapping[str, float]) -> tuple[ColumnGuess, ...]:
    units = {column: None if factor == 1.0 else factor for column, factor in factors.items()}
    return tuple(replace(guess, factor=units[guess.standard]) if guess.standard in units else guess for guess in found)


def _chosen(standard: str, one: _Read, chosen: Mapping[str, str]) -> Iterator[ColumnGuess]:
    """Columns that a person named, with the conversion that their values need."""
    for column, source in chosen.items():
        if (named := next((other for other in one.columns if other.name == source), None)) is not None:
            told = evidence(standard, column, named, one.around)
            yield ColumnGuess(column, source, 1.0, ("chosen",), told.factor, dict(told.values))


def _node_alone(standard: str, one: _Read) -> tuple[ColumnGuess, ...]:
    """The usable guess for the node of a valve, hydrant or station, chosen without regard to the other columns."""
    others = tuple(name for name in column_names(standard) if name != "node")
    found = guess_columns(standard, one.columns, one.around, cut=one.cut, skip=others)
    return tuple(guess for guess in found if guess.confidence >= USABLE)


def _are_nodes(one: _Read, source: str) -> bool:
    """Whether most values of a column are ids of nodes elsewhere: an id of the layer's own is no node without a pipe at it."""
    column = next(column for column in one.columns if column.name == source)
    return column.share(lambda text: text in one.other_nodes) >= 0.5


def _only_isolating(one: _Read, guess: LayerGuess) -> LayerGuess:
    """The guess without rows of air valves, washouts and the like: they do not cut a pipe."""
    kind = guess.column("kind")
    if kind is None or kind.confidence < USABLE:
        return guess
    counted = Counter(Column.of(kind.source, one.raw.frame[kind.source]).texts.tolist())
    left = {text: n for text, n in counted.items() if words("kind").get(normal(str(text))) == "not_isolating"}
    if not left:
        return guess
    kept = tuple(str(text) for text in counted if text not in left)
    return replace(guess, where={kind.source: kept}, left_out=left)


def _mixed(one: _Read, feature: Column) -> list[LayerGuess]:
    """Nodes of all rows, and valves and hydrants of the rows whose feature says so (points of a pipeline survey)."""
    counted = Counter(map(str, Column.of(feature.name, one.raw.frame[feature.name]).values))
    kinds, hydrants, sources = words("kind"), words("hydrant"), words("source")
    nodes = _layer(one, "nodes")
    kind_of = {text: sources[normal(text)] for text in sorted(counted) if normal(text) in sources}
    if kind_of:
        guess = ColumnGuess("kind", feature.name, 0.9, ("words_source",), values={**kind_of, "*": "junction"})
        nodes = replace(nodes, columns=(*nodes.columns, guess))
    made = [nodes]
    valves = {text: kinds[normal(text)] for text in sorted(counted) if normal(text) in kinds}
    isolating = {text: kind for text, kind in valves.items() if kind != "not_isolating"}
    if isolating:
        layer = _layer(one, "valves", where={feature.name: tuple(isolating)})
        kept = tuple(guess for guess in layer.columns if guess.standard != "kind")
        kind_guess = ColumnGuess("kind", feature.name, 0.95, ("words_kind",), values=isolating)
        left = {text: counted[text] for text in valves if text not in isolating}
        made.append(replace(layer, columns=(*kept, kind_guess), left_out=left))
    if posts := tuple(text for text in sorted(counted) if normal(text) in hydrants):
        made.append(_layer(one, "hydrants", where={feature.name: posts}))
    return made


def _nodes_of_other_points(known: Sequence[_Read], layers: Sequence[LayerGuess]) -> list[LayerGuess]:
    """Layers of other points that pipes end at, where no layer of nodes has those ids: hydrants or valves that are nodes too."""
    pipes = [guess for guess in layers if guess.standard == "pipes"]
    ends = [text for guess in pipes for end in ("from_node", "to_node") for text in _texts_of(known, guess, end)]
    if not ends:
        return []
    have = {text for guess in layers if guess.standard == "nodes" for text in _texts_of(known, guess, "asset_id")}
    made, missing = list[LayerGuess](), Counter(text for text in ends if text not in have)
    as_nodes = {(guess.source, guess.layer) for guess in layers if guess.standard == "nodes"}
    for one in known:
        if drawn(one.raw) in (LINE, TABLE) or (one.raw.source, one.raw.name) in as_nodes or not one.standard:
            continue
        guess = _layer(one, "nodes")
        ids = set(_texts_of(known, guess, "asset_id"))
        if sum(n for text, n in missing.items() if text in ids) >= _REFERRED * len(ends):
            made.append(replace(guess, confidence=0.9))
    return made
