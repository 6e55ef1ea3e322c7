"""The map of a case with a time slider, as part of a page: Leaflet through folium, data as JSON, its script inlined.

Lines are simplified and rounded to a grid of about a metre, so that 50,000 pipes take a few megabytes. The script inserts
texts as text only, and the page's Content-Security-Policy forbids it to load anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import folium
import numpy as np
import shapely
from branca.element import MacroElement
from jinja2 import Template

from maps.city import City
from maps.export.web.legend import COLOURS, WIDTH_CLASSES, width_class
from maps.export.web.offline_page import offline_map
from maps.export.web.polylines import Grid, encoded

POLICY = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'"
_POLICY_HERE, _HEAD_HERE, _BODY_HERE = "<!--qm-policy-->", "<!--qm-head-->", "<!--qm-body-->"
_VIEW_MARGIN_M = 250.0


class _Start(MacroElement):
    """Starts the case's script with the map."""

    _template = Template(
        "{% macro script(this, kwargs) %}quanmaiCase({{ this._parent.get_name() }}, "
        'JSON.parse(document.getElementById("qm-case").textContent));{% endmacro %}'
    )


def network_layers(city: City, grid: Grid, *, public: bool) -> dict[str, Any]:
    """Pipes by width class (none when ``public``), roads and water, as encoded lines for the page's data."""
    pipes, layers = city.network.pipes, []
    if not public:
        classes = width_class(pipes.diameter_mm)
        for number, (_, weight, colour) in enumerate(WIDTH_CLASSES):
            lines = [line for line in grid.lines(city.network, np.flatnonzero(classes == number)) if line]
            if lines:
                layers.append({"colour": colour, "weight": weight, "lines": lines})
    roads = [part for shape in city.roads.geometry if shape is not None for part in shapely.get_parts(shape)]
    water = [part for shape in city.water.geometry if shape is not None for part in shapely.get_parts(shape)]
    return {
        "network": layers,
        "roads": [_line(part, grid) for part in roads if part.geom_type == "LineString" and not part.is_empty],
        "water": [rings(part, grid) for part in water if part.geom_type == "Polygon" and not part.is_empty],
    }


def rings(polygon: shapely.Polygon, grid: Grid) -> list[str]:
    """Encoded outline and holes of a polygon."""
    return [_line(ring, grid) for ring in (polygon.exterior, *polygon.interiors)]


def view_of(points: Sequence[tuple[float, float]], city: City, grid: Grid) -> list[list[float]]:
    """Corners of the first view: around ``points`` (k, 2) of the network's CRS, else the whole network."""
    known = np.array([point for point in points if np.isfinite(point).all()], dtype=np.float64).reshape(-1, 2)
    if not len(known):
        known = np.array(city.network.bounds, dtype=np.float64).reshape(2, 2)
    low, high = known.min(axis=0) - _VIEW_MARGIN_M, known.max(axis=0) + _VIEW_MARGIN_M
    return [grid.place(float(low[0]), float(low[1])), grid.place(float(high[0]), float(high[1]))]


def case_page(city: City, data: Mapping[str, Any], *, head: str, before: str, after: str) -> str:
    """The whole page: ``head`` (HTML of the header), HTML before and after the map. The same case gives the same text."""
    page = offline_map("EPSG3857" if city.network.georeferenced else "Simple", COLOURS["ground"])
    start: Any = _Start
    start().add_to(page)
    root = page.get_root()
    # Placeholders only: folium treats each element as a template, and content of a case must not become one.
    root.header.add_child(folium.Element(_POLICY_HERE), name="a_policy", index=0)
    root.header.add_child(folium.Element(_HEAD_HERE))
    root.html.add_child(folium.Element(_BODY_HERE))
    made = _numbered(str(root.render()))
    found = re.search(r'<div class="folium-map"[^>]*></div>', made)
    if found is None:
        raise ValueError("folium wrote no map into the page")
    # A policy in the page itself: even injected content could load and send nothing.
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    content = f'<script type="application/json" id="qm-case">{_json(data)}</script>'
    filled = {
        found[0]: "",
        _POLICY_HERE: policy,
        _HEAD_HERE: f"<script>{_script()}</script>{head}",
        _BODY_HERE: f"{before}{found[0]}{after}{content}",
    }
    return re.sub("|".join(re.escape(mark) for mark in filled), lambda mark: filled[mark[0]], made)


def _numbered(page: str) -> str:
    """Replace folium's random element names by numbers, so that the same case gives the same page."""
    names: dict[str, str] = {}
    return re.sub(r"(?<=_)[0-9a-f]{32}\b", lambda found: names.setdefault(found[0], str(len(names) + 1)), page)


def _json(data: Mapping[str, Any]) -> str:
    """JSON that cannot end its script element or be parsed as markup."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    for char in "<>&\u2028\u2029":
        text = text.replace(char, f"\\u{ord(char):04x}")
    return text


def _line(shape: Any, grid: Grid) -> str:
    simple = shapely.simplify(shape, grid.tolerance_m)
    return encoded(grid.steps(shapely.get_coordinates(simple)))


@cache
def _script() -> str:
    return resources.files("maps.export.web").joinpath("case_map.js").read_text("utf-8").replace("</script", "<\\/script")
