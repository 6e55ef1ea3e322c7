"""CAP 1.2 (OASIS Common Alerting Protocol) message of a notice, checked against the schema before it is sent."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib import resources
from zoneinfo import ZoneInfo

from lxml import etree

from console.documents.wording import LANGUAGES, Wording, clean, issued_texts, title_of
from console.domain.notices import Notice, NoticeFacts, NoticeKind, NoticeStatus

NAMESPACE = "urn:oasis:names:tc:emergency:cap:1.2"
CONTENT_TYPE = "application/cap+xml"

_LANGUAGE_TAGS = {"zh_CN": "zh-CN", "en": "en"}
_SEVERE = timedelta(hours=24)
_MODERATE_HOUSEHOLDS = 100
Ring = tuple[tuple[float, float], ...]


def cap_message(notice: Notice, site: str, now: datetime) -> bytes:
    """The CAP message of a notice as XML: Alert; Update if it refers to earlier ones; Cancel, sent ``now`` (aware), once lifted.

    Raises ValueError for a notice that was never issued, lxml's DocumentInvalid if the message violates the schema.
    """
    cancel = notice.status is NoticeStatus.LIFTED
    sent = now if cancel else _issued_at(notice)
    root = etree.fromstring(f'<alert xmlns="{NAMESPACE}"/>')
    _put(root, "identifier", identifier(notice, site))
    _put(root, "sender", sender(site))
    _put(root, "sent", moment(sent, notice.facts.time_zone))
    _put(root, "status", _status(notice.facts))
    _put(root, "msgType", "Cancel" if cancel else "Update" if notice.references else "Alert")
    _put(root, "scope", "Public")
    _put(root, "note", _note(notice))
    _put(root, "references", " ".join(notice.references))
    _put(root, "incidents", _token(notice.incident_id))
    for language, text in zip(LANGUAGES, issued_texts(notice, sent), strict=True):
        _info(root, notice, language, text, sent)
    schema().assertValid(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def reference(notice: Notice, site: str) -> str:
    """CAP's reference to an issued notice. Raises ValueError when it was never issued."""
    issued = _issued_at(notice)
    return f"{sender(site)},{_identifier(notice, site, '')},{moment(issued, notice.facts.time_zone)}"


def identifier(notice: Notice, site: str) -> str:
    """Identifier of the message; a Cancel has another one than its notice."""
    return _identifier(notice, site, ".cancel" if notice.status is NoticeStatus.LIFTED else "")


def sender(site: str) -> str:
    """Sender, unique to the site."""
    return f"quanmai.{_token(site) or 'site'}"


def moment(at: datetime, time_zone: str) -> str:
    """A time in CAP's form: to the second, numeric offset, UTC as ``-00:00``."""
    text = at.astimezone(ZoneInfo(time_zone)).isoformat(timespec="seconds")
    return text.removesuffix("+00:00") + "-00:00" if text.endswith("+00:00") else text


def closed_rings(rings: tuple[Ring, ...]) -> tuple[Ring, ...]:
    """Rings (lat, lon), closed and with at least four points; invalid rings are left out."""
    return tuple(ring for ring in map(_closed, rings) if ring)


@cache
def schema() -> etree.XMLSchema:
    """The CAP 1.2 schema from the resources, cached."""
    raw = resources.files("resources").joinpath("schema", "cap-1.2-subset.xsd").read_bytes()
    return etree.XMLSchema(etree.fromstring(raw))


