"""Ids: unique ones, and those that other layers refer to."""

from __future__ import annotations

from collections.abc import Callable

from maps.importers.guessing.column import (
    AGAINST,
    CONTRADICTS,
    FITS,
    MAY_FIT,
    MOST,
    NOTHING,
    SAYS_NOTHING,
    Column,
    Evidence,
    Surroundings,
)

_GENERATED_LENGTH = 19
"""Ids from here on are keys that a program generated."""


def ids(column: Column, around: Surroundings) -> Evidence:
    """Values unlike each other, and no decimals."""
    filled = column.filled.mean()
    if column.share(lambda text: len(text) <= 64) < MOST or filled < 0.5:
        return AGAINST
    if column.is_decimal():
        return AGAINST
    if column.name in around.linked_ids:
        return Evidence(FITS + 1.0, "ids_at_ends_of_lines")
    if around.unique.get(column.name, False) and filled > 0.99:
        is_made = column.is_counted() or column.share(lambda text: len(text) >= _GENERATED_LENGTH) > MOST
        if is_made and around.text_ids - {column.name}:
            return Evidence(-0.5, "numbers_of_rows")  # another column holds ids of the utility's own
        return Evidence(FITS, "unique_values")
    values = column.values
    return Evidence(MAY_FIT if len(set(values)) > 0.9 * len(values) else CONTRADICTS, "nearly_unique_values")


def listed_ids(column: Column, around: Surroundings) -> Evidence:
    """Ids of which each may stand in several rows: stations are often listed with one row a channel."""
    found = ids(column, around)
    repeated = found.weight == CONTRADICTS and len(set(column.values)) >= 0.1 * len(column.values) and not column.is_decimal()
    return Evidence(MAY_FIT, "repeated_ids") if repeated and column.filled.mean() > 0.9 else found


def refers_to(ids: Callable[[Surroundings], frozenset[str]], ground: str) -> Callable[[Column, Surroundings], Evidence]:
    """Whether values are ids of another layer."""

    def test(column: Column, around: Surroundings) -> Evidence:
        known = ids(around)
        if not known:
            return NOTHING if column.share(lambda text: len(text) <= 64) >= MOST else AGAINST
        share = column.share(lambda text: text in known)
        if share >= MOST:
            return Evidence(FITS + 1.0, ground)
        return Evidence(MAY_FIT, ground) if share >= 0.5 else AGAINST

    return test


def at_end(side: str) -> Callable[[Column, Surroundings], Evidence]:
    """The node at the start or the end of each line, by its position, else by its id."""

    def test(column: Column, around: Surroundings) -> Evidence:
        mine, others = (around.starts, around.ends) if side == "start" else (around.ends, around.starts)
        if column.name in mine:
            return Evidence(FITS + 1.0, f"node_at_{side}_of_line")
        if column.name in others or mine:
            return AGAINST
        return end_of_link(column, around)

    return test


def end_of_link(column: Column, around: Surroundings) -> Evidence:
    """Ids of nodes, or values that starts and ends of lines have in common."""
    found = refers_to(lambda places: places.node_ids, "ids_of_nodes")(column, around)
    if found.weight == CONTRADICTS and column.share(lambda text: text in around.joint_ids) >= 0.5:
        return Evidence(MAY_FIT, "ids_at_both_ends")  # the nodes themselves are not among the sources
    if found.weight == SAYS_NOTHING and column.is_decimal():
        return AGAINST
    return found
