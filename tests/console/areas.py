"""A city cut into two operating areas, west and east, at an x of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from maps.city import City, ZoneTable

WEST, EAST = "PQ-1", "PQ-2"
NAMES = {WEST: "城西片区", EAST: "城东片区"}


def in_two_areas(city: City, border_x: float) -> City:
    """The city with these two areas instead of its own; they reach 10 km from the border."""
    zones = city.zones
    kept = np.flatnonzero(zones.kind != "area")
    y = float(np.mean(city.network.nodes.y))
    boxes = np.empty(2, dtype=object)
    boxes[:] = [
        shapely.box(border_x - 1e4, y - 1e4, border_x, y + 1e4),
        shapely.box(border_x, y - 1e4, border_x + 1e4, y + 1e4),
    ]
    return replace(
        city,
        zones=ZoneTable(
            np.append(zones.asset_id[kept], list(NAMES)),
            np.append(zones.kind[kept], ["area", "area"]),
            np.append(zones.name[kept], list(NAMES.values())),
            geometry=np.concatenate([zones.geometry[kept], boxes]),
        ),
    )
