"""A notice as one JSON object for web pages, short messages and other systems; without pipe or valve ids."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from console.documents.cap import closed_rings, identifier
from console.documents.wording import clean, issued_texts, lift_reason, title_of
from console.domain.changes import canonical_json
from console.domain.notices import Notice, NoticeFacts, NoticeStatus

SCHEMA = "quanmai.notice/1"


def notice_json(notice: Notice, site: str, now: datetime) -> bytes:
    """Canonical JSON, times with the city's offset, outlines as GeoJSON (WGS84, lon then lat) or the reason for their absence."""
    facts = notice.facts
    text_zh, text_en = issued_texts(notice, now)
    body = {
        "schema": SCHEMA,
        "site": clean(site),
        "notice_id": clean(notice.notice_id),
        "incident_id": clean(notice.incident_id),
        "version": notice.version,
        "status": notice.status.value,
        "kind": facts.kind.value,
        "exercise": facts.is_drill,
        "synthetic": facts.synthetic,
        "title": {"zh": title_of(facts, "zh_CN"), "en": title_of(facts, "en")},
        "text": {"zh": text_zh, "en": text_en},
        "issued_at": _local(notice.issued_at, facts),
        "starts_at": _local(facts.starts_at, facts),
        "expected_end": _local(facts.expected_end, facts),
        "t": _local(now, facts),
        **_lifting(notice),
        "roads": _cleaned(facts.roads),
        "no_water": {"communities": _cleaned(facts.no_water_communities), "households": facts.households_no_water},
        "low_pressure": {"communities": _cleaned(facts.low_pressure_communities), "households": facts.households_low_pressure},
        "delayed": {"communities": _cleaned(facts.delayed_communities)},
        "units": _cleaned(facts.units),
        "estimated": facts.estimated_customers,
        "emergency_supply": facts.emergency_supply,
        "hotline": clean(facts.hotline),
        "issuer": clean(facts.issuer),
        "cap": {"identifier": identifier(notice, site), "references": list(notice.references)},
        **_geometry(facts),
    }
    return canonical_json(body)


def _lifting(notice: Notice) -> dict[str, Any]:
    """When and why it was lifted; ``withdrawn``: revoked although supply is not restored."""
    if notice.status is not NoticeStatus.LIFTED:
        return {}
    reason = {"zh": lift_reason(notice, "zh_CN"), "en": lift_reason(notice, "en")}
    return {"lifted_at": _local(notice.lifted_at, notice.facts), "lift_reason": reason, "withdrawn": notice.withdrawn}


def _geometry(facts: NoticeFacts) -> dict[str, Any]:
    rings = closed_rings(facts.affected_wgs84)
    if not rings:
        return {"geometry": None, "geometry_omitted": clean(facts.no_geometry_reason)}
    polygons = [[[[lon, lat] for lat, lon in ring]] for ring in rings]
    return {"geometry": {"type": "MultiPolygon", "coordinates": polygons}}


def _cleaned(names: tuple[str, ...]) -> list[str]:
    return [name for name in map(clean, names) if name]


def _local(moment: datetime | None, facts: NoticeFacts) -> str | None:
    return moment.astimezone(ZoneInfo(facts.time_zone)).isoformat(timespec="milliseconds") if moment else None
