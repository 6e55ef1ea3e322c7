"""The offline web map: one HTML file that loads nothing from the network.

The internal variant shows pipes, valves and candidates; the public one streets and affected communities only.
All text of the city is escaped (``safe``).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import folium
import numpy as np
import shapely
from folium.utilities import JsCode
from numpy.typing import NDArray

from maps.attribution import attribution
from maps.city import City
from maps.communities import communities_of
from maps.export.output_coordinates import Shown, collection, feature, point
from maps.export.web.escaping import safe
from maps.export.web.legend import COLOURS, WIDTH_CLASSES, MapWords, legend, strip, width_class
from maps.export.web.offline_page import offline_map
from maps.files import write_aside
from maps.isolation.plan.result import IsolationPlan
from maps.locate.result import Candidate

_HOVER_LIMIT = 20_000
"""Number of pipes up to which each pipe has a tooltip; above, a width class is one shape, as the page would open too slowly."""

_ZONE_MARGIN_M, _VIEW_MARGIN_M = 25.0, 200.0
_ON_EACH = JsCode("function(f,l){if(f.properties.t){l.bindTooltip(f.properties.t,{sticky:true});}}")


@dataclass(frozen=True, slots=True)
class WebMapOptions:
    """Content of the map.

    ``stations``: text shown beside a station id (``0.212 MPa ↓``); ``abnormal``: ids of stations drawn as abnormal.

    ``no_water``/``low_pressure``: communities of the public map; empty means those of the plan's customers.
    """

    is_drill: bool = False
    words: MapWords = field(default_factory=MapWords)
    stations: Mapping[str, str] = field(default_factory=dict)
    abnormal: frozenset[str] = frozenset()
    no_water: tuple[str, ...] = ()
    low_pressure: tuple[str, ...] = ()
    attribution: str = ""


def write_web_map(
    path: Path,
    city: City,
    *,
    candidates: Sequence[Candidate] = (),
    plan: IsolationPlan | None = None,
    title: str = "",
    public: bool = False,
    options: WebMapOptions | None = None,
) -> None:
    """Write the page of ``city`` to ``path``, whole or not at all. Raises InputFault when it cannot be written."""
    page = web_map_html(city, candidates=candidates, plan=plan, title=title, public=public, options=options)
    write_aside(path, page.encode())


def web_map_html(
    city: City,
    *,
    candidates: Sequence[Candidate] = (),
    plan: IsolationPlan | None = None,
    title: str = "",
    public: bool = False,
    options: WebMapOptions | None = None,
) -> str:
    """The page as text. ``public``: streets and communities only; no pipe of candidates or plan appears in it."""
    chosen = options or WebMapOptions()
    page = offline_map("EPSG3857" if city.network.georeferenced else "Simple", COLOURS["ground"])
    build = _Builder(page, city, chosen)
    build.background()
    if public:
        build.communities(plan)
    else:
        build.pipes()
        build.plan_pipes(plan)
        build.candidates(candidates)
        build.stations()
        build.critical(plan)
        build.valves(plan)
    build.frame(title or city.info.name)
    return str(page.get_root().render())


class _Builder:
    """Adds layers to one page."""

    def __init__(self, page: Any, city: City, options: WebMapOptions) -> None:
        self._page, self._city, self._options, self._words = page, city, options, options.words
        self._network, self._shown = city.network, Shown.of(city.network)
        self._used: list[str] = []
        self._focus: list[tuple[float, ...]] = []

    def background(self) -> None:
        """Water and roads, in grey."""
        water = [feature(self._shown.geometry(shape), {}) for shape in self._city.water.geometry]
        self._layer("water", water, {"stroke": False, "fillColor": COLOURS["water"], "fillOpacity": 1.0})
        roads, names = self._city.roads.geometry, self._city.roads.name
        lines = [feature(self._shown.geometry(shape), {"t": safe(name)}) for shape, name in zip(roads, names, strict=True)]
        self._layer("roads", lines, {"color": COLOURS["road"], "weight": 2})

    def pipes(self) -> None:
        """By diameter, thin ones first."""
        pipes = self._network.pipes
        classes = width_class(pipes.diameter_mm)
        single = len(pipes) <= _HOVER_LIMIT
        for number, (_, weight, colour) in enumerate(WIDTH_CLASSES):
            lines = self._shown.lines(pipes, np.flatnonzero(classes == number))
            if single:
                features = [feature(_line(line), {"t": self._pipe_words(row)}) for row, line in lines.items()]
            else:
                features = [feature({"type": "MultiLineString", "coordinates": list(lines.values())}, {})] if lines else []
            self._layer(f"pipes_{number}", features, {"color": colour, "weight": weight, "opacity": 1.0})

    def plan_pipes(self, plan: IsolationPlan | None) -> None:
        """The zone as an area with its pipes, and the dry pockets in another style."""
        if plan is None:
            return
        for name, ids in (("zone", plan.zone_pipes), ("dry_pocket", plan.dry_pocket_pipes)):
            pipes = self._network.pipes
            rows = [pipes.row(pipe_id) for pipe_id in ids]
            lines = self._shown.lines(pipes, rows)
            for row in lines:
                self._look_at(pipes.points(row))
            around = shapely.union_all([shapely.LineString(pipes.points(row)) for row in lines]).buffer(_ZONE_MARGIN_M)
            area = [feature(self._shown.geometry(around), {"t": safe(self._words.of(name))})] if lines else []
            fill = {"color": COLOURS[name], "weight": 1, "dashArray": "4 3", "fillColor": COLOURS[name], "fillOpacity": 0.18}
            self._layer(f"{name}_area", area, fill, control=False)
            features = [feature(_line(line), {"t": self._pipe_words(row)}) for row, line in lines.items()]
            self._layer(name, features, {"color": COLOURS[name], "weight": 5, "opacity": 0.9})

    def candidates(self, candidates: Sequence[Candidate]) -> None:
        """Candidate pipes, shaded by probability: a darker pipe is more likely, none is certain."""
        pipes = self._network.pipes
        most = max((candidate.probability for candidate in candidates), default=0.0) or 1.0
        rows = {pipes.row(candidate.pipe_id): candidate.probability for candidate in candidates}
        features = []
        for row, line in self._shown.lines(pipes, rows).items():
            shade = round(0.25 + 0.75 * rows[row] / most, 2)
            words = f"{self._pipe_words(row)} · {rows[row]:.1%}"
            features.append(feature(_line(line), {"t": words, "style": {"opacity": shade}}))
            self._look_at(pipes.points(row))
        self._layer("candidates", features, {"color": COLOURS["candidates"], "weight": 9})

    def stations(self) -> None:
        """Stations; abnormal ones are coloured and larger."""
        table = self._city.stations
        for name, wanted in (("stations", False), ("abnormal", True)):
            rows = [row for row in range(len(table)) if (str(table.asset_id[row]) in self._options.abnormal) is wanted]
            features = [
                feature(spot, {"t": self._station_words(row)}) for row, spot in self._spots(table.x, table.y, rows).items()
            ]
            self._dots(name, features, 7 if wanted else 4)

    def critical(self, plan: IsolationPlan | None) -> None:
        """Critical customers without water."""
        customers = self._city.customers
        wanted = {item.asset_id for item in plan.critical_customers} if plan else set()
        rows = [row for row in range(len(customers)) if str(customers.asset_id[row]) in wanted]
        features = [
            feature(spot, {"t": f"{safe(customers.name[row])} · {safe(self._words.critical_of(str(customers.critical[row])))}"})
            for row, spot in self._spots(customers.x, customers.y, rows).items()
        ]
        self._dots("critical", features, 8)

    def valves(self, plan: IsolationPlan | None) -> None:
        """Valves to close, numbered in closing order."""
        if plan is None or not plan.valves_to_close:
            return
        group = folium.FeatureGroup(name=safe(self._words.of("valves")))
        steps = [step for step in plan.valves_to_close if math.isfinite(step.x) and math.isfinite(step.y)]
        spots = self._shown.points(np.array([[step.x, step.y] for step in steps]).reshape(-1, 2))
        for step, (x, y) in zip(steps, spots, strict=True):
            size = f"DN{step.diameter_mm:.0f}" if step.diameter_mm and math.isfinite(step.diameter_mm) else ""
            doubt = safe(self._words.of("assumed")) if step.assumed else ""
            words = " · ".join(part for part in (f"{step.order}", safe(step.asset_id), size, doubt) if part)
            mark = f'<div class="qm-valve{" qm-doubt" if step.assumed else ""}">{step.order}</div>'
            marker = folium.Marker([float(y), float(x)], icon=folium.DivIcon(html=mark, icon_size=(24, 24), icon_anchor=(12, 12)))
            folium.Tooltip(words).add_to(marker)
            folium.Popup(words, max_width=280).add_to(marker)
            marker.add_to(group)
        group.add_to(self._page)
        self._used.append("valves")

    def communities(self, plan: IsolationPlan | None) -> None:
        """Outlines of communities on the public map, without water and with low pressure separately."""
        zones = self._city.zones
        without = self._zones_named(self._options.no_water) if self._options.no_water else self._zones_dry(plan)
        low = [row for row in self._zones_named(self._options.low_pressure) if row not in without]
        for name, rows in (("no_water", without), ("low_pressure", low)):
            for row in rows:
                self._look_at(np.array(zones.geometry[row].bounds).reshape(2, 2))
            features = [feature(self._shown.geometry(zones.geometry[row]), {"t": safe(zones.name[row])}) for row in rows]
            style = {"color": COLOURS[name], "weight": 2, "fillColor": COLOURS[name], "fillOpacity": 0.3}
            self._layer(name, features, style)

    def _zones_dry(self, plan: IsolationPlan | None) -> list[int]:
        """Communities of the plan's customers by position (namesakes are kept apart); by name if the plan lists no customers."""
        if plan is None or not plan.customers_without_water:
            return self._zones_named(plan.communities if plan else ())
        customers = self._city.customers
        known = [customers.row(name) for name in plan.customers_without_water if customers.has(name)]
        return sorted({row for community in communities_of(self._city, known) for row in community.zones})

    def _zones_named(self, names: Iterable[str]) -> list[int]:
        zones, wanted = self._city.zones, set(names)
        return [row for row in range(len(zones)) if zones.kind[row] == "community" and str(zones.name[row]) in wanted]

    def frame(self, title: str) -> None:
        """Title, legend, layer control, and the first view: the case, else the whole city."""
        badges = [self._words.of("drill")] if self._options.is_drill else []
        badges += [self._words.of("synthetic")] if self._city.info.synthetic else []
        badges += [] if self._network.georeferenced else [self._words.of("not_georeferenced")]
        root = self._page.get_root()
        root.html.add_child(folium.Element(strip(title, badges)))
        root.html.add_child(folium.Element(legend(self._used, self._words, self._options.attribution or attribution(self._city))))
        root.header.add_child(folium.Element(f"<title>{safe(title)}</title>"))
        folium.LayerControl(collapsed=True).add_to(self._page)
        low, high = self._shown.points(self._view())
        self._page.fit_bounds([[float(low[1]), float(low[0])], [float(high[1]), float(high[0])]], padding=(40, 40))

    # Parts

    def _view(self) -> NDArray[np.float64]:
        """Corners of the first view, (2, 2): what the page shows, with a margin, else the whole network."""
        if not self._focus:
            return np.array(self._network.bounds).reshape(2, 2)
        boxes = np.array(self._focus)
        low, high = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
        return np.array([low - _VIEW_MARGIN_M, high + _VIEW_MARGIN_M])

    def _look_at(self, points: NDArray[np.float64]) -> None:
        """Extend the first view to points (n, 2) of the network's CRS."""
        self._focus.append((*points.min(axis=0), *points.max(axis=0)))

    def _layer(self, name: str, features: list[dict[str, Any]], style: dict[str, Any], *, control: bool = True) -> None:
        drawn = [item for item in features if item["geometry"] is not None]
        if not drawn:
            return
        fixed = {"fill": "fillColor" in style, **style}
        words = safe(self._words.of(name))
        layer = folium.GeoJson(
            collection(drawn),
            name=words,
            control=control,
            style_function=lambda item: {**fixed, **item["properties"].get("style", {})},
            on_each_feature=_ON_EACH,
            smooth_factor=1.0,
        )
        layer.add_to(self._page)
        if control:
            self._used.append(name)

    def _dots(self, name: str, features: list[dict[str, Any]], radius: int) -> None:
        if not features:
            return
        dot = folium.CircleMarker(
            radius=radius, color=COLOURS["halo"], weight=1, fill=True, fill_color=COLOURS[name], fill_opacity=1
        )
        layer = folium.GeoJson(collection(features), name=safe(self._words.of(name)), marker=dot, on_each_feature=_ON_EACH)
        layer.add_to(self._page)
        self._used.append(name)

    def _spots(self, x: Any, y: Any, rows: Sequence[int]) -> dict[int, dict[str, Any]]:
        known = [row for row in rows if math.isfinite(x[row]) and math.isfinite(y[row])]
        spots = self._shown.points(np.column_stack([x[known], y[known]])) if known else np.empty((0, 2))
        return {row: point(spot) for row, spot in zip(known, spots, strict=True)}

    def _pipe_words(self, row: int) -> str:
        pipes = self._network.pipes
        size = f"DN{pipes.diameter_mm[row]:.0f}" if math.isfinite(pipes.diameter_mm[row]) else ""
        parts = (safe(pipes.asset_id[row]), size, safe(pipes.material[row]), safe(pipes.road_name[row]))
        return " · ".join(part for part in parts if part)

    def _station_words(self, row: int) -> str:
        table = self._city.stations
        station_id = str(table.asset_id[row])
        doubt = safe(self._words.of("assumed")) if table.assumed[row] else ""
        parts = (safe(station_id), safe(table.name[row]), safe(self._options.stations.get(station_id, "")), doubt)
        return " · ".join(part for part in parts if part)


def _line(points: list[list[float]]) -> dict[str, Any]:
    return {"type": "LineString", "coordinates": points}
