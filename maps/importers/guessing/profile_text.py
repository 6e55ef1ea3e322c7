"""A guess as a column profile (TOML) that a person can read, correct and import with."""

from __future__ import annotations

import json
from collections.abc import Iterator

from maps.importers.guessing.guess import SURE, USABLE, ColumnGuess, LayerGuess, ProfileGuess

_WITHOUT_IDS = ("zones", "roads", "water", "places")


def profile_toml(guess: ProfileGuess, *, name: str = "", least: float = USABLE) -> str:
    """The profile of all guesses of at least this confidence; each guess below ``SURE`` carries a comment."""
    head = "# Column profile made by a guess from names and values. Check it, above all the lines with a comment."
    lines = [head, f"name = {_quoted(name)}"]
    for layer in guess.layers:
        lines += ["", *_layer(layer, least)]
    return "\n".join(lines) + "\n"


def _layer(layer: LayerGuess, least: float) -> Iterator[str]:
    columns = [column for column in layer.columns if column.confidence >= least]
    doubt = "" if layer.confidence >= SURE else f"  # {layer.confidence:.0%} sure that this layer holds {layer.standard}"
    yield f"[[{layer.standard}]]{doubt}"
    yield f"layer = {_quoted(layer.layer)}"
    if layer.where:
        rows_of = ", ".join(
            f"{_quoted(key)} = {json.dumps(list(values), ensure_ascii=False)}" for key, values in layer.where.items()
        )
        yield f"where = {{ {rows_of} }}"
    for text, rows in layer.left_out.items():
        yield f"# left out, these do not cut a pipe: {_one_line(text)}, {rows} rows"
    constants = dict(layer.constants)
    if layer.standard not in _WITHOUT_IDS and not any(column.standard == "asset_id" for column in columns):
        yield "# No column looks like an id: rows are numbered, and an export in another order gets other ids."
        constants["asset_id"] = ""
    if constants:
        yield f"constants = {{ {', '.join(f'{key} = {_quoted(value)}' for key, value in constants.items())} }}"
    factors = [f"{column.standard} = {column.factor!r}" for column in columns if column.factor is not None]
    if factors:
        yield f"factors = {{ {', '.join(factors)} }}"
    for column in columns:
        yield f"columns.{column.standard} = {_quoted(column.source)}{_doubt(column)}"
    for column in columns:
        if column.values:
            pairs = ", ".join(f"{_quoted(said)} = {_quoted(meant)}" for said, meant in sorted(column.values.items()))
            yield f"values.{column.standard} = {{ {pairs} }}"


def _doubt(column: ColumnGuess) -> str:
    return "" if column.confidence >= SURE else f"  # {column.confidence:.0%} sure: {', '.join(column.grounds)}"


def _quoted(text: str) -> str:
    """A TOML basic string. JSON escapes the same characters, except U+007F."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:60]
