"""Text of an outage notice in one language, from its facts; every field is cleaned before it is inserted."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from console.domain.notices import Notice, NoticeChange, NoticeFacts, NoticeKind, NoticeStatus, StartBasis
from resources.texts import Catalogue

LANGUAGES = ("zh_CN", "en")

_FIELD_LENGTH = 200
_NAMES_SHOWN = 40
_INVISIBLE = {"Cc", "Cf", "Cs", "Cn", "Zl", "Zp"}
SIDES = {"北侧": "north", "南侧": "south", "东侧": "east", "西侧": "west"}
"""Sides of a road as notices write them, after its name."""
_WINDS = {"东": "east", "东北": "north_east", "北": "north", "西北": "north_west"}
_WINDS |= {"西": "west", "西南": "south_west", "南": "south", "东南": "south_east"}
_DEFAULT_CAUSES = {"", "应急抢修", "抢修"}
# Fixed here: the machine's locale must not determine the language of a public notice.
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


def clean(text: str, length: int = _FIELD_LENGTH) -> str:
    """One line without control, direction and invisible characters (a name must not imitate a line or reverse text)."""
    spaced = "".join(" " if char.isspace() else char for char in text)
    kept = "".join(char for char in spaced if unicodedata.category(char) not in _INVISIBLE)
    one_line = " ".join(kept.split())
    return one_line if len(one_line) <= length else one_line[: length - 1] + "…"


def clean_lines(text: str) -> str:
    """As ``clean`` for an edited text of several lines; leading full-width indents stay."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kept = ("".join(char for char in line if unicodedata.category(char) not in _INVISIBLE).rstrip() for line in lines)
    return "\n".join(kept).strip("\n")


def has_chinese(text: str) -> bool:
    """Whether a text contains Chinese characters."""
    return any("\u3400" <= char <= "\u9fff" for char in text)


class Wording:
    """One language's words for notices."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._catalogue = Catalogue.load(language)

    def __call__(self, key: str, **params: object) -> str:
        """The text ``notice.<key>`` with ``params`` inserted."""
        return self._catalogue.text(f"notice.{key}", **params)

    # Times

    def minute(self, moment: datetime, time_zone: str) -> str:
        """A time to the minute in the city's zone; outside China's zone with its offset."""
        local = moment.astimezone(ZoneInfo(time_zone))
        text = self._time("time.minute", local)
        return text + _offset(local, time_zone)

    def date(self, moment: datetime, time_zone: str) -> str:
        """A date in the city's zone."""
        return self._time("time.date", moment.astimezone(ZoneInfo(time_zone)))

    def zone(self, time_zone: str) -> str:
        """Name of the time zone in this language."""
        return self("time.beijing") if time_zone == "Asia/Shanghai" else time_zone

    def _time(self, key: str, local: datetime) -> str:
        return self(
            key,
            year=local.year,
            month=local.month,
            month_name=_MONTHS[local.month - 1],
            day=local.day,
            hour=local.hour,
            minute=local.minute,
        )

    # Names

    def names(self, names: Iterable[str]) -> str:
        """Names as a list in words; a long list is cut and gives the total number."""
        cleaned = [name for name in dict.fromkeys(clean(name) for name in names) if name]
        shown = self("time.separator").join(cleaned[:_NAMES_SHOWN])
        if len(cleaned) <= _NAMES_SHOWN:
            return shown
        return f"{shown}{self('time.separator')}{self('time.more', count=len(cleaned))}"

    def communities(self, names: Iterable[str]) -> str:
        """Communities as a list in words, with what distinguishes namesakes."""
        return self.names(map(self.community, names))

    def community(self, name: str) -> str:
        """A community's name with what distinguishes it from namesakes, such as 阳光花园（东北）."""
        plain, found, apart = name.removesuffix("）").rpartition("（")
        if not (plain and found and name.endswith("）")):
            return name
        return plain + self("apart", name=self(f"direction.{_WINDS[apart]}") if apart in _WINDS else apart)

    def roads(self, facts: NoticeFacts) -> str:
        """Roads as a list in words, with the affected sides."""
        return self.names(self.road(road) for road in facts.roads)

    def road(self, road: str) -> str:
        """A road with its affected side in words."""
        side = next((mark for mark in SIDES if road.endswith(mark) and road != mark), None)
        return road if side is None else road.removesuffix(side) + self(f"side.{SIDES[side]}")


