"""What Ctrl+K finds: pipes, valves, hydrants, stations, plants and tanks, roads, communities, crews, cases, commands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import shapely

from console.domain.picture import Picture
from console.ui.map.facilities import Facility, facilities
from console.ui.panels.clock import short_title
from console.ui.words import Words
from maps.city import City

_PER_KIND = 8


@dataclass(frozen=True, slots=True)
class Hit:
    """Something found. ``x``/``y``: the network's CRS, NaN for commands; ``detail``: what tells it from its likes."""

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
    """Looks through the city as it is typed; cases, crews and commands first, they are few and urgent."""

    def __init__(self, city: City) -> None:
        self._city = city

    @cached_property
    def _facilities(self) -> tuple[Facility, ...]:
        return facilities(self._city)

    def find(self, text: str, picture: Picture, commands: Sequence[Command], words: Words, most: int = 40) -> list[Hit]:
        """Hits for a text, best kinds first; nothing typed gives the cases and commands."""
        needle = text.strip().casefold()
        sources: list[Iterator[Hit]] = [
            self._cases(needle, picture, words),
            self._crews(needle, picture),
            self._commands(needle, commands),
        ]
        if needle:
            sources += [
                self._zones(needle, words),
                self._roads(needle),
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
            title = f"{incident.incident_id} {short_title(incident, words)}"
            if needle in title.casefold() or needle in incident.title.casefold():
                yield Hit("incident", incident.incident_id, title, words.of("phase", incident.phase.value))

    def _crews(self, needle: str, picture: Picture) -> Iterator[Hit]:
        for fix in picture.crews:
            if needle and (needle in fix.name.casefold() or needle in fix.crew_id.casefold()):
                yield Hit("crew", fix.crew_id, fix.name or fix.crew_id, "", fix.x, fix.y)

    def _commands(self, needle: str, commands: Sequence[Command]) -> Iterator[Hit]:
        for command in commands:
            if needle in command.title.casefold() or needle in command.key.casefold():
                yield Hit("command", command.key, command.title, command.shortcut)

    def _zones(self, needle: str, words: Words) -> Iterator[Hit]:
        zones = self._city.zones
        for row in _matching(needle, zones.name):
            point = shapely.point_on_surface(zones.geometry[row])
            yield Hit(
                "zone", str(zones.asset_id[row]), str(zones.name[row]), words.of("word", str(zones.kind[row])), point.x, point.y
            )

    def _roads(self, needle: str) -> Iterator[Hit]:
        roads, seen = self._city.roads, set[str]()
        for row in _matching(needle, roads.name):
            name = str(roads.name[row])
            if name not in seen:
                seen.add(name)
                x, y = _middle(shapely.get_coordinates(roads.geometry[row]))
                yield Hit("road", str(roads.asset_id[row]), name, "", x, y)

    def _stations(self, needle: str, words: Words) -> Iterator[Hit]:
        stations, nodes = self._city.stations, self._city.network.nodes
        for row in _matching(needle, stations.name, stations.asset_id):
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
        pumps, found = self._city.network.pumps.asset_id, self._facilities
        inside = [" ".join(map(str, pumps[list(facility.pumps)])) for facility in found]
        names = [facility.name for facility in found]
        for row in _matching(needle, names, [facility.asset_id for facility in found], inside):
            one = found[row]
            yield Hit("facility", one.asset_id, one.name or one.asset_id, words.of("word", one.kind), one.x, one.y)

    def _pipes(self, needle: str, words: Words) -> Iterator[Hit]:
        pipes = self._city.network.pipes
        for row in _matching(needle, pipes.asset_id):
            x, y = _middle(pipes.points(row))
            detail = words.pipe(float(pipes.diameter_mm[row]), str(pipes.material[row]), int(pipes.year_laid[row]))
            yield Hit(
                "pipe", str(pipes.asset_id[row]), str(pipes.asset_id[row]), f"{detail} {pipes.road_name[row]}".strip(), x, y
            )

    def _valves(self, needle: str) -> Iterator[Hit]:
        valves, hydrants = self._city.network.valves, self._city.hydrants
        for row in _matching(needle, valves.asset_id):
            size = float(valves.diameter_mm[row])
            yield Hit(
                "valve",
                str(valves.asset_id[row]),
                str(valves.asset_id[row]),
                f"DN{size:.0f}" if size > 0 else "",
                float(valves.x[row]),
                float(valves.y[row]),
            )
        for row in _matching(needle, hydrants.asset_id):
            yield Hit(
                "hydrant",
                str(hydrants.asset_id[row]),
                str(hydrants.asset_id[row]),
                "",
                float(hydrants.x[row]),
                float(hydrants.y[row]),
            )


def _matching(needle: str, *columns: Iterable[object]) -> Iterator[int]:
    """Rows where any of the columns has the text, those that begin with it first."""
    later: list[int] = []
    for row, values in enumerate(zip(*columns, strict=True)):
        texts = [str(value).casefold() for value in values]
        if any(text.startswith(needle) for text in texts):
            yield row
        elif len(later) < _PER_KIND and any(needle in text for text in texts):
            later.append(row)
    yield from later


def _middle(points: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> tuple[float, float]:
    point = points[len(points) // 2]
    if len(points) == 2:
        point = points.mean(axis=0)
    return float(point[0]), float(point[1])
