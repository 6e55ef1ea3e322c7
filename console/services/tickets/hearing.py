"""What is known at once of a call: its place, what runs there, similar calls near, the text to read out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from console.domain.notes import Note
from console.domain.tickets import TICKET, Cover, TicketKind
from console.services.ports import Planner
from console.services.state import DeskState
from console.services.tickets.affected import AffectedArea, AreasInForce, plan_area
from console.services.tickets.answers import NEWS_MINUTES, answer
from console.services.tickets.matching import Match, Similar, match, similar
from console.services.tickets.places import CallerPlace, CallerPlaces
from maps.city import City

_MOST_SEGMENTS = 400
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class CallFields:
    """What a caller says. ``x``/``y``: the network's CRS; ``asset_kind``, ``asset_id``: as in ``Ticket``."""

    kind: TicketKind
    phone: str = ""
    caller: str = ""
    address: str = ""
    text: str = ""
    x: float | None = None
    y: float | None = None
    asset_kind: str = ""
    asset_id: str = ""
    wants_callback: bool = False


@dataclass(frozen=True, eq=False)
class Heard:
    """``x``/``y``: where the place lies, the network's CRS, None where unknown. ``cover``: by what is in force now."""

    place: CallerPlace
    match: Match
    similar: Similar
    cover: Cover
    answer: Note
    x: float | None
    y: float | None


class CallMatcher:
    """Matches calls of one city. The indexes are built when first needed, or ahead by ``prepare`` on any thread."""

    def __init__(self, city: City, news_minutes: float = NEWS_MINUTES) -> None:
        self._city, self._news_minutes = city, news_minutes
        self.places, self.areas = CallerPlaces(city), AreasInForce(city)
        self._segments: dict[tuple[str, str], AffectedArea] = {}

    def prepare(self) -> None:
        """Build the indexes ahead."""
        self.places.prepare()

    def hear(self, state: DeskState, fields: CallFields, now: datetime, *, without: str = "") -> Heard:
        """Match a call with what runs. ``without``: id of a ticket that is no similar call: its own."""
        place = self.places.place(fields.asset_kind, fields.asset_id, fields.x, fields.y)
        found = match(place, self.areas.of(state, now), self._city.customers.households)
        x, y = (place.x, place.y) if math.isfinite(place.x) else (fields.x, fields.y)
        others = (one for one in state.of(TICKET).values() if one.ticket_id != without)
        near = similar(others, fields.kind, x, y, now)
        said = answer(found, near, fields.kind, now, self._city.info.time_zone, news_minutes=self._news_minutes)
        cover = Cover.OUTSIDE if found.area is not None and not found.area.has_begun(now) else found.cover
        return Heard(place, found, near, cover, said, x, y)

    def segment_areas(self, planner: Planner, segments: Sequence[Sequence[str]]) -> list[AffectedArea]:
        """The area of each segment that a case's candidates lie in, with the valves as the network has them; kept."""
        if len(self._segments) > _MOST_SEGMENTS:
            self._segments = {}
        found = []
        for pipes in segments:
            key = (planner.fingerprint, pipes[0])
            if key not in self._segments:
                plan = planner.plan([pipes[0]], alternatives=False)
                self._segments[key] = plan_area(self._city, plan, pipes[0], _NEVER)
            found.append(self._segments[key])
        return found
