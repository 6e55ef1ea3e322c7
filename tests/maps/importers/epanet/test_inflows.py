"""A negative demand is an inflow: a source for isolation, reported at import, in every form a model has for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from maps.importers import ImportOptions, ImportResult, import_city
from maps.isolation import Isolator
from maps.network import NodeKind
from tests.maps.importers.writing import pipe, point, source, write

_MODEL = """[JUNCTIONS]
J1 10 5
J2 12 {base} {pattern}
[RESERVOIRS]
R1 60
[PIPES]
P1 R1 J1 100 200 130 0 Open
P2 J1 J2 100 200 130 0 Open
[DEMANDS]
{demands}
[PATTERNS]
DAY 1 1 1 1
BACK -1 -1 -1 -1
NIGHT 1 1 -0.5 1
[OPTIONS]
UNITS {unit}
[COORDINATES]
R1 500000 4058000
J1 500100 4058000
J2 500200 4058000
[END]
"""


def _model(path: Path, *, base: float = 3, pattern: str = "", demands: str = "", unit: str = "LPS") -> ImportResult:
    text = path / "m.inp"
    text.write_text(_MODEL.format(base=base, pattern=pattern, demands=demands, unit=unit), encoding="utf-8")
    return import_city([text], ImportOptions())


@pytest.mark.parametrize(
    ("said", "most_m3h"),
    [
        ({"base": -40}, 144.0),
        ({"base": 40, "pattern": "BACK"}, 144.0),
        ({"base": 4, "pattern": "NIGHT"}, 7.2),
        ({"demands": "J2 50 DAY\nJ2 -40 DAY"}, 144.0),
        ({"base": -40, "unit": "CMH"}, 40.0),
    ],
)
def test_an_inflow_is_a_source_and_reported_in_every_form_a_model_has_for_it(
    said: dict[str, Any], most_m3h: float, tmp_path: Path
) -> None:
    made = _model(tmp_path, **said)
    nodes = made.city.network.nodes
    row = nodes.row("J2")
    assert float(nodes.inflow_m3h[row]) == pytest.approx(most_m3h)
    assert nodes.kind[row] == NodeKind.JUNCTION  # a reservoir would hold a head that the model does not give it
    assert [fault.asset_id for fault in made.faults if fault.code == "inflow_is_source"] == ["J2"]
    assert "J2" in Isolator(made.city).plan(["P2"]).sources_inside


def test_a_model_without_inflows_reports_none(tmp_path: Path) -> None:
    made = _model(tmp_path, pattern="DAY")
    assert not made.city.network.nodes.inflow_m3h.any()
    assert not [fault for fault in made.faults if fault.code == "inflow_is_source"]
    assert Isolator(made.city).plan(["P2"]).sources_inside == ("R1",)


def test_a_negative_demand_of_a_layer_stays_an_inflow_when_customers_bring_the_demands(tmp_path: Path) -> None:
    nodes = [source(0, 0), *({"asset_id": f"J{n}", "demand_m3h": d, "wkt": point(100 * n, 0)} for n, d in ((1, 0.0), (2, -8.0)))]
    layers = {
        "nodes": nodes,
        "pipes": [pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (200, 0))],
        "customers": [{"asset_id": "C", "pipe": "B", "demand_m3h": 20.0, "wkt": point(150, 1)}],
    }
    made = import_city([write(tmp_path / "net.gpkg", layers)], ImportOptions())
    network = made.city.network
    row = network.nodes.row("J2")
    assert (float(network.nodes.inflow_m3h[row]), float(network.nodes.demand_m3h[row])) == (8.0, 2.0)
    assert "J2" in Isolator(made.city).plan(["B"]).sources_inside
    assert [fault.asset_id for fault in made.faults if fault.code == "inflow_is_source"] == ["J2"]


def test_a_negative_demand_of_a_customer_is_reported_and_is_no_source(tmp_path: Path) -> None:
    layers = {
        "nodes": [source(0, 0)],
        "pipes": [pipe("A", (0, 0), (100, 0)), pipe("B", (100, 0), (200, 0))],
        "customers": [{"asset_id": "C1", "pipe": "B", "demand_m3h": -8.0, "households": 1, "wkt": None}],
    }
    made = import_city([write(tmp_path / "net.gpkg", layers)], ImportOptions())
    assert [fault.asset_id for fault in made.faults if fault.code == "customer_inflow"] == ["C1"]
    assert int(made.city.network.nodes.feeds.sum()) == 1
