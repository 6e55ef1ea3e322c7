"""Labels never overlap and are the same for the same anchors."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtCore import QRectF

from console.ui.map.drawing.label_placement import Placer, spread

ANCHORS = st.lists(st.tuples(st.floats(0, 800), st.floats(0, 600), st.floats(20, 120)), max_size=60)


@settings(max_examples=60, deadline=None)
@given(ANCHORS)
def test_labels_never_overlap_nor_leave_the_screen(anchors: list[tuple[float, float, float]]) -> None:
    placer = Placer(800, 600)
    for x, y, width in anchors:
        placer.find(x, y, width, 16.0, offset=8.0)
    screen = QRectF(0, 0, 800, 600)
    for number, one in enumerate(placer.placed):
        assert screen.contains(one)
        assert not any(one.intersects(other) for other in placer.placed[number + 1 :])


@settings(max_examples=30, deadline=None)
@given(ANCHORS)
def test_labels_keep_off_what_is_taken(anchors: list[tuple[float, float, float]]) -> None:
    placer, symbol = Placer(800, 600), QRectF(300, 200, 120, 90)
    placer.take(symbol)
    for x, y, width in anchors:
        placer.find(x, y, width, 16.0, offset=8.0)
    assert not any(place.intersects(symbol) for place in placer.placed)


def test_a_label_placed_first_keeps_its_place() -> None:
    placer = Placer(200, 40)
    assert placer.find(10, 20, 150, 16, offset=5) is not None
    assert placer.find(12, 20, 150, 16, offset=5) is None


def test_discs_on_one_spot_move_apart_and_stay_near() -> None:
    places = spread([(100.0, 100.0)] * 5 + [(300.0, 100.0)], 20.0)
    assert places[0] == (100.0, 100.0)
    assert places[5] == (300.0, 100.0)
    for number, (x, y) in enumerate(places[:5]):
        assert ((x - 100) ** 2 + (y - 100) ** 2) ** 0.5 <= 48.0
        assert all(((x - a) ** 2 + (y - b) ** 2) ** 0.5 >= 19.0 for a, b in places[:number])


def test_discs_keep_off_symbols_that_stay_where_they_are() -> None:
    symbol = (104.0, 100.0)
    for x, y in spread([(100.0, 100.0)] * 3, 20.0, [symbol]):
        assert ((x - symbol[0]) ** 2 + (y - symbol[1]) ** 2) ** 0.5 >= 19.0
