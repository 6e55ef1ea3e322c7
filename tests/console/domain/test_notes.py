"""Notes as values: frozen, one JSON form, read back equal, other JSON is refused."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.changes import canonical_json
from console.domain.notes import NO_NOTE, Code, Note, Quantity, joined

TEXTS = st.text(max_size=8)
NAMES = st.sampled_from(("a", "b", "c"))
FLAT = (
    TEXTS | st.integers() | st.floats() | st.builds(Code, TEXTS, TEXTS) | st.builds(Quantity, st.floats(allow_nan=False), TEXTS)
    | st.datetimes(timezones=st.just(UTC))
)  # fmt: skip
VALUES = st.recursive(
    FLAT,
    lambda inner: st.lists(inner, max_size=3) | st.builds(lambda params: Note("k", **params), st.dictionaries(NAMES, inner)),
    max_leaves=8,
)
NOTES = TEXTS.map(Note.literal) | st.builds(lambda params: Note("a.b", **params), st.dictionaries(NAMES, VALUES))


@given(note=NOTES)
def test_a_note_comes_back_equal_from_its_json_in_one_form(note: Note) -> None:
    written = canonical_json(note.json())
    back = Note.of_json(json.loads(written))
    assert back == note
    assert hash(back) == hash(note)
    assert canonical_json(back.json()) == written
    assert pickle.loads(pickle.dumps(note)) == note


@given(text=TEXTS)
def test_a_literal_note_is_its_text_in_json(text: str) -> None:
    assert Note.literal(text).json() == text


def test_the_json_of_a_note_never_changes() -> None:
    """By hand: chains that were written hash this form."""
    note = Note(
        "a.b", z="管", n=3, x=1.5, at=datetime(2024, 1, 3, 23, 0, 5, tzinfo=timezone(timedelta(hours=8))),
        q=Quantity(120.0, "pressure"), c=Code("phase", "closed"), more=[Note("c"), "V1"],
    )  # fmt: skip
    assert canonical_json(note.json()).decode() == (
        '{"key":"a.b","params":{"at":{"at":"2024-01-03T15:00:05.000000+00:00"},"c":{"code":"closed","of":"phase"},'
        '"more":[{"key":"c","params":{}},"V1"],"n":3,"q":{"of":"pressure","quantity":120.0},"x":1.5,"z":"管"}}'
    )


def test_a_note_is_frozen() -> None:
    with pytest.raises(AttributeError):
        Note("a")._key = "b"


def test_numbers_of_numpy_are_kept_as_plain_ones() -> None:
    numbers: dict[str, Any] = {"n": np.int64(3), "x": np.float64(0.5)}
    assert Note("a", **numbers).json() == {"key": "a", "params": {"n": 3, "x": 0.5}}


def test_a_time_without_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        Note("a", at=datetime(2024, 1, 3))  # noqa: DTZ001


def _nested(depth: int) -> Any:
    return {"key": "a", "params": {"a": _nested(depth - 1)}} if depth else "x"


@pytest.mark.parametrize(
    "value",
    [None, True, 3, ["a"], {}, {"key": ""}, {"key": 3, "params": {}}, {"key": "a", "params": {"a b": 1}},
     {"key": "a", "params": []}, {"key": "a", "params": {"x": None}}, {"key": "a", "params": {"x": {"at": "yesterday"}}},
     {"key": "a", "params": {"x": {"at": "2024-01-03T00:00:00"}}}, {"key": "a", "params": {"x": {"quantity": "much", "of": "y"}}},
     {"key": "a", "params": {}, "more": 1}, _nested(40)],
)  # fmt: skip
def test_json_that_is_not_a_note_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):  # noqa: PT011
        Note.of_json(value)


def test_several_notes_are_one_without_the_empty_ones() -> None:
    assert joined(NO_NOTE, Note("a"), NO_NOTE) == Note("a")
    assert joined(NO_NOTE) == NO_NOTE
    assert joined(Note("a"), Note("b")) == Note("all", parts=[Note("a"), Note("b")])


def test_texts_in_a_note_can_be_replaced_without_its_keys_and_codes() -> None:
    note = Note("a", by="王", why=Note("王", name="王"), code=Code("王", "王"), names=["王", "李"])
    assert note.with_texts(lambda text: text.replace("王", "P1")) == Note(
        "a", by="P1", why=Note("王", name="P1"), code=Code("王", "王"), names=["P1", "李"]
    )
