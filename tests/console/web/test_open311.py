"""Open311 GeoReport v2 over a real engine and store: services, requests in and out, keys, limits, hostile input."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote

import pytest
from lxml import etree
from starlette.applications import Starlette
from starlette.testclient import TestClient

from console.domain.actors import Actor
from console.domain.tickets import OPEN_STATES, TICKET, Ticket, TicketKind, TicketState
from console.services.tickets.changing import SetTicketState
from console.services.tickets.hearing import CallFields
from console.services.tickets.taking import TakeCall
from console.store import open_store
from console.web.open311 import Open311, TicketParts
from maps.city import City
from maps.crs import to_wgs84
from maps.errors import InputFault
from tests.console.engine.room import Room, done
from tests.console.store.older import a_store_of_revision

WANG = Actor.named("王")
ROOT = "/open311/v2"


class Desk311:
    """The interface over a room, with keys of two clients."""

    def __init__(self, folder: Path, city: City) -> None:
        self.room = Room(folder, city=city)
        self.keys = {name: self.room.store.api_keys.make(name, WANG, self.room.clock.at)[1] for name in ("12345", "video")}
        room = self.room
        self.parts = TicketParts(room.city, room.clock, room.store, room.store.api_keys, room.engine.submit)
        self.client = TestClient(Starlette(routes=Open311(self.parts).routes()), headers={"accept-language": "en"})

    def post(self, client: str = "12345", **form: str) -> dict[str, str]:
        """POST a request; the only object of the answer."""
        answer = self.client.post(f"{ROOT}/requests.json", data={"api_key": self.keys[client], **form})
        self.status = answer.status_code
        (found,) = answer.json()
        made: dict[str, str] = found
        return made

    def tickets(self) -> list[Ticket]:
        """All tickets on disk."""
        return [one for one in self.room.store.records_of((TICKET,), 0, 2**60) if isinstance(one, Ticket)]

    def get(self, path: str, client: str = "12345", **query: str) -> list[dict[str, object]]:
        """GET as JSON."""
        answer = self.client.get(f"{ROOT}/{path}", params=query, headers={"x-api-key": self.keys[client]})
        self.status = answer.status_code
        found: list[dict[str, object]] = answer.json()
        return found


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk311]:
    """One engine for the module: tests look at their own tickets only."""
    from tests.console.ui.small_city import build_small_city

    made = Desk311(tmp_path_factory.mktemp("open311"), build_small_city())
    yield made
    made.room.close()


def _degrees(desk: Desk311, row: int = 40) -> dict[str, str]:
    customers = desk.room.city.customers
    long, lat = to_wgs84([customers.x[row]], [customers.y[row]], desk.room.city.network.crs)
    return {"lat": f"{lat[0]:.7f}", "long": f"{long[0]:.7f}"}


def test_the_services_are_the_kinds_of_tickets_in_json_and_xml(desk: Desk311) -> None:
    assert [one["service_code"] for one in desk.get("services.json")] == list(TicketKind)
    answer = desk.client.get(f"{ROOT}/services.xml", headers={"x-api-key": desk.keys["12345"]})
    root = etree.fromstring(answer.content)
    assert root.tag == "services"
    assert [one.findtext("service_code") for one in root.findall("service")] == list(TicketKind)


def test_a_request_becomes_a_ticket_matched_at_once_and_can_be_read_by_its_id(desk: Desk311) -> None:
    form = {"service_code": "no_water", "phone": "13800000000", "description": "没水", "address_string": "美林苑3号楼"}
    made = desk.post(**form, **_degrees(desk))
    assert desk.status == 201
    assert made["service_notice"].startswith("Not known: ")
    (ticket,) = [one for one in desk.tickets() if one.ticket_id == made["service_request_id"]]
    customers = desk.room.city.customers
    assert ticket.customer_id == str(customers.asset_id[40])
    assert (ticket.client, ticket.source, ticket.kind) == ("12345", "open311", TicketKind.NO_WATER)
    (row,) = desk.get(f"requests/{ticket.ticket_id}.json")
    assert (row["status"], row["status_notes"], row["address"]) == ("open", "recorded", "美林苑3号楼")
    assert abs(float(str(row["lat"])) - float(_degrees(desk)["lat"])) < 1e-5
    assert row["requested_datetime"] == "2024-01-03T23:00:00+08:00"
    assert "13800000000" not in str(row)


def test_a_client_reads_its_own_requests_only_and_none_of_the_telephone(desk: Desk311) -> None:
    made = desk.post("video", service_code="burst_seen", address_string="经十路")
    done(desk.room.engine.submit(TakeCall(CallFields(TicketKind.NO_WATER, "13811112222")), WANG))
    assert {one["service_request_id"] for one in desk.get("requests.json", "video")} == {made["service_request_id"]}
    desk.get(f"requests/{made['service_request_id']}.json", "12345")
    assert desk.status == 404


def test_the_same_request_key_again_gives_the_same_request(desk: Desk311) -> None:
    form = {"service_code": "other", "address_string": "济泺路", "request_key": "2024-77"}
    first = desk.post("video", **form)
    again = desk.post("video", **form)
    assert again["service_request_id"] == first["service_request_id"]


def test_long_and_blank_request_keys_lose_no_request_and_the_same_again_is_found(desk: Desk311) -> None:
    def made(key: str) -> str:
        answer = desk.post("video", service_code="other", address_string="济泺路", request_key=key)
        assert desk.status == 201
        return answer["service_request_id"]

    long = "k" * 2000
    ids = [made(one) for one in (" ", "  ", long + "a", long + "b", " spaced   key ")]
    assert len(set(ids)) == 5
    assert [made(long + "a"), made(long + "b"), made("spaced key")] == ids[2:]


def test_states_are_open_or_closed_and_can_be_asked_for(desk: Desk311) -> None:
    ids = dict[TicketState, str]()
    for state in TicketState:
        made = desk.post(service_code="dirty_water", address_string="联四路")
        ids[state] = str(made["service_request_id"])
        if state is not TicketState.CONFIRMED:
            other = ids[TicketState.CONFIRMED] if state is TicketState.DUPLICATE else ""
            done(desk.room.engine.submit(SetTicketState(ids[state], state, "查过", other), WANG))
    for status in ("open", "closed"):
        found = {one["service_request_id"] for one in desk.get("requests.json", service_code="dirty_water", status=status)}
        assert found == {name for state, name in ids.items() if (state in OPEN_STATES) == (status == "open")}
    asked = f"{ids[TicketState.FIXED]},{ids[TicketState.PLANNED]}"
    assert len(desk.get("requests.json", service_request_id=asked)) == 2
    assert desk.get("requests.json", service_code="dirty_water", end_date="2024-01-01T00:00:00Z") == []


@pytest.mark.parametrize(
    ("form", "status", "said"),
    [
        ({"service_code": "no_such"}, 400, "service_code 'no_such' is unknown"),
        ({"service_code": "other"}, 400, "a place is missing"),
        ({"service_code": "other", "lat": "36", "long": "x"}, 400, "expected two numbers"),
        ({"service_code": "other", "lat": "117.0", "long": "36.6"}, 400, "lat within ±90"),
        ({"service_code": "other", "lat": "nan", "long": "36.6"}, 400, "expected WGS84"),
        ({"service_code": "other", "lat": "31.2", "long": "121.5"}, 400, "far from this city"),
        ({"service_code": "other", "address_string": "a", "phone": "; DROP TABLE"}, 400, "no phone number"),
        ({"service_code": "other", "address_string": "a", "description": "x" * 70_000}, 413, "longer than"),
    ],
)
def test_what_cannot_be_used_is_refused_with_one_line(desk: Desk311, form: dict[str, str], status: int, said: str) -> None:
    fault = desk.post(**form)
    assert desk.status == status
    assert said in fault["description"]
    assert "\n" not in fault["description"]


def test_hostile_texts_come_back_as_text_in_json_and_xml(desk: Desk311) -> None:
    nasty = "]]><script>alert(1)</script>&amp;\x00\x0b\ud7ff \u202e"
    made = desk.post(service_code="other", address_string=nasty, description=nasty, media_url="javascript:alert(1)")
    (row,) = desk.get(f"requests/{made['service_request_id']}.json")
    assert row["media_url"] is None
    assert "<script>" in str(row["description"])
    answer = desk.client.get(f"{ROOT}/requests/{made['service_request_id']}.xml", headers={"x-api-key": desk.keys["12345"]})
    root = etree.fromstring(answer.content)
    assert "<script>" in str(root.findtext("request/description"))
    assert root.find(".//script") is None


def test_without_a_valid_key_nothing_is_read_or_written_and_guessing_is_stopped(desk: Desk311) -> None:
    client = TestClient(Starlette(routes=Open311(desk.parts).routes()))
    before = len(desk.tickets())
    assert client.get(f"{ROOT}/services.json").status_code == 403
    assert client.post(f"{ROOT}/requests.json", data={"service_code": "other", "address_string": "a"}).status_code == 403
    codes = {client.get(f"{ROOT}/requests.json", headers={"x-api-key": f"k{n}"}).status_code for n in range(40)}
    assert codes == {403, 429}
    assert len(desk.tickets()) == before


def test_failures_of_others_behind_the_same_proxy_cost_a_valid_client_nothing(desk: Desk311) -> None:
    client = TestClient(Starlette(routes=Open311(desk.parts).routes()))
    codes = [client.get(f"{ROOT}/services.json", headers={"x-api-key": f"k{n}"}).status_code for n in range(40)]
    assert codes[-1] == 429
    assert client.get(f"{ROOT}/services.json", headers={"x-api-key": desk.keys["video"]}).status_code == 200


def test_a_form_is_read_in_the_encoding_it_names_and_one_that_is_not_that_is_refused(desk: Desk311) -> None:
    url, form = f"{ROOT}/requests.json", "service_code=other&address_string="
    for charset, encoding in (("GBK", "gb18030"), ("gb2312", "gb18030"), ("utf-8", "utf-8")):
        body = (form + quote("泺源大街9号", encoding=encoding)).encode()
        head = {"x-api-key": desk.keys["video"], "content-type": f"application/x-www-form-urlencoded; charset={charset}"}
        (made,) = desk.client.post(url, content=body, headers=head).json()
        (ticket,) = [one for one in desk.tickets() if one.ticket_id == made["service_request_id"]]
        assert ticket.address == "泺源大街9号"
    before = len(desk.tickets())
    for body, kind, said in (
        ((form + "%C0%F4%D4%B4").encode(), "application/x-www-form-urlencoded", "not utf-8"),
        (form.encode() + "泺源".encode("gbk"), "application/x-www-form-urlencoded", "not utf-8"),
        (b'{"service_code": "other"}', "application/json", "expected a form"),
    ):
        answer = desk.client.post(url, content=body, headers={"x-api-key": desk.keys["video"], "content-type": kind})
        assert (answer.status_code, said in answer.text) == (400, True)
    assert len(desk.tickets()) == before


def test_pages_hold_every_request_once_and_say_how_many_there_are(desk: Desk311) -> None:
    ids = {desk.post(service_code="frozen_meter", address_string=f"{n}号")["service_request_id"] for n in range(5)}
    head, seen, url = (
        {"x-api-key": desk.keys["12345"]},
        list[str](),
        f"{ROOT}/requests.json?service_code=frozen_meter&page_size=2",
    )
    while url:
        answer = desk.client.get(url, headers=head)
        assert answer.headers["x-total-count"] == "5"
        seen += [one["service_request_id"] for one in answer.json()]
        url = answer.links["next"]["url"] if "next" in answer.links else ""
    assert (len(seen), set(seen)) == (5, ids)
    assert "api_key" not in desk.client.get(f"{ROOT}/requests.xml?page_size=1&api_key={head['x-api-key']}").headers["link"]
    for wrong in ("0", "-1", "1001", "x", "9" * 5000):
        desk.get("requests.json", page_size=wrong)
        assert desk.status == 400


def test_a_very_long_description_is_cut_and_the_ticket_kept(desk: Desk311) -> None:
    desk.post(service_code="other", address_string="a" * 3_000, description="y" * 50_000)
    assert desk.status == 201


def test_times_far_outside_are_answered(desk: Desk311) -> None:
    for query in ({"end_date": "0001-01-01"}, {"start_date": "9999-12-31"}, {"end_date": "9999-12-31T23:59:59-14:00"}):
        desk.get("requests.json", **query)
        assert desk.status in (200, 400), query


def test_a_client_that_sends_too_much_is_told_to_wait(desk: Desk311) -> None:
    client = TestClient(
        Starlette(routes=Open311(replace(desk.parts, limit=3)).routes()), headers={"x-api-key": desk.keys["video"]}
    )
    codes = [client.get(f"{ROOT}/services.json").status_code for _ in range(5)]
    assert codes[:3] == [200] * 3
    assert codes[-1] == 429


def test_keys_outlive_a_restart_are_kept_as_hashes_and_end_when_revoked(tmp_path: Path) -> None:
    path, now = tmp_path / "s.sqlite", datetime(2024, 1, 3, tzinfo=UTC)
    a_store_of_revision(path, "0016")  # an older store opens
    store = open_store(path)
    key, token = store.api_keys.make("12345", WANG, now)
    store.close()
    assert token.encode() not in path.read_bytes()
    store = open_store(path)
    assert store.api_keys.client_of(token) == "12345"
    assert store.api_keys.client_of(token[:-1] + "!") is None
    store.api_keys.revoke(key.key_id, WANG, now)
    assert store.api_keys.client_of(token) is None
    with pytest.raises(InputFault, match="no client or key to revoke"):
        store.api_keys.revoke("12345", WANG, now)
    assert [change.kind for change in store.changes()] == ["api_key_made", "api_key_revoked"]
    assert store.verify_chain() is None
    store.close()
