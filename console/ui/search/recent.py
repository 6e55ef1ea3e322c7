"""What was chosen in the search before: kept between sessions, first in the list, never twice."""

from __future__ import annotations

import json
from collections.abc import Sequence
from math import isfinite

from console.ui.search.hits import Command, Hit
from console.ui.settings import StoredSettings

_KEPT = 12
_OF_RECORDS = frozenset({"incident", "notice", "outage", "crew", "contact", "ticket", "order"})
"""They change and end: only what the search finds now is shown of them, so they are not kept."""


class RecentHits:
    """The last things chosen. ``key``: of the stored settings, of this city."""

    def __init__(self, stored: StoredSettings, key: str) -> None:
        self._stored, self._key = stored, key
        self._hits = _read(stored.get(key))

    def remember(self, hit: Hit) -> None:
        """Put a hit first."""
        if hit.kind in _OF_RECORDS:
            return
        others = [one for one in self._hits if (one.kind, one.key) != (hit.kind, hit.key)]
        self._hits = [hit, *others][:_KEPT]
        rows = [[one.kind, one.key, one.title, one.detail, *_place(one)] for one in self._hits]
        self._stored.put(self._key, json.dumps(rows, ensure_ascii=False))

    def hits(self, commands: Sequence[Command]) -> tuple[Hit, ...]:
        """The last first; commands by their present names, without those that are no more."""
        known = {one.key: one for one in commands}
        shown = []
        for hit in self._hits:
            command = known.get(hit.key) if hit.kind == "command" else None
            if command is not None:
                shown.append(Hit("command", command.key, command.title, command.shortcut))
            elif hit.kind != "command":
                shown.append(hit)
        return tuple(shown)


def _place(hit: Hit) -> list[float]:
    return [hit.x, hit.y] if isfinite(hit.x) and isfinite(hit.y) else []


def _read(text: object) -> list[Hit]:
    """Hits as stored; nothing of what another version or a hand has written otherwise."""
    try:
        rows = json.loads(text) if isinstance(text, str) else []
    except ValueError:
        return []
    found = []
    for row in rows if isinstance(rows, list) else []:
        if isinstance(row, list) and len(row) in (4, 6) and all(isinstance(one, str) for one in row[:4]):
            place = [float(one) for one in row[4:] if isinstance(one, int | float)]
            found.append(Hit(*row[:4], *place) if len(place) in (0, 2) else Hit(*row[:4]))
    return found[:_KEPT]
