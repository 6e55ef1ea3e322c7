"""The incident package ``<id>.incident``: one verifiable file with the whole case; the same case gives the same bytes.

- ``write_package(record, path, report=…, key=…)``, ``read_package(path) -> CaseRecord``.
- ``verify_package(path) -> Checked``: verifies without interpreting. ``with_notes(path, notes, to)``: a reviewer's copy.
- ``PackageFault``: one line that names the fault.
- Modules: ``container`` (zip and its limits), ``manifest`` (list of files), ``parts`` (values to files and back), ``migrate``
  (older versions), ``signing`` (Ed25519).
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
