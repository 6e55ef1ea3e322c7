"""Options and result of an import."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from maps.city import City
from maps.errors import Fault
from maps.importers.repairs.repair import Repair


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """``crs`` declares or overrides the sources'; ``stations``: a CSV, ``auto`` or ``auto:N``.

    ``snap_m``: metres within which ends of lines join, and valves join a node or the end of a pipe. ``repairs``: made on the
    layers, in this order, before the network is built.
    """

    crs: str | None = None
    profile: Path | None = None
    stations: str | Path | None = None
    assume_valves: bool = False
    name: str = ""
    snap_m: float = 0.5
    repairs: tuple[Repair, ...] = ()


@dataclass(frozen=True, eq=False)
class ImportResult:
    """The city, and every fault that was not fatal."""

    city: City
    faults: tuple[Fault, ...]


def site_of(name: str) -> str:
    """Site identifier of a name, valid in MQTT topics and file names."""
    kept = "".join(c if c.isalnum() or c in "-_" else "-" for c in name)
    return kept.strip("-").lower() or "city"
