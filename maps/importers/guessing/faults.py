"""What a guess decided, as lines of the import's fault report."""

from __future__ import annotations

from collections.abc import Iterator

from maps.errors import Fault, Severity
from maps.importers.guessing.guess import SURE, USABLE, LayerGuess, ProfileGuess


def guess_faults(guess: ProfileGuess) -> tuple[Fault, ...]:
    """One fault a decision: information where the guess is sure, a warning where a person should look."""
    return tuple(fault for layer in guess.layers for fault in _layer(layer))


def _layer(layer: LayerGuess) -> Iterator[Fault]:
    place = f"{layer.source}:{layer.layer}"
    sure = layer.confidence >= SURE
    said = f"taken as {layer.standard}, {layer.confidence:.0%} sure" + ("" if sure else "; check it, and correct the profile")
    yield Fault(Severity.INFO if sure else Severity.WARNING, "guessed_layer", said, place)
    for column in layer.columns:
        if column.confidence < USABLE:
            said = f"{column.source!r} might be it, {column.confidence:.0%} sure: not used; name it in the profile if it is"
        else:
            said = f"taken from {column.source!r}, {column.confidence:.0%} sure" + (
                "" if column.confidence >= SURE else f" ({', '.join(column.grounds)}); check it"
            )
        severity = Severity.INFO if column.confidence >= SURE else Severity.WARNING
        yield Fault(severity, "guessed_column", said, f"{layer.standard} of {layer.layer}", column=column.standard)
    for text, rows in layer.left_out.items():
        said = f"{rows} rows with {next(iter(layer.where))} {text!r} are left out: they do not cut a pipe"
        yield Fault(Severity.INFO, "left_out", said, place)
