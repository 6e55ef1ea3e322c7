"""Builds the table of valves on the final pipes, with the direction of one-way valves."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from maps.columns import texts
from maps.errors import Fault, Severity
from maps.importers.readers.standard_layers import StandardFrame
from maps.importers.readers.typed_columns import asset_ids, plain_columns
from maps.importers.topology.base_network import Rows
from maps.importers.topology.pieces import Pieces
from maps.importers.topology.valve_placement import Placed
from maps.network import NodeTable, PipeTable, ValveKind, ValveTable


def valve_table(frame: StandardFrame, placed: Placed, pipes: PipeTable, faults: list[Fault]) -> ValveTable:
    """The table of valves on the final rows of ``pipes``. Fatal: a duplicate id. ``flows_to`` makes a valve one-way."""
    ids = asset_ids(frame, faults, unique=True)
    columns: dict[str, Any] = plain_columns(ValveTable, frame, faults, skip=("x", "y"))
    if not frame.has("normal_state") and "state" in columns:
        columns["normal_state"] = columns["state"]
    pieces = Pieces(pipes, placed.pipes.asset_id)
    spots = [_Spot(place.node, placed.piece(place), place.ends, place.doubts) for place in placed.places]
    columns |= {
        "node": [spot.node for spot in spots], "pipe": [spot.pipe for spot in spots],
        "from_node": [spot.ends[0] for spot in spots], "to_node": [spot.ends[1] for spot in spots],
        "flows_to": _flows_to(frame, spots, pieces, pipes, columns.get("kind"), faults),
    }  # fmt: skip
    columns["placing"] = _marks(frame, placed)
    at = np.array([spot.node if spot.node >= 0 else spot.ends[0] for spot in spots], dtype=np.int64)
    xy = np.append(np.column_stack([placed.nodes.x, placed.nodes.y]), [[np.nan, np.nan]], axis=0)[at]
    xy = np.where(np.isfinite(placed.points), placed.points, xy)
    table = ValveTable.of(ids, **columns, x=xy[:, 0], y=xy[:, 1], extra=frame.extras())
    return _without_lost(table, np.array([not place.lost for place in placed.places], dtype=np.bool_))


def _marks(frame: StandardFrame, placed: Placed) -> list[str]:
    """Marks of ambiguous positions: of this import, else those in the column ``placing`` of a dataset that is imported again."""
    given = frame.text("placing")
    return [",".join(place.doubts) or str(old) for place, old in zip(placed.places, given, strict=True)]


@dataclass(frozen=True, slots=True)
class _Spot:
    node: int
    pipe: int
    ends: tuple[int, int]
    doubts: list[str]

    def into(self, pieces: Pieces, pipe: str) -> list[int]:
        """Pieces of a pipe at this valve that it may let water into, the most likely first.

        Of two pieces the valve's own comes first, then the later one: water is assumed to flow in digitised direction.
        """
        found = next((rows for node in self._nodes() if (rows := pieces.all_at_node(pipe, node))), [])
        return sorted(found, key=lambda row: (row != self.pipe, -row))

    def _nodes(self) -> list[int]:
        return [node for node in (self.node, self.ends[1], self.ends[0]) if node >= 0]


def _flows_to(
    frame: StandardFrame, spots: list[_Spot], pieces: Pieces, pipes: PipeTable, kinds: Any, faults: list[Fault]
) -> list[int]:
    found = list[int]()
    for at, (pipe, spot) in enumerate(zip(frame.text("flows_to"), spots, strict=True)):
        rows = spot.into(pieces, str(pipe)) if pipe else []
        row = rows[0] if rows else -1
        if len(rows) > 1:
            spot.doubts.append("direction_unknown")
            said = f"pieces of {pipe!r} lie on both sides of this valve: taken to let water into {pipes.asset_id[row]}; name it"
            faults.append(frame.fault(at, "flows_to_ambiguous", said, column="flows_to"))
        if pipe and row < 0:
            said = f"no pipe {pipe!r} at this valve; taken to let water pass both ways"
            faults.append(frame.fault(at, "flows_to_wrong", said, column="flows_to"))
        if row < 0 and not pipe and kinds is not None and kinds[at] == ValveKind.CHECK:
            row = _after_link(spot, pipes)
            if row < 0:
                faults.append(
                    frame.fault(at, "check_valve_without_direction", "flows_to is empty; taken to let water pass both ways")
                )
        found.append(row)
    return found


def _after_link(spot: _Spot, pipes: PipeTable) -> int:
    """Pipe that a check valve drawn as a link lets water into: one at its second end; -1 for none."""
    if spot.ends[1] < 0:
        return -1
    rows = np.flatnonzero((pipes.from_node == spot.ends[1]) | (pipes.to_node == spot.ends[1]))
    return int(rows[0]) if len(rows) else -1


def _without_lost(table: ValveTable, keep: NDArray[np.bool_]) -> ValveTable:
    if keep.all():
        return table
    columns = {name: getattr(table, name)[keep] for name in ValveTable.column_kinds()}
    extra = {name: values[keep] for name, values in table.extra.items()}
    return replace(table, **columns, extra=extra)


def inlet_valves(nodes: NodeTable, pipes: PipeTable, inlets: NDArray[np.object_], faults: list[Fault]) -> ValveTable:
    """One-way valves at tanks whose inlet pipes only fill them. ``inlets``: (nodes,) pipe ids separated by , ; | or blanks."""
    pieces, rows = Pieces(pipes), list[tuple[str, int, int, int]]()
    for node, text in enumerate(inlets):
        names = [name for name in str(text).translate(str.maketrans("|;,{}", "     ")).split() if name]
        filling = [(name, pieces.at_node(name, node)) for name in names]
        at_node = np.flatnonzero((pipes.from_node == node) | (pipes.to_node == node))
        leaving = [int(row) for row in at_node if row not in {row for _, row in filling}]
        for name, pipe in filling:
            if pipe < 0 or not leaving:
                said = f"inlet pipe {name!r} " + ("does not end here" if pipe < 0 else "is its only pipe: water may leave by it")
                faults.append(
                    Fault(Severity.WARNING, "inlet_wrong", said, "nodes", str(nodes.asset_id[node]), column="inlet_pipes")
                )
                continue
            rows.append((f"{nodes.asset_id[node]}-inlet-{name}", node, pipe, leaving[0]))
    none: Rows = np.full(len(rows), -1, dtype=np.int64)
    return ValveTable.of(
        texts(row[0] for row in rows), kind=[ValveKind.CHECK] * len(rows), node=[row[1] for row in rows],
        pipe=[row[2] for row in rows], flows_to=[row[3] for row in rows], from_node=none, to_node=none,
        x=nodes.x[[row[1] for row in rows]], y=nodes.y[[row[1] for row in rows]],
        diameter_mm=pipes.diameter_mm[[row[2] for row in rows]],
    )  # fmt: skip
