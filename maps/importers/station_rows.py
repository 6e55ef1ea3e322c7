"""Rows of measuring stations as utilities list them: one a channel, limits in columns. They become one row a station."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np

from maps.errors import Fault, Severity
from maps.importers.readers.standard_layers import StandardFrame

_PLACE = ("node", "link")


def one_row_a_station(frame: StandardFrame, faults: list[Fault]) -> StandardFrame:
    """Rows of one station with different channels joined, and columns ``least`` and ``most`` made limits (units of files).

    Rows of a list of limits, without a place, join their station too. Rows that share an id and a channel, or name different
    places, stay: they are faults of their own.
    """
    if not len(frame) or not frame.has("channels"):
        return frame
    ids, channels = frame.text("asset_id"), frame.text("channels")
    limits = [_limits(str(channels[at]), *sides) for at, sides in enumerate(_sides(frame, faults))]
    first: dict[str, int] = {}
    joined: dict[int, list[int]] = {}
    for at, name in enumerate(map(str, ids)):
        start = first.setdefault(name, at)
        is_twice = start != at and channels[at] in [channels[row] for row in joined[start]] and _has_place(frame, at)
        if start == at or not name or is_twice or not _is_same(frame, start, at):
            joined[at] = [at]
        else:
            joined[start].append(at)
    rows = list(joined)
    table = frame.frame.iloc[rows].reset_index(drop=True)
    table["channels"] = [",".join(dict.fromkeys(str(channels[row]) for row in group)) for group in joined.values()]
    merged = [{key: value for row in group for key, value in limits[row].items()} for group in joined.values()]
    if any(merged):
        given = frame.text("limits")[rows]
        table["limits"] = [str(old) or (json.dumps(new) if new else "") for old, new in zip(given, merged, strict=True)]
    if len(rows) < len(frame):
        said = f"{len(frame)} rows, one a channel, are {len(rows)} stations"
        faults.append(Fault(Severity.INFO, "channels_joined", said, frame.layer))
    return replace(frame, frame=table, geometry=frame.geometry[rows], row=frame.row[rows])


def _sides(frame: StandardFrame, faults: list[Fault]) -> list[tuple[float, float]]:
    least, most = (frame.number(name, faults) if frame.has(name) else np.full(len(frame), np.nan) for name in ("least", "most"))
    return list(zip(least.tolist(), most.tolist(), strict=True))


def _limits(channel: str, least: float, most: float) -> dict[str, list[float | None]]:
    """Limits of one channel, {} where there are none or several channels share the row."""
    sides = [float(value) if np.isfinite(value) else None for value in (least, most)]
    return {channel: sides} if channel and "," not in channel and any(side is not None for side in sides) else {}


def _has_place(frame: StandardFrame, at: int) -> bool:
    """Whether a row says where it is; one of a list of limits only does not."""
    return frame.geometry[at] is not None or any(frame.text(name)[at] for name in _PLACE)


def _is_same(frame: StandardFrame, one: int, other: int) -> bool:
    """Whether two rows say nothing different about the place."""
    for name in _PLACE:
        a, b = frame.text(name)[[one, other]]
        if a and b and a != b:
            return False
    shapes = frame.geometry[one], frame.geometry[other]
    return any(shape is None for shape in shapes) or bool(shapes[0].equals(shapes[1]))
