"""What Ctrl+K finds: assets of the network, roads, communities, customers, tickets, crews, cases, commands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import shapely

from console.domain.contacts import CONTACT
from console.domain.picture import Picture
from console.domain.record_ids import shown_id
from console.domain.tickets import TICKET
from console.services.shift.contacts import matching
from console.ui.commands.pinyin import initials
from console.ui.commands.text_index import Names, TextIndex
from console.ui.map.network.facilities import Facility, facilities
from console.ui.panels.case.clock import short_title
from console.ui.words import Words
from maps.city import City

_PER_KIND = 8
_KINDS = ("zones", "roads", "customers", "stations", "facilities", "pipes", "valves", "hydrants")
PLACES = ("zone", "road", "customer", "pipe")
"""Kinds of hits that a caller's place can be."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A search result. ``x``/``y``: the network's CRS, NaN for commands; ``detail``: distinguishes results of the same title."""

    kind: str
    key: str
    title: str
    detail: str = ""
    x: float = float("nan")
    y: float = float("nan")


@dataclass(frozen=True, slots=True)
class Command:
    """A command of the window. ``key``: its name; ``shortcut``: as shown."""

    key: str
    title: str
    shortcut: str = ""


class Search:
    """Searches the city while the user types. Cases, crews and commands come first: they are few and urgent.

    The names of the assets are indexed when first needed; ``prepare`` does that ahead, on any thread.
    """

    def __init__(self, city: City) -> None:
        self._city = city
        self._indexes: dict[str, tuple[TextIndex, ...]] = {}

    def prepare(self) -> None:
        """Index all names: half a second of a million pipes."""
        for kind in _KINDS:
            self._index(kind)

    def _index(self, kind: str) -> tuple[TextIndex, ...]:
        found = self._indexes.get(kind)
        if found is None:
            found = self._indexes[kind] = tuple(map(TextIndex, self._columns(kind)))
        return found

    def _columns(self, kind: str) -> tuple[Names, ...]:
        """The columns of a kind that are searched."""
        city, network = self._city, self._city.network
        match kind:
            case "zones":
                return city.zones.name, initials(city.zones.name)
            case "roads":
                roads = tuple(self._roads_by_name)
                return roads, initials(roads)
            case "customers":
                return (
                    city.customers.name,
                    city.customers.address,
                    initials(city.customers.name),
                    initials(city.customers.address),
                )
            case "stations":
                return city.stations.name, city.stations.asset_id
            case "facilities":
                return self._facility_names()
            case "pipes":
                return (network.pipes.asset_id,)
            case "valves":
                return (network.valves.asset_id,)
        return (city.hydrants.asset_id,)

    def _matching(self, needle: str, kind: str) -> list[int]:
        """Rows of a kind where a column has the text, those that begin with it first."""
        columns = self._index(kind)
        if len(columns) == 1:
            return columns[0].rows(needle, _PER_KIND)
        begin = sorted({row for column in columns for row in column.beginning(needle, _PER_KIND)})
        inside = sorted({row for column in columns for row in column.rows(needle, 2 * _PER_KIND)} - set(begin))
        return [*begin, *inside]

    def _facility_names(self) -> tuple[Names, ...]:
        pumps, found = self._city.network.pumps.asset_id, self._facilities
        inside = [" ".join(map(str, pumps[list(facility.pumps)])) for facility in found]
        return [one.name for one in found], [one.asset_id for one in found], inside

    @cached_property
    def _roads_by_name(self) -> dict[str, int]:
        """The first row of each road: a road is many lines of one name."""
        rows: dict[str, int] = {}
        for row, name in enumerate(self._city.roads.name):
            rows.setdefault(str(name), row)
        return rows

    @cached_property
    def _facilities(self) -> tuple[Facility, ...]:
        return facilities(self._city)

    def find(self, text: str, picture: Picture, commands: Sequence[Command], words: Words, most: int = 40) -> list[Hit]:
        """Hits for a text, best kinds first; nothing typed gives the cases and commands."""
        needle = text.strip().casefold()
        sources: list[Iterator[Hit]] = [
            self._cases(needle, picture, words),
            self._crews(needle, picture),
            self._contacts(needle, picture),
            self._tickets(needle, picture, words),
            self._commands(needle, commands),
        ]
        if needle:
            sources += [
                self._zones(needle, words),
                self._roads(needle),
                self._customers(needle),
                self._stations(needle, words),
                self._plants(needle, words),
                self._pipes(needle, words),
                self._valves(needle),
            ]
        hits = [hit for source in sources for hit in islice(source, _PER_KIND if needle else most)]
        exact = [hit for hit in hits if hit.key.casefold() == needle or hit.title.casefold() == needle]
        return [*exact, *(hit for hit in hits if hit not in exact)][:most]

    def _cases(self, needle: str, picture: Picture, words: Words) -> Iterator[Hit]:
        for incident in picture.incidents:
            title = f"{shown_id(incident.incident_id)} {short_title(incident, words)}"
            if needle in title.casefold() or needle in incident.title.casefold():
                yield Hit("incident", incident.incident_id, title, words.of("phase", incident.phase.value))

    def _crews(self, needle: str, picture: Picture) -> Iterator[Hit]:
        for fix in picture.crews:
            if needle and (needle in fix.name.casefold() or needle in fix.crew_id.casefold()):
                yield Hit("crew", fix.crew_id, fix.name or fix.crew_id, "", fix.x, fix.y)

    def _contacts(self, needle: str, picture: Picture) -> Iterator[Hit]:
        for one in matching(picture.of(CONTACT), needle) if needle else ():
            title = f"{one.name} {one.organisation}".strip()
            yield Hit("contact", one.contact_id, title, " / ".join(one.phones))

    def _tickets(self, needle: str, picture: Picture, words: Words) -> Iterator[Hit]:
        for one in picture.of(TICKET) if len(needle) > 1 else ():
            if any(needle in text.casefold() for text in (one.ticket_id, one.phone, one.address)):
                x, y = (one.x, one.y) if one.x is not None and one.y is not None else (float("nan"), float("nan"))
                title = f"{one.ticket_id} {words.of('ticket_kind', one.kind.value)}"
                yield Hit("ticket", one.ticket_id, title, one.address or one.phone, x, y)

    def places(self, text: str, most: int = 8) -> list[Hit]:
        """Places for a caller: communities, roads, customers by name and address, pipes; initials too, the best first."""
        needle = text.strip().casefold()
        if not needle:
            return []
        sources = (self._communities(needle), self._roads(needle), self._customers(needle), self._pipe_places(needle))
        hits = [hit for source in sources for hit in islice(source, _PER_KIND)]
        first = [hit for hit in hits if needle in (hit.title.casefold(), hit.detail.casefold(), hit.key.casefold())]
        begin = [hit for hit in hits if hit not in first and hit.title.casefold().startswith(needle)]
        return [*first, *begin, *(hit for hit in hits if hit not in first and hit not in begin)][:most]

    def _communities(self, needle: str) -> Iterator[Hit]:
        zones = self._city.zones
        for row in self._matching(needle, "zones"):
            if str(zones.kind[row]) == "community":
                point = shapely.point_on_surface(zones.geometry[row])
                yield Hit("zone", str(zones.asset_id[row]), str(zones.name[row]), "", point.x, point.y)

    def _pipe_places(self, needle: str) -> Iterator[Hit]:
        pipes = self._city.network.pipes
        for row in self._matching(needle, "pipes"):
            x, y = _middle(pipes.points(row))
            yield Hit("pipe", str(pipes.asset_id[row]), str(pipes.asset_id[row]), str(pipes.road_name[row]), x, y)

    def _customers(self, needle: str) -> Iterator[Hit]:
        table = self._city.customers
        for row in self._matching(needle, "customers"):
            name, address = str(table.name[row]), str(table.address[row])
            title = name or address or str(table.asset_id[row])
            detail = " ".join(part for part in (address if name else "", str(table.community[row])) if part)
            yield Hit("customer", str(table.asset_id[row]), title, detail, float(table.x[row]), float(table.y[row]))

    def _commands(self, needle: str, commands: Sequence[Command]) -> Iterator[Hit]:
        for command in commands:
            if needle in command.title.casefold() or needle in command.key.casefold():
                yield Hit("command", command.key, command.title, command.shortcut)

    def _zones(self, needle: str, words: Words) -> Iterator[Hit]:
        zones = self._city.zones
        for row in self._matching(needle, "zones"):
            point = shapely.point_on_surface(zones.geometry[row])
            yield Hit(
                "zone", str(zones.asset_id[row]), str(zones.name[row]), words.of("word", str(zones.kind[row])), point.x, point.y
            )

    def _roads(self, needle: str) -> Iterator[Hit]:
        roads, rows = self._city.roads, list(self._roads_by_name.values())
        for number in self._matching(needle, "roads"):
            row = rows[number]
            x, y = _middle(shapely.get_coordinates(roads.geometry[row]))
            yield Hit("road", str(roads.asset_id[row]), str(roads.name[row]), "", x, y)

    def _stations(self, needle: str, words: Words) -> Iterator[Hit]:
        stations, nodes = self._city.stations, self._city.network.nodes
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
        pipes = self._city.network.pipes
        for row in self._matching(needle, "pipes"):
            x, y = _middle(pipes.points(row))
            detail = words.pipe(float(pipes.diameter_mm[row]), str(pipes.material[row]), int(pipes.year_laid[row]))
            yield Hit(
                "pipe", str(pipes.asset_id[row]), str(pipes.asset_id[row]), f"{detail} {pipes.road_name[row]}".strip(), x, y
            )

    def _valves(self, needle: str) -> Iterator[Hit]:
        valves, hydrants = self._city.network.valves, self._city.hydrants
        for row in self._matching(needle, "valves"):
            size = float(valves.diameter_mm[row])
            yield Hit(
                "valve",
                str(valves.asset_id[row]),
                str(valves.asset_id[row]),
                f"DN{size:.0f}" if size > 0 else "",
                float(valves.x[row]),
                float(valves.y[row]),
            )
        for row in self._matching(needle, "hydrants"):
            yield Hit(
                "hydrant",
                str(hydrants.asset_id[row]),
                str(hydrants.asset_id[row]),
                "",
                float(hydrants.x[row]),
                float(hydrants.y[row]),
            )


def _middle(points: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, float]:
    point = points[len(points) // 2]
    if len(points) == 2:
        point = points.mean(axis=0)
    return float(point[0]), float(point[1])
