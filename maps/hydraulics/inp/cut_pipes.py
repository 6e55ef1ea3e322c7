"""Model carrying: splits pipes in an existing .inp text where the network now has them in pieces; all else is unchanged."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from maps.city import EpanetModel
from maps.columns import Texts, texts
from maps.hydraulics.inp.epanet_ids import epanet_ids
from maps.hydraulics.inp.inp_text import IdKind, Line, id_tokens, is_word, lines_of, number_of, range_of
from maps.hydraulics.inp.link_valves import ModelUnits, valve_lines
from maps.network import PipeNetwork

Points = NDArray[np.float64]
_STATUSES = ("CV", "CLOSED", "OPEN")
_SHORTEST = 1e-3
"""Length of a piece, in the model's unit, where two cuts coincide: EPANET rejects pipes of zero length."""


@dataclass(frozen=True, eq=False)
class Changed:
    """A network before and after valves were added to it.

    ``parents``: (pipes after,) the asset id that each piece had before. ``added_valves``: rows of the valves that are new.
    ``drawn``: points of the network's CRS as the model's file has them.
    """

    before: PipeNetwork
    after: PipeNetwork
    parents: Texts
    added_valves: NDArray[np.int64]
    drawn: Callable[[Points], Points]

    def pieces(self) -> dict[str, list[int]]:
        """Rows of the pieces of each pipe that was cut, by its id before, in order."""
        rows: dict[str, list[int]] = {}
        for row, parent in enumerate(self.parents):
            rows.setdefault(str(parent), []).append(row)
        return {parent: found for parent, found in rows.items() if len(found) > 1}


@dataclass(frozen=True, eq=False)
class Carried:
    """``model`` of the changed network. ``left_out``: asset id and reason of elements that the model cannot represent."""

    model: EpanetModel
    left_out: tuple[tuple[str, str], ...] = ()


def carried(model: EpanetModel, changed: Changed, units: ModelUnits, *, links: bool = True) -> Carried:
    """The model with pieces for cut pipes, and with the one-way valves and the link valves (``links``) that were added.

    The first piece keeps the EPANET id of its pipe and everything that refers to it: status, check valve, controls and rules,
    which then act on one piece. A closed pipe is closed at that piece only: its other nodes stay connected. Length
    and minor loss are shared by length; roughness, reaction coefficients and leakage, which is by length too, hold for all
    pieces. New nodes have neither demand nor emitter.
    """
    return _Carrier(model, changed, units).carried(links=links)


