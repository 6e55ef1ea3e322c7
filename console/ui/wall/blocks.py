"""What the wall says in words: its state, the running cases, pressure compliance, output, alarm rate, crews, works."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from console.domain.alarms import AlarmState, Priority
from console.domain.clock import moment
from console.domain.crews import CrewState
from console.domain.health import FAULT_NAMES, feeds_set_up
from console.domain.incidents import Incident
from console.domain.outages import Outage
from console.domain.picture import Picture
from console.domain.targets import Targets
from console.services.overview.calls_and_works import calls_now, outages_until_morning
from console.services.overview.deadlines import DeadlineKind, next_deadline
from console.services.overview.network_now import AlarmBand, Compliance, NetworkNow, Output, alarm_band, crews_by_state, works
from console.ui.panels.case.clock import elapsed_s, is_late
from console.ui.status_banners import SILENT_AFTER_S
from console.ui.wall.layout import Block, Line
from console.ui.words import Words, one_line

_NO_NEWS_S = 300.0
"""Feeds that are up and bring no reading for so long are marked as loudly as lost ones."""
_BAND_ROLE = {AlarmBand.DEMANDING: "state.high", AlarmBand.FLOOD: "state.critical"}
_CREW_STATES = (CrewState.ON_SITE, CrewState.EN_ROUTE, CrewState.ASSIGNED, CrewState.FREE, CrewState.SILENT, CrewState.OFF_DUTY)


@dataclass(frozen=True, slots=True)
class Headline:
    """The state in a few words. ``loud``: what is shown may not be true any more."""

    text: str
    time: str
    role: str
    loud: bool = False


def headline(picture: Picture, compliance: Compliance, silent_s: float, down_s: float, words: Words) -> Headline:
    """``silent_s``: since the last picture; ``down_s``: since a feed or the store was first seen down. Both real seconds."""
    now = moment(picture.now_us)
    lost = _lost(picture, silent_s, down_s, words)
    if lost:
        return Headline(f"✕ {lost}", words("wall.as_of", time=words.time(now)), "text.on_accent", loud=True)
    time = f"{words.local(now):%H:%M}"
    cases = [case for case in picture.incidents if case.work is None]  # planned work is no alarm
    if cases:
        return Headline("◆ " + words("wall.running", n=len(cases)), time, "state.critical")
    waiting = [
        one for one in picture.alarms if one.state is AlarmState.ACTIVE and one.priority in (Priority.CRITICAL, Priority.HIGH)
    ]
    if waiting or compliance.keeps_standard is False:
        return Headline("▲ " + words("wall.attention", n=len(waiting)), time, "state.high")
    if compliance.keeps_standard is None:
        return Headline("? " + words("wall.not_known"), time, "state.stale")
    return Headline("○ " + words("wall.calm"), time, "text.normal")


def _lost(picture: Picture, silent_s: float, down_s: float, words: Words) -> str:
    """What is lost, with the age of what is known; "" when nothing is."""
    if silent_s > SILENT_AFTER_S:
        return words("wall.silent", age=words.elapsed(silent_s))
    newest_us = int(picture.at_us.max(initial=0))
    age_s = (picture.now_us - newest_us) / 1e6
    age = words("wall.data_age", age=words.elapsed(age_s)) if newest_us else words("wall.no_data")
    down = [one.name for one in picture.feeds if one.state == "down"]
    feeds = [name for name in down if name not in FAULT_NAMES]
    if feeds:
        return words("wall.feed_down", feeds=words.listed(feeds)) + age
    if down:
        return words("wall.part_down", parts=words.listed(words.of("fault_of", name) for name in down), age=words.elapsed(down_s))
    if not feeds_set_up(picture.feeds):
        return words("wall.no_feed") + age
    return words("wall.no_news") + age if age_s > _NO_NEWS_S else ""


def blocks(
    picture: Picture,
    network: NetworkNow,
    compliance: Compliance,
    area_minutes: float,
    words: Words,
    targets: Targets | None = None,
) -> tuple[Block, ...]:
    """All of it, the most important first."""
    now = moment(picture.now_us)
    cases = sorted(picture.incidents, key=lambda case: case.opened_at)
    return (
        *(_case(case, now, area_minutes, words, targets or Targets()) for case in cases),
        _compliance(compliance, words),
        _output(network.output(picture), words),
        _rate(picture.alarms_per_10_min, words),
        _calls(picture, words),
        _crews(picture, words),
        _works(picture, now, words),
    )


def _case(incident: Incident, now: datetime, area_minutes: float, words: Words, targets: Targets) -> Block:
    late = is_late(incident, now, targets)
    what = words("wall.case", phase=words.of("phase", incident.phase.value), elapsed=words.elapsed(elapsed_s(incident, now)))
    where = one_line(f"◆ {_where(incident)}")
    lines = [Line(where, what, "state.critical" if late else "text.strong")]
    due = next_deadline(incident, notice_s=targets.issue.minutes * 60, area_minutes=area_minutes)
    if due is not None:
        left = due.left_s(now)
        name = words(f"wall.due_{due.kind.value}", who=due.who)
        by_clock = due.kind is DeadlineKind.RESTORATION and left >= 0
        value = (
            words("wall.at", time=f"{words.local(due.at):%H:%M}")
            if by_clock
            else words("wall.left" if left >= 0 else "wall.over", time=words.elapsed(abs(left)))
        )
        marked, role = (value, "text.strong") if left >= 0 else (f"▲ {value}", "state.critical")
        lines.append(Line(name, marked, role))
        if not by_clock:
            value = words("wall.short_left" if left >= 0 else "wall.over", time=_short_time(abs(left), words))
        short = words(f"wall.short_{due.kind.value}", value=value)
        return Block(tuple(lines), Line(where, short if left >= 0 else f"▲ {short}", role))
    return Block(tuple(lines), Line(where, words.elapsed(elapsed_s(incident, now)), lines[0].role))


def _short_time(seconds: float, words: Words) -> str:
    """Whole minutes, rounded down; below one minute the seconds."""
    if seconds < 60:
        return words("wall.seconds", n=int(seconds))
    return words.minutes(seconds // 60, short=True) if seconds < 3600 else words.elapsed(seconds)


def _where(incident: Incident) -> str:
    place = incident.place
    return (place.community or place.road or place.pipe_id) if place is not None else incident.incident_id


def _compliance(compliance: Compliance, words: Words) -> Block:
    share, kept = compliance.share, compliance.keeps_standard
    # Rounded down: 96.96 % must not read as the standard's 97.0 %.
    value = short = words("wall.unknown") if share is None else f"{int(share * 1000) / 10:.1f} %"
    if compliance.unknown:
        value += words("wall.without", n=compliance.unknown)
        short += words("wall.short_without", n=compliance.unknown)
    mark, role = {True: ("", "text.strong"), False: ("▲ ", "state.high"), None: ("? ", "state.stale")}[kept]
    counts = words("wall.stations", known=compliance.known, unknown=compliance.unknown)
    return Block(
        (Line(words("wall.compliance"), mark + value, role), Line(words("wall.standard"), counts, "text.normal")),
        Line(words("wall.short_compliance"), mark + short, role),
    )


def _output(output: Output, words: Words) -> Block:
    if not output.plants:
        return Block((Line(words("wall.output"), words("wall.no_plants"), "state.stale"),))
    lines = [Line(words("wall.output"), _flow(output.total_m3h, output.usual_m3h, words), _known(output.total_m3h))]
    if output.unknown and output.total_m3h is not None:
        lines.append(Line("", words("wall.plants_unknown", n=output.unknown), "state.stale"))
    if len(output.plants) > 1:
        lines += [
            Line(one_line(one.name), _flow(one.flow_m3h, one.usual_m3h, words), _known(one.flow_m3h)) for one in output.plants
        ]
    total = words("wall.unknown") if output.total_m3h is None else f"{output.total_m3h:,.0f} m³/h"
    at_least = "≥ " if output.unknown and output.total_m3h is not None else ""
    return Block(tuple(lines), Line(words("wall.short_output"), at_least + total, lines[0].role))


def _flow(flow_m3h: float | None, usual_m3h: float | None, words: Words) -> str:
    if flow_m3h is None:
        return words("wall.unknown")
    against = words("wall.usual", usual=f"{usual_m3h:,.0f}") if usual_m3h is not None else words("wall.usual_unknown")
    return f"{flow_m3h:,.0f} m³/h{against}"


def _known(value: float | None) -> str:
    return "state.stale" if value is None else "text.strong"


def _rate(per_10_min: int, words: Words) -> Block:
    band = alarm_band(per_10_min)
    count, role = f"{'▲ ' if band in _BAND_ROLE else ''}{per_10_min}", _BAND_ROLE.get(band, "text.strong")
    whole = Line(words("wall.rate"), f"{count} · {words(f'wall.band_{band.value}')}", role)
    return Block((whole,), Line(words("wall.rate"), count, role))


def _calls(picture: Picture, words: Words) -> Block:
    """Open calls; a cluster of them, and callers who wait to be called back, are marked."""
    calls = calls_now(picture)
    lines = [Line(words("wall.calls"), words("wall.calls_open", n=calls.open, hour=calls.last_hour))]
    if calls.clusters:
        lines.append(Line("", f"▲ {words('wall.clusters', n=calls.clusters)}", "state.high"))
    if calls.due_back:
        lines.append(Line("", words("wall.due_back", n=calls.due_back)))
    marked = lines[1:2] if calls.clusters or calls.due_back else []
    short = Line(words("wall.calls"), _joined((str(calls.open), *(one.value for one in marked))), lines[len(marked)].role)
    return Block(tuple(lines), short)


def _crews(picture: Picture, words: Words) -> Block:
    if not picture.crews:
        return Block((Line(words("wall.crews"), words("wall.none_recorded"), "state.stale"),))
    states = crews_by_state(picture.crews)
    text = _joined(f"{words.of('crew_state', state.value)} {states[state]}" for state in _CREW_STATES if states.get(state))
    lines = [Line(words("wall.crews"), text)]
    unseen = sum(1 for crew in picture.crews if crew.at_us == 0 and crew.state is not CrewState.OFF_DUTY)
    if unseen:
        lines.append(Line("", words("wall.no_position", n=unseen), "state.stale"))
    free = words("wall.short_crews", free=states.get(CrewState.FREE, 0), every=len(picture.crews))
    return Block(tuple(lines), Line(words("wall.crews"), free))


def _works(picture: Picture, now: datetime, words: Words) -> Block:
    entered, planned = works(picture.alarms), outages_until_morning(picture, words.local(now))
    if not (entered or planned):
        nothing = Line(words("wall.works"), words("wall.none_recorded"), "text.normal")
        return Block((nothing,), Line(words("wall.short_works"), nothing.value, nothing.role))
    count = Line(words("wall.works"), words("wall.works_entered", n=len(entered) + len(planned)))
    lines = [count]
    for outage in planned:
        since, until = (_clock(at, now, words) for at in (outage.starts_at, outage.ends_at))
        window = words("wall.window", since=since, until=until)
        lines.append(Line(one_line(_place_of(outage)), window, "text.normal"))
    for one in entered:
        until = words("wall.until", time=words.stamp(one.ends_at, now)) if one.ends_at is not None else ""
        lines.append(Line(one_line(one.subject if one.subject != "network" else words("alarms.network")), until, "text.normal"))
    return Block(tuple(lines), count)


def _clock(at: datetime, now: datetime, words: Words) -> str:
    """Of the coming night the time of day alone."""
    return f"{words.local(at):%H:%M}" if abs(at - now) < timedelta(hours=18) else words.stamp(at, now)


def _place_of(outage: Outage) -> str:
    place = outage.place
    return (place.community or place.road or place.pipe_id) if place is not None else outage.outage_id


def _joined(parts: Iterable[str]) -> str:
    return " · ".join(parts)
