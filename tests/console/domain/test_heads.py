"""Chain heads kept elsewhere: each is in the chain, or the chain was rewritten or cut off."""

from __future__ import annotations

import pytest

from console.domain.heads import Head, head_faults, typed_head
from maps.errors import InputFault

CHAIN = {1: "a", 2: "b", 3: "c"}


def test_heads_that_the_chain_contains_are_no_fault() -> None:
    assert head_faults([Head(1, "a"), Head(3, "c")], CHAIN, 3) == ()


def test_a_head_beyond_the_end_says_that_the_end_was_cut_off() -> None:
    (fault,) = head_faults([Head(2, "b"), Head(5, "e", "shift.jsonl, line 2")], CHAIN, 3)
    assert fault.is_cut_off
    assert fault.line() == "shift.jsonl, line 2: has change 5, the chain ends at 3: its end was cut off"


def test_another_hash_at_a_seq_says_that_the_chain_was_rewritten() -> None:
    (fault,) = head_faults([Head(2, "x", "2024-0001.incident")], CHAIN, 3)
    assert not fault.is_cut_off
    assert "change 2 has another hash" in fault.line()


def test_a_change_that_is_missing_in_the_middle_is_a_fault() -> None:
    assert len(head_faults([Head(2, "b")], {1: "a", 3: "c"}, 3)) == 1


LONG = "0123456789abcdef" * 4


@pytest.mark.parametrize("text", [f"12:{LONG}", f"12:{LONG[:16]}", f" 12 : {LONG[:8].upper()} {LONG[8:16]} "])
def test_a_head_typed_from_paper_with_sixteen_digits_is_found_in_the_chain(text: str) -> None:
    head = typed_head(text)
    assert head_faults([head], {12: LONG}, 12) == ()
    assert len(head_faults([head], {12: LONG[::-1]}, 12)) == 1
    assert head_faults([head], {11: LONG}, 11)[0].is_cut_off


@pytest.mark.parametrize("text", ["", "12", f"12:{LONG[:15]}", f"x:{LONG}", f"-1:{LONG}", f"12:{LONG}0", f"12:{LONG[:15]}g"])
def test_a_typed_head_of_another_form_is_refused_with_the_form_expected(text: str) -> None:
    with pytest.raises(InputFault, match="expected NUMBER:HASH"):
        typed_head(text)


def test_a_kept_head_without_a_hash_proves_nothing() -> None:
    assert len(head_faults([Head(2, "")], CHAIN, 3)) == 1
