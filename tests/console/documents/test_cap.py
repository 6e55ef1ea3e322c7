"""CAP 1.2 messages against the schema and the standard's own rules."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from console.documents.cap import NAMESPACE, cap_message, closed_rings, moment, reference, schema
from console.domain.notices import Notice, NoticeKind, NoticeStatus
from tests.console.documents.cases import LIFTED, RING, a_notice, some_facts

TEXTS = ("公告正文", "Body")


def message(site: str = "jinan", notice: Notice | None = None, **facts: Any) -> etree._Element:
    """The parsed message of an issued notice."""
    return etree.fromstring(cap_message(notice or a_notice(TEXTS, some_facts(**facts)), site, LIFTED))


def texts(root: etree._Element, name: str) -> list[str]:
    """Texts of all elements of a name."""
    return [element.text or "" for element in root.iter(f"{{{NAMESPACE}}}{name}")]


def test_an_issued_notice_is_an_actual_public_infrastructure_alert() -> None:
    root = message()
    assert texts(root, "status") == ["Actual"]
    assert texts(root, "msgType") == ["Alert"]
    assert texts(root, "scope") == ["Public"]
    assert texts(root, "category") == ["Infra", "Infra"]
    assert texts(root, "language") == ["zh-CN", "en"]
    assert texts(root, "references") == []
    assert texts(root, "sent") == ["2024-01-03T23:09:30+08:00"]


def test_a_drill_is_an_exercise_even_in_a_real_city_and_says_so_everywhere() -> None:
    root = message(is_drill=True)
    assert texts(root, "status") == ["Exercise"]
    assert "演练" in texts(root, "note")[0]
    assert all("演练" in text or "DRILL" in text for text in texts(root, "headline"))


def test_a_synthetic_city_never_sends_an_actual_message() -> None:
    assert texts(message(synthetic=True), "status") == ["Test"]


def test_an_update_refers_to_what_it_updates_and_a_cancel_to_what_it_cancels() -> None:
    facts = some_facts()
    first = a_notice(TEXTS, facts)
    assert reference(first, "jinan") == "quanmai.jinan,quanmai.jinan.2024-0007-N1.v1,2024-01-03T23:09:30+08:00"
    update = message(notice=a_notice(TEXTS, facts, notice_id="2024-0007-N2", version=2, references=(reference(first, "jinan"),)))
    assert texts(update, "msgType") == ["Update"]
    assert texts(update, "references") == [reference(first, "jinan")]
    lifted = a_notice(TEXTS, facts, status=NoticeStatus.LIFTED, references=(reference(first, "jinan"),))
    cancel = message(notice=lifted)
    assert texts(cancel, "msgType") == ["Cancel"]
    assert texts(cancel, "sent") == ["2024-01-04T04:00:00+08:00"]
    assert texts(cancel, "identifier") != texts(message(notice=first), "identifier")
    assert texts(cancel, "responseType") == ["AllClear", "AllClear"]


def test_a_reference_has_sender_identifier_and_time_of_its_message() -> None:
    notice = a_notice(TEXTS, some_facts())
    root = message(notice=notice)
    parts = [texts(root, name)[0] for name in ("sender", "identifier", "sent")]
    assert reference(notice, "jinan") == ",".join(parts)


def test_polygons_are_closed_and_latitude_comes_first() -> None:
    polygons = texts(message(affected_wgs84=(RING[:-1],)), "polygon")
    assert len(polygons) == 2
    points = [tuple(map(float, pair.split(","))) for pair in polygons[0].split()]
    assert points[0] == points[-1] == (36.69, 117.01)
    assert all(30 < lat < 40 and 110 < lon < 120 for lat, lon in points)


def test_without_outlines_the_area_is_described_in_words() -> None:
    root = message(affected_wgs84=(), no_geometry_reason="network not georeferenced")
    assert texts(root, "polygon") == []
    assert "美林苑" in texts(root, "areaDesc")[0]


def test_an_unknown_area_still_has_a_description() -> None:
    unknown: dict[str, Any] = {"roads": (), "no_water_communities": (), "low_pressure_communities": (), "affected_wgs84": ()}
    assert all(texts(message(**unknown), "areaDesc"))


def test_rings_without_area_or_off_the_earth_are_left_out() -> None:
    flat = ((36.0, 117.0), (36.1, 117.1), (36.0, 117.0))
    wild = ((91.0, 0.0), (0.0, 0.0), (1.0, 1.0), (91.0, 0.0))
    endless = ((float("inf"), 0.0), (0.0, 0.0), (1.0, 1.0))
    assert closed_rings((flat, wild, endless, RING[:-1])) == (RING,)


def test_utc_is_written_as_an_offset_in_figures() -> None:
    assert moment(datetime(2024, 1, 3, 15, 0, 0, 900_000, tzinfo=UTC), "UTC") == "2024-01-03T15:00:00-00:00"


def test_a_notice_never_issued_has_no_message() -> None:
    with pytest.raises(ValueError, match="never issued"):
        cap_message(a_notice(TEXTS, some_facts(), issued_at=None, status=NoticeStatus.DRAFT), "jinan", LIFTED)


def test_an_expiry_in_the_past_is_left_out() -> None:
    assert texts(message(expected_end=datetime(2024, 1, 3, 15, 0, tzinfo=UTC)), "expires") == []


def test_a_planned_outage_days_ahead_is_future_and_likely() -> None:
    days: dict[str, Any] = {
        "starts_at": datetime(2024, 1, 6, 0, 0, tzinfo=UTC),
        "expected_end": datetime(2024, 1, 6, 8, 0, tzinfo=UTC),
    }
    root = message(kind=NoticeKind.PLANNED, **days)
    assert texts(root, "urgency") == ["Future", "Future"]
    assert texts(root, "certainty") == ["Likely", "Likely"]


HOSTILE = st.text(st.characters(exclude_categories=[]), max_size=30)


@given(name=HOSTILE, site=HOSTILE)
@settings(max_examples=60, deadline=None)
def test_a_message_is_valid_and_holds_any_name_as_text(name: str, site: str) -> None:
    notice = a_notice(
        (f"公告{name}", f"Notice {name}"),
        some_facts(no_water_communities=(name, "美林苑"), issuer=name, hotline=name),
        notice_id=f"N{name}",
        incident_id=f"I{name}",
        override_reason=name,
    )
    root = message(site, notice)
    schema().validate(root)
    assert not re.search(r"[\s,<&]", texts(root, "identifier")[0])
    assert len(list(root.iter(f"{{{NAMESPACE}}}info"))) == 2


def test_why_an_approval_was_overridden_is_not_published() -> None:
    notice = a_notice(TEXTS, some_facts(), override_reason="值班长电话不通")
    assert "值班长电话不通" not in cap_message(notice, "jinan", LIFTED).decode()


def test_markup_in_a_name_stays_text() -> None:
    raw = cap_message(a_notice(TEXTS, some_facts(no_water_communities=("</areaDesc><x>&",))), "jinan", LIFTED)
    assert b"<x>" not in raw
    assert "</areaDesc><x>&" in texts(etree.fromstring(raw), "areaDesc")[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<scope>Public</scope>", b""),
        (b"<status>Actual</status>", b"<status>Real</status>"),
        (b"+08:00</sent>", b"Z</sent>"),
        (b"<urgency>Immediate</urgency>", b""),
        (b"<sender>quanmai.jinan", b"<sender>quanmai, jinan"),
    ],
)
def test_the_schema_refuses_what_the_standard_refuses(old: bytes, new: bytes) -> None:
    raw = cap_message(a_notice(TEXTS, some_facts()), "jinan", LIFTED)
    assert old in raw
    changed = etree.fromstring(raw.replace(old, new))
    with pytest.raises(etree.DocumentInvalid):
        schema().assertValid(changed)
    # Another reader of the same schema as a peer: it takes the message and refuses the change.
    peer = xmlschema.XMLSchema(files("resources").joinpath("schema", "cap-1.2-subset.xsd").read_text("utf-8"))
    peer.validate(etree.fromstring(raw))
    with pytest.raises(xmlschema.XMLSchemaValidationError):
        peer.validate(changed)
