"""Detection and location in cities with pumps and tanks: recordings by EPANET, the product's replay on them, a table.

``run``: the benchmark. Modules: README.md beside this file.
"""

from __future__ import annotations

from console.bench.pumped.table import run

__all__ = ["run"]
