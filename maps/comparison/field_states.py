"""Checks of valves on site that are later than a new export keep their say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from maps.city import City

_FIELD_COLUMNS = ("state", "operable", "last_checked", "turns_to_close", "closes")
"""What a check on site says of a valve."""


def with_field_states(after: City, before: City) -> tuple[City, tuple[str, ...]]:
    """The new version with what checks on site say of valves, and the ids of the valves that keep it.

    A valve keeps the old state, operability, turns and direction when its last check is later than the new version's.
    """
    old, new = before.network.valves, after.network.valves
    shared = [str(name) for name in new.asset_id if old.has(str(name))]
    rows = [(new.row(name), old.row(name)) for name in shared]
    kept = [(to, of) for to, of in rows if old.last_checked[of] and str(old.last_checked[of]) > str(new.last_checked[to])]
    if not kept:
        return after, ()
    to, of = (np.array(side, dtype=np.int64) for side in zip(*kept, strict=True))
    columns = {name: getattr(new, name).copy() for name in _FIELD_COLUMNS}
    for name, column in columns.items():
        column[to] = getattr(old, name)[of]
    network = replace(after.network, valves=new.replaced(**columns))
    return replace(after, network=network), new.ids(to)
