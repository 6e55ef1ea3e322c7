"""What a drill leaves for its review: the incident package, from its own store."""

from __future__ import annotations

from pathlib import Path

from console.documents.report_page import report_html
from console.package import write_package
from console.services.review.collect import Around, collect_case
from console.store import open_store
from maps.city import City


def leave_package(out: Path, store: Path, city: City, incident_id: str) -> Path:
    """Write ``<id>.incident`` into ``out`` and give its path. Call when the engine has ended: the store is whole then."""
    notices = out / "notices"
    files = {path.name: path.read_bytes() for path in notices.iterdir() if path.is_file()} if notices.is_dir() else {}
    kept = open_store(store)
    try:
        record = collect_case(kept, city, incident_id, Around(files=files))
    finally:
        kept.close()
    path = out / f"{incident_id}.incident"
    write_package(record, path, report=report_html(record))
    return path
