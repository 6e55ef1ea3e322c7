"""Writes the incident package of a drill from its own store, for review."""

from __future__ import annotations

from pathlib import Path

from console.case_file import write_case
from maps.city import City


def leave_package(out: Path, store: Path, city: City, incident_id: str) -> Path:
    """Write ``<id>.incident`` into ``out`` and return its path. Call when the engine has ended and the store is complete."""
    return write_case(store, city, incident_id, out / f"{incident_id}.incident", out / "notices")
