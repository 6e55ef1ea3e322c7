"""The manifest, first file of a package: lists every other file with its size and SHA-256, packed and unpacked."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from console.domain.changes import canonical_json
from console.package.container import Packed
from console.package.faults import PackageFault

FORMAT, SCHEMA = "quanmai.incident", 9
NAME, SIGNATURE = "manifest.json", "signature.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file: SHA-256 (hex) of its content and of its packed bytes."""

    size: int
    sha256: str
    packed_sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """Properties and files of a package. Times are ISO 8601 with offset."""

    schema: int
    incident_id: str
    title: str
    site: str
    since: str
    until: str
    time_zone: str
    is_drill: bool
    synthetic: bool
    clipped: bool
    redacted: bool
    program: str
    files: dict[str, Entry]


def manifest_bytes(about: Mapping[str, Any], contents: Mapping[str, bytes], packed: Mapping[str, Packed]) -> bytes:
    """The manifest as bytes; its digest covers all other fields."""
    files = {
        name: {"size": len(content), "sha256": _hash(content), "packed_sha256": _hash(packed[name].data)}
        for name, content in contents.items()
    }
    body = {"format": FORMAT, "schema": SCHEMA, **about, "files": files}
    return canonical_json({**body, "digest": _hash(canonical_json(body))}) + b"\n"


def manifest_of(content: bytes) -> Manifest:
    """Read a manifest from its bytes. Raises PackageFault for another format, a newer schema, a changed byte."""
    try:
        body = json.loads(content)
        if not isinstance(body, dict) or body.get("format") != FORMAT:
            raise PackageFault(f"{NAME} is not that of an incident package")
        schema = body.get("schema")
        if not isinstance(schema, int) or isinstance(schema, bool) or schema < 1:
            raise PackageFault(f"{NAME} has no schema version")
        if schema > SCHEMA:
            raise PackageFault(f"written by a newer version of Quanmai (schema {schema}, this version reads {SCHEMA}); update it")
        digest = body.pop("digest", None)
        if digest != _hash(canonical_json(body)) or canonical_json({**body, "digest": digest}) + b"\n" != content:
            raise PackageFault(f"{NAME} was changed: its digest does not match")
        return msgspec.convert(body, Manifest)
    except (ValueError, RecursionError, msgspec.ValidationError) as fault:
        raise PackageFault(f"{NAME} was changed or damaged: {fault}") from fault


def check_files(manifest: Manifest, packed: Mapping[str, Packed]) -> None:
    """Check that exactly the listed files are there, unchanged while packed. Raises PackageFault with the first difference."""
    there = set(packed) - {NAME, SIGNATURE}
    if missing := sorted(set(manifest.files) - there):
        raise PackageFault(f"{missing[0]} is missing")
    if foreign := sorted(there - set(manifest.files)):
        raise PackageFault(f"{foreign[0]} is not in the manifest: it does not belong to this package")
    for name, entry in manifest.files.items():
        if packed[name].size != entry.size or _hash(packed[name].data) != entry.packed_sha256:
            raise PackageFault(f"{name} was changed: its SHA-256 does not match the manifest")


def check_content(manifest: Manifest, name: str, content: bytes) -> None:
    """Check that the unpacked content is the one that was written. Raises PackageFault."""
    if _hash(content) != manifest.files[name].sha256:
        raise PackageFault(f"{name} was changed: its SHA-256 does not match the manifest")


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
