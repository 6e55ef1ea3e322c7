"""A newer version of a city's dataset: read and compared with the one in use, accepted wholly or in parts, and written."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from maps.city import City
from maps.comparison import LayerDifference, Part, accepted, compare, with_field_states
from maps.errors import Fault, InputFault


@dataclass(frozen=True, eq=False)
class NewVersion:
    """The newer version, with later checks of valves on site kept (``kept``: their ids), and what differs."""

    city: City
    found: tuple[LayerDifference, ...]
    kept: tuple[str, ...]


def read_new_version(path: Path, before: City, tolerance_m: float = 0.5) -> NewVersion:
    """Read a dataset and compare it. Raises InputFault for a file that is none, or of another CRS."""
    from maps.dataset import read_city

    after, kept = with_field_states(read_city(path), before)
    return NewVersion(after, compare(before, after, tolerance_m), kept)


def write_accepted(before: City, new: NewVersion, rejected: Collection[Part], to: Path, tolerance_m: float = 0.5) -> int:
    """Write the newer version without the rejected parts; returns the number of its pipes.

    Where pipes are rejected a model built from the tables is built again. Raises InputFault when the model was imported instead,
    and when the file cannot be written.
    """
    from maps.dataset import write_city
    from maps.importers.layered_city import with_model

    made = accepted(before, new.city, rejected, tolerance_m)
    in_model = {layer for layer, _, _ in rejected} & {"pipes", "valves", "pumps"}
    if in_model and new.city.epanet is not None:
        if not new.city.epanet.built:
            raise InputFault(
                "the newer version has an imported hydraulic model: its pipes, valves and pumps are accepted as a whole"
            )
        made = with_model(made, list[Fault]())
    write_city(made, to)
    return len(made.network.pipes)
