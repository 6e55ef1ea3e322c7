"""The public feed: only what was issued and recorded as published, as it was issued, with ETag; drills are marked."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree
from starlette.applications import Starlette
from starlette.testclient import TestClient

from console.channels.cap_feed import CAP, NAME, CapFeedChannel
from console.documents.cap import schema
from console.domain.actors import Actor
from console.domain.delivery import PublishedAlert
from console.domain.outgoing import MessageKind
from console.services.incidents.judging import JudgeBurst
from console.services.incidents.opening import OpenIncident
from console.services.notices.lifecycle import ApproveNotice, DraftNotice, IssueNotice, LiftNotice, SubmitNotice
from console.services.ports import StoreUnavailable
from console.web import cap_feed
from console.web.cap_feed import ATOM, CapFeed
from tests.console.engine.room import Room, done

URL = "https://alerts.example.cn"


def client(store: cap_feed.Alerts) -> TestClient:
    return TestClient(Starlette(routes=CapFeed(store, URL, "jinan", "泉城 <b>供水</b>").routes()))


def entries(page: bytes) -> list[ET.Element]:
    return ET.fromstring(page).findall(f"{{{ATOM}}}entry")


def test_a_notice_is_in_the_feed_once_it_is_issued_and_its_end_too(tmp_path: Path) -> None:
    room = Room(tmp_path, channels=[CapFeedChannel()])
    try:
        web = client(room.store)
        done(room.engine.submit(OpenIncident("P-104040"), Actor.named("王")))
        case = room.sees(lambda p: len(p.incidents) == 1).incidents[0].incident_id
        done(room.engine.submit(JudgeBurst(case, ("P-104040",), "calls"), Actor.named("王")))
        for intent, user in (
            (DraftNotice(case), "王"), (SubmitNotice(case, f"{case}-N1"), "王"), (ApproveNotice(case, f"{case}-N1"), "李"),
        ):  # fmt: skip
            done(room.engine.submit(intent, Actor.named(user)))
        assert entries(web.get("/cap/feed.atom").content) == []
        done(room.engine.submit(IssueNotice(case, f"{case}-N1"), Actor.named("李")))
        room.waits(lambda: len(room.store.published(NAME, CAP)) == 1)
        answer = web.get("/cap/feed.atom")
        (entry,) = entries(answer.content)
        assert answer.headers["content-type"] == "application/atom+xml"
        left = next(one for one in room.left if one.kind is MessageKind.NOTICE and one.content_type == CAP)
        (alert,) = room.store.published(NAME, CAP)
        link = entry.find(f"{{{ATOM}}}link")
        assert link is not None
        assert link.get("href") == f"{URL}/cap/alerts/{alert.outgoing_id}.xml"
        got = web.get(f"/cap/alerts/{alert.outgoing_id}.xml")
        assert got.content == left.payload  # byte for byte as it went to all others
        schema().assertValid(etree.fromstring(got.content))
        done(room.engine.submit(LiftNotice(case, f"{case}-N1", "误发"), Actor.named("李")))
        room.waits(lambda: len(room.store.published(NAME, CAP)) == 2)
        newest = entries(web.get("/cap/feed.atom").content)[0]
        assert [one.get("term") for one in newest.findall(f"{{{ATOM}}}category")][1] == "Cancel"
    finally:
        room.close()


class Kept:
    """Alerts without a store."""

    def __init__(self, *alerts: PublishedAlert) -> None:
        self.alerts, self.is_away = list(alerts), False

    def published(
        self, channel: str, content_type: str, most: int = 100, number: int | None = None
    ) -> tuple[PublishedAlert, ...]:
        if self.is_away:
            raise StoreUnavailable("away; /secret/path")
        found = [one for one in self.alerts if number is None or one.outgoing_id == number]
        return tuple(sorted(found, key=lambda one: -one.outgoing_id)[:most])


def an_alert(number: int, status: str = "Actual", headline: str = "停水 <script>alert(1)</script> & more") -> PublishedAlert:
    root = etree.Element("{urn:oasis:names:tc:emergency:cap:1.2}alert")
    texts = {"identifier": f"q.N{number}.v1", "sent": "2024-01-03T23:10:00+08:00", "status": status, "msgType": "Alert"}
    for name, text in texts.items():
        etree.SubElement(root, f"{{urn:oasis:names:tc:emergency:cap:1.2}}{name}").text = text
    info = etree.SubElement(root, "{urn:oasis:names:tc:emergency:cap:1.2}info")
    etree.SubElement(info, "{urn:oasis:names:tc:emergency:cap:1.2}headline").text = headline
    return PublishedAlert(number, datetime(2024, 1, 3, 15, number, tzinfo=UTC), etree.tostring(root))


def test_a_drill_says_exercise_and_names_of_people_stay_text() -> None:
    (entry,) = entries(client(Kept(an_alert(1, "Exercise"))).get("/cap/feed.atom").content)
    assert entry.findtext(f"{{{ATOM}}}title") == "[Exercise] 停水 <script>alert(1)</script> & more"
    assert [one.get("term") for one in entry.findall(f"{{{ATOM}}}category")] == ["Exercise", "Alert"]


def test_control_characters_in_the_name_of_the_site_or_issuer_do_not_end_the_feed() -> None:
    root = etree.fromstring(cap_feed.feed((), "http://x", "s\x01\ud800", "水务\x00集团\x0b\ud800"))
    assert root.findtext(f"{{{ATOM}}}title") == "水务\ufffd集团\ufffd\ufffd"


def test_a_reader_that_has_it_gets_304_until_something_new_is_issued() -> None:
    kept = Kept(an_alert(1))
    web = client(kept)
    first = web.get("/cap/feed.atom")
    again = web.get("/cap/feed.atom", headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    kept.alerts.append(an_alert(2))
    new = web.get("/cap/feed.atom", headers={"If-None-Match": first.headers["etag"]})
    assert (new.status_code, len(entries(new.content))) == (200, 2)
    assert web.get("/cap/alerts/1.xml", headers={"If-None-Match": "*"}).status_code == 304


def test_it_is_read_only_and_unknown_alerts_are_not_found_and_a_store_away_tells_no_paths() -> None:
    kept = Kept(an_alert(1))
    web = client(kept)
    assert web.post("/cap/feed.atom").status_code == 405
    digits = "9" * 5_000  # int() refuses more than 4,300
    for path in (
        f"/cap/alerts/{digits}.xml",
        "/cap/alerts/9.xml",
        "/cap/alerts/99999999999999999999999.xml",
        "/cap/alerts/x.xml",
        "/cap/alerts/-1.xml",
    ):
        assert web.get(path).status_code == 404, path
    kept.is_away = True
    answer = web.get("/cap/feed.atom")
    assert answer.status_code == 503
    assert "secret" not in answer.text


def test_one_reader_that_asks_too_often_is_told_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cap_feed, "_READS_A_MINUTE", 3)
    web = client(Kept())
    assert [web.get("/cap/feed.atom").status_code for _ in range(4)] == [200, 200, 200, 429]
