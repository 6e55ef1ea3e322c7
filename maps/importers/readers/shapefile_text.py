"""Decodes the text of a Shapefile, whose encoding may be declared, missing or wrong; column names are cut to ten bytes."""

from __future__ import annotations

import codecs
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from maps.errors import Fault, Severity
from maps.importers.readers.encoding import (
    CHINESE,
    decodes,
    denied_by,
    guess_words,
    known_encoding,
    label,
    letters_of,
    likely_encoding,
)

BYTES = "ISO-8859-1"
"""Decoded as Latin-1, each byte becomes the character of its number, so the bytes can be restored."""
_NAME_BYTES = 10
_LANGUAGE_BYTE = 29
_LANGUAGES = {
    0x01: "cp437", 0x02: "cp850", 0x03: "cp1252", 0x13: "cp932", 0x4D: CHINESE, 0x4E: "cp949", 0x4F: "cp950", 0x58: "cp1252",
    0x59: "cp1252", 0x78: "cp950", 0x79: "cp949", 0x7A: CHINESE, 0x7B: "cp932", 0xC8: "cp1250", 0xC9: "cp1251",
}  # fmt: skip
"""Codecs by the language byte of a dBase file. 0 and 0x57 (the writer's code page) declare nothing."""
_SAMPLE_BYTES = 4_000_000


def member(path: Path, layer: str, suffix: str) -> bytes | None:
    """A file of a Shapefile's set beside its .shp, in its folder or its zip; None when there is none."""
    wanted = f"{layer}{suffix}".lower()
    try:
        if path.suffix.lower() == ".zip":
            with zipfile.ZipFile(path) as folder:
                names = [name for name in folder.namelist() if name.lower().endswith(suffix)]
                # GDAL names the only layer of a zip after the zip.
                found = names if len(names) == 1 else [name for name in names if name.lower().rpartition("/")[2] == wanted]
                return folder.read(found[0]) if found else None
        if path.suffix.lower() == ".shp":
            wanted = f"{path.stem}{suffix}".lower()
        elif not path.is_dir():
            return None
        folder_path = path if path.is_dir() else path.parent
        beside = next((other for other in folder_path.iterdir() if other.name.lower() == wanted), None)
        return None if beside is None else beside.read_bytes()
    except zipfile.BadZipFile:
        return None


def name_in(name: str, encoding: str) -> str:
    """A column's name as stored in a dBase file: the characters that fit completely into ten bytes."""
    return _whole(name.encode(encoding, errors="replace")[:_NAME_BYTES], encoding)[0]


@dataclass(frozen=True, eq=False)
class DbfText:
    """Decoded names and columns. ``said``: warning about the encoding or ""; ``broken``: rows, from 1, with undecodable bytes."""

    names: list[str]
    columns: list[NDArray[Any]]
    encoding: str
    said: str
    broken: tuple[int, ...]

    @classmethod
    def of(cls, fields: Sequence[str], columns: Sequence[NDArray[Any]], dbf: bytes, cpg: bytes | None, told: str | None) -> Self:
        """Decode fields and columns that were read as ``BYTES``. ``told``: the encoding that the profile gives, else detected."""
        texts = [column.dtype == object for column in columns]
        sample = _sample(fields, [column for column, is_text in zip(columns, texts, strict=True) if is_text])
        encoding, said = (told, "") if told else _chosen(sample, _declared(dbf, cpg))
        broken = set[int]()
        made = [_letters(column, encoding, broken) if is_text else column for column, is_text in zip(columns, texts, strict=True)]
        names = _unique([_whole(name.encode(BYTES), encoding)[0] for name in fields])
        return cls(names, made, encoding, said, tuple(sorted(broken)))

    def faults(self, place: str) -> list[Fault]:
        """Warnings for the import's report; ``place`` names the file and layer."""
        found = [Fault(Severity.WARNING, "encoding_guessed", self.said, place)] if self.said else []
        if self.broken:
            said = f"{len(self.broken)} rows hold bytes that are not valid in {label(self.encoding)}; each is replaced by �"
            found.append(Fault(Severity.WARNING, "broken_byte", said, place, row=self.broken[0]))
        return found


