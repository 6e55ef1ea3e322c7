"""What the values of a source column say for or against a standard column: the test of each standard column."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from maps.importers.guessing.column import AGAINST, EMPTY, NOTHING, Column, Evidence, Surroundings
from maps.importers.guessing.evidence_ids import at_end, ids, listed_ids, refers_to
from maps.importers.guessing.evidence_numbers import between, depth, diameter, length, roughness, year, year_laid
from maps.importers.guessing.evidence_words import (
    address,
    channels,
    closes,
    codes,
    name,
    phone,
    road,
    state,
    truth,
    valve_kind,
    vocabulary,
)


def evidence(layer: str, standard: str, column: Column, around: Surroundings) -> Evidence:
    """What the values of a column say about its being this standard column of this layer."""
    test = _TESTS.get(f"{layer}.{standard}") or _TESTS.get(standard)
    if test is None:
        return NOTHING
    if not column.filled.any():
        return AGAINST if standard == "asset_id" else EMPTY
    return test(column, around)


_TESTS: Mapping[str, Callable[[Column, Surroundings], Evidence]] = {
    "asset_id": ids,
    "stations.asset_id": listed_ids,
    "from_node": at_end("start"),
    "to_node": at_end("end"),
    "valves.node": refers_to(lambda places: places.node_ids, "ids_of_nodes"),
    "hydrants.node": refers_to(lambda places: places.node_ids, "ids_of_nodes"),
    "stations.node": refers_to(lambda places: places.node_ids, "ids_of_nodes"),
    "valves.pipe": refers_to(lambda places: places.pipe_ids, "ids_of_pipes"),
    "valves.flows_to": refers_to(lambda places: places.pipe_ids, "ids_of_pipes"),
    "hydrants.pipe": refers_to(lambda places: places.pipe_ids, "ids_of_pipes"),
    "customers.pipe": refers_to(lambda places: places.pipe_ids, "ids_of_pipes"),
    "stations.link": refers_to(lambda places: places.pipe_ids, "ids_of_pipes"),
    "diameter_mm": diameter,
    "length_m": length,
    "year_laid": year_laid,
    "material": vocabulary("material", 0.6),
    "roughness": roughness,
    "minor_loss": between(0, 100),
    "depth_m": depth,
    "elevation_m": between(-500, 6000),
    "head_m": between(-500, 6000),
    "tank_level_m": between(0, 100),
    "tank_min_m": between(0, 100),
    "tank_max_m": between(0, 100),
    "tank_diameter_m": between(0.5, 300),
    "demand_m3h": between(-1e4, 1e4),
    "status": state,
    "state": state,
    "normal_state": state,
    "operable": truth,
    "closes": closes,
    "valves.kind": valve_kind,
    "turns_to_close": between(0, 600),
    "last_checked": year,
    "road_name": road,
    "households": between(0, 5000, whole=True),
    "people": between(0, 50000, whole=True),
    "name": name,
    "address": address,
    "channels": channels,
    "least": between(-1e6, 1e6),
    "most": between(-1e6, 1e6),
    "phone": phone,
    "crews.kind": codes("crew"),
}
