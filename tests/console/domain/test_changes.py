"""The chain of changes: whole as made, broken by any edit, hash independent of key order."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.domain.changes import GENESIS, Change, Draft, canonical_json, change_hash, first_broken
from console.domain.notes import Note

NOW = datetime(2024, 1, 3, 15, 0, tzinfo=UTC)
TEXTS = st.text(max_size=8)
NOTES = TEXTS.map(Note.literal) | st.builds(lambda n, text: Note("a.b", n=n, text=text), st.integers(), TEXTS)
DRAFTS = st.builds(
    Draft,
    kind=TEXTS,
    subject=TEXTS,
    before=st.none() | st.dictionaries(TEXTS, st.integers()),
    after=st.none() | st.dictionaries(TEXTS, TEXTS),
    note=NOTES,
    undoes=st.none() | st.integers(1, 9),
)
EDITS: dict[str, Any] = {
    "seq": lambda c: c.seq + 1,
    "at": lambda c: c.at + timedelta(microseconds=1),
    "user": lambda c: c.user + "x",
    "kind": lambda c: c.kind + "x",
    "subject": lambda c: c.subject + "x",
    "before": lambda c: {"edited": c.before},
    "after": lambda c: {"edited": c.after},
    "note": lambda c: Note("edited", note=c.note),
    "undoes": lambda c: (c.undoes or 0) + 1,
    "prev_hash": lambda c: "f" * 64,
    "hash": lambda c: "f" * 64,
}


def chained(drafts: list[Draft]) -> list[Change]:
    """The drafts as a chain."""
    made: list[Change] = []
    for seq, d in enumerate(drafts, start=1):
        prev = made[-1].hash if made else GENESIS
        at = NOW + timedelta(seconds=seq)
        digest = change_hash(seq, at, "王", d, prev)
        made.append(Change(seq, at, "王", d.kind, d.subject, d.before, d.after, d.note, d.undoes, prev, digest))
    return made


@given(drafts=st.lists(DRAFTS, max_size=5))
def test_a_chain_as_made_is_whole(drafts: list[Draft]) -> None:
    assert first_broken(chained(drafts)) is None


@given(drafts=st.lists(DRAFTS, min_size=1, max_size=5), where=st.integers(0, 4), what=st.sampled_from(sorted(EDITS)))
def test_any_edit_breaks_the_chain_where_it_was_made(drafts: list[Draft], where: int, what: str) -> None:
    chain = chained(drafts)
    where %= len(chain)
    edited = chain[where]
    chain[where] = replace(edited, **{what: EDITS[what](edited)})
    assert first_broken(chain) == chain[where].seq


@given(drafts=st.lists(DRAFTS, min_size=3, max_size=5))
def test_a_change_missing_or_out_of_order_breaks_the_chain(drafts: list[Draft]) -> None:
    chain = chained(drafts)
    assert first_broken([chain[0], *chain[2:]]) == 3
    assert first_broken([chain[1], chain[0], *chain[2:]]) == 2


def test_one_value_has_one_canonical_form() -> None:
    assert canonical_json({"b": 1, "a": "管"}) == canonical_json({"a": "管", "b": 1}) == '{"a":"管","b":1}'.encode()
    with pytest.raises(ValueError, match="JSON"):
        canonical_json(float("nan"))
