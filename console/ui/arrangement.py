"""Arrangement: where each panel stands — groups of tabs by area, hidden and floating ones, sizes; as JSON in the settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from console.ui.panels.panel import Area, PanelSpec

SIDES = (Area.LEFT, Area.BOTTOM, Area.RIGHT)
Place = tuple[int, int, int, int]
"""x, y, width, height of a floating panel, logical pixels of the screens."""


@dataclass(frozen=True, slots=True)
class TabGroup:
    """Panels that share a place, by their titles; the first is in front at first."""

    area: Area
    titles: tuple[str, ...]


@dataclass(frozen=True)
class Arrangement:
    """``groups``: in their order, hidden and floating panels included, so that they come back to their place.

    ``sizes``: of the splitters, by their names; none for the usual ones. ``by_hand``: the height of the bottom was chosen.
    """

    groups: tuple[TabGroup, ...]
    hidden: frozenset[str] = frozenset()
    floating: Mapping[str, Place] = field(default_factory=dict)
    sizes: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    by_hand: bool = False

    def shown(self, area: Area) -> list[tuple[str, ...]]:
        """Titles of the groups of an area that have something to show."""
        away = self.hidden | set(self.floating)
        groups = [tuple(title for title in group.titles if title not in away) for group in self.groups if group.area is area]
        return [titles for titles in groups if titles]

    def titles(self) -> list[str]:
        """All panels."""
        return [title for group in self.groups for title in group.titles]

    def area_of(self, title: str) -> Area:
        """The area of a panel's group. Raises KeyError for an unknown panel."""
        return next((group.area for group in self.groups if title in group.titles), None) or _unknown(title)

    def group_of(self, title: str) -> TabGroup | None:
        """The group of a panel."""
        return next((group for group in self.groups if title in group.titles), None)

    def to_area(self, title: str, area: Area) -> Arrangement:
        """A panel as a group of its own, last in an area."""
        return self._docked(title, (*self._without(title), TabGroup(area, (title,))))

    def beside(self, title: str, other: str) -> Arrangement:
        """A panel as a tab beside another one."""
        if title == other:
            return self
        groups = (
            replace(group, titles=(*group.titles, title)) if other in group.titles else group for group in self._without(title)
        )
        return self._docked(title, groups)

    def hide(self, title: str) -> Arrangement:
        """Without a panel; it keeps its place."""
        return replace(self, hidden=self.hidden | {title}, floating=_but(self.floating, title), sizes={})

    def show(self, title: str) -> Arrangement:
        """A hidden or floating panel back in its place."""
        return self._docked(title, self.groups)

    def floated(self, title: str, at: Place) -> Arrangement:
        """A panel in a window of its own."""
        kept = {**self.floating, title: at}
        return replace(self, hidden=self.hidden - {title}, floating=kept, sizes=self.sizes if title in self.floating else {})

    def _docked(self, title: str, groups: Iterable[TabGroup]) -> Arrangement:
        return replace(self, groups=tuple(groups), hidden=self.hidden - {title}, floating=_but(self.floating, title), sizes={})

    def _without(self, title: str) -> tuple[TabGroup, ...]:
        groups = (replace(group, titles=tuple(one for one in group.titles if one != title)) for group in self.groups)
        return tuple(group for group in groups if group.titles)


def usual(specs: Sequence[PanelSpec]) -> Arrangement:
    """As the registry says."""
    groups = []
    for spec in specs:
        if spec.area in SIDES and not spec.beside:
            groups.append(TabGroup(spec.area, (spec.title, *(one.title for one in specs if one.beside == spec.title))))
    return Arrangement(tuple(groups))


def night(specs: Sequence[PanelSpec]) -> Arrangement:
    """The map as large as the case allows: without the layers."""
    return usual(specs).hide("layers")


def wall(specs: Sequence[PanelSpec]) -> Arrangement:
    """The map and the case alone."""
    made = usual(specs)
    for title in made.titles():
        made = made if title == "case" else made.hide(title)
    return made


def supervisor(specs: Sequence[PanelSpec]) -> Arrangement:
    """What was done and written comes first and is high: log, shift log and corrections, then alarms and tickets."""
    made = usual(specs).to_area("alarms", Area.BOTTOM).beside("tickets", "alarms")
    return replace(made, sizes={"left": (560, 340)}, by_hand=True)


BUILT_IN: Mapping[str, Callable[[Sequence[PanelSpec]], Arrangement]] = {"night": night, "wall": wall, "supervisor": supervisor}
"""Layouts that every screen has, by their name in the texts ``ui.layouts``."""


def as_text(made: Arrangement) -> str:
    """JSON for the settings."""
    return json.dumps(
        {
            "groups": [[group.area.value, *group.titles] for group in made.groups],
            "hidden": sorted(made.hidden),
            "floating": {title: list(place) for title, place in made.floating.items()},
            "sizes": {name: list(sizes) for name, sizes in made.sizes.items()},
            "by_hand": made.by_hand,
        }
    )


def from_text(text: object, specs: Sequence[PanelSpec]) -> Arrangement | None:
    """An arrangement as stored, None where it is none.

    Panels that this version does not have are left out; those that the text does not name stand where they usually do.
    """
    try:
        stored = json.loads(text) if isinstance(text, str) else None
        return None if not isinstance(stored, dict) else _whole(_read(stored, usual(specs).titles()), specs)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


def _read(stored: Mapping[str, Any], known: Sequence[str]) -> Arrangement:
    seen: set[str] = set()
    groups = []
    for area, *titles in stored["groups"]:
        mine = tuple(title for title in dict.fromkeys(titles) if title in known and title not in seen)
        seen.update(mine)
        if mine and Area(area) in SIDES:
            groups.append(TabGroup(Area(area), mine))
    x_y = {title: _place(place) for title, place in stored["floating"].items() if title in seen}
    sizes = {str(name): tuple(int(one) for one in found) for name, found in stored["sizes"].items()}
    return Arrangement(tuple(groups), frozenset(stored["hidden"]) & seen, x_y, sizes, stored["by_hand"] is True)


def _place(place: Sequence[int]) -> Place:
    x, y, width, height = (int(one) for one in place)
    return x, y, width, height


def _whole(made: Arrangement, specs: Sequence[PanelSpec]) -> Arrangement:
    """With panels that are new since it was stored."""
    known = set(made.titles())
    for spec in specs:
        if spec.area in SIDES and spec.title not in known:
            made = made.beside(spec.title, spec.beside) if spec.beside in known else made.to_area(spec.title, spec.area)
    return made


def _but(floating: Mapping[str, Place], title: str) -> dict[str, Place]:
    return {one: place for one, place in floating.items() if one != title}


def _unknown(title: str) -> Area:
    raise KeyError(f"no panel {title!r}")
