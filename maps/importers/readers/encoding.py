"""Decodes text of unknown encoding: UTF-8, then GB 18030, then Latin-1; undecodable bytes are replaced and located."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

from maps.errors import Fault, Severity

CHINESE = "gb18030"
"""A superset of GB 2312 and GBK (code page 936)."""
_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UTF8_LONG = re.compile(rb"[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_DAMAGE = re.compile(rb"[\x80-\xff]+(?:[\x00-\x7f][\x80-\xbf]+)?")
"""Remains of a multi-byte character of which one byte was replaced."""
_HIGH = re.compile(rb"[\x80-\xff]+")
_PAIR = re.compile(rb"[\x81-\xfe][\xa1-\xfe]")
_REPLACED = "\ufffd"
_NUMBERED = "quanmai.numbered"
_WORD = re.compile(rf"[^\s,;\"]*{_REPLACED}[^\s,;\"]*")
_UTF16_SHARE = 0.3
"""Share of zero bytes at even or odd positions from which text without a byte order mark is UTF-16 (ASCII characters)."""
_SHOWN = 5


def _numbered(fault: UnicodeError) -> tuple[str, int]:
    if not isinstance(fault, UnicodeDecodeError):
        raise fault
    return _REPLACED + fault.object[fault.start : fault.end].hex().upper(), fault.end


codecs.register_error(_NUMBERED, _numbered)


@dataclass(frozen=True, slots=True)
class Decoded:
    """``text``, with U+FFFD for each undecodable byte. ``guessed``: the encoding was not declared, and it is not UTF-8.

    ``broken_lines``: line numbers, from 1, with undecodable bytes.
    """

    text: str
    encoding: str
    guessed: bool = False
    broken_lines: tuple[int, ...] = ()

    def faults(self, place: str) -> list[Fault]:
        """Warnings for the import's report; ``place`` names the file."""
        found = list[Fault]()
        if self.guessed:
            found.append(Fault(Severity.WARNING, "encoding_guessed", guess_words(self.encoding), place))
        for line in self.broken_lines[:_SHOWN]:
            said = f"a byte is not valid in {label(self.encoding)}; it is replaced by �, correct it in the file"
            found.append(Fault(Severity.WARNING, "broken_byte", said, place, row=line))
        if len(self.broken_lines) > _SHOWN:
            said = f"{len(self.broken_lines) - _SHOWN} more lines hold invalid bytes"
            found.append(Fault(Severity.WARNING, "broken_byte", said, place))
        return found


def guess_words(encoding: str) -> str:
    """Warning text for a guessed encoding."""
    return f"is not UTF-8: read as {label(encoding)} by its bytes; if names look wrong, state its encoding or save it as UTF-8"


def label(encoding: str) -> str:
    """Common name of an encoding, for messages."""
    if encoding.startswith("utf-16"):
        return "UTF-16"
    return {"utf-8": "UTF-8", "utf-8-sig": "UTF-8", CHINESE: "GB 18030 (GBK)", "latin-1": "Latin-1"}.get(encoding, encoding)


def decoded(content: bytes, encoding: str | None = None) -> Decoded:
    """Decode the content of a file. ``encoding``: as declared, else by its byte order mark, else by ``likely_encoding``."""
    marked = next((name for mark, name in _MARKS if content.startswith(mark)), None) or _unmarked_utf16(content)
    told = encoding or marked
    chosen = told or likely_encoding(content)
    # A NUL ends a text in EPANET and in a dataset: whatever follows it would be lost silently.
    text = letters_of(content, chosen).rstrip("\0").replace("\0", _REPLACED)
    broken = tuple(number for number, line in enumerate(text.split("\n"), start=1) if _REPLACED in line)
    if broken and _REPLACED.encode() in content and chosen.startswith("utf-8"):
        lines = content.split(b"\n")
        broken = tuple(at for at in broken if b"\0" in lines[at - 1] or not decodes(lines[at - 1], "utf-8"))
    return Decoded(text, chosen, told is None and chosen != "utf-8", broken)


def letters_of(content: bytes, encoding: str) -> str:
    """Decode with U+FFFD for undecodable bytes, followed by their hexadecimal value where two words (ids) would become equal."""
    text = content.decode(encoding, errors="replace")
    if _REPLACED not in text:
        return text
    numbered = [match[0] for match in _WORD.finditer(content.decode(encoding, errors=_NUMBERED))]
    plain = [match[0] for match in _WORD.finditer(text)]
    if len(plain) != len(numbered):
        return text
    meant = dict[str, set[str]]()
    for word, other in zip(plain, numbered, strict=True):
        meant.setdefault(word, set()).add(other)
    chosen = iter(other if len(meant[word]) > 1 else word for word, other in zip(plain, numbered, strict=True))
    return _WORD.sub(lambda _: next(chosen), text)


def _unmarked_utf16(content: bytes) -> str | None:
    """UTF-16 variant of text without a byte order mark, by its zero bytes; None for other text."""
    sample = content[:4096]
    zeros = [sample[start::2].count(0) / max(len(sample) // 2, 1) for start in (0, 1)]
    if max(zeros) < _UTF16_SHARE or min(zeros) > _UTF16_SHARE / 10:
        return None
    return "utf-16-be" if zeros[0] > zeros[1] else "utf-16-le"


def likely_encoding(content: bytes) -> str:
    """UTF-8, ``CHINESE`` or ``latin-1``, whichever leaves the fewest undecodable bytes.

    A few broken bytes do not rule out UTF-8: Chinese text in GBK hardly ever forms UTF-8's three-byte sequences. Single
    bytes above 127 are Latin-1; GBK has them in pairs.
    """
    if decodes(content, "utf-8"):
        return "utf-8"
    rest, letters = _UTF8_LONG.subn(b"\n", content)
    if letters > len(_DAMAGE.findall(rest)):
        return "utf-8"
    if decodes(content, CHINESE):
        return CHINESE
    rest, letters = _PAIR.subn(b"", content)
    return CHINESE if letters >= len(_HIGH.findall(rest)) else "latin-1"


def denied_by(content: bytes, declared: str) -> bool:
    """Whether the bytes clearly belong to another encoding, although the declared one decodes them."""
    if declared == "utf-8" or content.isascii():
        return False
    likely = likely_encoding(content)
    if likely == "utf-8":
        return len(_UTF8_LONG.findall(content)) >= 2
    if likely == CHINESE and declared.startswith(("iso8859", "cp125")):
        rest, letters = _PAIR.subn(b"", content)
        return letters >= 2 and not _HIGH.search(rest)
    return False


def decodes(content: bytes, encoding: str) -> bool:
    """Whether an encoding decodes every byte."""
    try:
        content.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def known_encoding(name: str) -> str | None:
    """Python codec for a name in a profile or .cpg file (``GBK``, ``936``, ``ANSI 936``, ``UTF-8``); None when unknown."""
    text = name.strip().strip('"').lower().replace(" ", "").removeprefix("ansi").removeprefix("oem")
    text = {"65001": "utf-8", "88591": "latin-1", "54936": CHINESE, "936": CHINESE, "950": "cp950"}.get(text, text)
    for candidate in (text, f"cp{text}"):
        try:
            found = codecs.lookup(candidate).name
            "a".encode(candidate)  # a codec that is not for text raises LookupError
        except (LookupError, ValueError):
            continue
        return CHINESE if found in ("gb2312", "gbk", "gb18030") else found
    return None
