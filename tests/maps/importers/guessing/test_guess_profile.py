"""Guessed profiles: right columns in many conventions, no confident wrong guess, and cities imported with a guess."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from maps.importers import ImportOptions, import_city
from maps.importers.guessing import LayerGuess, ProfileGuess, guess_profile, profile_toml
from maps.importers.guessing.guess import SURE, USABLE
from tests.maps.importers.guessing.conventions import CONVENTIONS, Convention

_ASKED = 0.95


def _verdicts(convention: Convention, guess: ProfileGuess) -> list[tuple[str, bool, float]]:
    """(column, whether it is right, confidence) of each column of the convention and of each guess without one."""
    made: list[tuple[str, bool, float]] = []
    for name, layer in convention.layers.items():
        found: LayerGuess | None = next((one for one in guess.of(layer.standard) if one.layer == name), None)
        said = {} if found is None else {one.source: one for one in found.columns if one.confidence >= USABLE}
        for column, (standard, _) in layer.columns.items():
            one = said.get(column) or said.get(column.encode()[:10].decode(errors="ignore"))  # as a Shapefile cuts it
            right = (one.standard if one else None) == standard
            made.append((f"{convention.name}/{name}/{column}: {one.standard if one else None}", right, one.confidence if one else 0.0))
    return made


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[str, bool, float]]:
    made = []
    for convention in CONVENTIONS:
        sources = convention.write(tmp_path_factory.mktemp(convention.name))
        made += _verdicts(convention, guess_profile(sources))
    return made


def test_nearly_all_columns_of_twelve_conventions_are_right(verdicts: list[tuple[str, bool, float]]) -> None:
    wrong = [text for text, right, _ in verdicts if not right]
    assert len(CONVENTIONS) == 12
    assert 1 - len(wrong) / len(verdicts) >= _ASKED, wrong


def test_no_wrong_guess_is_confident(verdicts: list[tuple[str, bool, float]]) -> None:
    assert [(text, sure) for text, right, sure in verdicts if not right and sure > SURE] == []