class _Carrier:
    def __init__(self, model: EpanetModel, changed: Changed, units: ModelUnits) -> None:
        self._model, self._changed, self._units = model, changed, units
        self._lines = list(lines_of(model.inp))
        self._pieces = changed.pieces()
        self._left_out = list[tuple[str, str]]()
        self._name_nodes()
        self._name_pipes()
        self._steered, self._checks = _steered(self._lines), _with_status(self._lines, "CV")
        self._one_way = self._one_way_rows()

    def _name_nodes(self) -> None:
        model, nodes = self._model, self._changed.after.nodes
        of_kind = model.kind == "node"
        self._node = dict(zip(map(str, model.asset_id[of_kind]), map(str, model.epanet_id[of_kind]), strict=True))
        taken = {*self._node.values(), *_ids_in(self._lines, IdKind.NODE)}
        self._new_nodes = list(range(len(self._changed.before.nodes), len(nodes)))
        names = [str(nodes.asset_id[row]) for row in self._new_nodes]
        self._node |= dict(zip(names, epanet_ids(names, "N", taken), strict=True))

    def _name_pipes(self) -> None:
        model, pipes = self._model, self._changed.after.pipes
        of_kind = model.kind == "pipe"
        old = dict(zip(map(str, model.asset_id[of_kind]), map(str, model.epanet_id[of_kind]), strict=True))
        self._taken = _ids_in(self._lines, IdKind.LINK)
        rest = [row for rows in self._pieces.values() for row in rows[1:]]
        made = dict(zip(rest, epanet_ids([str(pipes.asset_id[row]) for row in rest], "P", self._taken), strict=True))
        self._pipe = [made.get(row) or old[str(parent)] for row, parent in enumerate(self._changed.parents)]
        self._parent_of = {old[parent]: rows for parent, rows in self._pieces.items()}
        self._row_of = {name: row for row, name in enumerate(self._pipe)}

    def _one_way_rows(self) -> dict[int, bool]:
        """Pipe rows that get a check valve; True where it lets water run from their last node to their first."""
        valves, pipes = self._changed.after.valves, self._changed.after.pipes
        found: dict[int, bool] = {}
        for row in map(int, self._changed.added_valves):
            pipe, node = int(valves.pipe[row]), int(valves.node[row])
            if valves.flows_to[row] < 0 or not valves.operable[row] or node < 0:
                continue
            pipe = pipe if pipe >= 0 else int(valves.flows_to[row])
            at_start = int(pipes.from_node[pipe]) == node
            backwards = (int(valves.flows_to[row]) == pipe) != at_start
            if self._pipe[pipe] in self._steered:
                reason = "is closed or steered by controls: EPANET takes no one-way valve on it"
            elif (self._pipe[pipe] in self._checks and backwards) or found.setdefault(pipe, backwards) != backwards:
                reason = "has a one-way valve the other way"
            else:
                continue
            self._left_out.append((str(valves.asset_id[row]), f"pipe {pipes.asset_id[pipe]} {reason}"))
        return found

    def carried(self, *, links: bool) -> Carried:
        changed = self._changed
        added = [int(row) for row in changed.added_valves if changed.after.valves.is_link[row]] if links else []
        names = epanet_ids([str(changed.after.valves.asset_id[row]) for row in added], "V", self._taken)
        valves = valve_lines(changed.after, dict(zip(added, names, strict=True)), self._node, self._units)
        new = [*self._rest_of_pieces(), *valves, *self._drawing()]
        end = next((at for at, line in enumerate(self._lines) if line.is_heading and line.section == "[END]"), len(self._lines))
        pipes = next((at for at, line in enumerate(self._lines) if line.is_heading and line.section == "[PIPE"), end)
        out = [text for line in self._lines[:pipes] for text in self._rewritten(line)]
        out += self._new_junctions()
        out += [text for line in self._lines[pipes:end] for text in self._rewritten(line)]
        text = "\n".join([*out, *new, *(line.text for line in self._lines[end:])])
        return Carried(self._mapped(text, added, names), tuple(self._left_out))

    def _mapped(self, text: str, added: Sequence[int], names: Sequence[str]) -> EpanetModel:
        model, after = self._model, self._changed.after
        rest = model.kind != "pipe"
        rows = [
            *zip(model.asset_id[rest], model.epanet_id[rest], model.kind[rest], strict=True),
            *((after.nodes.asset_id[row], self._node[str(after.nodes.asset_id[row])], "node") for row in self._new_nodes),
            *((asset, name, "pipe") for asset, name in zip(after.pipes.asset_id, self._pipe, strict=True)),
            *((after.valves.asset_id[row], name, "valve") for row, name in zip(added, names, strict=True)),
        ]
        asset, epanet, kind = (texts(row[column] for row in rows) for column in range(3))
        return replace(model, inp=text, asset_id=asset, epanet_id=epanet, kind=kind)

    def _new_junctions(self) -> Iterator[str]:
        nodes = self._changed.after.nodes
        elevation = np.nan_to_num(nodes.elevation_m) / self._units.length_m
        yield from ["[JUNCTIONS]"] if self._new_nodes else []
        yield from (f"{self._node[str(nodes.asset_id[row])]} {elevation[row]:.4f} 0" for row in self._new_nodes)

    def _rewritten(self, line: Line) -> list[str]:
        words = line.words
        if line.is_heading or not words or line.section not in ("[PIPE", "[VERT"):
            return [line.text]
        if line.section == "[VERT":
            return [] if words[0] in self._parent_of else [line.text]
        row = self._row_of.get(words[0], -1)
        if row < 0 or len(words) < 6 or (words[0] not in self._parent_of and row not in self._one_way):
            return [line.text]
        return [line.with_words(self._pipe_words(words, row, first=True))]

    def _rest_of_pieces(self) -> Iterator[str]:
        """Lines for every piece but the first."""
        pipes, more = list[str](), dict[str, list[str]]()
        for line in self._lines:
            words = line.words
            if line.is_heading or not words:
                continue
            if line.section == "[PIPE" and words[0] in self._parent_of and len(words) >= 6:
                for row in self._parent_of[words[0]][1:]:
                    kept = self._pipe_words(words, row, first=False)
                    pipes.append(" ".join(kept.get(at, word) for at, word in enumerate(words)))
            elif line.section in ("[REAC", "[LEAK", "[STAT"):
                more.setdefault(line.section, []).extend(self._told_of_pieces(line, words))
        headings = {"[REAC": "[REACTIONS]", "[LEAK": "[LEAKAGE]", "[STAT": "[STATUS]"}
        yield from ["[PIPES]", *pipes] if pipes else []
        for section, lines in more.items():
            yield from [headings[section], *lines] if lines else []

    def _told_of_pieces(self, line: Line, words: Sequence[str]) -> Iterator[str]:
        """Copies of a line about a pipe, or a range of pipes, for its other pieces."""
        found = [at for at, kind in id_tokens(line.section, words) if kind is IdKind.LINK]
        between = range_of(line)
        if not found or (line.section == "[STAT" and between is None):
            return
        if between is None:
            pieces = [self._parent_of.get(words[found[0]], [])]
        else:
            pieces = [rows for parent, rows in self._parent_of.items() if between[1].holds(parent)]
        for rows in pieces:
            for name in (self._pipe[row] for row in rows[1:]):
                if line.section == "[STAT":
                    # The range may hold the piece's id too, and one piece is enough to close a pipe.
                    yield from () if self._row_of[name] in self._one_way else (f"{name} Open",)
                else:
                    yield " ".join([*words[: found[0]], name, *words[found[-1] + 1 :]])

    def _pipe_words(self, words: Sequence[str], row: int, *, first: bool) -> dict[int, str]:
        """Tokens of a pipe's line that differ for one of its pieces; a status may be added to the last."""
        pipes, nodes = self._changed.after.pipes, self._changed.after.nodes
        ends = [self._node[str(nodes.asset_id[end])] for end in (pipes.from_node[row], pipes.to_node[row])]
        if self._one_way.get(row, False):
            ends.reverse()
        made = {0: self._pipe[row], 1: ends[0], 2: ends[1]}
        if words[0] in self._parent_of:
            share = self._share(words[0], row)
            made[3] = f"{max((number_of(words[3]) or 0.0) * share, _SHORTEST):.10g}"
            minor = number_of(words[6]) if len(words) > 6 else None
            if minor is not None:
                made[6] = f"{minor * share:.10g}"
        status = "CV" if row in self._one_way else "" if first else "Open"
        last = len(words) - 1
        if status and last >= 6 and any(is_word(words[last], word) for word in _STATUSES):
            made[last] = status
        elif status:
            made[last] = f"{made.get(last, words[last])} {status}"
        return made

    def _share(self, parent: str, row: int) -> float:
        length = self._changed.after.pipes.length_m
        whole = float(np.nansum(length[self._parent_of[parent]]))
        return float(length[row]) / whole if whole > 0 else 1.0 / len(self._parent_of[parent])

    def _drawing(self) -> Iterator[str]:
        nodes, pipes, drawn = self._changed.after.nodes, self._changed.after.pipes, self._changed.drawn
        if self._new_nodes:
            yield "[COORDINATES]"
            points = drawn(np.column_stack([nodes.x, nodes.y])[self._new_nodes])
            for row, (x, y) in zip(self._new_nodes, points, strict=True):
                if np.isfinite(x + y):
                    yield f"{self._node[str(nodes.asset_id[row])]} {x:.10g} {y:.10g}"
        inner = [(row, pipes.points(row)[1:-1]) for rows in self._parent_of.values() for row in rows]
        if any(len(points) for _, points in inner):
            yield "[VERTICES]"
        for row, points in inner:
            placed = drawn(points) if len(points) else points
            yield from (f"{self._pipe[row]} {x:.10g} {y:.10g}" for x, y in (placed[::-1] if self._one_way.get(row) else placed))


def _ids_in(lines: Sequence[Line], wanted: IdKind) -> set[str]:
    """Every id of one kind in a text."""
    found = set[str]()
    for line in lines:
        if not line.is_heading:
            words = line.words
            found.update(words[at] for at, kind in id_tokens(line.section, words) if kind is wanted)
    return found


def _steered(lines: Sequence[Line]) -> set[str]:
    """Links whose status the text sets: EPANET rejects that for a check valve."""
    named = {
        line.words[at]
        for line in lines
        if line.section in ("[CONT", "[RULE", "[STAT") and not line.is_heading
        for at, kind in id_tokens(line.section, line.words)
        if kind is IdKind.LINK
    }
    return named | _with_status(lines, "CLOSED")


def _with_status(lines: Sequence[Line], status: str) -> set[str]:
    """Pipes whose own line ends with a status."""
    pipes = [line.words for line in lines if line.section == "[PIPE" and not line.is_heading and len(line.tokens) > 6]
    return {words[0] for words in pipes if is_word(words[-1], status)}
