"""Which pipes a customer, hydrant or station counts for: its own pipe, or every piece of a cut pipe if the piece is unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from maps.columns import Bools, Floats, Ints, Texts
from maps.network import PipeTable


class Attached(Protocol):
    """A table of assets on pipes."""

    @property
    def pipe(self) -> Ints:
        """Pipe row of each asset, -1 for none, (n,)."""
        ...

    @property
    def pieces(self) -> Texts:
        """Ids of all pieces as a JSON list where the piece is unknown, else "", (n,)."""
        ...


@dataclass(frozen=True, eq=False)
class OnPipes:
    """Pairs of a row and a pipe it counts for, (k,) each, sorted by row; ``count``: rows of the table."""

    row: Ints
    pipe: Ints
    count: int

    def rows_on(self, marked: Bools) -> Ints:
        """Table rows on at least one marked pipe, sorted, each once. ``marked``: mask of pipes, (pipes,)."""
        return np.unique(self.row[marked[self.pipe]]).astype(np.int32)

    @cached_property
    def share(self) -> Floats:
        """Weight of each pair, (k,): 1, or an equal share for each piece where the piece is unknown."""
        return np.asarray(1.0 / np.bincount(self.row, minlength=self.count)[self.row])


def on_pipes(table: Attached, pipes: PipeTable) -> OnPipes:
    """The pairs of one table. Pieces that ``pipes`` does not contain (of a clipped city) are left out."""
    unknown = np.asarray(table.pieces != "", dtype=np.bool_)
    known = np.flatnonzero((table.pipe >= 0) & ~unknown)
    pairs = [(row, pipe) for row in np.flatnonzero(unknown).tolist() for pipe in _rows(pipes, str(table.pieces[row]))]
    more = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    row = np.concatenate([known.astype(np.int32), more[:, 0]])
    pipe = np.concatenate([table.pipe[known], more[:, 1]])
    order = np.argsort(row, kind="stable") if len(more) else slice(None)
    return OnPipes(row[order], pipe[order], len(table.pipe))


def _rows(pipes: PipeTable, pieces: str) -> list[int]:
    return [pipes.row(name) for name in piece_ids(pieces) if pipes.has(name)]


def piece_ids(text: str) -> tuple[str, ...]:
    """Pipe ids in a cell of ``pieces``, none for an empty cell. Raises ValueError for anything but a JSON list of ids."""
    if not text:
        return ()
    listed = json.loads(text)
    if not isinstance(listed, list) or not all(isinstance(name, str) and name for name in listed):
        raise ValueError("no list of pipe ids")
    return tuple(listed)


def pieces_text(ids: Iterable[str]) -> str:
    """Pipe ids as a cell of ``pieces`` (a JSON list)."""
    return json.dumps(list(ids), ensure_ascii=False)


def marked(pipes: int, rows: NDArray[np.integer]) -> Bools:
    """Pipe rows as a mask, (pipes,)."""
    mask = np.zeros(pipes, dtype=np.bool_)
    mask[rows] = True
    return mask
