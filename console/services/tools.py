"""Tools: the inputs shared by all services of one city's desk."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from console.domain.limits import Limits
from console.domain.readings import Channel
from console.services.alarms.limits import LimitTable
from console.services.areas.area_map import AreaMap
from console.services.incidents.event_level import LevelTable
from console.services.incidents.restoration_time import RestorationTable
from console.services.location.pipe_location import PlaceFinder
from console.services.ports import Documents, Planner
from console.services.settings import DeskSettings
from console.services.tickets.hearing import CallMatcher
from maps.city import City


@dataclass(frozen=True, eq=False)
class Tools:
    """The city, its planner, texts of documents, settings. ``undoable``: kinds of changes that users can undo."""

    city: City
    planner: Planner
    documents: Documents
    settings: DeskSettings
    undoable: frozenset[str] = frozenset()

    @cached_property
    def places(self) -> PlaceFinder:
        """Finder of pipes' positions."""
        return PlaceFinder(self.city)

    @cached_property
    def areas(self) -> AreaMap:
        """The operating areas of the city."""
        return AreaMap(self.city)

    @cached_property
    def calls(self) -> CallMatcher:
        """Matcher of callers' places with what runs."""
        return CallMatcher(self.city, self.settings.news_minutes)

    @cached_property
    def restoration(self) -> RestorationTable:
        """Table of repair durations."""
        return RestorationTable.load()

    @cached_property
    def levels(self) -> LevelTable:
        """Table of event levels."""
        return LevelTable.load()

    @cached_property
    def limit_table(self) -> LimitTable:
        """The utility's limits, else the program's."""
        return LimitTable.load(self.settings.limits_file)

    @cached_property
    def limits(self) -> Limits:
        """Limits of every station."""
        return Limits.of(self.city, self.limit_table.rules)

    def keeps(self, channel: Channel, value: float, place: str = "network") -> bool:
        """Whether a value (inside unit) is within the limits of a place; without a limit anything is."""
        rule = self.limit_table.of(channel, place)
        if rule is None:
            return True
        return (rule.least is None or value >= rule.least) and (rule.most is None or value <= rule.most)

    @property
    def site(self) -> str:
        """The site's name in topics."""
        return self.settings.site or self.city.info.site

    @property
    def is_drill(self) -> bool:
        """Whether all of this is an exercise."""
        return self.settings.is_drill

    def topic(self, *parts: str) -> str:
        """A topic of this site: ``quanmai/v1/<site>/…``."""
        return "/".join(("quanmai/v1", self.site, *parts))
