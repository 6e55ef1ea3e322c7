"""Words: texts of the window in one language, and how values, ages, times and elapsed times read."""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from console.domain.alarms import Alarm, Explanation
from console.domain.health import ChannelHealth, FeedHealth
from console.domain.notes import Note
from console.domain.readings import CHANNEL_BY_NAME, Channel
from console.domain.record_ids import shown_id
from console.services.changesets import Refused
from console.services.note_texts import NoteTexts
from maps.errors import QuanmaiError
from maps.units import mpa_from_kpa
from resources.texts import Catalogue

_UNITS = {
    Channel.PRESSURE: "MPa",
    Channel.FLOW: "m³/h",
    Channel.LEVEL: "m",
    Channel.TURBIDITY: "NTU",
    Channel.CHLORINE: "mg/L",
    Channel.PH: "pH",
    Channel.TEMPERATURE: "°C",
    Channel.FREQUENCY: "Hz",
    Channel.POWER: "kW",
}
_DECIMALS = {Channel.PRESSURE: 3, Channel.FLOW: 0, Channel.LEVEL: 2, Channel.CHLORINE: 2, Channel.TURBIDITY: 2, Channel.PH: 2}


_LEAST_SHARE = 0.01
_UNSEEN = {code: None for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C, 0xFEFF)}
"""Marks that turn the direction of writing: in a name from outside they would turn round the rest of the line."""


def one_line(text: str) -> str:
    """Text from outside as one line: no breaks, no control characters, nothing that turns the direction.

    Provisional ids are cut to what can be read.
    """
    plain = shown_id(text).translate(_UNSEEN)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in plain).split())


