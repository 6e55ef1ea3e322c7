"""The crew's page over HTTP, with a real engine and store behind it."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pyproj import Transformer
from starlette.testclient import TestClient

from console.domain.crew_links import token_hash
from console.domain.incidents import OrderState, Unable
from console.services.crews.valve_reports import MarkValveRestored
from console.services.incidents.judging import DismissIncident
from console.services.incidents.undo import UndoLast
from console.web.guard import MOST_BYTES
from tests.console.engine.room import done
from tests.console.ui.small_city import build_small_city
from tests.console.web.site import WANG, Site, hostile

HOSTILE = "<script>broken=1</script>\"'><img src=x onerror=broken=1>"


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


def valve_of(site: Site) -> str:
    """The first valve to close."""
    plan = site.case().plan
    assert plan is not None
    return plan.valves_to_close[0].asset_id


def test_nothing_is_read_or_answered_without_a_link(site: Site) -> None:
    order = site.opens_case()
    stranger = TestClient(site.app)
    for path in ("/", f"/orders/{order}", "/in/" + "x" * 43, "/in/short"):
        assert stranger.get(path).status_code == 401
        assert order not in stranger.get(path).text
    assert stranger.post("/answers", json=site.answer(order, "on_site")).status_code == 401
    assert stranger.post(f"/orders/{order}/kept", json={"version": site.case().version}).status_code == 401
    assert site.case().orders[0].state is OrderState.SENT


def test_the_token_is_in_no_later_address_and_in_no_store_or_log_of_actions(site: Site, tmp_path: Path) -> None:
    client = TestClient(site.app)
    first = client.get(f"/in/{site.tokens['crew1']}", follow_redirects=False)
    assert first.headers["location"] == "/"
    cookie = first.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    page = client.get("/")
    assert site.tokens["crew1"] not in page.text
    site.room.store.flush()
    kept = b"".join(file.read_bytes() for file in tmp_path.glob("engine.sqlite*"))
    assert token_hash(site.tokens["crew1"]).encode() in kept
    assert site.tokens["crew1"].encode() not in kept
    assert [change.kind for change in site.room.store.changes()] == ["crew_link_made", "crew_link_made"]
    assert site.room.store.verify_chain() is None


def test_a_revoked_link_opens_nothing_from_the_next_request_on(site: Site) -> None:
    order = site.opens_case()
    client = site.client()
    assert client.get(f"/orders/{order}").status_code == 200
    site.room.store.crew_links.revoke(site.links["crew1"][0].link_id, WANG, site.room.clock.at)
    assert client.get(f"/orders/{order}").status_code == 401
    assert client.post("/answers", json=site.answer(order, "on_site")).status_code == 401
    assert site.client("crew2").get("/").status_code == 200


def test_another_crew_s_order_is_as_unknown_as_one_that_does_not_exist(site: Site) -> None:
    order = site.opens_case()
    other = site.client("crew2")
    theirs, none = other.get(f"/orders/{order}"), other.get("/orders/2024-9999-W1")
    assert (theirs.status_code, theirs.text) == (none.status_code, none.text) == (404, none.text)
    assert other.post("/answers", json=site.answer(order, "on_site")).status_code == 404
    assert other.post(f"/orders/{order}/kept", json={"version": site.case().version}).status_code == 404
    assert order not in other.get("/").text
    assert site.case().orders[0].state is OrderState.SENT


def test_an_order_shows_its_text_its_sketch_and_a_card_for_each_valve_of_the_plan(site: Site) -> None:
    order = site.opens_case()
    text = html.unescape(site.client().get(f"/orders/{order}").text)
    case = site.case()
    assert case.plan is not None
    assert "check a suspected burst on site" in text
    assert case.orders[0].text not in text
    chinese = site.client().get(f"/orders/{order}", headers={"accept-language": "zh-CN"}).text
    assert case.orders[0].text in html.unescape(chinese)
    assert "<svg" in text
    for step in case.plan.valves_to_close:
        assert f"<b>{step.order}</b> {step.asset_id}" in text
    # The way there: streets and a line on both drawings, and a link that the phone's own map opens, WGS84, latitude first.
    wgs84 = Transformer.from_crs(site.room.city.network.crs, "EPSG:4326", always_xy=True)
    for step in case.plan.valves_to_close:
        lon, lat = wgs84.transform(step.x, step.y)
        assert f'href="geo:{lat:.6f},{lon:.6f}"' in text
    assert text.count('<polyline class="way" points="') == 2
    assert "<li>Along <b>" in text
    assert "from the " in text


def test_any_pipe_is_found_by_number_or_road_the_nearest_first_and_only_for_one_s_own_order(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    pipes = site.room.city.network.pipes
    road = next(str(name) for name in pipes.road_name if name)
    found = client.get(f"/orders/{order}/pipes", params={"q": road}).json()["pipes"]
    assert 0 < len(found) <= 20
    assert all(road in one["text"] for one in found)
    middles = {str(pipes.asset_id[row]): pipes.points(row).mean(axis=0) for row in range(len(pipes))}
    here = middles[site.case().burst_pipes[0]]
    named = [key for key, name in zip(map(str, pipes.asset_id), pipes.road_name, strict=True) if str(name) == road]
    nearest = min(named, key=lambda key: float(np.hypot(*(middles[key] - here))))
    assert found[0]["id"] == nearest
    last = str(pipes.asset_id[len(pipes) - 1])
    assert last in [one["id"] for one in client.get(f"/orders/{order}/pipes", params={"q": last.lower()}).json()["pipes"]]
    assert client.get(f"/orders/{order}/pipes", params={"q": "%_' OR 1=1"}).json() == {"pipes": []}
    assert site.client("crew2").get(f"/orders/{order}/pipes", params={"q": last}).status_code == 404
    assert TestClient(site.app).get(f"/orders/{order}/pipes", params={"q": last}).status_code == 401
    typed = {**site.answer(order, "found"), "asset_id": "P-OF-NOBODY"}
    told = client.post("/answers", json=typed)
    assert (told.status_code, told.json()["why"]) == (422, "the network has no such pipe")


def test_answers_drive_the_case_as_those_of_the_broker_do(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    valve = valve_of(site)
    for number, (state, more) in enumerate(
        [("acknowledged", ""), ("on_site", ""), ("valve_closed", valve), ("valve_restored", valve), ("done", "")]
    ):
        told = client.post("/answers", json=site.answer(order, state, more, number=number, later_s=number))
        assert (told.status_code, told.json()["state"]) == (200, "taken"), told.text
        site.room.clock.sleep(1)
    case = site.case()
    assert case.orders[0].state is OrderState.DONE
    (mark,) = case.valve_marks
    assert (mark.by, mark.restored_by) == ("crew1", "crew1")
    assert {change.user for change in site.room.engine.timeline(case.incident_id)[-5:]} == {"crew1"}


def test_a_valve_that_cannot_be_closed_is_reported_with_its_kind_and_leaves_the_plan(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    valve = valve_of(site)
    told = client.post("/answers", json=site.answer(order, "valve_unable", valve, unable="seized"))
    assert told.json()["state"] == "taken"
    case = site.case()
    assert case.plan is not None
    assert case.valve_marks[0].unable is Unable.SEIZED
    assert valve not in {step.asset_id for step in case.plan.valves_to_close}
    assert client.post("/answers", json=site.answer(order, "valve_unable", valve, number=2, unable="rusty")).status_code == 422


def test_an_answer_that_comes_twice_has_one_effect_also_when_the_desk_has_undone_it_since(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    body = site.answer(order, "valve_closed", valve_of(site))
    first = client.post("/answers", json=body)
    done(site.room.engine.submit(UndoLast(site.case().incident_id), WANG))
    before = site.case()
    assert before.closed_valves() == ()
    again = client.post("/answers", json=body)
    assert again.json() == first.json()
    assert site.case() == before


def test_answers_out_of_order_change_nothing_and_name_the_record_that_overrode_them(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    valve = valve_of(site)
    client.post("/answers", json=site.answer(order, "on_site", number=1))
    late = client.post("/answers", json=site.answer(order, "acknowledged", number=2)).json()
    assert late == {"state": "refused", "why": late["why"]}
    assert "on site" in late["why"]
    assert site.case().orders[0].state is OrderState.ON_SITE
    client.post("/answers", json=site.answer(order, "valve_closed", valve, number=3))
    site.room.clock.sleep(60)
    done(site.room.engine.submit(MarkValveRestored(site.case().incident_id, valve), WANG))
    before = site.case().valve_marks
    late = client.post("/answers", json=site.answer(order, "valve_unable", valve, number=4, later_s=-30, unable="seized")).json()
    assert late["state"] == "refused"
    assert "王" in late["why"]
    assert site.case().valve_marks == before
    never = client.post("/answers", json=site.answer(order, "valve_restored", "no such valve", number=5)).json()
    assert never["state"] == "refused"


def test_an_answer_to_an_order_that_was_called_back_names_who_did_it_and_when(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    site.room.clock.sleep(60)
    done(site.room.engine.submit(DismissIncident(site.case().incident_id, "误报"), WANG))
    why = {
        client.post("/answers", json=site.answer(order, state, valve, number=n)).json()["why"]
        for n, (state, valve) in enumerate((("done", ""), ("valve_closed", str(site.room.city.network.valves.asset_id[0]))))
    }
    assert {one.split(" (")[1] for one in why} == {"王, 01-03 23:01)"}


def test_an_answer_that_is_not_on_disk_yet_is_not_called_taken(tmp_path: Path) -> None:
    site = Site(tmp_path, patience_s=0.0)
    try:
        order, client = site.opens_case(), site.client()
        body = site.answer(order, "on_site")
        first = client.post("/answers", json=body)
        assert (first.status_code, first.json()) == (202, {"state": "sent"})
        site.room.waits(lambda: bool(client.post("/answers", json=body).status_code == 200))
        assert client.post("/answers", json=body).json()["state"] == "taken"
        answered = [c for c in site.room.engine.timeline(site.case().incident_id) if c.kind == "order_on_site"]
        assert len(answered) == 1
    finally:
        site.close()


def test_a_request_from_elsewhere_changes_nothing(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    body = site.answer(order, "on_site")
    for headers in (
        {"x-quanmai-page": ""},
        {"x-quanmai-page": "0" * 64},
        {"origin": "https://elsewhere.example"},
        {"sec-fetch-site": "cross-site"},
    ):
        assert client.post("/answers", json=body, headers=headers).status_code == 403
    assert client.get("/answers").status_code == 405
    assert site.case().orders[0].state is OrderState.SENT


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"x" * (MOST_BYTES + 1), 413),
        (b"no json", 400),
        (b"[]", 400),
        (b"[" * 5000, 400),
        (b'{"id": "answer-0001"}', 422),
        (b'{"id": 5, "order_id": "x", "state": "on_site"}', 422),
        (b'{"id": "../../../etc", "order_id": "x", "state": "on_site"}', 422),
        (b'{"id": "answer-0001", "order_id": "x", "state": "countermanded"}', 422),
        (b'{"id": "answer-0001", "order_id": "\\ud800", "state": "on_site"}', 404),
        (b'{"id": "answer-0001", "order_id": {"a": 1}, "state": "on_site"}', 422),
    ],
)
def test_a_body_that_is_none_is_refused_and_stops_nothing(site: Site, content: bytes, status: int) -> None:
    order, client = site.opens_case(), site.client()
    assert client.post("/answers", content=content).status_code == status
    assert client.post("/answers", json=site.answer(order, "on_site", number=9)).json()["state"] == "taken"


def test_every_page_carries_the_security_headers_and_no_script_of_its_own(site: Site) -> None:
    order, client = site.opens_case(), site.client()
    for path in ("/", f"/orders/{order}", "/orders/none", "/crew.js", "/worker.js", "/nowhere"):
        got = client.get(path)
        policy = got.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert got.headers["x-content-type-options"] == "nosniff"
        assert got.headers["referrer-policy"] == "no-referrer"
        if "html" in got.headers["content-type"]:
            assert re.findall(r"<script(?![^>]*\ssrc=)", got.text) == []
            assert re.findall(r"\s(?:on\w+|style)=", got.text) == []


def test_hostile_names_and_texts_are_shown_as_text(tmp_path: Path) -> None:
    site = Site(tmp_path, hostile(build_small_city(), HOSTILE))
    try:
        order = site.opens_case()
        client = site.client()
        for path in ("/", f"/orders/{order}"):
            page = client.get(path)
            assert page.status_code == 200
            assert "<script>broken" not in page.text
            assert "<img" not in page.text
        assert html.escape(HOSTILE, quote=False)[:10] in page.text
        told = client.post("/answers", json=site.answer(order, "on_site", text=HOSTILE))
        assert told.json()["state"] == "taken"
        assert "<img" not in client.get(f"/orders/{order}").text
    finally:
        site.close()


def test_too_many_wrong_links_or_pages_are_refused_for_a_while(site: Site) -> None:
    stranger = TestClient(site.app)
    assert 429 in {stranger.get("/in/" + "y" * 43).status_code for _ in range(60)}
    assert site.client().get("/").status_code == 200  # of the same address: a link that opens is not refused for others
    client = TestClient(site.app, cookies={"crew": site.tokens["crew1"]})
    seen = [client.get("/").status_code for _ in range(300)]
    assert seen[0] == 200
    assert 429 in seen


def test_the_page_speaks_the_browser_s_language_and_the_one_chosen(site: Site) -> None:
    client = site.client()
    assert "No orders." in client.get("/").text
    assert "暂无工单" in client.get("/", headers={"accept-language": "zh-CN,zh;q=0.9,en;q=0.5"}).text
    client.post("/language/zh_CN")
    assert "暂无工单" in client.get("/").text
