"""Sets blocks of text into columns of a given width and height; pure, measured by functions that are given."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

Measure = Callable[[str], float]
"""Width of a text in px."""
_TOKEN = re.compile(r"[⺀-鿿豈-﫿＀-￯　-〿]|[^\s⺀-鿿豈-﫿＀-￯　-〿]+|\s+")
"""One Chinese character, one word of other writing, or blanks."""
_CLOSING = "，。；：、）》！？%"


@dataclass(frozen=True, slots=True)
class Line:
    """What is shown and how it reads: ``label`` muted at the left, ``value`` strong; ``role``: the value's colour."""

    label: str
    value: str
    role: str = "text.strong"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stay together. ``short``: in one line, where there is no room for all; None: it has no shorter form."""

    lines: tuple[Line, ...]
    short: Line | None = None


@dataclass(frozen=True, slots=True)
class Placed:
    """A piece of text: column, row of text in it (0 at the top), aligned right or left, and its colour's role."""

    column: int
    row: float
    text: str
    role: str
    right: bool


@dataclass(frozen=True, slots=True)
class Placement:
    """``hidden``: blocks that had no room; ``is_short``: some have their short form; ``rows``: used in the fullest column."""

    pieces: tuple[Placed, ...]
    hidden: int
    rows: float
    is_short: bool = False


_GAP_ROWS = 0.25
"""Between blocks, in rows of text."""


def wrapped(text: str, width_px: float, measure: Measure) -> list[str]:
    """The text in lines no wider than ``width_px``, broken between words or Chinese characters; a longer word stands alone."""
    lines, line = list[str](), ""
    for token in _TOKEN.findall(text):
        if line and token not in _CLOSING and measure((line + token).rstrip()) > width_px:
            lines.append(line.rstrip())
            line = "" if token.isspace() else token
        else:
            line += token
    return [*lines, line.rstrip()] if line.strip() else lines


def place(blocks: Sequence[Block], columns: int, width_px: float, rows: int, measure: Measure, gap_px: float) -> Placement:
    """Blocks one below the other, the next column when one is full.

    Where there is no room for all, blocks take their short form, the last ones first, for the order is that of importance; where
    all are short, the last ones are left out whole. How many is told in the last row of the last column, which is kept free for
    it. Letters are never made smaller.
    """

    def made(some: Sequence[Block], room: Sequence[int], gap_rows: float = 0.0) -> Placement:
        return _placed(some, columns, width_px, room, measure, gap_px, gap_rows)

    whole = made(blocks, [rows] * columns, _GAP_ROWS)
    if not whole.hidden:
        return whole
    short, count, every = [_shortened(one) for one in blocks], len(blocks), [rows] * columns
    # How many from the end are short, else left out: the fewest with which the rest has room.
    shortened = bisect_left(range(count), True, key=lambda n: not made([*blocks[: count - n], *short[count - n :]], every).hidden)
    if not (found := made([*blocks[: count - shortened], *short[count - shortened :]], every)).hidden:
        return replace(found, is_short=True)
    room = [*[rows] * (columns - 1), rows - 1]
    left_out = bisect_left(range(count), True, key=lambda n: not made(short[: count - n], room).hidden)
    return replace(made(short[: count - left_out], room), hidden=left_out, is_short=True)


def _shortened(block: Block) -> Block:
    return block if block.short is None else Block((block.short,))


def _placed(
    blocks: Sequence[Block], columns: int, width_px: float, rows: Sequence[int], measure: Measure, gap_px: float, gap_rows: float
) -> Placement:
    pieces, column, at, hidden, most = list[Placed](), 0, 0.0, 0, 0.0
    for block in blocks:
        for line in block.lines:
            new = set_line(line, width_px, measure, gap_px)
            height = max((piece.row for piece in new), default=0.0) + 1
            if at + height > rows[column] and column + 1 < columns:
                column, at = column + 1, 0.0
            if at + height > rows[column]:
                hidden += 1
                continue
            pieces += [Placed(column, at + piece.row, piece.text, piece.role, piece.right) for piece in new]
            at += height
            most = max(most, at)
        at += gap_rows
    return Placement(tuple(pieces), hidden, most)


def set_line(line: Line, width_px: float, measure: Measure, gap_px: float) -> list[Placed]:
    """Label and value in one row where both fit, else the label above the value; both broken where they are too wide."""
    label, value = measure(line.label), measure(line.value)
    if line.label and line.value and label + gap_px + value <= width_px:
        return [Placed(0, 0, line.label, "text.muted", False), Placed(0, 0, line.value, line.role, True)]
    above = wrapped(line.label, width_px, measure)
    below = wrapped(line.value, width_px, measure)
    return [
        *(Placed(0, row, text, "text.muted", False) for row, text in enumerate(above)),
        *(Placed(0, len(above) + row, text, line.role, False) for row, text in enumerate(below)),
    ]