def draft_text(facts: NoticeFacts, language: str) -> str:
    """The notice as drafted: banners, title, body, signature. Dated only when issued (see ``issued_texts``)."""
    wording = Wording(language)
    return "\n".join(_lines(wording, facts)) + "\n"


def facts_in_words(facts: NoticeFacts, language: str) -> dict[str, tuple[str, ...]]:
    """Facts that the text must contain, in its words, by key: window, communities, units, hotline, issuer."""
    wording = Wording(language)
    communities = (*facts.no_water_communities, *facts.low_pressure_communities, *facts.delayed_communities)
    return {
        "window": tuple(wording.minute(moment, facts.time_zone) for moment in (facts.starts_at, facts.expected_end)),
        "communities": tuple(clean(wording.community(name)) for name in communities[:_NAMES_SHOWN]),
        "units": tuple(clean(name) for name in facts.units[:_NAMES_SHOWN]),
        "hotline": (clean(facts.hotline),),
        "issuer": (clean(facts.issuer),),
    }


def issued_texts(notice: Notice, now: datetime) -> tuple[str, str]:
    """The texts as sent (zh, en): the approved text with version, lifting and date."""
    return _as_issued(notice, notice.text_zh, "zh_CN", now), _as_issued(notice, notice.text_en, "en", now)


def title_of(facts: NoticeFacts, language: str) -> str:
    """Title of the notice."""
    wording = Wording(language)
    return wording(f"title.{_form(facts)}", city=clean(facts.city_name)).lstrip(": ")


def _as_issued(notice: Notice, text: str, language: str, now: datetime) -> str:
    wording, facts = Wording(language), notice.facts
    lines = [clean_lines(text)]
    if notice.status is NoticeStatus.LIFTED:
        lines[:0] = _lifting(wording, notice, now)
    elif notice.references:
        lines[:0] = _changed(wording, notice)
    # An edited text may lack the banners: they are inserted again, since an exercise must not be sent without them.
    lines[:0] = [banner for banner in _banners(wording, facts) if banner not in text]
    lines.append(wording.date(notice.issued_at or notice.approved_at or notice.drafted_at, facts.time_zone))
    return "\n".join(lines) + "\n"


def lift_reason(notice: Notice, language: str) -> str:
    """Why a notice was lifted, in ``language``; "" if it was given in Chinese only and ``language`` is English."""
    reason = clean(notice.lift_reason)
    usual = {text: key for key, text in Catalogue.load("zh_CN").section("notice.lift_reason").items()}
    usual |= {text: key for key, text in Catalogue.load("en").section("notice.lift_reason").items()}
    if reason in usual:
        return Wording(language)(f"lift_reason.{usual[reason]}")
    return "" if language == "en" and has_chinese(reason) else reason


def _changed(wording: Wording, notice: Notice) -> list[str]:
    """What an update does to the notices before it, with the reason of an extension or an early end."""
    first = wording("banner.updated", version=notice.version)
    if notice.change not in (NoticeChange.EXTENSION, NoticeChange.EARLY_END):
        return [first]
    end = wording.minute(notice.facts.expected_end, notice.facts.time_zone)
    reason = clean(notice.change_reason)
    shown = reason if not (wording.language == "en" and has_chinese(reason)) else ""
    said = [wording(f"banner.{notice.change}", end=end), *([wording("banner.lift_reason", reason=shown)] if shown else [])]
    advice = [wording("banner.discoloured")] if notice.change is NoticeChange.EARLY_END else []
    return [first, *said, *advice]


def _lifting(wording: Wording, notice: Notice, now: datetime) -> list[str]:
    """Sentence about the end of the outage and its reason; restored supply is stated only if the reason says so."""
    banner = "banner.withdrawn" if notice.withdrawn else "banner.lifted"
    reason = lift_reason(notice, wording.language)
    lines = [wording(banner, at=wording.minute(notice.lifted_at or now, notice.facts.time_zone))]
    if reason:
        lines.append(wording("banner.lift_reason", reason=reason))
    if not notice.withdrawn:
        lines.append(wording("banner.discoloured"))
    return lines


