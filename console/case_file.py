"""Writes the package of one case from the store; in its own process while the console runs, so that no picture waits."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from pathlib import Path

from console.children import end_with_parent
from console.domain.targets import Targets
from maps.city import City
from maps.errors import InputFault


@dataclass(frozen=True, slots=True)
class CaseFiles:
    """Sources of a package: ``store`` (a file's path or a URL), the city's dataset, the folder with the notices' files."""

    store: str | Path
    city_path: Path
    notices: Path
    targets: Targets | None = None
    """The utility's, for the review."""

    def write(self, incident_id: str, to: Path, language: str = "zh_CN") -> Path:
        """Write the package of a case, which may still be open; returns its path. It takes seconds: call it in the background.

        Raises InputFault, StoreUnavailable, PackageFault.
        """
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), end_with_parent) as process:
            try:
                return process.submit(_write, self, incident_id, to, language).result()
            except BrokenProcessPool as ended:
                raise InputFault(f"{to}: writing the package ended before its time; is there memory left? Try again") from ended


def write_case(
    store: str | Path,
    city: City,
    incident_id: str,
    to: Path,
    notices: Path,
    language: str = "zh_CN",
    targets: Targets | None = None,
) -> Path:
    """The same in this process. ``notices``: a folder that need not exist."""
    # Imported here: a window that never writes a package does not load it.
    from console.documents.report.case_report import ReportOptions
    from console.documents.report.html_page import report_html
    from console.package import write_package
    from console.services.review.collect import Around, collect_case
    from console.store import open_store

    files = {path.name: path.read_bytes() for path in notices.iterdir() if path.is_file()} if notices.is_dir() else {}
    kept = open_store(store)
    try:
        record = collect_case(kept, city, incident_id, Around(files=files, targets=targets))
    finally:
        kept.close()
    write_package(record, to, report=report_html(record, ReportOptions(language)))
    return to


def _write(where: CaseFiles, incident_id: str, to: Path, language: str) -> Path:
    from maps.dataset import read_city

    return write_case(where.store, read_city(where.city_path), incident_id, to, where.notices, language, where.targets)
