"""Lasting conditions: drill, synthetic, not georeferenced, feeds down, failed hydraulics, an engine without new pictures."""

from __future__ import annotations

from collections.abc import Sequence

from console.domain.clock import moment
from console.domain.health import FAULT_NAMES, FeedHealth, feeds_set_up
from console.domain.incidents import Incident
from console.domain.picture import Picture
from console.domain.reports import REPORT
from console.services.areas.sight import AreaSight
from console.ui.map.live.decorations import Badge
from console.ui.words import Words
from maps.city import City

SILENT_AFTER_S = 3.0


def badges(city: City, picture: Picture, words: Words, sight: AreaSight | None = None) -> tuple[Badge, ...]:
    """Lasting remarks on the map."""
    found = []
    if sight is not None:
        found.append(Badge(words("area.badge", area=sight.name), "accent.focus"))
    if picture.is_drill:
        found.append(Badge(words("honest.drill"), "state.high"))
    if city.info.synthetic:
        found.append(Badge(words("honest.synthetic"), "state.learning"))
    if not city.network.georeferenced:
        found.append(Badge(words("honest.local"), "state.medium"))
    if city.epanet is None:
        found.append(Badge(words("honest.no_model"), "state.medium"))
    return tuple(found)


def lasting_message(picture: Picture, incident: Incident | None, silent_s: float, words: Words, down_since_us: int = 0) -> str:
    """The gravest lasting condition; "" when there is none. ``down_since_us``: of what is down; 0 unknown."""
    if silent_s > SILENT_AFTER_S:
        return words("honest.engine_silent", age=words.elapsed(silent_s))
    down = [feed for feed in picture.feeds if feed.state == "down"]
    lost = [feed for feed in down if feed.name not in FAULT_NAMES]
    if down:
        named = "; ".join(_feed(feed, words) for feed in lost or down)
        text = words("honest.feed_down", feeds=named) if lost else words("honest.fault", faults=named)
        if not down_since_us:
            return text
        return words("honest.since", text=text, time=words.stamp(moment(down_since_us), moment(picture.now_us)))
    if not feeds_set_up(picture.feeds):
        return words("honest.no_feed")
    if picture.preparing is not None:
        usable, all_ = picture.preparing
        return words("honest.preparing", usable=usable, all=all_)
    now = moment(picture.now_us)
    late = sorted((one for one in picture.of(REPORT) if one.due_at <= now), key=lambda one: one.due_at)
    if late:
        kind, case = words.of("report_kind", late[0].kind.value), late[0].incident_id
        return words("honest.report_late", kind=kind, case=case, at=words.stamp(late[0].due_at, now), n=len(late))
    if incident is not None and incident.impact is not None and not incident.impact.converged:
        return words("honest.hydraulics_failed", message=incident.impact.message)
    return ""


def assumptions(city: City, most: int = 3) -> Sequence[str]:
    """What had to be assumed about the city, the first few."""
    return city.info.assumed[:most]


def _feed(feed: FeedHealth, words: Words) -> str:
    advice = words.feed_advice(feed)
    if feed.name in FAULT_NAMES and words.of("fault_of", feed.name) != feed.name:
        return advice  # the name of a part says nothing that its text does not say
    return f"{feed.name}: {advice}" if advice else feed.name
