"""Sequence numbers of publishers: lost messages, repeats and restarts are distinguished."""

from __future__ import annotations

import json

from console.feeds.codec import Decoder
from console.feeds.sequence import SequenceWatch
from console.mqtt.message import Message
from tests.console.feeds.test_refusals import CITY


def _seen(*numbers: tuple[int, int]) -> tuple[int, int, int]:
    watch = SequenceWatch()
    for number, at_us in numbers:
        watch.see(0, number, at_us)
    return watch.lost, watch.repeated, watch.restarts


def test_numbers_in_order_say_that_nothing_is_lost() -> None:
    assert _seen((5, 1), (6, 2), (7, 3)) == (0, 0, 0)


def test_a_gap_counts_every_missing_number() -> None:
    assert _seen((1, 1), (2, 2), (6, 3)) == (3, 0, 0)


def test_a_message_that_arrives_late_is_no_longer_lost() -> None:
    assert _seen((1, 1), (4, 4), (3, 3), (2, 2)) == (0, 0, 0)


def test_the_same_message_again_is_a_repeat_and_no_restart() -> None:
    assert _seen((1, 1), (2, 2), (2, 2), (1, 1)) == (0, 2, 0)


def test_a_low_number_with_a_newer_reading_is_a_restart_and_no_gap() -> None:
    assert _seen((90, 1), (91, 2), (1, 3), (2, 4)) == (0, 0, 1)


def test_a_jump_larger_than_any_queue_is_a_restart() -> None:
    assert _seen((1, 1), (10_000_000, 2), (10_000_001, 3)) == (0, 0, 1)


def test_stations_are_followed_each_by_itself() -> None:
    watch = SequenceWatch()
    watch.see(0, 1, 1)
    watch.see(1, 7, 1)
    assert watch.see(0, 2, 2) == watch.see(1, 8, 2) == ""
    assert "2 messages lost" in watch.see(0, 5, 3)


def test_the_decoder_counts_the_key_n_and_takes_readings_without_it() -> None:
    decoder = Decoder(CITY)
    numbers: list[object] = [1, 2, None, 5, "x"]
    messages = [
        Message("quanmai/v1/t/readings/S1", json.dumps(
            {"t": f"2024-01-03T15:00:0{at}Z", "v": {"ph": 7}, **({} if n is None else {"n": n})}
        ).encode())
        for at, n in enumerate(numbers)
    ]  # fmt: skip
    got = decoder.decode(messages)
    assert len(got.readings) == 5
    assert decoder.sequence.lost == 2
    assert got.refused == {"number": 1}
    assert "S1" in got.remarks[0]
