"""Search in a column of names against a plain loop."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from console.ui.search.text_index import TextIndex

_NAMES = st.lists(st.text(alphabet="ab路ßI\nĲ ", max_size=6), max_size=30)


@given(names=_NAMES, needle=st.text(alphabet="ab路ßiĳ \n", max_size=3), most=st.integers(1, 40))
@settings(max_examples=300, deadline=None)
def test_rows_are_those_of_a_plain_loop(names: list[str], needle: str, most: int) -> None:
    folded = [name.replace("\n", " ").casefold() for name in names]
    usable = needle != "" and "\n" not in needle
    begin = [row for row, name in enumerate(folded) if usable and name.startswith(needle)][:most]
    inside = [row for row, name in enumerate(folded) if usable and needle in name and row not in begin]
    index = TextIndex(names)
    assert index.beginning(needle, most) == begin
    assert index.rows(needle, most) == (begin if len(begin) >= most else [*begin, *inside[:most]])


def test_more_names_than_one_piece_keep_their_rows() -> None:
    names = [f"P-{number:06d}" for number in range(45_001)]
    index = TextIndex(names)
    assert index.rows("p-045000", 8) == [45_000]
    assert index.rows("20000", 2) == [20_000]
    assert index.rows("p-9", 8) == []
