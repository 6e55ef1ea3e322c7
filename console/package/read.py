"""Reads a package: verified first, then interpreted. All of its content is untrusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from console.domain.kinds import KINDS
from console.domain.records import RecordKind
from console.package.container import MOST_BYTES, Packed, unpacked, unzipped
from console.package.faults import PackageFault
from console.package.manifest import NAME, SIGNATURE, Manifest, check_content, check_files, manifest_of
from console.package.migrate import up_to_date
from console.package.parts import RECORDS, record_from
from console.package.signing import check_signature
from console.services.review.named import named_in, unknown_asset
from console.services.review.record import CaseRecord
from console.services.review.states import broken_change
from maps.errors import InputFault


@dataclass(frozen=True, eq=False)
class Checked:
    """A verified package: every byte is as written. ``signed_by``: fingerprint of the key, "" without a signature."""

    manifest: Manifest
    signed_by: str
    files: Mapping[str, bytes]

    def contents(self) -> dict[str, bytes]:
        """The files in the present schema; those of an older schema are converted."""
        return up_to_date(self.files, self.manifest.schema)


def verify_package(path: Path, *, trusted: Path | None = None) -> Checked:
    """Verify a package. ``trusted``: the public key (PEM) that must have signed it.

    Raises PackageFault with one line that names the fault, InputFault for a file that cannot be read.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            raise PackageFault("larger than any package")
        content = path.read_bytes()
        return _verified(content, trusted)
    except PackageFault as fault:
        raise PackageFault(f"{path}: {fault}") from fault
    except OSError as fault:
        raise InputFault(f"{path}: cannot be read ({fault.strerror}); check the path") from fault


def read_package(path: Path, *, trusted: Path | None = None, kinds: tuple[RecordKind[Any], ...] = KINDS) -> CaseRecord:
    """Verify a package and read its record. ``kinds``: of the records in it.

    Raises as ``verify_package``, and PackageFault for unusable content.
    """
    return record_of(verify_package(path, trusted=trusted), path, kinds)


def record_of(checked: Checked, path: Path, kinds: tuple[RecordKind[Any], ...] = KINDS) -> CaseRecord:
    """The record of a verified package; its chain of changes is checked too. Raises PackageFault."""
    try:
        record = record_from(checked.contents(), checked.manifest, kinds)
        broken = None if record.redacted else broken_change(record.changes, record.links)
        if broken is not None:
            raise PackageFault(
                f"audit.jsonl: change {broken} does not match the chain; it was altered before the package was made"
            )
        unknown = unknown_asset(record.city, named_in([record.incident, *(state.value for state in record.incident_states)]))
        if unknown:
            raise PackageFault(f"{RECORDS} names {unknown}, which network.gpkg does not contain")
        _zone(record.city.info.time_zone)
        return record
    except (PackageFault, InputFault) as fault:
        raise PackageFault(f"{path}: {fault}") from fault


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as fault:
        raise PackageFault(f"network.gpkg: {name[:60]!r} is no time zone") from fault


def _verified(content: bytes, trusted: Path | None) -> Checked:
    packed = unzipped(content)
    if next(iter(packed), "") != NAME:
        raise PackageFault(f"{NAME} is missing: this is not an incident package")
    raw = unpacked(NAME, packed[NAME])
    manifest = manifest_of(raw)
    check_files(manifest, packed)
    signed_by = _signature(raw, packed, trusted)
    files = {}
    for name in manifest.files:
        files[name] = unpacked(name, packed[name])
        check_content(manifest, name, files[name])
    return Checked(manifest, signed_by, files)


def _signature(manifest: bytes, packed: Mapping[str, Packed], trusted: Path | None) -> str:
    if SIGNATURE in packed:
        return check_signature(manifest, unpacked(SIGNATURE, packed[SIGNATURE]), trusted)
    if trusted is not None:
        raise PackageFault(f"not signed, although a signature is required by {trusted}")
    return ""
