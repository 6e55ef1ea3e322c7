"""Repairs of an import's faults: proposed from the faults, kept in a file, made on the layers before the network is built.

An import is a pure function of its sources, its profile and its repairs: undoing a repair is an import without it.
``repair``: one repair, and files of them; ``propose``: what could be done about each fault; ``frames``: repairs on layers.
"""

from __future__ import annotations

from maps.importers.repairs.propose import located, proposals, proposals_of_refusal
from maps.importers.repairs.repair import Repair, RepairKind, read_repairs, repairs_toml

__all__ = ["Repair", "RepairKind", "located", "proposals", "proposals_of_refusal", "read_repairs", "repairs_toml"]
