"""Search: what Ctrl+K finds for a text, in groups, and places for a caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from console.domain.picture import Picture
from console.ui.search.assets import PER_KIND, AssetSearch
from console.ui.search.coordinate_entry import entries
from console.ui.search.hits import Command, Group, Hit
from console.ui.search.records import cases, contacts, crews, notices, orders, outages, tickets
from console.ui.words import Words
from maps.city import City

_MOST = 40
_DESCRIBED = ("pipes", "place")
"""Hits that a text describes; they have no name that it could be."""
_RECENT_MOST = 6
_RECORDS = (
    ("incident", cases),
    ("notice", notices),
    ("outage", outages),
    ("crew", crews),
    ("contact", contacts),
    ("ticket", tickets),
    ("order", orders),
)


@dataclass(frozen=True, slots=True)
class Found:
    """What a text finds. ``complete``: every name of the city was looked through, none is still being indexed."""

    text: str
    groups: tuple[Group, ...]
    complete: bool = True

    def hits(self) -> list[Hit]:
        """All hits in their order."""
        return [hit for group in self.groups for hit in group.hits]


class Search:
    """Searches one city and a picture's records. Cases, crews and commands come first: they are few and urgent.

    The names of the assets are indexed when first needed; ``prepare`` does that ahead, on any thread.
    """

    def __init__(self, city: City) -> None:
        self._assets = AssetSearch(city)
        self._city = city

    def prepare(self) -> None:
        """Index all names."""
        self._assets.prepare()

    def load_systems(self) -> None:
        """Load what coordinates need (a third of a second). On the thread that searches: PROJ keeps it for each thread."""
        entries("0 0", self._city)
        entries("0 1000", self._city)

    def end(self) -> None:
        """Let ``prepare`` end early: the window closes. Any thread."""
        self._assets.end()

    @property
    def is_ready(self) -> bool:
        """Whether everything is indexed."""
        return self._assets.is_ready

    def find(
        self,
        text: str,
        picture: Picture,
        commands: Sequence[Command],
        words: Words,
        recent: Sequence[Hit] = (),
        *,
        wait: bool = True,
    ) -> Found:
        """Hits for a text, at most 40, none twice; nothing typed gives what was chosen last, cases and commands.

        ``wait``: index what is not indexed yet; else it is left out and the answer is not complete.
        """
        needle = text.strip().casefold()
        ready = wait or self.is_ready
        sources = list(self._sources(text.strip(), needle, picture, commands, words, wait=wait))
        groups = _once(Group(name, tuple(islice(hits, PER_KIND if needle else _MOST))) for name, hits in sources)
        every = [hit for group in groups for hit in group.hits]
        again = _again(needle, recent, every)
        exact = tuple(hit for hit in every if hit.kind not in _DESCRIBED and needle in _names(hit)) if needle else ()
        first = (Group("best", exact), Group("recent", tuple(hit for hit in again if hit not in exact)))
        return Found(text, _cut(_once((*first, *groups)), _MOST), ready)

    def pipe_rows(self, text: str) -> list[int]:
        """Rows of the pipes that a hit of the kind ``pipes`` stands for."""
        found = self._assets.kinds.find(text)
        return found.rows.tolist() if found is not None else []

    def places(self, text: str, most: int = 8) -> list[Hit]:
        """Places for a caller: communities, roads, customers by name and address, pipes; initials too, the best first."""
        needle = text.strip().casefold()
        hits = list(self._assets.places(needle)) if needle else []
        first = [hit for hit in hits if needle in (hit.title.casefold(), hit.detail.casefold(), hit.key.casefold())]
        begin = [hit for hit in hits if hit not in first and hit.title.casefold().startswith(needle)]
        return [*first, *begin, *(hit for hit in hits if hit not in first and hit not in begin)][:most]

    def _sources(
        self, text: str, needle: str, picture: Picture, commands: Sequence[Command], words: Words, *, wait: bool
    ) -> Iterator[tuple[str, Iterator[Hit]]]:
        for kind, source in _RECORDS:
            yield kind, source(needle, picture, words)
        yield "command", _commands(needle, commands)
        if needle:
            yield "place", self._places(text, words)
            yield "pipes", self._assets.by_kind(text, words, wait=wait)
            yield from self._assets.hits(needle, words, wait=wait)

    def _places(self, text: str, words: Words) -> Iterator[Hit]:
        for one in entries(text, self._city):
            yield Hit("place", f"{one.x:.3f} {one.y:.3f}", text, one.system or words("map.local_crs"), one.x, one.y)


def _names(hit: Hit) -> tuple[str, str]:
    return hit.key.casefold(), hit.title.casefold()


def _commands(needle: str, commands: Sequence[Command]) -> Iterator[Hit]:
    for command in commands:
        if needle in command.title.casefold() or needle in command.key.casefold():
            yield Hit("command", command.key, command.title, command.shortcut)


def _again(needle: str, recent: Sequence[Hit], found: Sequence[Hit]) -> list[Hit]:
    """Of what was chosen before: all of it for no text, else what is found again or reads like the text."""
    if not needle:
        return list(recent[:_RECENT_MOST])
    present = {(hit.kind, hit.key): hit for hit in found}
    matching = []
    for hit in recent:
        now = present.get((hit.kind, hit.key))
        if now is not None:
            matching.append(now)
        elif any(needle in name for name in _names(hit)):
            matching.append(hit)
    return matching[:_RECENT_MOST]


def _once(groups: Iterable[Group]) -> list[Group]:
    """Nothing twice, neither the same thing nor two that read alike; groups without hits are left out."""
    seen: set[tuple[str, ...]] = set()
    kept = []
    for group in groups:
        hits = []
        for hit in group.hits:
            names = {(hit.kind, hit.key), (hit.kind, hit.title, hit.detail)}
            if not names & seen:
                hits.append(hit)
            seen |= names
        if hits:
            kept.append(Group(group.name, tuple(hits)))
    return kept


def _cut(groups: Sequence[Group], most: int) -> tuple[Group, ...]:
    left, kept = most, []
    for group in groups:
        if left > 0:
            kept.append(replace(group, hits=group.hits[:left]))
        left -= len(group.hits)
    return tuple(kept)
