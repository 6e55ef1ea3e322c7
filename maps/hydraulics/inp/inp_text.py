"""Parses .inp text as EPANET does: lines, sections, tokens, and the ids among them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

# EPANET splits tokens at these four only: a full-width space belongs to an id, and so does a comma.
_TOKEN = re.compile(r'"([^"\r\n]*)"?|[^ \t\r\n]+')
_NODE_WORDS = ("NODE", "JUNC", "RESERV", "TANK")
_LINK_WORDS = ("LINK", "PIPE", "PUMP", "VALVE")


class IdKind(StrEnum):
    """Kind of element that an id names; each kind has a name space of its own."""

    NODE = "node"
    LINK = "link"
    PATTERN = "pattern"
    CURVE = "curve"
    RULE = "rule"


@dataclass(frozen=True, slots=True)
class Token:
    """A token with its position in the line; quotes are part of the position, not of the text."""

    text: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Line:
    """One line. ``section``: the first five letters of its heading, as ``[PIPE``, "" before the first and after the end."""

    text: str
    section: str
    tokens: tuple[Token, ...]
    is_heading: bool = False

    @property
    def words(self) -> list[str]:
        """The texts of the tokens."""
        return [token.text for token in self.tokens]

    @property
    def data(self) -> str:
        """The line up to its comment."""
        return self.text.partition(";")[0]

    def _goes_on(self, at: int) -> bool:
        return self.text[at : at + 1] not in ("", " ", "\t", "\r", ";")

    def with_words(self, words: dict[int, str]) -> str:
        """The line with tokens replaced by number; all else is unchanged."""
        parts, at = list[str](), 0
        for number in sorted(words):
            token = self.tokens[number]
            # EPANET takes ``"P2"J1`` for two tokens: without its quotes the first needs a blank.
            parts += [self.text[at : token.start], words[number], " " if self._goes_on(token.stop) else ""]
            at = token.stop
        return "".join([*parts, self.text[at:]])


def lines_of(text: str) -> Iterator[Line]:
    """Every line of the text; joined by newlines they give the text."""
    section, ended = "", False
    for raw in text.split("\n"):
        data = raw.partition(";")[0]
        found = _TOKEN.finditer(data)
        tokens = tuple(
            Token(match[0] if match[1] is None else match[1], match.start(), match.end()) for match in found
        )  # fmt: skip
        heading = not ended and bool(tokens) and tokens[0].text.startswith("[")
        if heading:
            section = tokens[0].text.upper()[:5]
            ended = section.startswith("[END")
        yield Line(raw, "" if ended and not heading else section, tokens, heading)


def is_word(token: str, word: str) -> bool:
    """Whether EPANET reads a token as a keyword: it compares as many letters as the keyword has."""
    return token.upper().startswith(word)


def id_tokens(section: str, words: Sequence[str]) -> list[tuple[int, IdKind]]:
    """(number of the token, kind) of every id in a line of data."""
    read = _IDS.get(section)
    if read is None or not words:
        return []
    return [(at, kind) for at, kind in read(words) if at < len(words)]


def is_number(token: str) -> bool:
    """Whether a token is a number to EPANET."""
    return number_of(token) is not None


def number_of(token: str) -> float | None:
    """The number that EPANET reads in a token, as C does (``8e1``, ``0x50``, ``inf``); None when it is none to EPANET."""
    if not token.isascii() or "_" in token:
        return None
    try:
        return float.fromhex(token) if "x" in token.lower() else float(token)
    except (ValueError, OverflowError):
        return None


Found = list[tuple[int, IdKind]]


def _fixed(*places: tuple[int, IdKind]) -> Callable[[Sequence[str]], Found]:
    return lambda _: list(places)


def _tank(words: Sequence[str]) -> Found:
    if len(words) == 3:
        return [(0, IdKind.NODE), (2, IdKind.PATTERN)]
    return [(0, IdKind.NODE), *([(7, IdKind.CURVE)] if len(words) > 7 and words[7] != "*" else [])]


def _pump(words: Sequence[str]) -> Found:
    found = [(0, IdKind.LINK), (1, IdKind.NODE), (2, IdKind.NODE)]
    if len(words) > 3 and not is_number(words[3]):
        for at in range(4, len(words), 2):
            if is_word(words[at - 1], "HEAD"):
                found.append((at, IdKind.CURVE))
            elif is_word(words[at - 1], "PATT"):
                found.append((at, IdKind.PATTERN))
    return found


def _valve(words: Sequence[str]) -> Found:
    curve = {"GPV": 5, "PCV": 7}.get(words[4].upper()[:3]) if len(words) > 4 else None
    return [(0, IdKind.LINK), (1, IdKind.NODE), (2, IdKind.NODE), *([(curve, IdKind.CURVE)] if curve is not None else [])]


def _control(words: Sequence[str]) -> Found:
    timed = len(words) > 4 and (is_word(words[4], "TIME") or is_word(words[4], "CLOCKTIME"))
    return [(1, IdKind.LINK)] if timed else [(1, IdKind.LINK), (5, IdKind.NODE)]


def _rule(words: Sequence[str]) -> Found:
    if is_word(words[0], "RULE"):
        return [(1, IdKind.RULE)]
    if len(words) < 3:
        return []
    if any(is_word(words[1], word) for word in _NODE_WORDS):
        return [(2, IdKind.NODE)]
    return [(2, IdKind.LINK)] if any(is_word(words[1], word) for word in _LINK_WORDS) else []


def _source(words: Sequence[str]) -> Found:
    value = 1 if len(words) > 1 and is_number(words[1]) else 2
    pattern = [(value + 1, IdKind.PATTERN)] if len(words) > value + 1 and words[value + 1] != "*" else []
    return [(0, IdKind.NODE), *pattern]


def _range(kind: IdKind) -> Callable[[Sequence[str]], Found]:
    return lambda words: [(0, kind), (1, kind)] if len(words) > 2 else [(0, kind)]


def _energy(words: Sequence[str]) -> Found:
    last, found = len(words) - 1, list[tuple[int, IdKind]]()
    pump = is_word(words[0], "PUMP")
    if pump:
        found.append((1, IdKind.LINK))
    if last >= 2 and is_word(words[last - 1], "PATT"):
        found.append((last, IdKind.PATTERN))
    elif last >= 2 and pump and is_word(words[last - 1], "EFFI"):
        found.append((last, IdKind.CURVE))
    return found


def _reaction(words: Sequence[str]) -> Found:
    kind = IdKind.NODE if is_word(words[0], "TANK") else IdKind.LINK
    if len(words) < 3 or not any(is_word(words[0], word) for word in ("BULK", "WALL", "TANK")):
        return []
    return [(1, kind), (2, kind)] if len(words) > 3 else [(1, kind)]


def _report(words: Sequence[str]) -> Found:
    kind = IdKind.NODE if is_word(words[0], "NODE") else IdKind.LINK if is_word(words[0], "LINK") else None
    if kind is None or any(is_word(words[-1], word) for word in ("NONE", "ALL")):
        return []
    return [(at, kind) for at in range(1, len(words))]


def _option(words: Sequence[str]) -> Found:
    if is_word(words[0], "PATT"):
        return [(1, IdKind.PATTERN)]
    traces = is_word(words[0], "QUAL") and len(words) > 2 and is_word(words[1], "TRACE")
    return [(2, IdKind.NODE)] if traces else []


def _tag(words: Sequence[str]) -> Found:
    return [(1, IdKind.NODE if is_word(words[0], "NODE") else IdKind.LINK)]


_IDS: dict[str, Callable[[Sequence[str]], Found]] = {
    "[JUNC": _fixed((0, IdKind.NODE), (3, IdKind.PATTERN)),
    "[RESE": _fixed((0, IdKind.NODE), (2, IdKind.PATTERN)),
    "[TANK": _tank,
    "[PIPE": _fixed((0, IdKind.LINK), (1, IdKind.NODE), (2, IdKind.NODE)),
    "[PUMP": _pump,
    "[VALV": _valve,
    "[CONT": _control,
    "[RULE": _rule,
    "[DEMA": _fixed((0, IdKind.NODE), (2, IdKind.PATTERN)),
    "[SOUR": _source,
    "[EMIT": _fixed((0, IdKind.NODE)),
    "[PATT": _fixed((0, IdKind.PATTERN)),
    "[CURV": _fixed((0, IdKind.CURVE)),
    "[QUAL": _range(IdKind.NODE),
    "[STAT": _range(IdKind.LINK),
    "[ENER": _energy,
    "[REAC": _reaction,
    "[MIXI": _fixed((0, IdKind.NODE)),
    "[LEAK": _fixed((0, IdKind.LINK)),
    "[REPO": _report,
    "[OPTI": _option,
    "[COOR": _fixed((0, IdKind.NODE)),
    "[VERT": _fixed((0, IdKind.LINK)),
    "[LABE": _fixed((3, IdKind.NODE)),
    "[TAGS": _tag,
}
"""Positions of ids, by section (EPANET 2.3 user manual, appendix C)."""
DEFINING = {
    "[JUNC": IdKind.NODE, "[RESE": IdKind.NODE, "[TANK": IdKind.NODE,
    "[PIPE": IdKind.LINK, "[PUMP": IdKind.LINK, "[VALV": IdKind.LINK,
}  # fmt: skip
"""Sections whose first token defines a node or a link."""


@dataclass(frozen=True, eq=False)
class IdRange:
    """A range of ids from the first to the last, as in [STATUS], [QUALITY] and [REACTIONS]."""

    first: str
    last: str

    def holds(self, name: str, encoding: str = "utf-8") -> bool:
        """Whether EPANET includes an id: compared as leading numbers where both ends begin with one, else byte by byte."""
        low, high = _leading_number(self.first), _leading_number(self.last)
        if low > 0 and high > 0:
            return low <= _leading_number(name) <= high
        first, last, middle = (text.encode(encoding, errors="replace") for text in (self.first, self.last, name))
        return first <= middle <= last


def _leading_number(text: str) -> int:
    match = re.match(r"[ \t]*([-+]?[0-9]+)", text)
    return int(match[1]) if match else 0


def range_of(line: Line) -> tuple[int, IdRange] | None:
    """(number of the first of the two tokens, the range) where a line names a range of ids."""
    words = line.words
    if line.is_heading or line.section not in ("[STAT", "[QUAL", "[REAC"):
        return None
    found = id_tokens(line.section, words)
    return (found[0][0], IdRange(words[found[0][0]], words[found[1][0]])) if len(found) == 2 else None
