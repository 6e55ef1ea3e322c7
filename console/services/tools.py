"""Tools: what every service of one city's desk works with."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from console.services.place import PlaceFinder
from console.services.ports import Documents, Planner
from console.services.restoration import RestorationTable
from console.services.settings import DeskSettings
from maps.city import City


@dataclass(frozen=True, eq=False)
class Tools:
    """One city, its planner, the documents' words, the settings."""

    city: City
    planner: Planner
    documents: Documents
    settings: DeskSettings

    @cached_property
    def places(self) -> PlaceFinder:
        """Where a pipe lies."""
        return PlaceFinder(self.city)

    @cached_property
    def restoration(self) -> RestorationTable:
        """How long repairs take."""
        return RestorationTable.load()

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
