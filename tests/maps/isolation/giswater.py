"""The Giswater sample network as a City: an adapter for tests only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import shapely

from maps.city import City, CityInfo, CustomerTable
from maps.network import NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable


def giswater_city(folder: Path) -> City:
    """Arcs of the mincut graph as pipes; mincut valves as node valves; inlet arcs as one-way into the tank."""
    arcs = pd.read_csv(folder / "arcs.csv", dtype=str).query("in_mincut_graph == 't'").reset_index(drop=True)
    used = set(arcs.node_1) | set(arcs.node_2)
    nodes = pd.read_csv(folder / "nodes.csv", dtype=str)
    nodes = nodes[nodes.node_id.isin(used)].reset_index(drop=True)
    points = shapely.from_wkt(nodes.wkt.to_numpy())
    row = {name: i for i, name in enumerate(nodes.node_id)}
    source = (nodes.is_mincut_water_source == "t").to_numpy()
    lines = shapely.from_wkt(arcs.wkt.to_numpy())
    vertices, index = shapely.get_coordinates(lines, return_index=True)
    pipes = PipeTable.of(
        arcs.arc_id,
        from_node=[row[n] for n in arcs.node_1],
        to_node=[row[n] for n in arcs.node_2],
        diameter_mm=pd.to_numeric(arcs.dnom, errors="coerce"),
        length_m=arcs.length.astype(float),
        vertices=vertices,
        offsets=np.concatenate([[0], np.cumsum(np.bincount(index, minlength=len(arcs)))]),
    )
    table = PipeTable.of(arcs.arc_id)
    valves = nodes[(nodes.is_mincut_valve == "t") & (nodes.is_operative == "t") & (nodes.state == "1")]
    valve_rows = [
        {
            "asset_id": v.node_id, "node": row[v.node_id], "pipe": -1, "state": 2 if v.valve_closed == "t" else 0,
            "operable": v.valve_broken != "t",
            "flows_to": table.row(str(v.valve_to_arc)) if isinstance(v.valve_to_arc, str) and v.valve_to_arc else -1,
        }
        for v in valves.itertuples()
    ]  # fmt: skip
    valve_rows += _inlets(nodes, row, table)
    columns = pd.DataFrame(valve_rows)
    network = PipeNetwork(
        NodeTable.of(nodes.node_id, x=shapely.get_x(points), y=shapely.get_y(points), kind=source.astype(np.uint8)),
        pipes,
        PumpTable.empty(),
        ValveTable.of(
            columns.asset_id, node=columns.node, pipe=columns["pipe"], state=columns.state, operable=columns.operable,
            flows_to=columns.flows_to, from_node=np.full(len(columns), -1), to_node=np.full(len(columns), -1),
        ),
        "EPSG:25831",
    )  # fmt: skip
    connecs = pd.read_csv(folder / "connecs.csv", dtype=str).query("is_operative == 't' and state == '1'")
    connecs = connecs[connecs.arc_id.isin(set(arcs.arc_id))]
    customers = CustomerTable.of(connecs.connec_id, pipe=[table.row(str(a)) for a in connecs.arc_id])
    return City(CityInfo("giswater", "giswater"), network, customers=customers)


def _inlets(nodes: pd.DataFrame, row: dict[str, int], table: PipeTable) -> list[dict[str, object]]:
    """Water enters a tank by its inlet arc and does not leave by it: a one-way valve that no plan may close."""
    made = list[dict[str, object]]()
    for node in nodes.itertuples():
        inlet = str(node.inlet_arc) if isinstance(node.inlet_arc, str) else ""
        for arc in inlet.replace("{", "").replace("}", "").replace("|", ",").split(","):
            if arc.strip() and table.has(arc.strip()):
                pipe = table.row(arc.strip())
                other = 0 if pipe else 1  # any pipe but this one: the flow leads off it
                made.append(
                    {
                        "asset_id": f"inlet-{arc}",
                        "node": row[str(node.node_id)],
                        "pipe": pipe,
                        "state": 0,
                        "operable": True,
                        "flows_to": other,
                    }
                )
    return made
