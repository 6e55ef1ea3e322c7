"""Status of feeds and stations in words: each counts something in the picture."""

from __future__ import annotations

from console.domain.health import ChannelHealth, FeedHealth, feeds_set_up
from console.domain.picture import Picture, StationState
from console.ui.appearance import Appearance
from console.ui.words import Words

_COUNTED = (
    StationState.WARNING,
    StationState.STALE,
    StationState.MISSING,
    StationState.FAULT,
    StationState.LEARNING,
)
"""States named after the normal ones, gravest first. Abnormal ones and a case's come in front: a narrow strip cuts the end."""
_SILENT_SHARE = 0.05


def feed_words(picture: Picture, appearance: Appearance) -> tuple[str, str]:
    """(text, tone) of the feeds: none set up, one that is down, connected without a reading yet, connected."""
    words, feeds = appearance.words, feeds_set_up(picture.feeds)
    if not feeds:
        return words("strip.no_feed"), "warning"
    troubled = sorted((feed for feed in feeds if feed.state != "up"), key=lambda feed: feed.state != "down")
    if troubled:
        return f"✕ {feed_line(troubled[0], appearance)}", "critical" if troubled[0].state == "down" else "warning"
    if not (picture.at_us > 0).any():
        return words("strip.feed_silent", n=len(feeds)), "warning"
    contested = next((feed for feed in feeds if feed.code), None)
    if contested is not None:
        return f"✕ {feed_line(contested, appearance)}", "critical"
    text = words("strip.feed_up", n=len(feeds))
    counts = {"lost": sum(feed.lost for feed in feeds), "invalid": sum(feed.invalid for feed in feeds)}
    told = "".join(words(f"strip.{what}", n=f"{count:,}") for what, count in counts.items() if count)
    return text + told + _lead_words(picture, words), "warning" if told else ""


def _lead_words(picture: Picture, words: Words) -> str:
    """Which program leads, in short; the tip has its machine."""
    if picture.lease is None:
        return ""
    if picture.lease.is_ours:
        return words("strip.leads_short")
    if not picture.lease.holder:
        return words("strip.nobody_short")
    named = picture.lease.holder.split()  # quanmai engine pid 12 on a machine
    return words("strip.led_short", by=named[1] if len(named) > 1 else picture.lease.holder)


def feed_tip(picture: Picture, appearance: Appearance) -> str:
    """The feeds in full, a line each (received, refused, of other kinds, gaps, repeats, restarts), channels, who leads."""
    words, lines = appearance.words, list[str]()
    for feed in feeds_set_up(picture.feeds):
        lines.append(feed_line(feed, appearance) + words("strip.received", n=f"{feed.received:,}"))
        lines += [f"  {words.of('refused_part', kind)}: {count:,}" for kind, count in feed.refused]
        lines += [f"  {words.of('other_message', kind)}: {count:,}" for kind, count in feed.others]
        counted = ((what, getattr(feed, what)) for what in ("lost", "repeated", "restarts"))
        lines += [f"  {words.of('sequence', what)}: {count:,}" for what, count in counted if count]
    lines += [
        words("strip.channel", line=feed_line(channel, appearance)) for channel in picture.channels if channel.state != "off"
    ]
    if picture.lease is not None:
        lease = picture.lease
        key = "strip.leads_here" if lease.is_ours else "strip.follows" if lease.holder else "strip.nobody_leads"
        lines.append(words(key, holder=lease.holder))
    return "\n".join(lines)


def feed_line(feed: FeedHealth | ChannelHealth, appearance: Appearance) -> str:
    """A feed or a channel in words: its state, and what is to be done when not all is well."""
    words = appearance.words
    advice = words.feed_advice(feed)
    return f"{feed.name} · {words.of('feed_state', feed.state)}" + (f" · {advice}" if advice else "")


def station_words(picture: Picture, words: Words) -> tuple[str, str]:
    """(text, tone): how many stations are normal, and how many are in each other state."""
    counts = _counts(picture)
    total = len(picture.station_state)
    if not total:
        return words("strip.no_stations"), "muted"
    if counts[StationState.MISSING] == total:
        return words("strip.stations_silent", all=f"{total:,}"), "warning"
    text = words("strip.abnormal", n=f"{counts[StationState.ABNORMAL]:,}") if counts[StationState.ABNORMAL] else ""
    text += words("strip.in_case", n=f"{counts[StationState.IN_CASE]:,}") if counts[StationState.IN_CASE] else ""
    text += words("strip.stations", n=f"{counts[StationState.NORMAL]:,}", all=f"{total:,}")
    text += "".join(words(f"strip.{state.name.lower()}", n=f"{counts[state]:,}") for state in _COUNTED if counts[state])
    silent = counts[StationState.STALE] + counts[StationState.MISSING]
    grave = counts[StationState.ABNORMAL] or silent > _SILENT_SHARE * total
    return text, "warning" if grave else ""


def station_tip(picture: Picture, words: Words) -> str:
    """The same in full, a line each: reporting ones, every state that some station is in, the false bursts to expect."""
    counts, total = _counts(picture), len(picture.station_state)
    if not total:
        return ""
    # Late and missing are none of the reporting ones; a faulty one reports, though not what can be used.
    reporting = total - counts[StationState.STALE] - counts[StationState.MISSING]
    lines = [words("strip.reporting", n=f"{reporting:,}", all=f"{total:,}")]
    states = (StationState.ABNORMAL, StationState.IN_CASE, StationState.NORMAL, *_COUNTED)
    lines += [f"{words.of('station_state', s.name.lower())}: {counts[s]:,}" for s in states if counts[s]]
    rate = picture.false_bursts
    if rate is not None:
        numbers = {"n": f"{rate.expected_a_month:.1f}", "most": f"{rate.at_most_a_month:.1f}", "days": f"{rate.history_days:.0f}"}
        lines.append(words("strip.false_bursts", **numbers))
    return "\n".join(lines)


def _counts(picture: Picture) -> dict[StationState, int]:
    return {state: int((picture.station_state == state).sum()) for state in StationState}
