"""The incident package ``<id>.incident``: one file with everything of one case, verifiable, the same bytes for the same case.

write_package(record, path, report=…, key=…), read_package(path) -> CaseRecord, verify_package(path) -> Checked (only
verified, nothing interpreted), with_notes(path, notes, to): a reviewer's copy. PackageFault: one line that names what is off.
container: zip and its limits; manifest: what is in it; parts: values <-> files; migrate: older versions; signing: Ed25519.
"""

from console.package.faults import PackageFault
from console.package.read import Checked, read_package, record_of, verify_package
from console.package.write import package_bytes, with_notes, write_package

__all__ = [
    "Checked",
    "PackageFault",
    "package_bytes",
    "read_package",
    "record_of",
    "verify_package",
    "with_notes",
    "write_package",
]
