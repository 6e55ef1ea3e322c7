"""A grid city of some 700 pipes with everything the window shows; coordinates near Jinan, EPSG:4548."""

from __future__ import annotations

import numpy as np
import shapely

from maps.city import (
    City,
    CityInfo,
    CrewTable,
    CustomerTable,
    Geometries,
    HydrantTable,
    PlantTable,
    ShapeTable,
    StationTable,
    ZoneTable,
)
from maps.network import NodeKind, NodeTable, PipeNetwork, PipeTable, PumpTable, ValveState, ValveTable

ORIGIN = (505_000.0, 4_058_000.0)
SPACING_M = 140.0
COLUMNS, ROWS = 26, 15
_ROADS = ("北园大街", "济泺路", "堤口路", "无影山路", "美林路", "东西丹凤街", "生产路", "联四路", "清河北路", "标山南路")
_COMMUNITIES = ("美林苑", "北园小区", "天成花园", "丹凤小区", "济泺家园", "清河嘉苑", "标山社区", "堤口庄")


def build_small_city(*, crs: str = "EPSG:4548", synthetic: bool = True) -> City:
    """The same city every time."""
    rng = np.random.default_rng(7)
    column, row = np.meshgrid(np.arange(COLUMNS), np.arange(ROWS))
    x = ORIGIN[0] + column.ravel() * SPACING_M + rng.normal(0, 14, column.size)
    y = ORIGIN[1] + row.ravel() * SPACING_M + rng.normal(0, 14, column.size)
    kind = np.zeros(column.size, dtype=np.uint8)
    kind[0], kind[-1] = NodeKind.SOURCE, NodeKind.PLANT
    nodes = NodeTable.of(
        [f"J{i:03d}" for i in range(len(x))],
        x=x,
        y=y,
        kind=kind,
        elevation_m=30 + 0.002 * (ORIGIN[1] + 4000 - y),
        demand_m3h=np.full(len(x), 4.0),
    )
    pipes = _pipes(nodes, rng)
    network = PipeNetwork(nodes, pipes, _no_pumps(), _valves(nodes, pipes, rng), crs)
    return City(
        CityInfo("小城", "test", synthetic=synthetic),
        network,
        hydrants=_hydrants(nodes),
        plants=PlantTable.of(
            ["W1", "PS1"],
            node=[0, len(x) - 1],
            kind=["plant", "pumping_station"],
            name=["大桥水厂", "彩石西加压站"],
            planned=[False, True],
        ),
        crews=CrewTable.of(
            ["crew1", "crew2", "crew3"],
            name=["抢修1队", "抢修3队", "巡检2车"],
            base_x=x[[20, 190, 330]],
            base_y=y[[20, 190, 330]],
            skills=["repair", "repair", "inspect"],
            phone=["1", "2", "3"],
        ),
        stations=_stations(nodes),
        customers=_customers(pipes),
        zones=_zones(),
        roads=_roads(nodes),
        water=ShapeTable.of(
            ["R1"],
            name=["小清河"],
            kind=["river"],
            geometry=_objects(
                [
                    shapely.buffer(
                        shapely.linestrings(
                            [
                                [ORIGIN[0] - 600, ORIGIN[1] + 2150],
                                [ORIGIN[0] + 1800, ORIGIN[1] + 2320],
                                [ORIGIN[0] + 4400, ORIGIN[1] + 2180],
                            ]
                        ),
                        60,
                    )
                ]
            ),
        ),
    )


def _no_pumps() -> PumpTable:
    return PumpTable.empty()


def _pipes(nodes: NodeTable, rng: np.random.Generator) -> PipeTable:
    grid = np.arange(COLUMNS * ROWS).reshape(ROWS, COLUMNS)
    across = np.column_stack([grid[:, :-1].ravel(), grid[:, 1:].ravel()])
    along = np.column_stack([grid[:-1].ravel(), grid[1:].ravel()])
    ends = np.vstack([across, along])
    ends = ends[rng.random(len(ends)) > 0.06]
    row, column = np.divmod(ends[:, 0], COLUMNS)
    is_across = ends[:, 1] - ends[:, 0] == 1
    diameter = np.where(
        is_across & (row % 7 == 3),
        800.0,
        np.where(~is_across & (column % 8 == 4), 600.0, np.where(is_across & (row % 3 == 0), 300.0, 150.0)),
    )
    diameter[(diameter == 150.0) & (rng.random(len(ends)) < 0.4)] = 100.0
    start = np.column_stack([nodes.x[ends[:, 0]], nodes.y[ends[:, 0]]])
    stop = np.column_stack([nodes.x[ends[:, 1]], nodes.y[ends[:, 1]]])
    middle = (start + stop) / 2 + rng.normal(0, 6, start.shape)
    vertices = np.stack([start, middle, stop], axis=1).reshape(-1, 2)
    return PipeTable.of(
        [f"P-{104000 + i}" for i in range(len(ends))],
        from_node=ends[:, 0],
        to_node=ends[:, 1],
        diameter_mm=diameter,
        length_m=np.hypot(*(stop - start).T),
        material=rng.choice(["ductile iron", "cast iron", "steel", "PE"], len(ends)),
        year_laid=rng.integers(1978, 2020, len(ends)),
        roughness=np.full(len(ends), 110.0),
        road_name=[_ROADS[(r if a else c + 5) % len(_ROADS)] for r, c, a in zip(row, column, is_across, strict=True)],
        depth_m=np.full(len(ends), 1.4),
        vertices=vertices,
        offsets=np.arange(len(ends) + 1, dtype=np.int64) * 3,
    )