class Words:
    """``words("app.name")`` is the text ``ui.app.name``; ``zone``: the city's time zone."""

    def __init__(self, language: str, time_zone: str) -> None:
        self.catalogue = Catalogue.load(language)
        self.language = language
        self.zone = ZoneInfo(time_zone)
        self._notes = NoteTexts(language, time_zone)

    def __call__(self, key: str, **params: object) -> str:
        """The text ``ui.<key>`` with its parameters filled in; provisional ids are cut to what can be read."""
        shown = {name: shown_id(value) if isinstance(value, str) else value for name, value in params.items()}
        return self.catalogue.text(f"ui.{key}", **shown)

    def placing(self, codes: str) -> str:
        """Why a valve's place is in doubt, of codes parted by commas; a code of another version as it is."""
        keys = [(code, f"tools.placing.{code}") for code in codes.split(",") if code]
        return self.listed(self.catalogue.text(key) if self.catalogue.has(key) else code for code, key in keys)

    def listed(self, names: Iterable[str]) -> str:
        """Names in a row, parted as this language parts them."""
        return self("lists.names").join(names)

    def clauses(self, parts: Iterable[str]) -> str:
        """Parts of a sentence, parted as this language parts them."""
        return self("lists.clauses").join(parts)

    def of(self, group: str, code: str) -> str:
        """The word for a code (``of("phase", "verified")``); the code itself when there is none."""
        for key in (f"ui.{group}.{code}", f"domain.{group}.{code}"):
            if self.catalogue.has(key):
                return self.catalogue.text(key)
        return code

    def note(self, note: Note) -> str:
        """A note of the log or the text of an alarm."""
        return self._notes.text(note)

    def fault(self, fault: QuanmaiError) -> str:
        """Why something was not done, in one line."""
        return fault.text(self.language) if isinstance(fault, Refused) else str(fault)

    def feed_advice(self, feed: FeedHealth | ChannelHealth) -> str:
        """What is not well with a feed, a channel or a part of the engine: in this language, else in the program's own words."""
        group, code = ("feed_code", feed.code) if feed.code else ("fault_of", feed.name)
        known = self.of(group, code)
        if known == code or (feed.state == "up" and not feed.code):
            return feed.message
        return self("honest.with_detail", known=known, detail=feed.message) if feed.message else known

    # Values

    def value(self, channel: Channel, value: float, unit: bool = True) -> str:
        """A value in inside units as it reads on screen (pressure in MPa); "–" when there is none."""
        if not math.isfinite(value):
            return "–"
        shown = mpa_from_kpa(value) if channel is Channel.PRESSURE else value
        text = f"{shown:,.{_DECIMALS.get(channel, 1)}f}".replace("-", "−")
        name = _UNITS.get(channel, "")
        return f"{text} {name}" if unit and name else text

    def deviation(self, channel: Channel, value: float) -> str:
        """A signed difference in the channel's screen unit."""
        if not math.isfinite(value):
            return "–"
        shown = mpa_from_kpa(value) if channel is Channel.PRESSURE else value
        return f"{shown:+.{_DECIMALS.get(channel, 1)}f}".replace("-", "−")

    def limit(self, channel: Channel, value: float) -> str:
        """A limit as it is written: 0.14 MPa, 1 NTU."""
        shown = mpa_from_kpa(value) if channel is Channel.PRESSURE else value
        return f"{shown:g} {self.unit(channel)}".replace("-", "−") if channel is not Channel.PH else f"pH {shown:g}"

    def beyond(self, channel: Channel, observed: float, limit: float) -> str:
        """A value beyond its limit: pressure 0.121 MPa, below 0.14 MPa."""
        side = "below" if observed < limit else "above"
        name, seen = self.of("channel", channel.name.lower()), self.value(channel, observed, unit=channel is not Channel.PH)
        return self(f"alarms.{side}", channel=name, observed=seen, limit=self.limit(channel, limit))

    def over_limit(self, alarm: Alarm) -> str:
        """A value beyond its limit; what the station's elevation error makes of it comes first: a narrow row cuts the end."""
        seen = alarm.evidence[0]
        text = self.beyond(CHANNEL_BY_NAME.get(seen.channel, Channel.PRESSURE), seen.observed, alarm.limit or 0.0)
        if alarm.corrected_kpa is None:
            return text
        verdict = "doubtful" if alarm.is_doubtful else "" if alarm.is_beyond_as_read else "truly_beyond"
        error, corrected = self.elevation(alarm.elevation_error_m or 0.0), self.value(Channel.PRESSURE, alarm.corrected_kpa)
        text += self("alarms.corrected", error=error, corrected=corrected)
        return f"{self(f'alarms.{verdict}')} · {text}" if verdict else text

    def elevation(self, error_m: float) -> str:
        """An elevation error, signed, without its unit; "" where it is nothing to speak of."""
        text = f"{error_m:+.1f}".replace("-", "−")
        return "" if text.endswith("0.0") else text

    def explained(self, explanations: Iterable[Explanation]) -> str:
        """Operations that may be why, as the end of a line; "" without any."""
        named = [self.operation(one) for one in explanations]
        return self("alarms.explained", operations=self.listed(named)) if named else ""

    def operation(self, one: Explanation) -> str:
        """An operation that may be why, or the finding like it that was dismissed."""
        if one.code == "dismissed":
            return self(
                "evidence.dismissed", date=f"{self.local(one.at):%m-%d}", incident=one.asset_id, reason=self.note(one.note)
            )
        return f"{self.of('operation', one.code)} {one.asset_id}".strip()

    def decimals(self, channel: Channel) -> int:
        """Decimals that a channel is shown with."""
        return _DECIMALS.get(channel, 1)

    def share(self, share: float) -> str:
        """A probability; what would round to nothing is little, not nothing."""
        return f"{share:.0%}" if share >= _LEAST_SHARE or share == 0.0 else f"<{_LEAST_SHARE:.0%}"

    def unit(self, channel: Channel) -> str:
        """Screen unit of a channel, "" when it has none."""
        return _UNITS.get(channel, "")

    # Times

    def age(self, seconds: float) -> str:
        """An age, short: 4 s, 12 min, 3 h; "never" when there is none."""
        if not math.isfinite(seconds):
            return self("age.never")
        whole = max(int(seconds), 0)
        if whole < 120:
            return self("age.seconds", n=whole)
        if whole < 7200:
            return self("age.minutes", n=whole // 60)
        return self("age.hours", n=whole // 3600)

    def elapsed(self, seconds: float) -> str:
        """A duration that cannot be read as a time of day: 4分07秒 / 4 min 07 s."""
        whole = max(int(seconds), 0)
        hours, rest = divmod(whole, 3600)
        minutes, left = divmod(rest, 60)
        if hours:
            return self("elapsed.hours", h=hours, m=f"{minutes:02d}")
        return self("elapsed.minutes", m=minutes, s=f"{left:02d}")

    def minutes(self, minutes: float | None, short: bool = False) -> str:
        """About so many minutes (``short``: without the "about"); "unknown" when there is none."""
        if minutes is None or not math.isfinite(minutes):
            return self("minutes.unknown")
        return self("minutes.short" if short else "minutes.about", n=max(round(minutes), 1))

    def local(self, moment: datetime) -> datetime:
        """A time in the city's zone."""
        return moment.astimezone(self.zone)

    def time(self, moment: datetime | None) -> str:
        """Clock time with seconds in the city's zone."""
        return "" if moment is None else f"{self.local(moment):%H:%M:%S}"

    def stamp(self, moment: datetime, now: datetime) -> str:
        """Clock time with seconds; of another day the date and clock time without."""
        local = self.local(moment)
        return f"{local:%H:%M:%S}" if local.date() == self.local(now).date() else f"{local:%m-%d %H:%M}"

    def hour(self, moment: datetime | None, now: datetime) -> str:
        """Clock time without seconds; with the date when it is not today's."""
        if moment is None:
            return "–"
        local = self.local(moment)
        return f"{local:%H:%M}" if local.date() == self.local(now).date() else f"{local:%m-%d %H:%M}"

    def full_time(self, moment: datetime) -> str:
        """Date, clock time and zone."""
        local = self.local(moment)
        offset = local.utcoffset()
        hours = (offset.total_seconds() / 3600) if offset is not None else 0.0
        return f"{local:%Y-%m-%d %H:%M:%S} UTC{hours:+g}"

    def pipe(self, diameter_mm: float, material: str, year: int | None) -> str:
        """A pipe in words: DN300 球墨 2004; what is unknown is left out."""
        parts = [
            f"DN{diameter_mm:.0f}" if math.isfinite(diameter_mm) else "",
            self.of("material", material) if material else "",
            str(year) if year is not None and year > 0 else "",
        ]
        return " ".join(part for part in parts if part)


def map_text(words: Words, key: str, **params: object) -> str:
    """The text ``map.<key>`` (``resources/translations/*/map.toml``)."""
    return words.catalogue.text(f"map.{key}", **params)
