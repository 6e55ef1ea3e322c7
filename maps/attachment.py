"""Which pipes a customer or hydrant counts for: its own, or every piece of a pipe that was cut while nothing says which."""

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
    """A table of things on pipes."""

    @property
    def pipe(self) -> Ints: ...

    @property
    def pieces(self) -> Texts: ...


@dataclass(frozen=True, eq=False)
class OnPipes:
    """Pairs of a row and a pipe it counts for, (k,) each, sorted by row; ``count``: rows of the table."""

    row: Ints
    pipe: Ints
    count: int

    def rows_on(self, marked: Bools) -> Ints:
        """Rows on at least one of the marked pipes, (pipes,) bool; each once, sorted."""
        return np.unique(self.row[marked[self.pipe]]).astype(np.int32)

    @cached_property
    def share(self) -> Floats:
        """What each pair stands for: 1, or an equal part where the piece is not known; (k,)."""
        return np.asarray(1.0 / np.bincount(self.row, minlength=self.count)[self.row])


def on_pipes(table: Attached, pipes: PipeTable) -> OnPipes:
    """The pairs of one table. Pieces that ``pipes`` does not hold (of a clipped city) are left out."""
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
    """The ids in a cell of ``pieces``, none for an empty one. Raises ValueError for what is no JSON list of ids."""
    if not text:
        return ()
    listed = json.loads(text)
    if not isinstance(listed, list) or not all(isinstance(name, str) and name for name in listed):
        raise ValueError("no list of pipe ids")
    return tuple(listed)


def pieces_text(ids: Iterable[str]) -> str:
    """A cell of ``pieces``."""
    return json.dumps(list(ids), ensure_ascii=False)


def marked(pipes: int, rows: NDArray[np.integer]) -> Bools:
    """Pipe rows as a mask, (pipes,)."""
    mask = np.zeros(pipes, dtype=np.bool_)
    mask[rows] = True
    return mask
