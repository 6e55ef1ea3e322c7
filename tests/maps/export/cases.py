"""A small city with a suffix, such as markup, in every name."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import shapely

from maps.city import City, CityInfo, CustomerTable, ShapeTable, StationTable, ZoneTable
from maps.columns import Texts
from maps.isolation.plan.result import CriticalCustomer, IsolationPlan, ValveStep
from maps.locate.result import Candidate
from maps.network import NodeKind, NodeTable, PipeNetwork, PipeTable, PumpTable, ValveTable

HOSTILE = '</script><script>window.broken=1</script><img src=x onerror="window.broken=2">`${window.broken=3}`\\\'"{{7*7}}'
X0, Y0 = 500_000.0, 4_058_000.0
PIPES, VALVES = ("PIPE-A", "PIPE-B", "PIPE-C"), ("VALVE-1", "VALVE-2")
STATION, HOSPITAL = "STATION-1", "HOSPITAL-1"
COMMUNITIES = ("美林苑", "泉城花园")


def a_city(crs: str = "EPSG:4548", name: str = "试验市", word: str = "", synthetic: bool = True) -> City:
    """Three pipes in a row, 200 m each, two communities; ``word`` is put after every name."""
    x = X0 + 200.0 * np.arange(4)
    y = np.full(4, Y0)
    nodes = NodeTable.of(["N0", "N1", "N2", "N3"], x=x, y=y, kind=[NodeKind.SOURCE, *[NodeKind.JUNCTION] * 3])
    xy = np.column_stack([x, y])
    pipes = PipeTable.of(
        PIPES,
        from_node=[0, 1, 2],
        to_node=[1, 2, 3],
        diameter_mm=[800.0, 300.0, np.nan],
        length_m=[200.0] * 3,
        material=["球墨铸铁" + word] * 3,
        road_name=["经十路" + word] * 3,
        vertices=xy[[0, 1, 1, 2, 2, 3]],
        offsets=[0, 2, 4, 6],
    )
    ends = {"pipe": [1, 1], "node": [1, 2], "from_node": [-1, -1], "to_node": [-1, -1], "flows_to": [-1, -1]}
    valves = ValveTable.of(VALVES, x=x[1:3], y=y[1:3], assumed=[False, True], **ends)
    boxes = [shapely.box(X0 + 200, Y0 - 90, X0 + 400, Y0 + 90), shapely.box(X0 + 400, Y0 - 90, X0 + 600, Y0 + 90)]
    zones = ZoneTable.of(["K1", "K2"], kind=["community"] * 2, name=[c + word for c in COMMUNITIES], geometry=_shapes(boxes))
    road = _shapes([shapely.LineString([(X0 - 100, Y0 - 12), (X0 + 700, Y0 - 12)])])
    water = _shapes([shapely.box(X0, Y0 + 150, X0 + 600, Y0 + 200)])
    return City(
        CityInfo(name + word, "test", synthetic=synthetic),
        PipeNetwork(nodes, pipes, PumpTable.empty(), valves, crs),
        stations=StationTable.of([STATION], name=["测点" + word], node=[1], x=[x[1]], y=[y[1]], channels=["pressure"]),
        customers=CustomerTable.of(
            [HOSPITAL],
            name=["市医院" + word],
            critical=["hospital"],
            pipe=[1],
            x=[X0 + 300],
            y=[Y0 + 40],
            community=["美林苑" + word],
        ),
        zones=zones,
        roads=ShapeTable.of(["R1"], name=["经十路" + word], kind=["primary"], geometry=road),
        water=ShapeTable.of(["W1"], name=["小清河" + word], kind=["river"], geometry=water),
    )


def a_plan(word: str = "") -> IsolationPlan:
    """Shuts PIPE-B off; PIPE-C runs dry behind it."""
    return IsolationPlan(
        burst_pipes=("PIPE-B",),
        isolatable=True,
        zone_pipes=("PIPE-B",),
        dry_pocket_pipes=("PIPE-C",),
        valves_to_close=(
            ValveStep("VALVE-1", 1, "border", x=X0 + 200, y=Y0, diameter_mm=300.0),
            ValveStep("VALVE-2", 2, "border", x=X0 + 400, y=Y0, assumed=True),
        ),
        communities=("美林苑" + word,),
        critical_customers=(CriticalCustomer(HOSPITAL, "市医院" + word, "hospital", "", "direct"),),
    )


CANDIDATES = (Candidate("PIPE-B", 0.6), Candidate("PIPE-A", 0.2))


def _shapes(shapes: Sequence[shapely.Geometry]) -> Texts:
    array = np.empty(len(shapes), dtype=object)
    array[:] = shapes
    return array
