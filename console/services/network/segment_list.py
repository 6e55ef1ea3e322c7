"""The plans of all segments as lists: segments by their effect, valves by the number of plans that need them; JSON and CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.city import City
from maps.errors import InputFault
from maps.export.csv_tables import write_csv
from maps.isolation import Isolator, SegmentPlans, city_plans

ORDERS = ("households", "valves")
COLUMNS = ("rank", "pipe", "pipes", "valves", "valve_ids", "dry_pocket_pipes", "households", "isolatable", "closable_valves")


def every_segment(
    city: City, *, by: str = "households", top: int = 0, progress: Callable[[float], bool] | None = None
) -> dict[str, Any]:
    """All segments ranked ``by``, the first ``top`` of them (0: all); those without closable boundary; valves by number of plans.

    ``segments`` are objects with COLUMNS; ``pipe`` is one pipe of the segment, which identifies its plan. Raises
    InputFault for an unknown order.
    """
    if by not in ORDERS:
        raise InputFault(f"order {by!r} is none of {', '.join(ORDERS)}")
    plans = city_plans(Isolator(city), progress)
    order = plans.by_households() if by == "households" else plans.by_valves()
    shown = order[:top] if top else order
    return {
        "segments": len(plans),
        "not_isolatable": int(np.count_nonzero(~plans.isolatable)),
        "without_closable_boundary": list(city.network.pipes.ids(plans.pipe[plans.without_boundary()])),
        "ranked_by": by,
        "plans": [segment_row(city, plans, int(row), rank) for rank, row in enumerate(shown, start=1)],
        "critical_valves": valve_rows(city, plans, top or 1000),
    }


def segment_row(city: City, plans: SegmentPlans, row: int, rank: int) -> dict[str, Any]:
    """One segment as COLUMNS."""
    return {
        "rank": rank,
        "pipe": str(city.network.pipes.asset_id[plans.pipe[row]]),
        "pipes": int(plans.pipes[row]),
        "valves": int(plans.valves[row]),
        "valve_ids": list(city.network.valves.ids(plans.valves_of(row))),
        "dry_pocket_pipes": int(plans.dry_pipes[row]),
        "households": int(plans.households[row]),
        "isolatable": bool(plans.isolatable[row]),
        "closable_valves": int(plans.closable[row]),
    }


def valve_rows(city: City, plans: SegmentPlans, top: int) -> list[dict[str, Any]]:
    """The ``top`` valves that most plans need, with the sum of those plans' households."""
    rows: NDArray[np.int64] = plans.critical_valves()[:top]
    return [
        {
            "asset_id": str(city.network.valves.asset_id[row]),
            "plans": int(plans.valve_plans[row]),
            "households": int(plans.valve_households[row]),
        }
        for row in rows
        if plans.valve_plans[row]
    ]


def write_segments_csv(rows: Iterable[dict[str, Any]], path: Path) -> None:
    """Rows of COLUMNS as CSV (UTF-8 with BOM, as spreadsheets expect); valve ids joined by blanks."""
    write_csv(path, COLUMNS, ([*({**row, "valve_ids": " ".join(row["valve_ids"])}[name] for name in COLUMNS)] for row in rows))
