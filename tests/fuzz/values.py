"""Odd values, and mutations of JSON."""

from __future__ import annotations

import random
from typing import Any

NUMBERS = (
    "nan", "inf", "-inf", "1e308", "1e400", "-1", "0", "-0.0", "1e-320", "9" * 30, "12:30:99", "1,5", "１２", "0x10", "1e", "",
    "--5", "2147483648", "-9223372036854775809", "*", "1" * 400,
)  # fmt: skip
WORDS = (
    "", "\x00", "=1+1", "名" * 40, "a" * 5000, "\U0001f600", "null", "true", "[", "{", '"', "'", "\\", "\t", "\r", "\u2028",
    "../../x", "%s%n", "P1~1", "NaT", "1970-01-01", "nan", "-",
)  # fmt: skip
TIMES = ("", "yesterday", "2024-13-45", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "2024-01-03T24:00", "1e99",
         "2024-01-03T23:00:05+99:00", "2024-02-30", "10000-01-01", "2024-01-03T23:00:05", "24:01", "-1")  # fmt: skip


def odd_json(rng: random.Random) -> Any:
    """A JSON value of an unexpected kind."""
    nested: Any = 1
    for _ in range(rng.choice((3, 60, 900))):
        nested = [nested]
    known: tuple[Any, ...] = (
        None, True, False, 0, -1, 1.5, 10**30, float("inf"), float("nan"), "", "x", [], {}, [[]], {"a": {}}, nested,
        rng.choice(WORDS), rng.choice(TIMES), [rng.choice(WORDS)] * 3, {rng.choice(WORDS): 1}, [None],
    )  # fmt: skip
    return rng.choice(known)


def mutated_json(value: Any, rng: random.Random) -> Any:
    """``value`` with one place changed: another value, a key less or more, an item twice or not at all."""
    if rng.random() < 0.15 or not isinstance(value, dict | list) or not value:
        return odd_json(rng)
    if isinstance(value, list):
        at = rng.randrange(len(value))
        action = rng.random()
        if action < 0.1:
            return value[:at] + value[at + 1 :]
        if action < 0.2:
            return [*value, value[at]]
        return [*value[:at], mutated_json(value[at], rng), *value[at + 1 :]]
    key = rng.choice(list(value))
    action = rng.random()
    if action < 0.15:
        return {name: item for name, item in value.items() if name != key}
    if action < 0.22:
        return {**value, rng.choice((*WORDS, key.upper())): odd_json(rng)}
    return {**value, key: mutated_json(value[key], rng)}