def _valves(nodes: NodeTable, pipes: PipeTable, rng: np.random.Generator) -> ValveTable:
    on = np.flatnonzero(rng.random(len(pipes)) < 0.8)
    node = np.where(rng.random(len(on)) < 0.5, pipes.from_node[on], pipes.to_node[on])
    other = np.where(node == pipes.from_node[on], pipes.to_node[on], pipes.from_node[on])
    state = np.where(rng.random(len(on)) < 0.03, ValveState.CLOSED, ValveState.OPEN)
    return ValveTable.of(
        [f"V-{5400 + i}" for i in range(len(on))],
        pipe=on,
        node=node,
        state=state,
        normal_state=state,
        diameter_mm=pipes.diameter_mm[on],
        turns_to_close=pipes.diameter_mm[on] / 25 * 3,
        operable=rng.random(len(on)) > 0.02,
        last_checked=[f"{2016 + int(n)}-05-11" for n in rng.integers(0, 8, len(on))],
        x=nodes.x[node] + 0.12 * (nodes.x[other] - nodes.x[node]),
        y=nodes.y[node] + 0.12 * (nodes.y[other] - nodes.y[node]),
    )


def _hydrants(nodes: NodeTable) -> HydrantTable:
    rows = np.arange(5, len(nodes), 7)
    return HydrantTable.of([f"H-{2200 + i}" for i in range(len(rows))], node=rows, x=nodes.x[rows], y=nodes.y[rows])


def _stations(nodes: NodeTable) -> StationTable:
    rows = np.arange(9, len(nodes), 11)
    return StationTable.of(
        [f"Q-{i:03d}" for i in range(len(rows))],
        name=[f"{_COMMUNITIES[i % len(_COMMUNITIES)]} P-{300 + i}" for i in range(len(rows))],
        node=rows,
        channels=["pressure,flow" if i % 9 == 0 else "pressure" for i in range(len(rows))],
        x=nodes.x[rows],
        y=nodes.y[rows],
    )


def _customers(pipes: PipeTable) -> CustomerTable:
    middle = pipes.vertices[pipes.offsets[:-1] + 1]
    count = len(pipes)
    return CustomerTable.of(
        [f"C-{i}" for i in range(count)],
        pipe=np.arange(count),
        name=[("市立医院透析中心" if i % 97 == 40 else "") for i in range(count)],
        critical=[("dialysis" if i % 97 == 40 else "") for i in range(count)],
        critical_hours=["24h" if i % 97 == 40 else "" for i in range(count)],
        households=np.full(count, 36),
        people=np.full(count, 110),
        demand_m3h=np.full(count, 2.0),
        community=[_community_of(x, y) for x, y in middle],
        x=middle[:, 0] + 12,
        y=middle[:, 1] + 12,
    )


def _community_of(x: float, y: float) -> str:
    column = int((x - ORIGIN[0]) // (SPACING_M * 7)) % 4
    return _COMMUNITIES[column + 4 * int((y - ORIGIN[1]) // (SPACING_M * 8) > 0)]


def _zones() -> ZoneTable:
    width, height = SPACING_M * 7, SPACING_M * 8
    boxes = [
        shapely.box(
            ORIGIN[0] - 60 + c * width,
            ORIGIN[1] - 60 + r * height,
            ORIGIN[0] - 60 + (c + 1) * width,
            ORIGIN[1] - 60 + (r + 1) * height,
        )
        for r in range(2)
        for c in range(4)
    ]
    half = shapely.box(ORIGIN[0] - 60, ORIGIN[1] - 60, ORIGIN[0] + 13 * SPACING_M, ORIGIN[1] + 16 * SPACING_M)
    rest = shapely.box(ORIGIN[0] + 13 * SPACING_M, ORIGIN[1] - 60, ORIGIN[0] + 28 * SPACING_M, ORIGIN[1] + 16 * SPACING_M)
    shrunk = [shapely.buffer(box, -50, join_style="mitre") for box in boxes]
    return ZoneTable.of(
        [f"Z{i}" for i in range(len(boxes) + 4)],
        kind=["community"] * len(boxes) + ["district", "district", "area", "dma"],
        name=[*_COMMUNITIES, "天桥区", "历下区", "天桥片区", "DMA-117"],
        geometry=_objects([*shrunk, half, rest, half, boxes[5]]),
    )


def _roads(nodes: NodeTable) -> ShapeTable:
    grid = np.column_stack([nodes.x, nodes.y]).reshape(ROWS, COLUMNS, 2)
    lines = [grid[r] + 9 for r in range(ROWS)] + [grid[:, c] + 9 for c in range(COLUMNS)]
    return ShapeTable.of(
        [f"R-{i}" for i in range(len(lines))],
        name=[_ROADS[i % len(_ROADS)] if i < ROWS else _ROADS[(i - ROWS + 5) % len(_ROADS)] for i in range(len(lines))],
        kind=["primary" if i % 5 == 3 else "residential" for i in range(len(lines))],
        geometry=_objects([shapely.linestrings(line) for line in lines]),
    )


def _objects(items: list[shapely.Geometry]) -> Geometries:
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out
