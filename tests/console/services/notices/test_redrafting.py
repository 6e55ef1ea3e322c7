"""Edits by hand are kept by a redraft where their lines still exist; other edits are given back, never lost."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from console.services.notices.redrafting import redrafted

LINES = st.lists(st.sampled_from(["a", "b", "c", "d", "x1", "x2"]), max_size=7).map("\n".join)


def test_an_edit_of_a_line_that_is_still_the_same_is_kept() -> None:
    made = redrafted("title\n17\nsorry", "title\n17\nsorry, water cart at the gate", "title\n175\nsorry")
    assert (made.text, made.dropped, made.kept) == ("title\n175\nsorry, water cart at the gate", (), True)


def test_an_edit_of_a_line_that_changed_is_given_back() -> None:
    made = redrafted("title\n17\nsorry", "title\nabout 17\nsorry", "title\n175\nsorry")
    assert (made.text, made.dropped, made.kept) == ("title\n175\nsorry", ("about 17",), False)


def test_several_edits_keep_their_places() -> None:
    made = redrafted("a\nb\nc\nd", "A\nb\nmore\nc\nd\nend", "a\nb\nnew\nc\nd")
    assert made.text == "A\nb\nmore\nnew\nc\nd\nend"


def test_what_was_added_at_the_end_stays_at_the_end() -> None:
    assert redrafted("17", "first\n17\nwater cart", "175\nnew").text == "first\n175\nnew\nwater cart"


@given(LINES, LINES)
def test_without_edits_the_new_draft_stands_as_it_is(old: str, new: str) -> None:
    assert redrafted(old, old, new).text == new


@given(LINES, LINES)
def test_with_nothing_new_the_edited_text_stands_as_it_is(old: str, edited: str) -> None:
    assert redrafted(old, edited, old).text == edited


@given(LINES, LINES, LINES)
def test_no_line_written_by_hand_is_lost_silently(old: str, edited: str, new: str) -> None:
    made = redrafted(old, edited, new)
    written = [line for line in edited.split("\n") if line.strip() and line not in old.split("\n")]
    assert set(written) <= {*made.text.split("\n"), *made.dropped}
