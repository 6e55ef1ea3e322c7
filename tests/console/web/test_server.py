"""The page on a real port: over HTTPS with the cookie for HTTPS only; a port in use is a fault of the input."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from console.domain.health import FeedHealth, feeds_set_up
from console.web.open311 import TicketParts
from console.web.server import WebAddress, WebServer
from console.web.site import CrewSite
from maps.errors import InputFault
from tests.console.web.site import WANG, Site
from tests.servers import free_port, own_certificate

pytestmark = pytest.mark.slow


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path)
    yield site
    site.close()


def test_over_https_the_cookie_is_sent_over_https_only_and_the_orders_come(site: Site, tmp_path: Path) -> None:
    order, port = site.opens_case(), free_port()
    certificate, key = own_certificate(tmp_path)
    served = CrewSite(WebAddress.parse(f"127.0.0.1:{port}", certificate, key, ""))
    room = site.room
    tickets = TicketParts(room.city, room.clock, room.store, room.store.api_keys, room.engine.submit)
    served.serve(room.city, room.clock, room.store, room.store.crew_links, tickets)
    _, api_key = room.store.api_keys.make("12345", WANG, room.clock.at)
    try:
        trusted = ssl.create_default_context(cafile=str(certificate))
        with httpx2.Client(verify=trusted, base_url=f"https://127.0.0.1:{port}") as phone:
            first = phone.get(f"/in/{site.tokens['crew1']}")
            assert "secure" in first.headers["set-cookie"].lower()
            assert "max-age" in first.headers["strict-transport-security"]
            assert order in phone.get("/").text
            assert "server" not in phone.get("/").headers
            assert phone.get("/open311/v2/services.json").status_code == 403
            form = {"api_key": api_key, "service_code": "no_water", "address_string": "美林苑"}
            made = phone.post("/open311/v2/requests.json", data=form)
            assert made.status_code == 201
            name = made.json()[0]["service_request_id"]
            found = phone.get(f"/open311/v2/requests/{name}.xml", headers={"x-api-key": api_key})
            assert f"<service_request_id>{name}</service_request_id>" in found.text
    finally:
        served.close()
    served.close()


def test_a_port_in_use_or_a_certificate_that_is_none_is_a_fault_in_one_line(site: Site, tmp_path: Path) -> None:
    first = WebServer(WebAddress("127.0.0.1", 0), site.app)
    first.start()
    try:
        with pytest.raises(InputFault, match=str(first.port)):
            WebServer(WebAddress("127.0.0.1", first.port), site.app).start()
    finally:
        first.stop()
    wrong, missing = tmp_path / "证书.pem", tmp_path / "无.pem"
    wrong.write_text("no certificate")
    for certificate in (wrong, missing):
        with pytest.raises(InputFault, match=rf"web_certificate.*{certificate.name}.*PEM"):
            WebServer(WebAddress("127.0.0.1", 0, certificate, wrong), site.app).start()


def test_the_page_alone_is_no_feed_of_readings(site: Site) -> None:
    assert feeds_set_up([site.feed.health()]) == ()
    assert feeds_set_up([FeedHealth("mqtt", "up"), site.feed.health()]) == (FeedHealth("mqtt", "up"),)