def _declared(dbf: bytes, cpg: bytes | None) -> tuple[str, str | None]:
    """(what declares it, codec or None when unknown); ("", None) when nothing is declared."""
    if cpg is not None and cpg.strip():
        text = cpg.decode("ascii", errors="replace").strip()
        return f".cpg ({text})", known_encoding(text)
    number = dbf[_LANGUAGE_BYTE] if len(dbf) > _LANGUAGE_BYTE else 0
    codec = _LANGUAGES.get(number)
    return (f"language byte 0x{number:02X}", codec) if codec else ("", None)


def _chosen(sample: bytes, declared: tuple[str, str | None]) -> tuple[str, str]:
    """(encoding, warning or ""). The declared encoding is used unless the bytes contradict it."""
    by, codec = declared
    likely = likely_encoding(sample)
    holds = codec is not None and decodes(_whole_lines(sample, codec), codec) and not denied_by(sample, codec)
    if codec is not None and (likely == codec or holds):
        return codec, ""
    if by and not sample.isascii():
        said = f"its {by} does not match its text: read as {label(likely)} by its bytes"
        return likely, f"{said}; give its encoding in a profile if names look wrong"
    return likely, guess_words(likely) if likely != "utf-8" else ""


def _sample(fields: Sequence[str], columns: Sequence[NDArray[Any]]) -> bytes:
    """Distinct texts that are not ASCII, one per line, up to a few megabytes; empty when there are none."""
    found, size = dict.fromkeys(name.encode(BYTES) for name in fields if not name.isascii()), 0
    for column in columns:
        for value in column:
            if isinstance(value, str) and not value.isascii():
                found[value.encode(BYTES, errors="replace")] = None
                size += len(value)
        if size > _SAMPLE_BYTES:
            break
    return b"\n".join(found)


def _whole_lines(sample: bytes, codec: str) -> bytes:
    """The lines without a character cut at the field's end: that is no sign of another encoding."""
    return b"\n".join(line[: len(line) - _whole(line, codec)[1]] for line in sample.split(b"\n"))


def _whole(content: bytes, encoding: str) -> tuple[str, int]:
    """(text without a character cut at its end, number of bytes left out); other undecodable bytes become U+FFFD."""
    decoder = codecs.getincrementaldecoder(encoding)(errors="replace")
    text = decoder.decode(content, final=False)
    return text, len(decoder.getstate()[0])


def _letters(column: NDArray[Any], encoding: str, broken: set[int]) -> NDArray[Any]:
    made, known = column.copy(), _known_letters(column, encoding)
    for row, value in enumerate(column):
        if not isinstance(value, str) or value.isascii():
            continue
        made[row] = known[value]
        if "\ufffd" in made[row]:
            broken.add(row + 1)
    return np.asarray(made)


def _known_letters(column: NDArray[Any], encoding: str) -> dict[str, str]:
    """Decoded text of each distinct value; values that differ only in broken bytes stay different."""
    values = dict.fromkeys(value for value in column if isinstance(value, str) and not value.isascii())
    contents = [value.encode(BYTES, errors="replace") for value in values]
    whole = [content[: len(content) - _whole(content, encoding)[1]].replace(b"\x1e", b" ") for content in contents]
    return dict(zip(values, letters_of(b"\x1e".join(whole), encoding).split("\x1e"), strict=True)) if values else {}


def _unique(names: Sequence[str]) -> list[str]:
    """Number names that became equal when they were cut, so that no column hides another."""
    made = list[str]()
    for name in names:
        free, number = name, 1
        while free in made:
            number += 1
            free = f"{name}_{number}"
        made.append(free)
    return made