def _lines(wording: Wording, facts: NoticeFacts) -> Iterator[str]:
    yield from _banners(wording, facts)
    yield title_of(facts, wording.language)
    yield ""
    yield wording(f"intro.{facts.kind}", cause=_cause(wording, facts), work=_work(wording, facts))
    yield wording(
        _window(facts),
        start=wording.minute(facts.starts_at, facts.time_zone),
        end=wording.minute(facts.expected_end, facts.time_zone),
        zone=wording.zone(facts.time_zone),
    )
    yield wording("area.head")
    yield from _area(wording, facts)
    yield wording("clause.delay")
    yield wording(f"clause.store_{facts.kind}")
    yield wording("clause.quality")
    if facts.emergency_supply:
        yield wording("clause.emergency_supply")
    yield wording("clause.sorry")
    hotline = clean(facts.hotline)
    yield wording("hotline.given", hotline=hotline) if hotline else wording("hotline.missing")
    yield ""
    yield clean(facts.issuer) or wording("sign.issuer_missing")


def _window(facts: NoticeFacts) -> str:
    """Key of the sentence about the times; of an emergency it says whether water is off already or when it is expected to be."""
    is_said = facts.kind is NoticeKind.EMERGENCY and facts.starts_by in (StartBasis.EXPECTED, StartBasis.VALVE_CLOSED)
    return f"window.{_form(facts)}" + (f"_{facts.starts_by}" if is_said else "")


def _banners(wording: Wording, facts: NoticeFacts) -> list[str]:
    drill = [wording("banner.drill")] if facts.is_drill else []
    return [*drill, wording("banner.synthetic")] if facts.synthetic else drill


def _form(facts: NoticeFacts) -> str:
    """``emergency`` or, where only the pressure drops, ``emergency_low``; the same for planned works."""
    dry = facts.no_water_communities or facts.households_no_water
    low = facts.low_pressure_communities or facts.households_low_pressure
    return f"{facts.kind}_low" if low and not dry else str(facts.kind)


def _cause(wording: Wording, facts: NoticeFacts) -> str:
    """The cause as a clause; an English notice uses the standard cause of its kind instead of a Chinese one."""
    cause = clean(facts.cause).rstrip("。，,. ")
    if cause in _DEFAULT_CAUSES or (wording.language == "en" and has_chinese(cause)):
        return wording(f"cause.{facts.kind}")
    if cause.startswith(("为", "因", "由于", "Because", "To ")):
        return cause
    return wording("cause.because", cause=cause)


def _work(wording: Wording, facts: NoticeFacts) -> str:
    """The work done; in English derived from the diameter in the Chinese words."""
    work = clean(facts.work).rstrip("。，,. ")
    if work and not (wording.language == "en" and has_chinese(work)):
        return work
    size = re.search(r"DN\s?\d{2,4}", work)
    return " ".join(wording(f"work.{facts.purpose or facts.kind}", size=size[0] if size else "").split())


def _area(wording: Wording, facts: NoticeFacts) -> Iterator[str]:
    """Affected areas, separately without water and with low pressure, with households."""
    named = [
        ("area.roads", wording.roads(facts)),
        ("area.no_water", wording.communities(facts.no_water_communities)),
        ("area.low_pressure", wording.communities(facts.low_pressure_communities)),
        ("area.delayed", wording.communities(facts.delayed_communities)),
        ("area.units", wording.names(facts.units)),
    ]
    lines = [wording(key, names=names) for key, names in named if names]
    if not lines:
        yield wording("area.unknown")
    yield from lines
    estimated = wording("area.estimated") if facts.estimated_customers else ""
    counts = (("area.households_no_water", facts.households_no_water), ("area.households_low", facts.households_low_pressure))
    for key, count in counts:
        if count > 0:
            yield wording(key, count=f"{count:,}", estimated=estimated)
    if facts.fire_brigade:
        yield wording("area.hydrants")


def _offset(local: datetime, time_zone: str) -> str:
    """`` UTC−05:00``: outside China's zone the clock may change within the window."""
    if time_zone == "Asia/Shanghai":
        return ""
    text = local.strftime("%z")
    return f" UTC{text[:3].replace('-', '−')}:{text[3:5]}"
