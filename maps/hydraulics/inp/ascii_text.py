"""Converts a model's text to ASCII for EPANET, with generated ids where the utility's are not valid."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from maps.hydraulics.inp.epanet_ids import epanet_ids
from maps.hydraulics.inp.inp_text import DEFINING, IdKind, Line, id_tokens, is_number, is_word, lines_of, range_of

_PREFIX = {IdKind.NODE: "N", IdKind.LINK: "L", IdKind.PATTERN: "PT", IdKind.CURVE: "C", IdKind.RULE: "R"}
_ID_BYTES = 31
_LONG = re.compile(rf"[^ \t\r\n]{{{_ID_BYTES + 1}}}")
_BLANK = re.compile(r"\s|^$")
_SAID = re.compile(r"[^\s;:,\"']+")


@dataclass(frozen=True, eq=False)
class EpanetText:
    """``text``: input of EPANET. ``names``: by kind, the utility's id of each generated id."""

    text: str
    names: Mapping[IdKind, Mapping[str, str]] = field(default_factory=dict)

    def name(self, kind: IdKind, epanet_id: str) -> str:
        """The utility's id of an EPANET id."""
        return self.names.get(kind, {}).get(epanet_id, epanet_id)

    def in_own_words(self, message: str) -> str:
        """An EPANET message with the utility's ids in place of generated ones."""
        known = {made: own for names in self.names.values() for made, own in names.items()}
        return _SAID.sub(lambda match: known.get(match[0], match[0]), message)


def epanet_text(text: str, encoding: str = "utf-8") -> EpanetText:
    """The text for EPANET. ASCII text with ids of at most 31 bytes, none in quotes, is unchanged.

    Else each other id is replaced by a generated one, and comments that are not ASCII are left out: EPANET counts bytes of
    UTF-8, of which a Chinese character takes three. Ranges of ids are expanded, because they depend on the order of the old
    ids, in the bytes of ``encoding``. Other non-ASCII characters (titles, tags) become question marks.
    """
    if text.isascii() and '"' not in text and not _LONG.search(text):
        return EpanetText(text)
    lines = list(lines_of(text))
    ids = _ids(lines)
    if text.isascii() and all(_stays(name) for names in ids.values() for name in names):
        return EpanetText(text)
    made = {kind: dict(zip(names, epanet_ids(names, _PREFIX[kind]), strict=True)) for kind, names in ids.items()}
    members = _Members(lines, encoding)
    out = [_renamed(part, made) for line in lines for part in members.written_out(line)]
    back = {kind: {new: old for old, new in names.items() if new != old} for kind, names in made.items()}
    return EpanetText("\n".join(out), back)


def _stays(name: str) -> bool:
    """Whether an ASCII id fits EPANET, and a line of our own without quotes: ``"P 2"`` does not."""
    return len(name) <= _ID_BYTES and not _BLANK.search(name)


def _ids(lines: list[Line]) -> dict[IdKind, list[str]]:
    found: dict[IdKind, dict[str, None]] = {kind: {} for kind in IdKind}
    for line in lines:
        if not line.is_heading:
            words = line.words
            for at, kind in id_tokens(line.section, words):
                found[kind].setdefault(words[at])
    return {kind: list(names) for kind, names in found.items()}


def _renamed(line: Line, made: Mapping[IdKind, Mapping[str, str]]) -> str:
    words = line.words
    places = [] if line.is_heading else id_tokens(line.section, words)
    # A damaged id, expanded from a range, may read as another word: EPANET then refuses that word.
    new = {at: made[kind].get(words[at], words[at]) for at, kind in places}
    text = line.with_words({at: name for at, name in new.items() if name != words[at]})
    data, mark, comment = text.partition(";")
    kept = data + (mark + comment if comment.isascii() else "\r" if comment.endswith("\r") else "")
    return kept.encode("ascii", errors="replace").decode("ascii")


class _Members:
    """Nodes and links in the order of the text, to expand ranges; check-valve pipes and GPVs, special in [STATUS]."""

    def __init__(self, lines: list[Line], encoding: str) -> None:
        self._encoding = encoding
        self._of: dict[IdKind, list[str]] = {IdKind.NODE: [], IdKind.LINK: []}
        self._check, self._gpv = set[str](), set[str]()
        for line in lines:
            kind = DEFINING.get(line.section)
            if kind is None or line.is_heading or not line.tokens:
                continue
            words = line.words
            self._of[kind].append(words[0])
            if line.section == "[PIPE" and len(words) > 6 and is_word(words[-1], "CV"):
                self._check.add(words[0])
            elif line.section == "[VALV" and len(words) > 4 and is_word(words[4], "GPV"):
                self._gpv.add(words[0])

    def written_out(self, line: Line) -> list[Line]:
        """The line, or one for each member of its range."""
        found = range_of(line)
        if found is None:
            return [line]
        at, between = found
        words = line.words
        kind = id_tokens(line.section, words)[0][1]
        inside = [name for name in self._of[kind] if between.holds(name, self._encoding)]
        if line.section == "[STAT":
            inside = [name for name in inside if name not in self._spared(words[-1])]
        texts = [" ".join([*words[:at], f'"{name}"', *words[at + 2 :]]) for name in inside]
        return [replace(parsed, section=line.section) for text in texts for parsed in lines_of(text)]

    def _spared(self, value: str) -> set[str]:
        """Links that a range skips although a line of their own would be rejected."""
        return self._check | self._gpv if is_number(value) else self._check
