"""The zip file: the same content gives the same bytes, and reading checks everything.

Every byte of a package is verified: contents by their SHA-256; names, times, flags and tables of the zip by comparison with what
this module writes. So any changed byte is found and located, padding included.
"""

from __future__ import annotations

import io
import re
import stat
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from console.package.faults import PackageFault

MOST_FILES, MOST_BYTES, MOST_RATIO, SMALL_BYTES = 2_000, 2 << 30, 200, 1 << 20
"""Limits of an unpacked package: number of files, bytes, and ratio to its packed size (any ratio below ``SMALL_BYTES``)."""

_LEVEL = 6
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]*(/[A-Za-z0-9_][A-Za-z0-9_.\-]*)*")
_RAW = (".pdf", ".parquet", ".png")
"""Files that are compressed already and are stored unchanged."""


@dataclass(frozen=True, slots=True)
class Packed:
    """One file of the zip: its packed bytes and the compression method."""

    data: bytes
    method: int
    crc: int
    size: int

    @classmethod
    def of(cls, name: str, content: bytes) -> Packed:
        """Pack a file; the same content gives the same bytes."""
        if name.endswith(_RAW) or name == "manifest.json":
            return cls(content, zipfile.ZIP_STORED, zlib.crc32(content), len(content))
        packer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15)
        return cls(packer.compress(content) + packer.flush(), zipfile.ZIP_DEFLATED, zlib.crc32(content), len(content))


def valid_name(name: str) -> bool:
    """Whether a name is a relative path of ASCII letters, digits, dots and dashes, which stays inside the package."""
    return len(name) <= 200 and _NAME.fullmatch(name) is not None


def zipped(files: Mapping[str, Packed]) -> bytes:
    """The zip of packed files, in their order. Raises ValueError for an invalid name or above 4 GB."""
    out = io.BytesIO()
    table = []
    for name, packed in files.items():
        if not valid_name(name):
            raise ValueError(f"{name!r} is not a valid file name in a package")
        table.append(_directory(name, packed, out.tell()))
        out.write(_header(name, packed) + packed.data)
    start, directory = out.tell(), b"".join(table)
    if start + len(directory) >= 0xFFFFFFFF:
        raise ValueError("a package holds no more than 4 GB; take a shorter window")
    out.write(directory)
    out.write(struct.pack("<IHHHHIIH", 0x06054B50, 0, 0, len(table), len(table), len(directory), start, 0))
    return out.getvalue()


def unzipped(content: bytes) -> dict[str, Packed]:
    """The packed files of a zip, without unpacking them. Raises PackageFault for anything this program would not write."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _judge(entries)
            found = {entry.filename: _taken(content, entry) for entry in entries}
    except (zipfile.BadZipFile, struct.error, ValueError, NotImplementedError, OverflowError) as fault:
        raise PackageFault(f"not a readable zip ({fault}); the file is damaged or was cut short") from fault
    if zipped(found) != content:
        raise PackageFault(f"{_first_difference(found, content)} was changed; this is not the file that was written")
    return found


def unpacked(name: str, packed: Packed) -> bytes:
    """The content of one file, at most as long as declared. Raises PackageFault for another size or checksum."""
    try:
        if packed.method == zipfile.ZIP_STORED:
            content = packed.data
        else:
            opener = zlib.decompressobj(-15)
            content = opener.decompress(packed.data, packed.size + 1)
            if not opener.eof or opener.unused_data:
                raise PackageFault(f"{name} was changed: it does not unpack to its declared size")
    except zlib.error as fault:
        raise PackageFault(f"{name} was changed: it cannot be unpacked ({fault})") from fault
    if len(content) != packed.size or zlib.crc32(content) != packed.crc:
        raise PackageFault(f"{name} was changed: size or checksum do not match")
    return content


def _judge(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_FILES:
        raise PackageFault(f"holds {len(entries)} files; a package has at most {MOST_FILES}")
    seen: set[str] = set()
    for entry in entries:
        name = entry.orig_filename
        if not valid_name(name):
            raise PackageFault(f"contains the invalid path {name[:80]!r}; a package has plain names only")
        if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG):
            raise PackageFault(f"{name} is not a regular file")
        if name.casefold() in seen:
            raise PackageFault(f"{name} is contained twice")
        if entry.flag_bits or entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise PackageFault(f"{name} is packed in an unsupported way (encrypted, or an unknown method)")
        seen.add(name.casefold())
        if entry.file_size > SMALL_BYTES and entry.file_size > MOST_RATIO * max(entry.compress_size, 1):
            raise PackageFault(f"{name} would unpack to {entry.file_size:,} bytes, {MOST_RATIO} times its size: a zip bomb")
    total = sum(entry.file_size for entry in entries)
    if total > MOST_BYTES:
        raise PackageFault(f"would unpack to {total:,} bytes; a package has at most {MOST_BYTES:,}")


def _taken(content: bytes, entry: zipfile.ZipInfo) -> Packed:
    start = entry.header_offset + 30 + len(entry.filename.encode("ascii"))
    data = content[start : start + entry.compress_size]
    return Packed(data, entry.compress_type, entry.CRC, entry.file_size)


def _header(name: str, packed: Packed) -> bytes:
    raw = name.encode("ascii")
    fields = (0x04034B50, 20, 0, packed.method, 0, 0x21, packed.crc, len(packed.data), packed.size, len(raw), 0)
    return struct.pack("<IHHHHHIIIHH", *fields) + raw


def _directory(name: str, packed: Packed, offset: int) -> bytes:
    raw = name.encode("ascii")
    mode = (stat.S_IFREG | 0o644) << 16
    fields = (0x02014B50, 0x0314, 20, 0, packed.method, 0, 0x21, packed.crc, len(packed.data), packed.size)
    return struct.pack("<IHHHHHHIIIHHHHHII", *fields, len(raw), 0, 0, 0, 0, mode, offset) + raw


def _first_difference(files: Mapping[str, Packed], content: bytes) -> str:
    """Name of the part of the zip that first differs from what would have been written."""
    at = 0
    for name, packed in files.items():
        part = _header(name, packed) + packed.data
        if content[at : at + len(part)] != part:
            return f"the entry of {name}"
        at += len(part)
    return "the table of contents"
