"""Zone of a point, and the communities of customers by their position."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely
from numpy.typing import NDArray

from maps.city import City, ZoneTable


def zone_at(zones: ZoneTable, kind: str, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
    """Row of the zone of one kind that each point lies in, -1 for none; of overlapping zones the smallest.

    ``x``, ``y``: (n,) in the zones' CRS. A point on a border belongs to a zone.
    """
    rows = np.flatnonzero(zones.kind == kind)
    found = np.full(len(x), -1, dtype=np.int64)
    known = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    if not len(rows) or not len(known):
        return found
    shapes = zones.geometry[rows]
    points = np.asarray(shapely.points(x[known], y[known]), dtype=object).reshape(-1)
    at, zone = shapely.STRtree(shapes).query(points, predicate="intersects")
    # Assigned from the largest to the smallest zone, so that the smallest one remains.
    order = np.lexsort((-zone, -shapely.area(shapes)[zone]))
    found[known[at[order]]] = rows[zone[order]]
    return found


def with_communities(city: City) -> City:
    """The city with a community for each customer without one, from the community zone that contains it."""
    customers = city.customers
    row = zone_at(city.zones, "community", customers.x, customers.y)
    named = np.append(city.zones.name, "")[row]
    community = np.where(customers.community == "", named, customers.community)
    return replace(city, customers=customers.replaced(community=community))
