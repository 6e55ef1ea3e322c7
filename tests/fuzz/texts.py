"""Mutations of text files: lines, words, numbers, bytes."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable

from tests.fuzz.values import NUMBERS, TIMES, WORDS, mutated_json, odd_json

_WORD = re.compile(rb"[^\s,;=\[\]{}\"]+")
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
Mutation = Callable[[bytes, random.Random], bytes]


def mutated_text(content: bytes, rng: random.Random) -> bytes:
    """One to four mutations, one after the other."""
    for _ in range(rng.choice((1, 1, 1, 1, 2, 3))):
        content = rng.choice(_MUTATIONS)(content, rng)
    return content


def mutated_lines(content: bytes, rng: random.Random) -> bytes:
    """One JSON object a line: one line mutated as JSON, or the whole as text."""
    lines = content.splitlines()
    if rng.random() < 0.25 or not lines:
        return mutated_text(content, rng)
    at = rng.randrange(len(lines))
    if rng.random() < 0.1:
        lines[at] = b"[" * 100_000 if rng.random() < 0.5 else b'{"a":' * 5000
    else:
        lines[at] = json.dumps(mutated_json(json.loads(lines[at]), rng), ensure_ascii=rng.random() < 0.5).encode()
    return b"\n".join(lines)


def mutated_json_file(content: bytes, rng: random.Random) -> bytes:
    """A JSON document with up to three places changed."""
    value = json.loads(content)
    for _ in range(rng.choice((1, 1, 3))):
        value = mutated_json(value, rng) if rng.random() < 0.95 else odd_json(rng)
    return json.dumps(value, ensure_ascii=False).encode()


def mutated_bytes(content: bytes, rng: random.Random) -> bytes:
    """Bytes changed, cut off or put in."""
    raw = bytearray(content)
    for _ in range(rng.choice((1, 3, 30))):
        if raw:
            raw[rng.randrange(len(raw))] = rng.randrange(256)
    action = rng.random()
    if action < 0.2:
        return bytes(raw[: rng.randrange(len(raw) + 1)])
    if action < 0.3:
        at = rng.randrange(len(raw) + 1)
        return bytes(raw[:at]) + rng.randbytes(rng.choice((1, 7, 600))) + bytes(raw[at:])
    return bytes(raw)


def _line(change: Callable[[list[bytes], int, random.Random], None]) -> Mutation:
    def mutate(content: bytes, rng: random.Random) -> bytes:
        lines = content.split(b"\n")
        change(lines, rng.randrange(len(lines)), rng)
        return b"\n".join(lines)

    return mutate


def _deleted(lines: list[bytes], at: int, rng: random.Random) -> None:
    del lines[at : at + rng.choice((1, 1, 2, 10))]


def _doubled(lines: list[bytes], at: int, rng: random.Random) -> None:
    lines.insert(rng.randrange(len(lines) + 1), lines[at])


def _swapped(lines: list[bytes], at: int, rng: random.Random) -> None:
    other = rng.randrange(len(lines))
    lines[at], lines[other] = lines[other], lines[at]


def _cut(lines: list[bytes], at: int, rng: random.Random) -> None:
    words = lines[at].split()
    lines[at] = b" ".join(words[: rng.randrange(len(words) + 1)])


def _words_swapped(lines: list[bytes], at: int, rng: random.Random) -> None:
    words = lines[at].split(b" ")
    rng.shuffle(words)
    lines[at] = b" ".join(words)


def _headed(lines: list[bytes], at: int, rng: random.Random) -> None:
    heads = [line for line in lines if line.startswith(b"[")] or [b"[NOTHING]"]
    lines.insert(at, rng.choice(heads))


def _replaced(pattern: re.Pattern[bytes], choices: tuple[str, ...]) -> Mutation:
    def mutate(content: bytes, rng: random.Random) -> bytes:
        found = list(pattern.finditer(content))
        if not found:
            return content
        place = rng.choice(found)
        new = rng.choice(choices).encode("utf-8", "surrogatepass")
        return content[: place.start()] + new + content[place.end() :]

    return mutate


def _word_for_word(content: bytes, rng: random.Random) -> bytes:
    found = list(_WORD.finditer(content))
    if not found:
        return content
    place, other = rng.choice(found), rng.choice(found)
    return content[: place.start()] + other.group() + content[place.end() :]


def _recoded(content: bytes, rng: random.Random) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(rng.choice(("gb18030", "utf-16", "utf-8-sig", "utf-32")), "replace")


_MUTATIONS: tuple[Mutation, ...] = (
    _line(_deleted), _line(_doubled), _line(_swapped), _line(_cut), _line(_words_swapped), _line(_headed),
    _replaced(_NUMBER, NUMBERS), _replaced(_NUMBER, NUMBERS), _replaced(_NUMBER, NUMBERS), _replaced(_WORD, WORDS),
    _replaced(_WORD, TIMES), _word_for_word, _word_for_word, mutated_bytes, _recoded,
)  # fmt: skip
