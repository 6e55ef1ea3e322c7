"""Assets and places of one city that the search finds: an index of names a kind, made when first needed or ahead."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice

import numpy as np
import shapely

from console.ui.apart import Apart
from console.ui.map.network.facilities import Facility, facilities
from console.ui.search.hits import Hit
from console.ui.search.pinyin import initials
from console.ui.search.pipe_kinds import PipeKinds
from console.ui.search.text_index import Names, TextIndex
from console.ui.words import Words
from maps.city import City

PER_KIND = 8
KINDS = ("zones", "roads", "stations", "facilities", "pipes", "valves", "hydrants", "kinds", "customers")
"""In the order in which they are indexed: the initials of customers' addresses take longest."""


class AssetSearch:
    """Hits of one city. Safe on several threads: an index that two of them need is at worst made twice."""

    def __init__(self, city: City) -> None:
        self.city = city
        self._indexes: dict[str, tuple[TextIndex, ...]] = {}
        self._kinds: PipeKinds | None = None
        self._is_ended = False
        self._apart = Apart()

    def prepare(self) -> None:
        """Index all names: a second of a million pipes, longer where customers have addresses."""
        for kind in KINDS:
            if not self._is_ended:
                self._make(kind)

    def end(self) -> None:
        """Index no further kind. Any thread."""
        self._is_ended = True
        self._apart.end()

    @property
    def is_ready(self) -> bool:
        """Whether everything is indexed."""
        return self._kinds is not None and all(kind in self._indexes for kind in KINDS if kind != "kinds")

    @property
    def kinds(self) -> PipeKinds:
        """Pipes by size, material and road."""
        if self._kinds is None:
            self._kinds = PipeKinds(self.city.network.pipes)
        return self._kinds

    def hits(self, needle: str, words: Words, *, wait: bool) -> Iterator[tuple[str, Iterator[Hit]]]:
        """(kind, hits) in the order of the list. Without ``wait``, what is not indexed yet is left out."""
        makers: dict[str, tuple[str, Callable[[str, Words], Iterator[Hit]]]] = {
            "zones": ("zone", self._zones),
            "roads": ("road", self._roads),
            "customers": ("customer", self._customers),
            "stations": ("station", self._stations),
            "facilities": ("facility", self._plants),
            "pipes": ("pipe", self._pipes),
            "valves": ("valve", self._valves),
            "hydrants": ("hydrant", self._hydrants),
        }
        for kind, (name, make) in makers.items():
            if wait or kind in self._indexes:
                yield name, make(needle, words)

    def by_kind(self, text: str, words: Words, *, wait: bool) -> Iterator[Hit]:
        """All pipes of a kind as one hit (``DN400 灰口``), then the first of them."""
        if not wait and self._kinds is None:
            return
        found = self.kinds.find(text)
        if found is None:
            return
        size = f"DN{found.diameter_mm}" if found.diameter_mm else ""
        named = " ".join(dict.fromkeys(words.of("material", one) for one in found.materials))
        title = " ".join(part for part in (size, named, found.road) if part)
        many = words("search.pipes", n=len(found.rows), km=f"{found.length_m / 1000:,.2f}")
        yield Hit("pipes", text, title, many)
        for row in found.rows[: PER_KIND - 1].tolist():
            yield self._pipe(row, words)

    def places(self, needle: str) -> Iterator[Hit]:
        """Communities, roads, customers and pipes."""
        for source in (self._communities(needle), self._roads(needle), self._customers(needle), self._pipe_places(needle)):
            yield from islice(source, PER_KIND)

    def _make(self, kind: str) -> None:
        if kind == "kinds":
            _ = self.kinds
        else:
            self._index(kind)

    def _index(self, kind: str) -> tuple[TextIndex, ...]:
        found = self._indexes.get(kind)
        if found is None:
            found = self._indexes[kind] = tuple(map(TextIndex, self._columns(kind)))
        return found

    def _columns(self, kind: str) -> tuple[Names, ...]:
        """The columns of a kind that are searched."""
        city, network = self.city, self.city.network
        match kind:
            case "zones":
                return city.zones.name, initials(city.zones.name)
            case "roads":
                roads = tuple(self._roads_by_name)
                return roads, initials(roads)
            case "customers":
                table = city.customers
                said = table.name, table.address, table.asset_id, table.meter_id
                return (*said, self._initials(table.name), self._initials(table.address))
            case "stations":
                return city.stations.name, city.stations.asset_id, initials(city.stations.name)
            case "facilities":
                return self._facility_names()
            case "pipes":
                return (network.pipes.asset_id,)
            case "valves":
                return (network.valves.asset_id,)
        return (city.hydrants.asset_id,)

    def _initials(self, column: Iterable[object]) -> list[str]:
        names = list(map(str, column))
        return self._apart.run(initials, names, len(names))

    def _matching(self, needle: str, kind: str) -> list[int]:
        """Rows of a kind where a column has the text, those that begin with it first."""
        columns = self._index(kind)
        if len(columns) == 1:
            return columns[0].rows(needle, PER_KIND)
        first = [column.beginning(needle, 2 * PER_KIND) for column in columns]
        begin = sorted({row for rows in first for row in rows[:PER_KIND]})
        if len(begin) >= PER_KIND:
            return begin
        every = {row for column, rows in zip(columns, first, strict=True) for row in column.rows(needle, 2 * PER_KIND, rows)}
        inside = sorted(every - set(begin))
        return [*begin, *inside]

    def _facility_names(self) -> tuple[Names, ...]:
        pumps, found = self.city.network.pumps.asset_id, self._facilities
        inside = [" ".join(map(str, pumps[list(facility.pumps)])) for facility in found]
        names = [one.name for one in found]
        return names, [one.asset_id for one in found], inside, initials(names)

    @cached_property
    def _roads_by_name(self) -> dict[str, int]:
        """The first row of each road: a road is many lines of one name."""
        rows: dict[str, int] = {}
        for row, name in enumerate(self.city.roads.name):
            rows.setdefault(str(name), row)
        return rows

    @cached_property
    def _facilities(self) -> tuple[Facility, ...]:
        return facilities(self.city)

    def _communities(self, needle: str) -> Iterator[Hit]:
        zones = self.city.zones
        for row in self._matching(needle, "zones"):
            if str(zones.kind[row]) == "community":
                point = shapely.point_on_surface(zones.geometry[row])
                yield Hit("zone", str(zones.asset_id[row]), str(zones.name[row]), "", point.x, point.y)

    def _pipe_places(self, needle: str) -> Iterator[Hit]:
        pipes = self.city.network.pipes
        for row in self._matching(needle, "pipes"):
            x, y = _middle(pipes.points(row))
            yield Hit("pipe", str(pipes.asset_id[row]), str(pipes.asset_id[row]), str(pipes.road_name[row]), x, y)

    def _customers(self, needle: str, _: Words | None = None) -> Iterator[Hit]:
        table = self.city.customers
        for row in self._matching(needle, "customers"):
            name, address = str(table.name[row]), str(table.address[row])
            title = name or address or str(table.asset_id[row])
            detail = " ".join(part for part in (address if name else "", str(table.community[row])) if part)
            yield Hit("customer", str(table.asset_id[row]), title, detail, float(table.x[row]), float(table.y[row]))

    def _zones(self, needle: str, words: Words) -> Iterator[Hit]:
        zones = self.city.zones
        for row in self._matching(needle, "zones"):
            point = shapely.point_on_surface(zones.geometry[row])
            yield Hit(
                "zone", str(zones.asset_id[row]), str(zones.name[row]), words.of("word", str(zones.kind[row])), point.x, point.y
            )

    def _roads(self, needle: str, _: Words | None = None) -> Iterator[Hit]:
        roads, rows = self.city.roads, list(self._roads_by_name.values())
        for number in self._matching(needle, "roads"):
            row = rows[number]
            x, y = _middle(shapely.get_coordinates(roads.geometry[row]))
            yield Hit("road", str(roads.asset_id[row]), str(roads.name[row]), "", x, y)

    def _stations(self, needle: str, words: Words) -> Iterator[Hit]:
        stations, nodes = self.city.stations, self.city.network.nodes
        for row in self._matching(needle, "stations"):
            node = int(stations.node[row])
            x, y = float(stations.x[row]), float(stations.y[row])
            if not np.isfinite(x) and node >= 0:
                x, y = float(nodes.x[node]), float(nodes.y[node])
            yield Hit(
                "station",
                str(stations.asset_id[row]),
                str(stations.name[row]) or str(stations.asset_id[row]),
                " ".join(words.of("channel", name.strip()) for name in str(stations.channels[row]).split(",")),
                x,
                y,
            )

    def _plants(self, needle: str, words: Words) -> Iterator[Hit]:
        """Plants, pumping stations, wells, tanks, sources: those listed and those only the model knows; by a pump's id too."""
        for row in self._matching(needle, "facilities"):
            one = self._facilities[row]
            yield Hit("facility", one.asset_id, one.name or one.asset_id, words.of("word", one.kind), one.x, one.y)

    def _pipes(self, needle: str, words: Words) -> Iterator[Hit]:
        for row in self._matching(needle, "pipes"):
            yield self._pipe(row, words)

    def _pipe(self, row: int, words: Words) -> Hit:
        pipes = self.city.network.pipes
        x, y = _middle(pipes.points(row))
        detail = words.pipe(float(pipes.diameter_mm[row]), str(pipes.material[row]), int(pipes.year_laid[row]))
        name = str(pipes.asset_id[row])
        return Hit("pipe", name, name, f"{detail} {pipes.road_name[row]}".strip(), x, y)

    def _valves(self, needle: str, _: Words) -> Iterator[Hit]:
        table = self.city.network.valves
        for row in self._matching(needle, "valves"):
            size, name = float(table.diameter_mm[row]), str(table.asset_id[row])
            yield Hit("valve", name, name, f"DN{size:.0f}" if size > 0 else "", float(table.x[row]), float(table.y[row]))

    def _hydrants(self, needle: str, _: Words) -> Iterator[Hit]:
        table = self.city.hydrants
        for row in self._matching(needle, "hydrants"):
            name = str(table.asset_id[row])
            yield Hit("hydrant", name, name, "", float(table.x[row]), float(table.y[row]))


def _middle(points: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, float]:
    point = points[len(points) // 2]
    if len(points) == 2:
        point = points.mean(axis=0)
    return float(point[0]), float(point[1])