def _info(root: etree._Element, notice: Notice, language: str, text: str, sent: datetime) -> None:
    facts, wording = notice.facts, Wording(language)
    lifted = notice.status is NoticeStatus.LIFTED
    planned = facts.kind is NoticeKind.PLANNED
    info = _put(root, "info", "", empty=True)
    _put(info, "language", _LANGUAGE_TAGS[language])
    _put(info, "category", "Infra")
    _put(info, "event", wording(f"cap.event_{facts.kind}"))
    _put(info, "responseType", "Monitor" if notice.withdrawn else "AllClear" if lifted else "Prepare")
    _put(info, "urgency", _urgency(facts, sent, lifted))
    _put(info, "severity", _severity(facts))
    _put(info, "certainty", "Likely" if planned and not lifted else "Observed")
    _put(info, "effective", moment(sent, facts.time_zone))
    if not lifted:
        _put(info, "onset", moment(facts.starts_at, facts.time_zone))
    if facts.expected_end > sent and not lifted:
        _put(info, "expires", moment(facts.expected_end, facts.time_zone))
    _put(info, "senderName", clean(facts.issuer))
    _put(info, "headline", " ".join([*_marks(wording, facts), title_of(facts, language)]))
    _put(info, "description", text)
    ended = wording("cap.withdrawn" if notice.withdrawn else "cap.all_clear")
    _put(info, "instruction", ended if lifted else wording(f"cap.instruction_{facts.kind}"))
    _put(info, "contact", clean(facts.hotline))
    area = _put(info, "area", "", empty=True)
    _put(area, "areaDesc", _area_text(wording, facts))
    for ring in closed_rings(facts.affected_wgs84):
        _put(area, "polygon", " ".join(f"{lat:.6f},{lon:.6f}" for lat, lon in ring))


def _put(parent: etree._Element, name: str, text: str, *, empty: bool = False) -> etree._Element:
    """Add an element with text; none for an empty text (unless ``empty``)."""
    element = etree.Element(f"{{{NAMESPACE}}}{name}")
    if text or empty:
        element.text = text or None
        parent.append(element)
    return element


def _status(facts: NoticeFacts) -> str:
    """A drill is an Exercise; a synthetic city never sends an Actual message."""
    return "Exercise" if facts.is_drill else "Test" if facts.synthetic else "Actual"


def _note(notice: Notice) -> str:
    """What the public should know of the message itself; why an approval was overridden stays inside."""
    notes: list[str] = []
    for language in LANGUAGES:
        notes.extend(_marks(Wording(language), notice.facts, clean(notice.incident_id)))
    if notice.lift_reason:
        notes.append(f"lifted: {clean(notice.lift_reason)}")
    return " ".join(notes)


def _marks(wording: Wording, facts: NoticeFacts, incident: str = "") -> Iterator[str]:
    if facts.is_drill:
        yield wording("cap.note_drill", incident=incident) if incident else wording("cap.mark_drill")
    if facts.synthetic:
        yield wording("cap.note_synthetic") if incident else wording("cap.mark_synthetic")


def _area_text(wording: Wording, facts: NoticeFacts) -> str:
    parts = [
        wording(key, names=names)
        for key, names in (
            ("cap.area_no_water", wording.communities(facts.no_water_communities)),
            ("cap.area_low", wording.communities(facts.low_pressure_communities)),
            ("cap.area_roads", wording.roads(facts)),
        )
        if names
    ]
    return (
        wording("time.separator").join([clean(facts.city_name), *parts]).lstrip("、; ") if parts else wording("cap.area_unknown")
    )


def _urgency(facts: NoticeFacts, sent: datetime, lifted: bool) -> str:
    if lifted:
        return "Past"
    if facts.starts_at <= sent:
        return "Immediate"
    return "Expected" if facts.starts_at - sent <= timedelta(hours=1) else "Future"


def _severity(facts: NoticeFacts) -> str:
    """Severe above 24 hours without water, Moderate from 100 households, else Minor."""
    if facts.emergency_supply or facts.expected_end - facts.starts_at > _SEVERE:
        return "Severe"
    return "Moderate" if facts.households_no_water >= _MODERATE_HOUSEHOLDS else "Minor"


def _issued_at(notice: Notice) -> datetime:
    if notice.issued_at is None:
        raise ValueError(f"notice {notice.notice_id} was never issued: it has no CAP message")
    return notice.issued_at.astimezone(UTC)


def _identifier(notice: Notice, site: str, end: str) -> str:
    return f"{sender(site)}.{_token(notice.notice_id)}.v{notice.version}{end}"


def _token(text: str) -> str:
    return re.sub(r"[\s,<>&]+", "-", clean(text))


def _closed(ring: Ring) -> Ring:
    good = all(math.isfinite(lat) and math.isfinite(lon) and abs(lat) <= 90 and abs(lon) <= 180 for lat, lon in ring)
    if not good or len(set(ring)) < 3:
        return ()
    return ring if ring[0] == ring[-1] else (*ring, ring[0])
