"""Contradictions of a notice to its case: other pipe, plan, customers or time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from zoneinfo import ZoneInfo

from console.domain.incidents import Incident
from console.domain.notes import Code, Note
from console.domain.notices import Notice, NoticeBasis, StartBasis
from console.services.changesets import Refused
from console.services.note_texts import NoteTexts
from console.services.notices.facts import area_of, repaired, work_of
from maps.city import City
from resources.texts import Catalogue

_NAMES_SHOWN = 4
_AS_EXPECTED = timedelta(minutes=30)
_YES = "yes"
_NAMES = ("roads", "no_water_communities", "low_pressure_communities", "delayed_communities", "units")
_AFTER_CLOSING = ("low_pressure_communities", "households_low_pressure")
"""Known once the hydraulics have answered; until then nothing can differ from them."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One difference. ``code``: what differs (texts: ``domain.contradiction``); ``said``: in the notice, ``now``: in the case.

    Values are texts: ids, names, numbers, times as ISO 8601 in the city's zone.
    """

    code: str
    said: tuple[str, ...]
    now: tuple[str, ...]

    def text(self, language: str) -> str:
        """The difference in one line."""
        return NoteTexts(language).text(self.note())

    def note(self) -> Note:
        """The difference for the log of actions."""
        what = Code("contradiction", self.code)
        if self.code.startswith("demand_"):
            (there,), (wanted,) = self.said, self.now
            if not wanted:
                return Note("refused.demand_open", what=what)
            return Note("refused.demand_short", what=what, there=there, wanted=wanted)
        return Note("refused.difference", what=what, said=_side(self.said, self.now), now=_side(self.now, self.said))


def _side(own: tuple[str, ...], other: tuple[str, ...]) -> list[str | Note]:
    """One side; of two long lists only what the other side does not have."""
    shown = [name for name in own if name not in other] if len(own) > _NAMES_SHOWN else list(own)
    words: list[str | Note] = [Note("refused.yes") if text == _YES else _word(text) for text in shown[:_NAMES_SHOWN]]
    if len(own) > len(words):
        words.append(Note("refused.of_all", n=len(own)))
    return words or [Note("refused.nothing")]


class NoticeContradicted(Refused):
    """Raised when a notice that contradicts its case is submitted, approved or issued; ``contradictions`` are the differences."""

    def __init__(self, notice: Notice, contradictions: tuple[Contradiction, ...]) -> None:
        self.contradictions = contradictions
        super().__init__("notice_contradicted", notice=notice.notice_id)

    def text(self, language: str) -> str:
        """The reason with every difference, in one line."""
        return super().text(language) + " " + in_one_line(self.contradictions, language)


def in_one_line(contradictions: Iterable[Contradiction], language: str) -> str:
    """All differences in one line."""
    separator = Catalogue.load(language).text("notes.list.clauses")
    return separator.join(one.text(language) for one in contradictions)


def basis_of(incident: Incident) -> NoticeBasis:
    """The facts that a notice drafted now would be based on."""
    plan = incident.plan
    touched = (sorted(plan.customers_without_water), sorted((*plan.zone_pipes, *plan.dry_pocket_pipes))) if plan else ()
    return NoticeBasis(
        burst_pipes=tuple(sorted(incident.burst_pipes)),
        valves=tuple(sorted(step.asset_id for step in plan.valves_to_close)) if plan else (),
        unable=tuple(sorted(incident.unable_valves())),
        customers=blake2b(repr(touched).encode(), digest_size=8).hexdigest(),
    )


def contradictions(city: City, incident: Incident, notice: Notice) -> tuple[Contradiction, ...]:
    """Differences of ``notice`` from its case, the most severe first; empty when it agrees."""
    found = [*_of_basis(incident, notice), *_of_area(city, incident, notice), *of_times(incident, notice)]
    marked = notice.basis is not None and notice.basis.customers != basis_of(incident).customers
    if marked and not found:
        found.append(Contradiction("customers", (), ()))
    return tuple(found)


def _of_basis(incident: Incident, notice: Notice) -> Iterator[Contradiction]:
    elsewhere, basis, now = incident.found_elsewhere(), notice.basis, basis_of(incident)
    if elsewhere:
        yield Contradiction("crew_found", now.burst_pipes, (elsewhere,))
    if basis is None:
        return
    if basis.burst_pipes != now.burst_pipes:
        yield Contradiction("burst_pipes", basis.burst_pipes, now.burst_pipes)
    if basis.unable != now.unable:
        yield Contradiction("unable", basis.unable, now.unable)
    if basis.valves != now.valves:
        yield Contradiction("valves", basis.valves, now.valves)


def _of_area(city: City, incident: Incident, notice: Notice) -> Iterator[Contradiction]:
    facts, area = notice.facts, area_of(city, incident)
    codes = ("households_no_water", *_NAMES, "households_low_pressure", "fire_brigade")
    for code in codes:
        said, now = getattr(facts, code), getattr(area, code)
        pending = code in _AFTER_CLOSING and incident.impact is None
        if said != now and not pending:
            yield Contradiction(code, _texts(said), _texts(now))
    if facts.work != work_of(incident):
        yield Contradiction("work", (facts.work,), (work_of(incident),))


def of_times(incident: Incident, notice: Notice) -> Iterator[Contradiction]:
    """Differences of begin and end alone."""
    facts = notice.facts
    for code, said, now in (
        ("starts_at", facts.starts_at, _start(incident, notice)),
        ("expected_end", facts.expected_end, incident.restoration_at),
    ):
        if now is not None and said != now:
            yield Contradiction(code, (_local(said, facts.time_zone),), (_local(now, facts.time_zone),))


def _start(incident: Incident, notice: Notice) -> datetime | None:
    """When water stops by the case, where the notice says otherwise; None where it does not or cannot say.

    A valve closed about when a notice had expected it contradicts nothing: people are told no wrong time.
    """
    facts, closed_at = notice.facts, incident.first_closed_at()
    if incident.work is not None:
        return incident.work.starts_at
    if facts.starts_by is StartBasis.UNSTATED:
        return incident.verified_at
    if facts.starts_by is StartBasis.EXPECTED and closed_at is not None and abs(closed_at - facts.starts_at) <= _AS_EXPECTED:
        return None
    return closed_at


def _local(moment: datetime, time_zone: str) -> str:
    return moment.astimezone(ZoneInfo(time_zone)).isoformat(timespec="seconds")


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, tuple):
        return tuple(map(str, value))
    if isinstance(value, bool):
        return (_YES,) if value else ()
    return (str(value),)


def _word(text: str) -> str | Note:
    """A time as it is read, the usual works as a note; all else as it is."""
    size = repaired(text)
    if size is not None:
        return Note("refused.repair_work", size=size)
    try:
        return f"{datetime.fromisoformat(text):%m-%d %H:%M}" if "T" in text and text[:4].isdigit() else text
    except ValueError:
        return text
