"""What is read out to a caller, as a note: of what runs where the place lies, else of similar calls near."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from console.domain.incidents import Phase
from console.domain.notes import NO_NOTE, Code, Note
from console.domain.tickets import SHORTAGE, Cover, TicketKind
from console.services.tickets.affected import AffectedArea
from console.services.tickets.matching import SIMILAR_M, Match, Similar

NEWS_MINUTES = 60.0
"""So often news of a running case is promised to callers where the utility sets nothing else."""
_NEWS_STEP = timedelta(minutes=5)
_HALF_A_DAY = timedelta(hours=12)
_BACK = (Phase.RESTORING,)


def answer(
    match: Match, similar: Similar, kind: TicketKind, now: datetime, time_zone: str, *, news_minutes: float = NEWS_MINUTES
) -> Note:
    """The text to read out. "Known" is said only where the whole place lies in the area.

    ``news_minutes``: the utility promises news so often while a case runs; 0: no time is promised.
    """
    area = match.area
    if area is None or match.cover in (Cover.OUTSIDE, Cover.UNPLACED):
        where = Note("ticket.unplaced") if match.cover is Cover.UNPLACED else NO_NOTE
        near = (
            Note("ticket.near", n=similar.count, m=round(similar.nearest_m), radius=round(SIMILAR_M))
            if similar.count
            else NO_NOTE
        )
        return Note("ticket.unknown", where=where, near=near or Note("ticket.none_near"))
    if not area.is_case:
        return _planned(match, area, similar, now, ZoneInfo(time_zone))
    facts = _facts(area, now, time_zone, news_minutes)
    if match.cover is Cover.PARTLY:
        return Note("ticket.partly", n=match.inside, all=match.meant, facts=facts)
    other = Note("ticket.other_kind", kind=Code("ticket_kind", kind)) if kind not in SHORTAGE else NO_NOTE
    is_low = match.cover is Cover.LOW_PRESSURE
    return Note("ticket.known_low" if is_low else "ticket.known", facts=facts, other=other)


def _planned(match: Match, area: AffectedArea, similar: Similar, now: datetime, zone: ZoneInfo) -> Note:
    """Planned work: announced or not, whether it has begun, for the whole place or a part of it."""
    work = Note(
        "ticket.planned",
        start=clock(area.since, now, zone),
        end=clock(area.restoration_at or area.since, now, zone),
        n=area.households,
        announced=NO_NOTE if area.is_announced else Note("ticket.not_announced"),
        part=Note("ticket.planned_part", n=match.inside, all=match.meant) if match.cover is Cover.PARTLY else NO_NOTE,
    )
    if area.has_begun(now):
        return Note("ticket.planned_now", work=work)
    return Note("ticket.planned_ahead", near=_near(similar), work=work)


def _near(similar: Similar) -> Note:
    if not similar.count:
        return Note("ticket.none_near")
    return Note("ticket.near", n=similar.count, m=round(similar.nearest_m), radius=round(SIMILAR_M))


def _facts(area: AffectedArea, now: datetime, time_zone: str, news_minutes: float) -> Note:
    zone = ZoneInfo(time_zone)
    news = next_news(area.since, now, zone, news_minutes)
    ends = area.restoration_at
    return Note(
        "ticket.facts",
        since=clock(area.since, now, zone),
        sure=_sure(area),
        n=area.households,
        back=NO_NOTE if ends is None else Note("ticket.back" if ends > now else "ticket.late", at=clock(ends, now, zone)),
        news=Note("ticket.news", at=clock(news, now, zone)) if news is not None else NO_NOTE,
    )


def _sure(area: AffectedArea) -> Note:
    if area.is_suspected:
        return Note("ticket.suspected")
    if area.phase in _BACK:
        return Note("ticket.refilling")
    return Note("ticket.work") if area.is_work else NO_NOTE


def next_news(since: datetime, now: datetime, zone: ZoneInfo, news_minutes: float) -> datetime | None:
    """The next time at which news is promised: multiples of ``news_minutes`` after the begin, on full five minutes."""
    if news_minutes <= 0:
        return None
    every = timedelta(minutes=news_minutes)
    passed = max((now - since) // every, 0)
    at = (since + (passed + 1) * every).astimezone(zone)
    past = timedelta(minutes=at.minute % 5, seconds=at.second, microseconds=at.microsecond)
    return at - past + _NEWS_STEP if past else at


def clock(at: datetime, now: datetime, zone: ZoneInfo) -> Note:
    """A time as it is said: with its date where that is another day's and more than half a day away."""
    same_day = at.astimezone(zone).date() == now.astimezone(zone).date()
    return Note("ticket.clock" if same_day or abs(at - now) < _HALF_A_DAY else "ticket.day_clock", at=at)
