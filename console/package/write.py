"""Writes a package: whole or not at all; the same record gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from console.package.container import Packed, zipped
from console.package.manifest import NAME, SIGNATURE, manifest_bytes
from console.package.parts import NOTES, about, files_of, notes_bytes
from console.package.read import verify_package
from console.package.signing import signature_bytes
from console.services.review.notes import ReviewNotes
from console.services.review.record import CaseRecord
from maps.files import write_aside


def write_package(record: CaseRecord, path: Path, *, report: bytes | None = None, key: Path | None = None) -> None:
    """Write ``record`` to ``path``; ``report``: HTML page of the case; ``key``: Ed25519 private key (PEM).

    Raises InputFault when the file cannot be written or the key cannot be used.
    """
    write_aside(path, package_bytes(record, report=report, key=key))


def package_bytes(record: CaseRecord, *, report: bytes | None = None, key: Path | None = None) -> bytes:
    """The package as bytes. Raises InputFault for an unusable key."""
    record = record if record.program else replace(record, program=program())
    return _together(about(record), files_of(record, report), key)


def with_notes(path: Path, notes: ReviewNotes, to: Path, *, key: Path | None = None) -> None:
    """Write a copy of the package at ``path`` with a reviewer's notes; all other files are byte for byte the same.

    The signature does not cover the copy and is dropped; ``key`` signs it again. Raises PackageFault for an invalid package,
    InputFault when a file cannot be read or written.
    """
    checked = verify_package(path)
    body = {name: getattr(checked.manifest, name) for name in _ABOUT}
    write_aside(to, _together(body, {**checked.contents(), NOTES: notes_bytes(notes)}, key))


def program() -> str:
    """Version of this program, "0" when it is not installed."""
    try:
        return metadata.version("quanmai")
    except metadata.PackageNotFoundError:
        return "0"


_ABOUT = (
    "incident_id", "title", "site", "since", "until", "time_zone", "is_drill", "synthetic", "clipped", "redacted", "program",
)  # fmt: skip


def _together(body: Mapping[str, Any], contents: Mapping[str, bytes], key: Path | None) -> bytes:
    packed = {name: Packed.of(name, content) for name, content in contents.items()}
    manifest = manifest_bytes(body, contents, packed)
    head = {NAME: Packed.of(NAME, manifest)}
    if key is not None:
        head[SIGNATURE] = Packed.of(SIGNATURE, signature_bytes(manifest, key))
    return zipped({**head, **packed})
