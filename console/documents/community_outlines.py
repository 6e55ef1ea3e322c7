"""Outlines of the communities that a notice speaks of."""

from __future__ import annotations

import numpy as np

from console.domain.notices import NoticeFacts
from maps.city import ZoneTable


def communities_told(zones: ZoneTable, facts: NoticeFacts) -> dict[int, str]:
    """Rows of ``zones`` with ``no_water`` or ``low_pressure``: by the ids in the notice, since communities share names.

    Notices of earlier versions hold names alone.
    """
    rows = np.flatnonzero(zones.kind == "community")
    by_id = bool(facts.no_water_zones or facts.low_pressure_zones)
    keys = (zones.asset_id if by_id else zones.name)[rows].tolist()
    dry = set(facts.no_water_zones if by_id else facts.no_water_communities)
    low = set(facts.low_pressure_zones if by_id else facts.low_pressure_communities)
    return {
        int(row): "no_water" if key in dry else "low_pressure" for row, key in zip(rows, keys, strict=True) if key in dry | low
    }
